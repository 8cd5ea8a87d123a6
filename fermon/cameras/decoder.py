"""A clip's pictures, one after the other, past those that cannot be decoded."""

from __future__ import annotations

from typing import Any

from fermon.cameras.live import Gray
from fermon.cameras.opencv import quiet_cv2, turned

# Pictures in a row that cannot be decoded before the clip counts as over (OpenCV says the same of both); the second
# where the clip promises more of them.
_PATIENCE, _MOST_PATIENCE = 1000, 5000
_AHEAD = 8  # pictures put in order after damage: the decoder gives those that it held back after newer ones
MOST_PROMISED = 1e8  # above it, the number of frames is none


class Decoder:
    """Takes pictures from an opened cv2.VideoCapture of a file.

    `stamp_ms` is the time stamp of the picture at hand, None without one; `seen` counts those that could be decoded,
    `lost` those that could not, as far as that shows; `promised` is how many the clip says that it has, 0 = does not.
    """

    def __init__(self, capture: Any, turn_deg: int = 0) -> None:
        self._capture, self._cv2 = capture, quiet_cv2()
        # Turned here, once and in gray: OpenCV turns in colour, and 4.11 only when it is told to.
        capture.set(self._cv2.CAP_PROP_ORIENTATION_AUTO, 0)
        own_deg = round(capture.get(self._cv2.CAP_PROP_ORIENTATION_META))
        self._turn_deg = ((0 if own_deg % 90 else own_deg) + turn_deg) % 360
        promised = capture.get(self._cv2.CAP_PROP_FRAME_COUNT)
        self.promised = round(promised) if 0 < promised < MOST_PROMISED else 0
        self.seen = self.lost = 0
        self.stamp_ms: float | None = None
        self._shape: tuple[int, ...] | None = None
        self._gray: Gray | None = None  # of the picture at hand, where it is converted already
        self._ahead: list[tuple[float | None, Gray]] = []  # decoded already, the next one last

    def first(self) -> bool:
        """Go to the first picture that can be had. False: there is none."""
        while self._grab():
            self._gray = self._convert()
            if self._gray is None:
                self.lost += 1
            else:
                # A container that tells its end but not its frames counts from time 0, wherever the first one is.
                before = self._capture.get(self._cv2.CAP_PROP_PTS)
                self.promised -= round(before) if 0.05 * self.promised < before < self.promised else 0
                self.seen = 1
                return True
        return False

    def next(self) -> bool:
        """Go on to the next picture. False: there is none."""
        self._gray = None
        if not self._ahead:
            lost = self.lost
            if not self._grab():
                return False
            if self.lost == lost:
                self.seen += 1
                return True
            self._ahead = self._in_order()
            if not self._ahead:
                return False
        self.stamp_ms, self._gray = self._ahead.pop()
        self.seen += 1
        return True

    def gray(self) -> Gray | None:
        """Return the picture at hand, uint8 (height, width), None when it cannot be converted; it then counts as lost.

        Asked for only where it is used: converting costs as much as decoding.
        """
        if self._gray is None:
            self._gray = self._convert()
            if self._gray is None:
                self.leave_out()
        return self._gray

    def leave_out(self) -> None:
        """Count the picture at hand as lost."""
        self.seen -= 1
        self.lost += 1

    def close(self) -> None:
        self._capture.release()

    def _grab(self) -> bool:
        failed, patience = 0, min(max(_PATIENCE, self.promised - self.seen), _MOST_PATIENCE)
        while not self._capture.grab():
            failed += 1
            if failed >= patience:
                return False
        self.lost += failed
        stamp_ms = self._capture.get(self._cv2.CAP_PROP_POS_MSEC)
        self.stamp_ms = None if stamp_ms == 0 and self.seen else stamp_ms  # 0 is OpenCV's word for none
        return True

    def _convert(self) -> Gray | None:
        try:
            ok, picture = self._capture.retrieve()
        except self._cv2.error:  # a size for which there is no memory
            ok = False
        if not ok or (self._shape is not None and picture.shape[:2] != self._shape):
            return None
        self._shape = picture.shape[:2]
        # Not CAP_PROP_CONVERT_RGB 0: measured no cheaper (2.8 against 1.9 ms a frame of a 544x960 H.264 clip, 1.1
        # against 1.5 ms of a 640x480 one), and it leaves the video range 16..235, other than what cameras give.
        gray = picture if picture.ndim == 2 else self._cv2.cvtColor(picture, self._cv2.COLOR_BGR2GRAY)
        return turned(gray, self._turn_deg)

    def _in_order(self) -> list[tuple[float | None, Gray]]:
        """Return the picture at hand and some more with their time stamps, the last one first."""
        found: list[tuple[float | None, Gray]] = []
        while len(found) < _AHEAD:
            gray = self._convert()
            if gray is None:
                self.lost += 1
            else:
                found.append((self.stamp_ms, gray))
            if len(found) < _AHEAD and not self._grab():
                break
        if all(stamp_ms is not None for stamp_ms, _ in found):
            found.sort(key=lambda entry: entry[0] or 0.0)
        return found[::-1]
