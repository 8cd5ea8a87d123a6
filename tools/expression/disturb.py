"""What a dashboard does to a face: a box that is off, poor light, blur, noise. Deterministic, for evaluation.

Every function takes pictures uint8 (n, 48, 48) and returns changed copies. What a loose box would show outside the
FER2013 picture is not known: the picture's edge is repeated there.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

Pictures = NDArray[np.uint8]


def crop(pictures: Pictures, right: float = 0.0, down: float = 0.0, scale: float = 1.0) -> Pictures:
    """Cut the face anew with a box moved by shares of its side and `scale` times as large (1.15: a looser crop)."""
    side = pictures.shape[1]
    centre = (side - 1) / 2
    # From a pixel of the new crop to the place in the old one.
    matrix = np.array(
        [[scale, 0, centre * (1 - scale) + right * side], [0, scale, centre * (1 - scale) + down * side]], np.float64
    )
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    warped = [cv2.warpAffine(p, matrix, (side, side), flags=flags, borderMode=cv2.BORDER_REPLICATE) for p in pictures]
    return np.stack(warped)


def darker(pictures: Pictures, factor: float = 0.5) -> Pictures:
    return np.round(pictures * factor).astype(np.uint8)


def blurred(pictures: Pictures, sigma_px: float = 1.0) -> Pictures:
    return np.stack([cv2.GaussianBlur(p, (0, 0), sigma_px) for p in pictures])


def noisy(pictures: Pictures, sigma: float = 10.0) -> Pictures:
    """Gaussian noise of `sigma` grey levels (of 255), the same at every call."""
    noise = np.random.default_rng(0).normal(0, sigma, pictures.shape)
    return np.clip(np.round(pictures + noise), 0, 255).astype(np.uint8)


DISTURBANCES: dict[str, Callable[[Pictures], Pictures]] = {
    "shifted 10 % left": lambda p: crop(p, right=-0.1),
    "shifted 10 % right": lambda p: crop(p, right=0.1),
    "shifted 10 % up": lambda p: crop(p, down=-0.1),
    "shifted 10 % down": lambda p: crop(p, down=0.1),
    "crop 0.85 as large": lambda p: crop(p, scale=0.85),
    "crop 1.15 as large": lambda p: crop(p, scale=1.15),
    "half brightness": darker,
    "blur, sigma 1 px": blurred,
    "noise, sigma 10 of 255": noisy,
}
