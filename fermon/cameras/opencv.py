"""OpenCV's video part, kept quiet and bounded in time."""

from __future__ import annotations

import functools
import os
from types import ModuleType

# What OpenCV reads once, at its first use in the process.
_ENVIRONMENT = {
    "OPENCV_FFMPEG_LOGLEVEL": "-8",  # AV_LOG_QUIET: a broken clip is reported by our own error, once
    "OPENCV_VIDEOIO_V4L_SELECT_TIMEOUT": "1",  # s; its default of 10 s would hide a frozen camera for as long
}


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
