"""OpenCV's Haar cascades: frontal face, then profile, then mirrored profile. No network, no points."""

from __future__ import annotations

from typing import Any

import numpy as np

from fermon.domain import Box, Face
from fermon.errors import ModelError
from fermon.perception.contract import Gray

_SEARCH_SIDE = 320  # px of the longer side in a full search: faces from 1/8 of it are found, at 8 ms a cascade
_TRACK_FACE = 64  # px a tracked face is shrunk to: the cascades were trained on 20 to 24 px
_CASCADES = ("haarcascade_frontalface_alt2.xml", "haarcascade_profileface.xml")


class Haar:
    """Detector without points. The view (frontal, profile, its mirror) that found the last face comes first."""

    name = "haar"
    framing = (0.0, 0.01, 1.02)

    def __init__(self) -> None:
        import cv2

        folder: str = getattr(cv2, "data").haarcascades  # noqa: B009  (cv2's stubs do not know it)
        self._cascades: list[Any] = []
        for file in _CASCADES:
            cascade = cv2.CascadeClassifier(folder + file)
            if cascade.empty():
                raise ModelError(f"{folder}{file}: cannot be loaded; install opencv-python-headless>=4.10,<5")
            self._cascades.append(cascade)
        self._views = [0, 1, 2]

    def search(self, gray: Gray) -> list[Face]:
        factor = min(1.0, _SEARCH_SIDE / max(gray.shape))
        least = round(max(gray.shape) * factor / 8)
        return self._views_of(gray, 0, 0, factor, (least, 10_000), 1.1)

    def track(self, gray: Gray, last: Box) -> list[Face]:
        margin = 0.4 * last.w
        left, top = max(0, int(last.x - margin)), max(0, int(last.y - margin))
        window = gray[top : int(last.y + last.h + margin) + 1, left : int(last.x + last.w + margin) + 1]
        if min(window.shape) < 24:
            return []
        factor = min(1.0, _TRACK_FACE / last.w)
        limits = (round(0.75 * last.w * factor), round(1.35 * last.w * factor))
        return self._views_of(window, left, top, factor, limits, 1.08)

    def _views_of(
        self, gray: Gray, left: int, top: int, factor: float, limits: tuple[int, int], step: float
    ) -> list[Face]:
        import cv2

        small = cv2.resize(gray, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA) if factor < 1 else gray
        for view in list(self._views):
            picture = cv2.flip(small, 1) if view == 2 else small
            least, most = (max(20, limit) for limit in limits)
            boxes, counts = self._cascades[min(view, 1)].detectMultiScale2(
                picture, step, 4 if view else 3, 0, (least, least), (most, most)
            )
            if len(boxes):
                self._views.remove(view)
                self._views.insert(0, view)
                width = small.shape[1]
                return [
                    Face(
                        Box(
                            float(left + (width - x - w if view == 2 else x) / factor),
                            float(top + y / factor),
                            float(w / factor),
                            float(h / factor),
                        ),
                        float(1 - 1 / (1 + n)),
                    )
                    for (x, y, w, h), n in zip(boxes, np.ravel(counts), strict=True)
                ]
        return []
