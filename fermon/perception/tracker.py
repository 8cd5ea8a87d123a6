"""Holds the driver's face from frame to frame, and does not take a passenger for him.

The detector only finds: at the start, when the face is lost, and every CHECK_S to check. A small network that looks at
the place where the face was follows it, and has the last word on whether what the detector found is a face.
"""

from __future__ import annotations

import logging
import math
from dataclasses import dataclass
from typing import Annotated, Protocol

from fermon.domain import NS_PER_S, Box, Face, Points
from fermon.perception.blazeface import overlap
from fermon.perception.contract import Detector, Gray
from fermon.perception.face import Look
from fermon.perception.seat import Seat
from fermon.schema import Choice, Range, key

log = logging.getLogger(__name__)

CHECK_S = 2.0
# Chosen on groups for choosing and training (tools/faces/evaluate.py --parts) and the first seconds of incabin_belt2,
# where there is no face: what is held must look like a face in every frame, what is taken anew more so.
KEEP, TAKE, SURE = 0.6, 0.9, 0.9
TAKE_MASKED = 0.7  # of a face in a mask, which the network is never as sure of
MIN_FACE_PX = 24.0  # width of a box below which nothing in a face can be read, and any few pixels look like one
# Where a face is looked for that no detector has confirmed, in box widths and of its size: a face draws every such look
# back to itself, what only looks like one from one place does not.
_ASIDE = ((0.15, 0.1, 1.0), (-0.15, -0.1, 1.25), (0.0, 0.15, 0.8))
_MASKED = 0.5
_BACK = 0.6  # overlap of the boxes that then count as the same
_RECENTRE = 0.12  # box widths; a face that a first look finds further off is looked at again there
_SERIOUS = 0.5  # of the largest face's width: a face on a poster or on the back seat is smaller
_LIKE = 0.7  # two faces of like size, of which the larger need not be the driver's
_FAR_LARGER = 1.6  # a face in the seat this much wider than the held one is the driver's, not the held one


@dataclass(frozen=True, slots=True)
class FaceSettings:
    """Finding and holding the driver's face."""

    detector: Annotated[str, Choice("auto", "blazeface", "yunet", "haar")] = key(
        "auto", "auto: blazeface, or the next best one that can be loaded"
    )
    yunet_model: str = key("", 'path of a YuNet ONNX file, for detector = "yunet"')
    driver: Annotated[str, Choice("largest", "left", "right")] = key(
        "largest", "the driver's side of the picture: set it in a vehicle"
    )
    hold_s: Annotated[float, Range(0, 60, "s")] = key(
        3.0, "for this long a lost face is looked for about where it was first"
    )


class Reader(Protocol):
    """Looks at a place: `fermon.perception.face.FaceReader`."""

    def look(self, gray: Gray, box: Box) -> Look:
        """Return what is there."""


class FaceTracker:
    """Follows one face. Deterministic: the same frames with the same times give the same faces.

    `searched` says whether the last update looked for a face in the whole picture and took what it found (it may be
    another one), `look` what the network said of the face that the last update returned, None without one.
    """

    def __init__(self, detector: Detector, reader: Reader, settings: FaceSettings) -> None:
        self._detector, self._reader, self._settings = detector, reader, settings
        self._seat = Seat(settings.driver)
        self._last: Box | None = None
        self._seen_ns = self._checked_ns = 0
        self._warned = False
        self.searched = False
        self.look: Look | None = None

    def update(self, gray: Gray, t_ns: int) -> Face | None:
        """Return the driver's face in this frame, uint8 (height, width), or None when it is not found."""
        self.searched = False
        followed = self._last is not None and self._follow(gray, t_ns)
        if not followed or t_ns - self._checked_ns >= CHECK_S * NS_PER_S:
            found = [face.box for face in self._detector.search(gray)]
            self._checked_ns = t_ns
            self._warn(found)
            if not followed or not self._check(gray, t_ns, found):
                self.searched = True
                self.look = self._choose(gray, t_ns, found)
        if self.look is None:
            return None
        self._last, self._seen_ns = self.look.box, t_ns
        self._seat.sat(t_ns, self.look.box)
        return face_of(self.look)

    def _follow(self, gray: Gray, t_ns: int) -> bool:
        """Look where the face was last; keep the look when it is still there."""
        assert self._last is not None
        if t_ns - self._seen_ns >= self._settings.hold_s * NS_PER_S:
            return False
        look = self._reader.look(gray, self._last)
        good = look.face >= KEEP and look.box.w >= MIN_FACE_PX and same_place(self._last, look.box)
        if not good or not self._seat.holds(t_ns, look.box, gray.shape[1]):
            return False
        self.look = look
        return True

    def _check(self, gray: Gray, t_ns: int, found: list[Box]) -> bool:
        """Whether what is held is a face, by what the detector found; a far larger face takes its place."""
        assert self.look is not None
        held = self.look.box
        unconfirmed = not any(same_place(held, box) for box in found)
        if unconfirmed and (self.look.face < SURE or not firm(self._reader, gray, self.look)):
            return False
        for box in found:
            if box.w >= _FAR_LARGER * held.w and (larger := self._drivers(gray, box, t_ns)) is not None:
                self.look, self.searched = larger, True
        return True

    def _choose(self, gray: Gray, t_ns: int, found: list[Box]) -> Look | None:
        """Return the look at the driver's face among those that the detector found."""
        looks = [look for box in found if (look := self._drivers(gray, box, t_ns)) is not None]
        if not looks:
            return None
        if self._last is not None and t_ns - self._seen_ns < self._settings.hold_s * NS_PER_S:
            near = [look for look in looks if same_place(self._last, look.box)]
            if near:  # just lost: the driver comes back about where he was
                return max(near, key=lambda look: look.face)
        largest = max(look.box.w for look in looks)
        serious = [look for look in looks if look.box.w >= _SERIOUS * largest]
        if self._settings.driver == "left":
            return min(serious, key=lambda look: look.box.x + look.box.w / 2)
        if self._settings.driver == "right":
            return max(serious, key=lambda look: look.box.x + look.box.w / 2)
        return max(serious, key=lambda look: look.box.w * look.box.h)

    def _drivers(self, gray: Gray, box: Box, t_ns: int) -> Look | None:
        """Return the look at a detector's box; None when it is no face, or not in the driver's seat."""
        look = verified(self._reader, gray, box)
        return look if look is not None and self._seat.holds(t_ns, look.box, gray.shape[1]) else None

    def _warn(self, found: list[Box]) -> None:
        """Say once that the driver is chosen by size alone where two faces of like size are seen."""
        widths = sorted((box.w for box in found), reverse=True)
        if self._warned or self._settings.driver != "largest" or len(widths) < 2 or widths[1] < _LIKE * widths[0]:
            return
        self._warned = True
        log.warning(
            'two faces of like size: the larger one is taken for the driver; set perception.face.driver to "left" or'
            ' "right", the side of the picture that the driver is on'
        )


def verified(reader: Reader, gray: Gray, box: Box) -> Look | None:
    """Return the look at a box that a detector found in a picture, None when it is no face."""
    look = reader.look(gray, box)
    if look.face >= KEEP and _distance(look.box, box) > _RECENTRE * box.w:
        look = reader.look(gray, look.box)
    sure = look.face >= (TAKE_MASKED if look.mask >= _MASKED else TAKE)
    return look if sure and look.box.w >= MIN_FACE_PX and firm(reader, gray, look) else None


def firm(reader: Reader, gray: Gray, seen: Look) -> bool:
    """Whether looks from beside a face find it where it is; of a masked one, which is seen worse, all looks but one."""
    box, astray = seen.box, 0
    for dx, dy, scale in _ASIDE:
        w, h = box.w * scale, box.h * scale
        x, y = box.x + box.w / 2 + dx * box.w - w / 2, box.y + box.h / 2 + dy * box.h - h / 2
        look = reader.look(gray, Box(x, y, w, h))
        astray += look.face < KEEP or overlap(look.box, box) < _BACK
    return astray <= (1 if seen.mask >= _MASKED else 0)


def face_of(look: Look) -> Face:
    """Return the face of a look."""
    left, right, nose, mouth_left, mouth_right, _ = look.points
    mouth = (mouth_left[0] + mouth_right[0]) / 2, (mouth_left[1] + mouth_right[1]) / 2
    return Face(look.box, look.face, Points(left, right, nose, mouth), look.profile)


def _distance(a: Box, b: Box) -> float:
    return math.hypot(a.x + a.w / 2 - b.x - b.w / 2, a.y + a.h / 2 - b.y - b.h / 2)


def same_place(a: Box, b: Box) -> bool:
    """Whether two boxes can be one head a moment apart: centres within a width, sizes within a factor of 1.8."""
    return _distance(a, b) < max(a.w, b.w) and 1 / 1.8 < a.w / max(b.w, 1e-6) < 1.8
