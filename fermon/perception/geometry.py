"""Where a face's eyes and mouth are: crops that the eye and mouth networks read, from points or from a box alone.

All lengths hang on one *unit*: the distance between the eyes of a face seen from the front. A turned head brings the
eyes together in the picture but leaves BlazeFace's box as wide as before, so the unit is the larger of the two
(measured on driver frames: eye distance 0.43 of the box when frontal, 0.33 under a mirror).
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fermon.domain import Face
from fermon.perception.contract import Gray

EYE_SHAPE = (32, 48)  # (height, width) px of an eye crop
EYE_WIDTH_UNITS = 0.8  # of an eye crop: the fissure is about 0.48 wide
MOUTH_SHAPE = (32, 32)
MOUTH_WIDTH_UNITS = 1.1
MIN_UNIT_PX = 16.0  # below this the fissure is under 8 px wide and the lids under 2 px apart

_UNIT_OF_POINTED_BOX = 0.43
# Haar's boxes hold forehead and chin: shares of width and height, measured with BlazeFace's points as truth.
_UNIT_OF_PLAIN_BOX = 0.40
_EYE_X, _EYE_Y = 0.30, 0.385
_MOUTH_Y = 0.78
_MOST_OUTSIDE = 0.25  # share of a crop's width that may lie outside the frame


class Patch(NamedTuple):
    """A place to cut: centre (px of the frame), px of the frame per unit, angle of the eye line in radians."""

    x: float
    y: float
    unit: float
    angle: float

    def moved(self, dx: float, dy: float) -> Patch:
        """The patch moved by (dx, dy) units along its own axes."""
        c, s = math.cos(self.angle), math.sin(self.angle)
        return self._replace(x=self.x + self.unit * (dx * c - dy * s), y=self.y + self.unit * (dx * s + dy * c))


class Places(NamedTuple):
    """Where the eyes (left and right as seen in the image) and the mouth of a face are."""

    left: Patch
    right: Patch
    mouth: Patch


def places(face: Face) -> Places:
    """Return where to cut, from the face's points, or from fixed shares of its box when it has none."""
    box, points = face.box, face.points
    if points is None:
        unit = _UNIT_OF_PLAIN_BOX * box.w
        y = box.y + _EYE_Y * box.h
        return Places(
            Patch(box.x + _EYE_X * box.w, y, unit, 0.0),
            Patch(box.x + (1 - _EYE_X) * box.w, y, unit, 0.0),
            Patch(box.x + box.w / 2, box.y + _MOUTH_Y * box.h, unit, 0.0),
        )
    (lx, ly), (rx, ry) = points.eye_left, points.eye_right
    unit = max(math.hypot(rx - lx, ry - ly), _UNIT_OF_POINTED_BOX * box.w, 1e-6)
    angle = math.atan2(ry - ly, rx - lx)
    return Places(Patch(lx, ly, unit, angle), Patch(rx, ry, unit, angle), Patch(*points.mouth, unit, angle))


def turn(face: Face) -> float:
    """Where the nose stands on the line from the left eye (0) to the right eye (1) of the image; 0.5 without points."""
    if face.points is None:
        return 0.5
    (lx, ly), (rx, ry), (nx, ny) = face.points.eye_left, face.points.eye_right, face.points.nose
    dx, dy = rx - lx, ry - ly
    return ((nx - lx) * dx + (ny - ly) * dy) / max(1e-6, dx * dx + dy * dy)


def cut(gray: Gray, patch: Patch, shape: tuple[int, int], width_units: float) -> Gray | None:
    """Cut a patch, turned upright: uint8 `shape` (height, width), `width_units` wide; edges of the frame repeated.

    None when more than a quarter of it lies outside the frame, sideways or up and down.
    """
    import cv2

    height, width = shape
    half_w = width_units * patch.unit / 2
    half_h = half_w * height / width
    allowed_w, allowed_h = half_w * (1 - 2 * _MOST_OUTSIDE), half_h * (1 - 2 * _MOST_OUTSIDE)
    rows, columns = gray.shape
    inside = allowed_w <= patch.x <= columns - allowed_w and allowed_h <= patch.y <= rows - allowed_h
    if not inside or not math.isfinite(half_w) or half_w < 1:
        return None
    # A warp alone skips pixels when it shrinks: shrink the neighbourhood by whole steps with an area filter first.
    step = max(1, int(2 * half_w / width))
    source: NDArray[Any] = gray
    x, y, scale = patch.x, patch.y, width / (2 * half_w)
    if step > 1:
        reach = int(math.hypot(half_w, half_h)) + 2 * step
        left, top = max(0, int(x) - reach), max(0, int(y) - reach)
        part = gray[top : int(y) + reach, left : int(x) + reach]
        part = part[: part.shape[0] // step * step, : part.shape[1] // step * step]
        source = cv2.resize(part, (part.shape[1] // step, part.shape[0] // step), interpolation=cv2.INTER_AREA)
        x, y, scale = (x - left + 0.5) / step - 0.5, (y - top + 0.5) / step - 0.5, scale * step
    c, s = scale * math.cos(patch.angle), scale * math.sin(patch.angle)
    matrix = np.array([[c, s, (width - 1) / 2 - c * x - s * y], [-s, c, (height - 1) / 2 + s * x - c * y]])
    out = cv2.warpAffine(source, matrix, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(out, np.uint8)


def eye_crops(gray: Gray, face: Face) -> tuple[Gray | None, Gray | None]:
    """Return the left and right eye (as seen in the image), uint8 EYE_SHAPE, upright along the eye line.

    None for an eye that is too small (unit under MIN_UNIT_PX) or out of the frame.
    """
    left, right, _ = places(face)
    if left.unit < MIN_UNIT_PX:
        return None, None
    return cut(gray, left, EYE_SHAPE, EYE_WIDTH_UNITS), cut(gray, right, EYE_SHAPE, EYE_WIDTH_UNITS)


def mouth_crop(gray: Gray, face: Face) -> Gray | None:
    """Return the mouth, uint8 MOUTH_SHAPE, upright along the eye line; None when too small or out of the frame."""
    mouth = places(face).mouth
    return None if mouth.unit < MIN_UNIT_PX else cut(gray, mouth, MOUTH_SHAPE, MOUTH_WIDTH_UNITS)
