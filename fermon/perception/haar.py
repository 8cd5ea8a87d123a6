"""OpenCV's Haar cascades: frontal face, then profile, then mirrored profile. No network, no points."""

from __future__ import annotations

from typing import Any

import numpy as np

from fermon.domain import Box, Face
from fermon.errors import ModelError
from fermon.perception.blazeface import overlap
from fermon.perception.contract import Gray

_SEARCH_SIDE = 320  # px of the longer side in a full search: faces from 1/8 of it are found, at 8 ms a cascade
_FRONTAL, _PROFILE, _MIRRORED = range(3)
# The fewest there can be: what is no face the face network refuses (tools/faces/evaluate.py).
_NEIGHBOURS = (1, 1, 1)
_SURE = 12  # neighbours that need no second view
_PROFILE_BOX = 0.82  # the profile cascade's boxes hold more than the frontal one's: brought to the same size
_SAME_FACE = 0.3  # overlap of two boxes of one face
_CASCADES = ("haarcascade_frontalface_alt2.xml", "haarcascade_profileface.xml")


class Haar:
    """Detector without points. The view (frontal, profile, its mirror) that was surest of the last face comes first."""

    name = "haar"

    def __init__(self) -> None:
        import cv2

        folder: str = getattr(cv2, "data").haarcascades  # noqa: B009  (cv2's stubs do not know it)
        self._cascades: list[Any] = []
        for file in _CASCADES:
            cascade = cv2.CascadeClassifier(folder + file)
            if cascade.empty():
                raise ModelError(f"{folder}{file}: cannot be loaded", remedy="install opencv-python-headless>=4.11,<5")
            self._cascades.append(cascade)
        self._views = [_FRONTAL, _PROFILE, _MIRRORED]

    def search(self, gray: Gray) -> list[Face]:
        factor = min(1.0, _SEARCH_SIDE / max(gray.shape))
        least = max(gray.shape) * factor / 8
        return self._look(gray, 0, 0, factor, (least, 10_000), 1.1)

    def _look(
        self, gray: Gray, left: int, top: int, factor: float, limits: tuple[float, float], step: float
    ) -> list[Face]:
        """Look with one view after the other until one is sure; of faces found twice the surer is kept."""
        import cv2

        small = gray
        if factor < 1:
            small = np.asarray(cv2.resize(gray, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA), np.uint8)
        found: list[tuple[int, Face]] = []
        for view in list(self._views):
            seen = [
                (n, Face(Box(left + b.x / factor, top + b.y / factor, b.w / factor, b.h / factor), 1 - 1 / (1 + n)))
                for b, n in self._view(small, view, limits, step)
            ]
            if seen and max(n for n, _ in seen) >= max((n for n, _ in found), default=0):
                self._views.remove(view)
                self._views.insert(0, view)
            found += seen
            if any(n >= _SURE for n, _ in found):
                break
        kept: list[Face] = []
        for _, face in sorted(found, key=lambda pair: -pair[0]):
            if all(overlap(face.box, other.box) < _SAME_FACE for other in kept):
                kept.append(face)
        return kept

    def _view(self, small: Gray, view: int, limits: tuple[float, float], step: float) -> list[tuple[Box, int]]:
        """Return the boxes, in px of `small`, that one view finds, each with its number of neighbours."""
        import cv2

        picture = cv2.flip(small, 1) if view == _MIRRORED else small
        scale = 1.0 if view == _FRONTAL else _PROFILE_BOX
        least, most = (max(20, round(limit / scale)) for limit in limits)
        boxes, counts = self._cascades[min(view, 1)].detectMultiScale2(
            picture, step, _NEIGHBOURS[view], 0, (least, least), (most, most)
        )
        found = []
        for (x, y, w, h), n in zip(boxes, np.ravel(counts), strict=True):
            x = small.shape[1] - x - w if view == _MIRRORED else x
            cut_x, cut_y = w * (1 - scale) / 2, h * (1 - scale) / 2
            found.append((Box(float(x + cut_x), float(y + cut_y), float(w * scale), float(h * scale)), int(n)))
        return found
