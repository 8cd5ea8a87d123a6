"""Writes many small pictures with two lines of text below each as one PNG, for people to look at."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Tile = tuple[NDArray[Any], tuple[str, str]]
_COLUMNS, _SIZE, _MOST = 16, (96, 64), 400


def write_sheet(tiles: Sequence[Tile], path: Path) -> None:
    """Write at most 400 of the tiles, evenly chosen, in their order. Grey pictures of any size; at least one tile."""
    drawn = []
    for picture, lines in tiles[:: -(-len(tiles) // _MOST)]:
        tile = cv2.copyMakeBorder(cv2.resize(picture, _SIZE), 0, 26, 0, 4, cv2.BORDER_CONSTANT, value=255)
        for line, text in enumerate(lines):
            cv2.putText(tile, text, (0, 75 + 12 * line), cv2.FONT_HERSHEY_SIMPLEX, 0.34, 0, 1)
        drawn.append(tile)
    drawn += [np.full_like(drawn[0], 255)] * (-len(drawn) % _COLUMNS)
    rows = [np.hstack(drawn[i : i + _COLUMNS]) for i in range(0, len(drawn), _COLUMNS)]
    if not cv2.imwrite(str(path), np.vstack(rows)):
        raise OSError(f"{path}: cannot be written; expected the path of a .png file in a folder that exists")
