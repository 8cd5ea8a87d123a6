"""A video file, with its own frame times."""

from __future__ import annotations

import difflib
import logging
import math
from pathlib import Path
from typing import Any

import numpy as np

from fermon.cameras.contract import EndOfFrames
from fermon.cameras.opencv import quiet_cv2
from fermon.cameras.playback import Pacer
from fermon.domain import Frame
from fermon.errors import CameraLost, CameraNotFound, Problem

log = logging.getLogger(__name__)

SNIFF_BYTES = 4096
_SOURCES = "a camera is '/dev/videoN', 'N', 'picamera' or 'demo'"
NS_PER_MS = 1_000_000
FALLBACK_RATE_HZ = 25.0  # for the step over a missing time stamp in a file that does not say its rate


class VideoCamera:
    """Plays a clip. The first frame has time 0; the same clip gives the same frames and times on every run.

    With pace "real" it plays at its own speed and drops frames when the reader is slow, as a camera would; with
    "max" every frame comes, as fast as it is read. Rotation metadata is honoured, and frames of another size in
    mid-stream are scaled to the first one's size (both by OpenCV).
    """

    live = False

    def __init__(self, path: Path, pacer: Pacer) -> None:
        self.name = str(path)
        self._pacer = pacer
        self._capture = _open(path)
        cv2 = quiet_cv2()
        rate_hz = self._capture.get(cv2.CAP_PROP_FPS)
        self._period_ns = round(1e9 / (rate_hz if 1 <= rate_hz <= 1000 else FALLBACK_RATE_HZ))
        self._promised = self._capture.get(cv2.CAP_PROP_FRAME_COUNT)
        self._origin_ms: float | None = None
        self._shape: tuple[int, ...] | None = None
        self._t_ns = -1
        self._seq = -1
        self._pending = False  # a frame is grabbed and its time known, but it is not due yet
        if not self._grab():
            self.close()
            raise CameraNotFound(f"{path}: no picture in it could be decoded", remedy="is it a video, and complete?")

    def read(self, timeout_s: float) -> Frame | None:
        """See Camera.read."""
        if self._capture is None:
            raise CameraLost(f"{self.name}: closed")
        if not self._pending and not self._grab():
            raise EndOfFrames(self._ending())
        while self._pacer.late_ns(self._t_ns) > self._period_ns:  # the reader was slow: catch up
            if not self._grab():
                raise EndOfFrames(self._ending())
        if not self._pacer.wait(self._t_ns, timeout_s):
            return None
        self._pending = False
        return self._retrieve()

    def close(self) -> None:
        """See Camera.close."""
        if self._capture is not None:
            self._capture.release()
            self._capture = None

    def _grab(self) -> bool:
        """Take the next frame's time. False: there is none."""
        cv2 = quiet_cv2()
        if not self._capture.grab():
            return False
        ms = self._capture.get(cv2.CAP_PROP_POS_MSEC)
        if self._origin_ms is None:
            self._origin_ms = ms if math.isfinite(ms) else 0.0
        t_ns = round((ms - self._origin_ms) * NS_PER_MS) if math.isfinite(ms) else -1
        if t_ns <= self._t_ns:  # no time stamps in the file, or clips joined end to end
            t_ns = self._t_ns + self._period_ns
        self._t_ns = t_ns
        self._seq += 1
        self._pending = True
        return True

    def _retrieve(self) -> Frame:
        cv2 = quiet_cv2()
        ok, picture = self._capture.retrieve()
        if not ok:
            raise CameraLost(f"{self.name}: frame {self._seq} at {self._t_ns / 1e9:.3f} s cannot be converted")
        # Not CAP_PROP_CONVERT_RGB 0: measured no cheaper (2.8 against 1.9 ms a frame of a 544x960 H.264 clip, 1.1
        # against 1.5 ms of a 640x480 one), and it leaves the video range 16..235, other than what cameras give.
        gray = picture if picture.ndim == 2 else cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
        if self._shape is None:
            self._shape = gray.shape
        elif gray.shape != self._shape:
            raise CameraLost(
                f"{self.name}: frame {self._seq}",
                found=f"{gray.shape[1]}x{gray.shape[0]} px",
                expected=f"{self._shape[1]}x{self._shape[0]} px like those before",
                remedy="cut the clip there",
            )
        gray.flags.writeable = False
        return Frame(self._t_ns, self._seq, gray)

    def _ending(self) -> str:
        """Say how the clip ended, and warn when it promised more."""
        count, seconds = self._seq + 1, (self._t_ns + self._period_ns) / 1e9
        promised_s = self._promised * self._period_ns / 1e9
        # Both must fall short: a container without an index only estimates its number of frames.
        if 0 < self._promised < 1e8 and count < 0.95 * self._promised and seconds < 0.95 * promised_s:
            text = (
                f"{self.name}: ends early, after {count} of {self._promised:.0f} frames ({seconds:.1f} s); "
                f"damaged or cut off? What could be decoded was used"
            )
            log.warning("%s", text)
            return text
        return f"{self.name}: end after {count} frames ({seconds:.1f} s)"


def _open(path: Path) -> Any:
    """Return an opened cv2.VideoCapture. Raises CameraNotFound with the reason in words."""
    if problem := _file_problem(path):
        raise CameraNotFound.of([problem])
    cv2 = quiet_cv2()
    # One thread: measured 5 to 10 % less processor time than several, and perception has the other cores' work to do.
    capture = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG, [cv2.CAP_PROP_N_THREADS, 1])
    if not capture.isOpened():
        capture.release()
        raise CameraNotFound(
            f"{path}: cannot be read as a video ({path.stat().st_size} bytes)",
            remedy="damaged, cut off (an MP4 has its index at the end), or of a kind unknown to OpenCV's ffmpeg",
        )
    return capture


def _file_problem(path: Path) -> Problem | None:
    if not path.exists():
        try:
            names = [p.name for p in path.parent.iterdir() if p.is_file()]
        except OSError:
            return Problem(f"{path}: no such file, and no such folder {path.parent}", remedy=_SOURCES)
        near = difflib.get_close_matches(path.name, names, n=1, cutoff=0.75)
        return Problem(f"{path}: no such file", remedy=f"did you mean {near[0]!r}? {_SOURCES}" if near else _SOURCES)
    if not path.is_file():
        return Problem(str(path), found="no file", expected="a video")
    try:
        with path.open("rb") as file:
            head = file.read(SNIFF_BYTES)
    except OSError as error:
        return Problem(f"{path}: cannot be read: {error.strerror}", remedy="make it readable for this user")
    if not head:
        return Problem(str(path), found="an empty file (0 bytes)", expected="a video")
    if _is_text(head):  # ffmpeg would play it, as a film of a terminal
        return Problem(str(path), found="a text file", expected="a video")
    return None


def _is_text(head: bytes) -> bool:
    """Tell whether the start of a file is text: no video container begins with 4096 bytes free of control codes."""
    codes = np.frombuffer(head, dtype=np.uint8)
    control = (codes < 32) & ~np.isin(codes, (9, 10, 12, 13, 27))
    return not bool(control.any())
