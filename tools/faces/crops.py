"""The crops that a face network is shown, drawn from regions, with what it is to say of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from faces import augment
from faces.regions import part
from lib.exits import DataError

Array = NDArray[Any]
# How often a region of each source is drawn in an epoch: neighbours of one clip or of one driver are almost alike.
SHARE = {"clips": 0.4, "newclips": 0.5, "nodding": 0.6}
PLACES_SHARE = 0.5


def _joined(paths: list[Path]) -> dict[str, Array]:
    files = [np.load(path) for path in paths]
    return {key: np.concatenate([file[key] for file in files]) for key in files[0]}


class Material:
    """The regions of some groups."""

    def __init__(self, paths: list[Path], parts: tuple[str, ...], only: frozenset[str]) -> None:
        arrays = _joined(paths)
        sources, groups = arrays["source"].astype(str), arrays["group"].astype(str)
        keep = np.array([part(group) in parts for group in groups])
        if only:
            keep &= np.isin(sources, list(only))
        if not keep.any():
            wanted = f"{', '.join(sorted(only)) or 'any source'} for {', '.join(parts)}"
            raise DataError(f"{', '.join(map(str, paths))}: found no region of {wanted}")
        self.source = sources[keep]
        self.arrays = {key: arrays[key][keep] for key in ("region", "box", "points", "angles", "covers", "face")}

    def crops(self, chosen: Array, rng: np.random.Generator, spoil: bool = True) -> tuple[Array, list[Array]]:
        """Draw a crop of each chosen region: uint8 (n, 64, 64) and its targets."""
        crops, wanted = [], []
        for index in chosen:
            row = {key: value[index] for key, value in self.arrays.items()}
            place = augment.draw_place(rng, bool(row["face"]))
            crops.append(augment.crop_of(row["region"], place, rng if spoil else None))
            wanted.append(
                augment.targets(place, bool(row["face"]), row["box"], row["points"], row["angles"], row["covers"])
            )
        return np.array(crops), [np.array(column, np.float32) for column in zip(*wanted, strict=True)]

    def draw(self, rng: np.random.Generator) -> Array:
        """Return which regions an epoch shows."""
        share = np.array([SHARE.get(source, 1.0) for source in self.source])
        share *= np.where(self.arrays["face"], 1.0, PLACES_SHARE)
        return np.flatnonzero(rng.random(len(share)) < share)
