"""What a network is taught about each picture: its label, mixed with what taggers or a teacher say."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from expression.fer2013 import CLASSES
from expression.recipes import Recipe
from lib.exits import DataError

Floats = NDArray[np.float32]


def targets(labels: NDArray[np.int64], votes: Floats | None, taught: Floats | None, recipe: Recipe) -> Floats:
    """Soft targets float32 (n, 7): the label, mixed with a teacher's or the FER+ votes' shares, then smoothed."""
    hard = np.eye(len(CLASSES), dtype=np.float32)[labels]
    mixed = hard if taught is None else (1 - recipe.taught) * hard + recipe.taught * taught
    if votes is not None and recipe.votes:
        seven = votes[:, : len(CLASSES)]
        total = seven.sum(1, keepdims=True)
        soft = np.where(total > 0, seven / np.maximum(total, 1), hard)
        mixed = (1 - recipe.votes) * mixed + recipe.votes * soft
    return (mixed * (1 - recipe.smoothing) + recipe.smoothing / len(CLASSES)).astype(np.float32)


def write(path: Path, rows: NDArray[np.int64], shares: NDArray[np.float64]) -> None:
    """Keep a teacher's shares (n, 7) of the given CSV rows."""
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(path, rows=rows, targets=shares.astype(np.float32))


def read(path: Path, rows: NDArray[np.int64]) -> Floats:
    """Read the shares float32 (n, 7) of the given CSV rows. Raises DataError."""
    try:
        with path.open("rb") as file, np.load(file) as kept:
            known, shares = kept["rows"], kept["targets"]
    except (OSError, KeyError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise DataError(f"{path}: no file of targets ({error}); make one with python -m expression.teach") from None
    good = shares.shape == (len(known), len(CLASSES)) and bool(np.all(np.abs(shares.sum(1) - 1) < 1e-3))
    if not good or not bool(np.all(shares >= 0)):
        raise DataError(f"{path}: found targets {shares.shape} for {len(known)} rows, expected seven shares of 1 each")
    place = {int(row): index for index, row in enumerate(known)}
    missing = [int(row) for row in rows if int(row) not in place]
    if missing:
        raise DataError(
            f"{path}: no targets for {len(missing)} pictures (the first: row {missing[0] + 1}); make it with the same"
            " --validation and --seed as the run, which takes no --limit"
        )
    return np.asarray(shares[[place[int(row)] for row in rows]], np.float32)
