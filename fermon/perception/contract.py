"""What every face detector is."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from fermon.domain import Face

Gray = NDArray[np.uint8]


class Detector(Protocol):
    """Finds faces. Made by its entry in `perception/detectors.py`, which raises ModelError when it cannot be had."""

    name: str

    def search(self, gray: Gray) -> list[Face]:
        """Look for every face in a whole picture, uint8 (height, width); boxes in px of that picture."""
