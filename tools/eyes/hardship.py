"""What a cabin does to the eyes of a face: dark glasses, a hand, night, blur. Drawn into whole pictures, for evaluation.

Training covers single crops by other means (eyes/augment.py): what is drawn here was never trained on.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from fermon.domain import Face
from fermon.perception.geometry import places

Gray = NDArray[np.uint8]
Rng = np.random.Generator


def _lenses(gray: Gray, face: Face, tone: int, scene: Gray | None = None) -> Gray:
    """Glasses of one tone, or that mirror `scene` (as large as the picture)."""
    out = gray.copy()
    eyes = places(face)[:2]
    for eye in eyes:
        mask = np.zeros_like(gray)
        axes = (int(0.42 * eye.unit), int(0.3 * eye.unit))
        cv2.ellipse(mask, (int(eye.x), int(eye.y + 0.04 * eye.unit)), axes, np.degrees(eye.angle), 0, 360, 255, -1)
        out[mask > 0] = tone if scene is None else scene[mask > 0]
    start, end = [(int(eye.x), int(eye.y)) for eye in (eyes[0].moved(0.42, 0), eyes[1].moved(-0.42, 0))]
    cv2.line(out, start, end, tone, max(1, int(0.05 * eyes[0].unit)))
    return out


def _mirroring(gray: Gray, face: Face, rng: Rng) -> Gray:
    return _lenses(gray, face, 30, np.roll(gray, (gray.shape[0] // 2, gray.shape[1] // 3), (0, 1)))


def _hand(gray: Gray, face: Face, rng: Rng) -> Gray:
    """A strip of skin over both eyes: the face's own, from below the mouth, enlarged."""
    out = gray.copy()
    left, right, mouth = places(face)
    unit = left.unit
    skin = gray[
        int(max(0, mouth.y - 0.1 * unit)) : int(mouth.y + 0.6 * unit),
        max(0, int(mouth.x - 0.4 * unit)) : int(mouth.x + 0.4 * unit),
    ]
    top, start = max(0, int((left.y + right.y) / 2 - 0.45 * unit)), max(0, int(left.x - 0.6 * unit))
    place = out[top : top + int(0.8 * unit), start : int(right.x + 0.6 * unit)]
    if min(*skin.shape, *place.shape) >= 4:
        place[:] = cv2.resize(skin, place.shape[::-1])
    return out


def _night(gray: Gray, face: Face, rng: Rng) -> Gray:
    """15 % of the light, with a sensor's noise of 3 levels of 255 in what is left."""
    return np.clip(gray * 0.15 + rng.normal(0, 3, gray.shape), 0, 255).astype(np.uint8)


def _blurred(gray: Gray, face: Face, rng: Rng) -> Gray:
    return np.asarray(cv2.GaussianBlur(gray, (0, 0), 0.06 * places(face).left.unit), np.uint8)


def _small(gray: Gray, face: Face, rng: Rng) -> Gray:
    """A face so far away that its eyes are 20 px apart."""
    scale = min(1.0, 20 / places(face).left.unit)
    small = cv2.resize(gray, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(small, gray.shape[::-1], interpolation=cv2.INTER_LINEAR), np.uint8)


def _jpeg(gray: Gray, face: Face, rng: Rng) -> Gray:
    coded: Any = cv2.imencode(".jpg", gray, [cv2.IMWRITE_JPEG_QUALITY, 20])[1]
    return np.asarray(cv2.imdecode(coded, cv2.IMREAD_GRAYSCALE), np.uint8)


# Whether the eyes can still be read, and how the picture is made from (picture, face, generator of random numbers).
HARDSHIPS: dict[str, tuple[bool, Callable[[Gray, Face, Rng], Gray]]] = {
    "as it is": (True, lambda gray, face, rng: gray),
    "night": (True, _night),
    "blur": (True, _blurred),
    "far away": (True, _small),
    "JPEG of quality 20": (True, _jpeg),
    "dark glasses": (False, lambda gray, face, rng: _lenses(gray, face, 20)),
    "mirroring glasses": (False, _mirroring),
    "glaring glasses": (False, lambda gray, face, rng: _lenses(gray, face, 250)),
    "a hand": (False, _hand),
}
