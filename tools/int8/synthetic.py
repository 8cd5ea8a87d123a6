"""Pictures that are nobody's face: for calibrating without data, and for answers that two runtimes must share."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

GOLDEN_PICTURES = 8


def golden(height: int = 48, width: int = 48) -> NDArray[np.uint8]:
    """Pictures uint8 (8, height, width) by integer arithmetic alone: the same bytes on every machine, for ever."""
    y, x = np.mgrid[0:height, 0:width].astype(np.int64)
    ramps = [(x * (3 + k) + y * (7 - k) + k * 37) % 256 for k in range(4)]
    rings = [((x - width // 2) ** 2 + (y - height // 2) ** 2) * (k + 1) // 5 % 256 for k in range(4)]
    return np.stack(ramps + rings).astype(np.uint8)


def calibration(count: int, height: int = 48, width: int = 48, seed: int = 0) -> NDArray[np.uint8]:
    """Smooth random pictures uint8 (count, height, width), each from 0 to 255: a poor stand-in for real ones."""
    import cv2

    rng = np.random.default_rng(seed)
    pictures = []
    for _ in range(count):
        coarse = rng.uniform(size=(int(rng.integers(3, 9)),) * 2).astype(np.float32)
        smooth = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
        span = max(float(np.ptp(smooth)), 1e-6)
        pictures.append(np.round((smooth - smooth.min()) / span * 255).astype(np.uint8))
    return np.stack(pictures)
