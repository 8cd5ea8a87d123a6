"""Cameras: frames in. One file each, one line in the table."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from fermon.cameras.contract import Camera, EndOfFrames
from fermon.cameras.playback import PACES, Pacer
from fermon.cameras.settings import CameraSettings

__all__ = ["CAMERAS", "PACES", "Camera", "CameraSettings", "EndOfFrames", "Entry", "open_camera", "reopen_delays"]

Opener = Callable[[str, CameraSettings, str], Camera]


def _open_demo(source: str, settings: CameraSettings, pace: str) -> Camera:
    from fermon.cameras.demo.camera import DemoCamera

    return DemoCamera(Pacer(pace))


def _open_picamera(source: str, settings: CameraSettings, pace: str) -> Camera:
    from fermon.cameras.picamera2 import open_picamera

    return open_picamera(int(source.removeprefix("picamera") or 0), settings)


def _open_v4l2(source: str, settings: CameraSettings, pace: str) -> Camera:
    from fermon.cameras.v4l2 import open_v4l2

    return open_v4l2(f"/dev/video{source}" if source.isdigit() else source, settings)


def _open_video(source: str, settings: CameraSettings, pace: str) -> Camera:
    from fermon.cameras.video import VideoCamera

    return VideoCamera(Path(source).expanduser(), Pacer(pace))


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
    "video": Entry(r".+", _open_video, live=False),
}


def entry(source: str) -> Entry:
    """Return the table's entry for SOURCE. Raises ValueError for an empty one."""
    for candidate in CAMERAS.values():
        if re.fullmatch(candidate.pattern, source, re.DOTALL):
            return candidate
    raise ValueError("camera: found '', expected '/dev/videoN', 'N', 'picamera', 'demo' or a video file")


def open_camera(source: str, settings: CameraSettings, pace: str = "real") -> Camera:
    """Open SOURCE: "/dev/video0", "0", "picamera" ("picamera1" for the second), "demo" or a video file's path.

    `pace` ("real" or "max") is for what is not live. Raises CameraNotFound when it cannot be opened, naming why.
    May take seconds for a device.
    """
    return entry(source).open(source, settings, pace)


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
