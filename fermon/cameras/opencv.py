"""OpenCV's video part, kept quiet and bounded in time."""

from __future__ import annotations

import functools
import os
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

# What OpenCV reads once, at its first use in the process.
_ENVIRONMENT = {
    "OPENCV_FFMPEG_LOGLEVEL": "-8",  # AV_LOG_QUIET: a broken clip is reported by our own error, once
    "OPENCV_VIDEOIO_V4L_SELECT_TIMEOUT": "1",  # s; its default of 10 s would hide a frozen camera for as long
}
_OPTIONS = "OPENCV_FFMPEG_CAPTURE_OPTIONS"  # read at every opening
_ODD_RATES = ("173/10", "11")  # frames a second
_ASSUMED_HZ = 25  # by ffmpeg


@functools.cache
def quiet_cv2() -> ModuleType:
    """Import and return cv2 with its own log switched off. What goes wrong is reported by fermon's errors."""
    for key, value in _ENVIRONMENT.items():
        os.environ.setdefault(key, value)
    import cv2

    if hasattr(cv2, "setLogLevel"):  # up to OpenCV 4.11
        cv2.setLogLevel(0)
    else:
        cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    return cv2


def turned(gray: NDArray[np.uint8], degrees: int) -> NDArray[np.uint8]:
    """Return a picture, uint8 (height, width), turned clockwise by 0 (the same picture), 90, 180 or 270 degrees."""
    if degrees == 0:
        return gray
    cv2 = quiet_cv2()
    how = {90: cv2.ROTATE_90_CLOCKWISE, 180: cv2.ROTATE_180, 270: cv2.ROTATE_90_COUNTERCLOCKWISE}[degrees]
    return np.asarray(cv2.rotate(gray, how), np.uint8)


def open_clip(fd: int) -> tuple[Any, float] | None:
    """Open the file behind the descriptor `fd`: (cv2.VideoCapture, its own frames a second or 0); None: no video.

    A descriptor stands for a file of any name: OpenCV crashes at one that is no UTF-8, and takes some for an address.
    ffmpeg gives a rate to what has none, as told: a rate that follows what it is told is not the clip's own. Within
    OpenCV 4.11 it is 25 whatever it is told, and not the clip's own where duration and time stamps are missing.
    """
    capture = _open(fd, _ODD_RATES[0])
    if capture is None:
        return None
    rate_hz = _rate_hz(capture)
    if abs(rate_hz - 17.3) < 1e-6:
        other = _open(fd, _ODD_RATES[1])
        if other is not None and _rate_hz(other) == 11:
            rate_hz = 0.0
        if other is not None:
            other.release()
    elif rate_hz == _ASSUMED_HZ and capture.get(quiet_cv2().CAP_PROP_FRAME_COUNT) < 0 and not _has_stamps(fd):
        rate_hz = 0.0
    return capture, rate_hz


def _has_stamps(fd: int) -> bool:
    """Tell whether the second picture has a time; OpenCV gives 0 where there is none."""
    capture = _open(fd, _ODD_RATES[0])
    if capture is None:
        return False
    found = capture.grab() and capture.grab() and capture.get(quiet_cv2().CAP_PROP_POS_MSEC) != 0
    capture.release()
    return bool(found)


def _open(fd: int, assumed_rate: str) -> Any:
    cv2 = quiet_cv2()
    before = os.environ.get(_OPTIONS)
    os.environ[_OPTIONS] = f"framerate;{assumed_rate}"
    try:
        # One thread: measured 5 to 10 % less processor time than several, and perception has the other cores' work.
        capture = cv2.VideoCapture(f"/proc/self/fd/{fd}", cv2.CAP_FFMPEG, [cv2.CAP_PROP_N_THREADS, 1])
    finally:
        if before is None:
            del os.environ[_OPTIONS]
        else:
            os.environ[_OPTIONS] = before
    if capture.isOpened():
        return capture
    capture.release()
    return None


def _rate_hz(capture: Any) -> float:
    return float(capture.get(quiet_cv2().CAP_PROP_FPS))
