"""Holds the driver's face from frame to frame, and does not jump to a passenger."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated

from fermon.domain import NS_PER_S, Box, Face
from fermon.perception.blazeface import overlap
from fermon.perception.contract import Detector, Gray
from fermon.schema import Choice, Range, key


@dataclass(frozen=True, slots=True)
class FaceSettings:
    """Finding and holding the driver's face."""

    detector: Annotated[str, Choice("auto", "blazeface", "yunet", "haar")] = key(
        "auto", "auto: blazeface, or the next best one that can be loaded"
    )
    yunet_model: str = key("", 'path of a YuNet ONNX file, for detector = "yunet"')
    driver: Annotated[str, Choice("largest", "left", "right")] = key(
        "largest", "which of several faces is the driver's, as seen in the picture"
    )
    hold_s: Annotated[float, Range(0, 60, "s")] = key(
        3.0, "a lost face is searched only near its last place for this long: no passenger's"
    )


class FaceTracker:
    """Follows one face. Deterministic: the same frames with the same times give the same faces."""

    def __init__(self, detector: Detector, settings: FaceSettings) -> None:
        self._detector = detector
        self._settings = settings
        self._last: Face | None = None
        self._seen_ns = 0
        self.searched = False  # whether the last update needed a full search (for the benchmark)

    def update(self, gray: Gray, t_ns: int) -> Face | None:
        """Return the driver's face in this frame, uint8 (height, width), or None when it is not found."""
        self.searched = False
        face = None
        if self._last is not None and t_ns - self._seen_ns < self._settings.hold_s * NS_PER_S:
            face = self._nearest(self._detector.track(gray, self._last.box))
        if face is None:
            self.searched = True
            face = self._choose(self._detector.search(gray), t_ns)
        if face is not None:
            self._last, self._seen_ns = face, t_ns
        return face

    def _nearest(self, faces: list[Face]) -> Face | None:
        assert self._last is not None
        last = self._last.box
        near = [face for face in faces if same_place(last, face.box)]
        return max(near, key=lambda face: overlap(last, face.box) + 0.2 * face.score, default=None)

    def _choose(self, faces: list[Face], t_ns: int) -> Face | None:
        if not faces:
            return None
        if self._last is not None and t_ns - self._seen_ns < self._settings.hold_s * NS_PER_S:
            # Just lost: the driver comes back about where he was; another face is a passenger.
            return self._nearest(faces)
        largest = max(face.box.w for face in faces)
        # A face on a poster or on the back seat is much smaller than the driver's.
        serious = [face for face in faces if face.box.w >= 0.5 * largest]
        if self._settings.driver == "left":
            return min(serious, key=lambda face: face.box.x + face.box.w / 2)
        if self._settings.driver == "right":
            return max(serious, key=lambda face: face.box.x + face.box.w / 2)
        return max(serious, key=lambda face: face.box.w * face.box.h)


def same_place(a: Box, b: Box) -> bool:
    """Whether two boxes can be one head a moment apart: centres within a width, sizes within a factor of 1.8."""
    distance = math.hypot(a.x + a.w / 2 - b.x - b.w / 2, a.y + a.h / 2 - b.y - b.h / 2)
    return distance < max(a.w, b.w) and 1 / 1.8 < a.w / max(b.w, 1e-6) < 1.8
