"""Random changes of FER2013 pictures: what a moving head, a loose box and a poor camera do to a face."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Strength:
    """How far a picture may change; a maximum is drawn uniformly on both sides, a probability is 0..1."""

    rotation_deg: float
    shift_px: float
    scale: float = 0.0  # 0.15 means 1/1.15 to 1.15
    contrast: float = 0.0  # 0.3 means 0.7 to 1.3, about the picture's mean
    brightness: float = 0.0  # added, in units of full scale
    erase: float = 0.0  # probability that one rectangle is covered
    blur: float = 0.0  # probability
    blur_px: float = 1.0  # greatest sigma
    dark: float = 0.0  # probability of 0.3 to 1 of the light
    noise: float = 0.0  # probability of Gaussian noise, sigma up to 0.08 of full scale
    flip: bool = True


PAPER = Strength(rotation_deg=20, shift_px=4.8)
BEST = Strength(
    rotation_deg=15, shift_px=4, scale=0.15, contrast=0.3, brightness=0.15, erase=0.2, blur=0.12,
    dark=0.1, noise=0.12,
)  # fmt: skip
# A box that is 15 % too tight magnifies by 1/0.85 = 1.18, which BEST never shows.
WIDER = dataclasses.replace(BEST, scale=0.2)


def _move(picture: NDArray[np.uint8], how: Strength, rng: np.random.Generator) -> NDArray[np.uint8]:
    side = picture.shape[0]
    centre = ((side - 1) / 2, (side - 1) / 2)
    angle, scale = rng.uniform(-how.rotation_deg, how.rotation_deg), (1 + how.scale) ** rng.uniform(-1, 1)
    matrix = np.asarray(cv2.getRotationMatrix2D(centre, angle, scale), np.float64)
    matrix[:, 2] += rng.uniform(-how.shift_px, how.shift_px, 2)
    if how.flip and rng.random() < 0.5:
        picture = picture[:, ::-1]
    moved = cv2.warpAffine(picture, matrix, (side, side), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(moved, np.uint8)


def _one(picture: NDArray[np.uint8], how: Strength, rng: np.random.Generator) -> NDArray[np.float32]:
    x: NDArray[Any] = _move(picture, how, rng).astype(np.float32) / np.float32(255)
    side = x.shape[0]
    if how.blur and rng.random() < how.blur:
        x = np.asarray(cv2.GaussianBlur(x, (0, 0), rng.uniform(0.4, how.blur_px)))
    if how.contrast:
        x = (x - x.mean()) * (1 + rng.uniform(-how.contrast, how.contrast)) + x.mean()
        x = x + rng.uniform(-how.brightness, how.brightness)
    if how.dark and rng.random() < how.dark:
        x = x * rng.uniform(0.3, 1.0)
    if how.noise and rng.random() < how.noise:
        x = x + rng.standard_normal(x.shape, dtype=np.float32) * rng.uniform(0.0, 0.08)
    if how.erase and rng.random() < how.erase:
        height, width = rng.integers(side // 8, side * 5 // 12, 2)
        top, left = rng.integers(0, side - height), rng.integers(0, side - width)
        x[top : top + height, left : left + width] = rng.random()
    return np.asarray(x, np.float32)


def batch(
    pictures: NDArray[np.uint8], how: Strength, rng: np.random.Generator, side_px: int = 48
) -> NDArray[np.float32]:
    """Return changed copies of `pictures` (n, 48, 48) as float32 (n, side, side, 1) in 0..1."""
    out = np.empty((len(pictures), side_px, side_px, 1), np.float32)
    for index, picture in enumerate(pictures):
        x = _one(picture, how, rng)
        if side_px != x.shape[0]:
            x = np.asarray(cv2.resize(x, (side_px, side_px), interpolation=cv2.INTER_AREA), np.float32)
        out[index, :, :, 0] = x
    return np.clip(out, 0, 1, out=out)


def plain(pictures: NDArray[np.uint8], side_px: int = 48) -> NDArray[np.float32]:
    """Return unchanged pictures as a network takes them: float32 (n, side, side, 1) in 0..1."""
    if side_px != pictures.shape[1]:
        pictures = np.stack([cv2.resize(p, (side_px, side_px), interpolation=cv2.INTER_AREA) for p in pictures])
    return np.asarray(pictures[..., None].astype(np.float32) / np.float32(255), np.float32)
