"""Picture files in folders."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

ENDINGS = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff", ".pgm"})


def picture_files(folder: Path) -> list[Path]:
    """Return the picture files of a folder and those below it, in order; [] where there is none."""
    return sorted(path for path in folder.rglob("*") if path.suffix.lower() in ENDINGS)


def read_gray(path: Path) -> NDArray[np.uint8] | None:
    """Return a picture file as grey, uint8 (height, width); None for one that OpenCV does not read."""
    found = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    return None if found is None else np.asarray(found, np.uint8)
