"""What every face detector is."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from fermon.domain import Box, Face

Gray = NDArray[np.uint8]


class Detector(Protocol):
    """Finds faces. Made by its entry in `perception/detectors.py`, which raises ModelError when it cannot be had."""

    name: str
    # FER2013's framing, measured with tools/faces/framing.py: a square of side `framing[2]` times the box's width, its
    # centre `framing[0]`, `framing[1]` box widths right of and below the box's centre.
    framing: tuple[float, float, float]

    def search(self, gray: Gray) -> list[Face]:
        """Look for every face in a whole picture, uint8 (height, width); boxes in px of that picture."""

    def track(self, gray: Gray, last: Box) -> list[Face]:
        """Look near `last`, where the face was one frame ago, only; boxes in px of the whole picture."""
