"""Random changes of FER2013 pictures: what a moving head, a loose box and a poor camera do to a face."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Strength:
    """How far a picture may change; every value is a maximum, drawn uniformly on both sides."""

    rotation_deg: float
    shift_px: float
    scale: float = 0.0  # 0.15 means 1/1.15 to 1.15
    contrast: float = 0.0
    brightness: float = 0.0  # in units of full scale
    erase: float = 0.0  # probability that one rectangle is covered
    blur: float = 0.0  # probability
    flip: bool = True


PAPER = Strength(rotation_deg=20, shift_px=4.8)
BEST = Strength(rotation_deg=15, shift_px=4, scale=0.15, contrast=0.3, brightness=0.15, erase=0.25, blur=0.1)


def _one(picture: NDArray[np.uint8], how: Strength, rng: np.random.Generator) -> NDArray[np.float32]:
    side = picture.shape[0]
    angle, scale = rng.uniform(-how.rotation_deg, how.rotation_deg), (1 + how.scale) ** rng.uniform(-1, 1)
    matrix = cv2.getRotationMatrix2D(((side - 1) / 2, (side - 1) / 2), angle, scale)
    matrix[:, 2] += rng.uniform(-how.shift_px, how.shift_px, 2)
    if how.flip and rng.random() < 0.5:
        picture = picture[:, ::-1]
    x = cv2.warpAffine(picture, matrix, (side, side), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    x = x.astype(np.float32) / 255
    if rng.random() < how.blur:
        x = cv2.GaussianBlur(x, (0, 0), rng.uniform(0.4, 1.0))
    if how.contrast:
        x = (x - x.mean()) * (1 + rng.uniform(-how.contrast, how.contrast)) + x.mean()
        x = x + rng.uniform(-how.brightness, how.brightness)
    if rng.random() < how.erase:
        h, w = rng.integers(6, 20, 2)
        top, left = rng.integers(0, side - h), rng.integers(0, side - w)
        x[top : top + h, left : left + w] = rng.random()
    return x


def batch(
    pictures: NDArray[np.uint8], how: Strength, rng: np.random.Generator, side_px: int = 48
) -> NDArray[np.float32]:
    """Return changed copies of `pictures` (n, 48, 48) as float32 (n, side, side, 1) in 0..1."""
    out = np.empty((len(pictures), side_px, side_px, 1), np.float32)
    for index, picture in enumerate(pictures):
        x = _one(picture, how, rng)
        if side_px != x.shape[0]:
            x = cv2.resize(x, (side_px, side_px), interpolation=cv2.INTER_AREA)
        out[index, :, :, 0] = x
    return np.clip(out, 0, 1, out=out)
