"""What a run learns from, and the batches that it is shown: numpy alone, so that any framework can be fed."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from expression import augment, fer2013
from expression import targets as soft
from expression.fer2013 import NOT_A_FACE, Split
from expression.recipes import Recipe
from lib.exits import DataError

MOST_NOT_A_FACE = 5  # of FER+'s ten taggers
AHEAD = 8  # batches that are ready before they are asked for

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Material:
    """What a run learns from: `targets` float32 (n, 7) belong to `training`."""

    training: Split
    validation: Split
    targets: Floats


def gather(data: Path, votes: Path | None, taught: Path | None, recipe: Recipe, seed: int, limit: int = 0) -> Material:
    """Read Training (at most `limit` pictures of it, 0 = all), set validation pictures apart, and make the targets.

    Raises DataError.
    """
    everything = fer2013.read(data, "Training")
    if limit:
        keep = np.random.default_rng(seed).permutation(len(everything)) < limit
        everything = fer2013.take(everything, keep)
    training, validation = fer2013.split_validation(everything, recipe.validation, seed)
    counts = fer2013.read_votes(votes, training.rows) if votes else None
    if counts is not None and recipe.drop_not_a_face:
        face = counts[:, NOT_A_FACE] <= MOST_NOT_A_FACE
        training, counts = fer2013.take(training, face), counts[face]
    if len(training) < recipe.batch:
        raise DataError(f"{data}: {len(training)} training pictures, expected a batch of {recipe.batch} or more")
    shares = soft.read(taught, training.rows) if taught else None
    return Material(training, validation, soft.targets(training.labels, counts, shares, recipe))


def batches(
    split: Split, y: Floats, recipe: Recipe, side: int, rng: np.random.Generator
) -> Iterator[tuple[Floats, Floats]]:
    """One shuffled, augmented epoch, prepared by a thread a few batches ahead; an incomplete last batch is left out."""
    ready: queue.Queue[tuple[Floats, Floats] | BaseException | None] = queue.Queue(AHEAD)
    order = rng.permutation(len(split))

    def produce() -> None:
        try:
            for start in range(0, len(order) - recipe.batch + 1, recipe.batch):
                chosen = order[start : start + recipe.batch]
                x = augment.batch(split.pictures[chosen], recipe.augment, rng, side)
                ready.put((x, y[chosen]))
            ready.put(None)
        except BaseException as error:
            ready.put(error)  # raised where the batches are used; a silent end would wait for ever

    threading.Thread(target=produce, daemon=True).start()
    while (item := ready.get()) is not None:
        if isinstance(item, BaseException):
            raise item
        yield item
