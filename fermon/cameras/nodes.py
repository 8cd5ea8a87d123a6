"""What can be learnt about /dev/video* without streaming from it: for error messages that help."""

from __future__ import annotations

import errno
import os
import re
import stat
import struct
from pathlib import Path

from fermon.cameras.formats import READABLE, name_of
from fermon.errors import Problem
from fermon.paths import shown

_VIDEO_MAJOR = 81  # the kernel's number for V4L2 devices: no other is opened (to open a watchdog is to start it)

_QUERYCAP = 0x80685600  # VIDIOC_QUERYCAP = _IOR('V', 0, struct v4l2_capability of 104 bytes), linux/videodev2.h
# VIDIOC_G_FMT and VIDIOC_S_FMT: _IOWR('V', 4 and 5, struct v4l2_format), whose union holds a pointer
_FORMAT_BYTES = 208 if struct.calcsize("P") == 8 else 204
_ENUM_FMT = 0xC0405602  # VIDIOC_ENUM_FMT = _IOWR('V', 2, struct v4l2_fmtdesc of 64 bytes)
_G_FMT, _S_FMT = (0xC0000000 | _FORMAT_BYTES << 16 | ord("V") << 8 | number for number in (4, 5))
_CAPTURE = 0x00000001  # V4L2_CAP_VIDEO_CAPTURE
_DEVICE_CAPS = 0x80000000  # V4L2_CAP_DEVICE_CAPS: device_caps tells of this node alone


def nodes() -> list[str]:
    """Return the paths of all /dev/video* nodes, by number."""
    found = [p for p in Path("/dev").glob("video*") if re.fullmatch(r"video\d+", p.name)]
    return [str(p) for p in sorted(found, key=lambda p: int(p.name[5:]))]


def describe(device: str) -> tuple[str, bool] | None:
    """Return (the card's name, whether it captures video), or None when the node does not answer."""
    import fcntl

    try:
        fd = os.open(device, os.O_RDWR | os.O_NONBLOCK)
    except OSError:
        return None
    try:
        answer = fcntl.ioctl(fd, _QUERYCAP, bytes(104))
    except OSError:
        return None
    finally:
        os.close(fd)
    card = answer[16:48].split(b"\0")[0].decode("utf-8", "replace")
    caps, device_caps = struct.unpack_from("<II", answer, 84)
    return card, bool((device_caps if caps & _DEVICE_CAPS else caps) & _CAPTURE)


def formats(device: str) -> list[str]:
    """Return the names of the pixel formats that `device` offers; none when it does not say."""
    import fcntl

    found: list[str] = []
    try:
        fd = os.open(device, os.O_RDWR | os.O_NONBLOCK)
    except OSError:
        return found
    try:
        while len(found) < 64:  # the kernel's drivers end by refusing the next number
            answer = fcntl.ioctl(fd, _ENUM_FMT, struct.pack("II56x", len(found), 1))  # V4L2_BUF_TYPE_VIDEO_CAPTURE
            found.append(name_of(struct.unpack_from("I", answer, 44)[0]))
    except OSError:
        pass
    finally:
        os.close(fd)
    return found


def unreadable(device: str, names: list[str]) -> Problem:
    """Say that none of the pixel formats that `device` offers can be read."""
    return Problem(
        f"{device}: no pixel format that can be read", ", ".join(names), f"one of {', '.join(READABLE)}", listing()
    )


def busy(device: str) -> bool:
    """Tell whether another program streams from `device`, by setting the format that it has anyway.

    Asked beforehand, since OpenCV waits a second for each of the 17 formats that it tries on a busy device.
    """
    import fcntl

    try:
        fd = os.open(device, os.O_RDWR | os.O_NONBLOCK)
    except OSError as error:
        return error.errno == errno.EBUSY
    try:
        form = bytearray(_FORMAT_BYTES)
        struct.pack_into("I", form, 0, 1)  # V4L2_BUF_TYPE_VIDEO_CAPTURE
        fcntl.ioctl(fd, _G_FMT, form)
        fcntl.ioctl(fd, _S_FMT, form)
    except OSError as error:
        return error.errno == errno.EBUSY
    finally:
        os.close(fd)
    return False


def cameras() -> list[tuple[str, str]]:
    """Return (path, the card's name or "" where the node does not answer) of the V4L2 cameras there are."""
    answers = [(device, describe(device)) for device in nodes()]
    # A Pi has a dozen nodes of codecs and image processors: no cameras.
    return [(device, answer[0] if answer else "") for device, answer in answers if answer is None or answer[1]]


def listing() -> str:
    """Return half a sentence that lists the cameras there are."""
    found = [f"{device} ({card})" if card else device for device, card in cameras()]
    if not found:
        return "no V4L2 camera on this machine; use '--camera picamera' for a Pi camera, '--camera demo' without one"
    return f"cameras here: {', '.join(found)}"


def holders(device: str) -> list[str]:
    """Return "name (pid N)" of the other processes that have `device` open, as far as we may look."""
    found = []
    for links in Path("/proc").glob("[0-9]*/fd"):
        pid = links.parent.name
        if int(pid) == os.getpid():
            continue
        try:
            if any(os.path.realpath(link) == os.path.realpath(device) for link in links.iterdir()):
                found.append(f"{(links.parent / 'comm').read_text().strip()} (pid {pid})")
        except OSError:  # gone meanwhile, or not ours to look at
            continue
    return found[:5]


def problem(device: str) -> Problem | None:
    """Say why `device` cannot be a camera, or return None when it may be one."""
    name = shown(device)
    try:
        node = Path(device).stat()
    except (OSError, ValueError) as error:
        why = "no such device" if isinstance(error, (FileNotFoundError, ValueError)) else f"{error.strerror}"
        return Problem(f"{name}: {why}", remedy=listing())
    if not stat.S_ISCHR(node.st_mode):
        return Problem(f"{name}: not a device node", remedy=listing())
    if os.major(node.st_rdev) != _VIDEO_MAJOR:
        return Problem(f"{name}: a device, but no camera", remedy=listing())
    if not os.access(device, os.R_OK | os.W_OK):
        return Problem(
            f"{device}: no permission to read and write it",
            remedy="join the group 'video' (sudo usermod -aG video $USER, then log in again)",
        )
    answer = describe(device)
    if answer is not None and not answer[1]:
        return Problem(f"{name}: {answer[0]} captures no video", remedy=listing())
    if busy(device):
        return refused(device)
    offered = formats(device)
    return unreadable(device, offered) if offered and not set(offered) & set(READABLE) else None


def refused(device: str) -> Problem:
    """Say why `device`, which looks like a camera, could not be opened."""
    users = holders(device)
    if users:
        return Problem(f"{device}: busy, in use by {', '.join(users)}", remedy="stop that program")
    return Problem(f"{device}: the driver refused to open it (busy, or no camera behind it)", remedy=listing())


def why_no_frames(device: str) -> str:
    """Say what may be done about a camera that gives no frames."""
    users = holders(device)
    if users:
        return f"it is also in use by {', '.join(users)}; stop that program"
    return "frozen? Check its cable and power; plugging it in again resets it"
