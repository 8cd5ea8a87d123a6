"""Cameras: frames in. One file each, one line in the table."""

from __future__ import annotations

import re
import stat
from collections.abc import Callable
from dataclasses import dataclass

from fermon.cameras.contract import Camera, EndOfFrames
from fermon.cameras.playback import PACES, Pacer, Playback
from fermon.cameras.settings import CameraSettings
from fermon.errors import CameraNotFound
from fermon.paths import expand, shown

__all__ = ["CAMERAS", "PACES", "Camera", "CameraSettings", "EndOfFrames", "Entry", "open_camera", "reopen_delays"]

Opener = Callable[[str, CameraSettings, Playback], Camera]


def _open_demo(source: str, settings: CameraSettings, playback: Playback) -> Camera:
    from fermon.cameras.demo.camera import DemoCamera

    return DemoCamera(Pacer(playback.pace))


def _open_picamera(source: str, settings: CameraSettings, playback: Playback) -> Camera:
    from fermon.cameras.picamera2 import open_picamera

    return open_picamera(int(source.removeprefix("picamera") or 0), settings)


def _open_v4l2(source: str, settings: CameraSettings, playback: Playback) -> Camera:
    from fermon.cameras.v4l2 import open_v4l2

    return open_v4l2(f"/dev/video{source}" if source.isdigit() else str(expand(source)), settings)


def _refuse_address(source: str, settings: CameraSettings, playback: Playback) -> Camera:
    scheme, _, place = source.partition("://")
    if scheme.lower() == "file":
        raise CameraNotFound(f"{shown(source)}: an address", remedy=f"give the file's path: {shown(place)}")
    host = ("...@" if "@" in place else "") + place.rpartition("@")[2]  # a password is for nobody's eyes
    raise CameraNotFound(
        f"{shown(f'{scheme}://{host}')}: an address, and fermon takes no pictures from a network",
        remedy="attach a camera; or record the stream and give the file; or feed it to a v4l2loopback device: "
        "ffmpeg -i ADDRESS -pix_fmt yuyv422 -f v4l2 /dev/videoN",
    )


def _open_video(source: str, settings: CameraSettings, playback: Playback) -> Camera:
    from fermon.cameras.video import VideoCamera

    return VideoCamera(expand(source), Pacer(playback.pace), fps=playback.fps, turn_deg=settings.turn_deg)


@dataclass(frozen=True, slots=True)
class Entry:
    """A kind of camera: the pattern of the SOURCEs that mean it, how it is opened, whether its frames are live."""

    pattern: str
    open: Opener
    live: bool


# The first whose pattern matches the whole SOURCE is taken.
CAMERAS: dict[str, Entry] = {
    "demo": Entry(r"demo", _open_demo, live=False),
    "picamera2": Entry(r"picamera\d?", _open_picamera, live=True),
    "v4l2": Entry(r"\d{1,3}|/dev/.+", _open_v4l2, live=True),
    "address": Entry(r"[A-Za-z][A-Za-z0-9+.-]*://.*", _refuse_address, live=False),
    "video": Entry(r".+", _open_video, live=False),
}


def entry(source: str) -> Entry:
    """Return the table's entry for SOURCE; what there is at a path decides when it is no camera by its name.

    Raises CameraNotFound for an empty one.
    """
    for name, candidate in CAMERAS.items():
        if re.fullmatch(candidate.pattern, source, re.DOTALL):
            is_path = name == "video" or source.startswith("/")
            return CAMERAS[(_kind_of_file(source) if is_path else None) or name]
    raise CameraNotFound("camera", found="''", expected="'/dev/videoN', 'N', 'picamera', 'demo' or a video file")


def _kind_of_file(source: str) -> str | None:
    """Return the camera for what there is at a path: a clip may lie in /dev/shm, a link to a device anywhere."""
    try:
        mode = expand(source).stat().st_mode
    except (OSError, ValueError):
        return None
    return "video" if stat.S_ISREG(mode) else "v4l2" if stat.S_ISCHR(mode) else None


def open_camera(source: str, settings: CameraSettings, pace: str = "real", fps: float | None = None) -> Camera:
    """Open SOURCE: "/dev/video0", "0", "picamera" ("picamera1" for the second), "demo" or a video file's path.

    `pace` ("real" or "max") is for what is not live, `fps` (frames a second) for a clip that does not say when its
    pictures were taken. Raises CameraNotFound when it cannot be opened, naming why. May take seconds for a device.
    """
    kind = entry(source)
    if fps is not None and kind not in (CAMERAS["video"], CAMERAS["address"]):
        raise CameraNotFound(
            f"{shown(source)}: has a clock of its own",
            remedy="--fps is for clips; a camera is asked for its rate by camera.rate_hz",
        )
    return kind.open(source, settings, Playback(pace, fps))


def reopen_delays(first_s: float = 0.25, longest_s: float = 5.0) -> Callable[[], float]:
    """Return a function that gives the seconds to wait before each next attempt to open a lost camera: doubling.

    >>> delay = reopen_delays()
    >>> [delay() for _ in range(6)]
    [0.25, 0.5, 1.0, 2.0, 4.0, 5.0]
    """
    wait_s = first_s

    def following() -> float:
        nonlocal wait_s
        now, wait_s = wait_s, min(2 * wait_s, longest_s)
        return now

    return following
