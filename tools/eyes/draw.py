"""Draws what the eye network sees in an epoch from the sources of patches: eyes as they are, lowered lids, covered eyes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eyes import augment
from eyes.folds import FOLDS, YAWDD_PEOPLE, YAWDD_SCENES, in_fold
from eyes.patches import PATCH_SHAPE
from fermon.perception.eyes import GAZE_DEG, PLACE
from int8 import synthetic
from lib.exits import DataError

Array = NDArray[Any]

# Pictures drawn a source and class in an epoch: (closed, open).
DRAW = {
    "single": (1500, 1100),
    "clips": (1700, 2400),
    "yawdd": (300, 2200),
    "fer": (2100, 2100),
    "mrl": (800, 700),
    "mmu2": (0, 500),
    "newclips": (700, 1500),
    "nodding": (250, 350),
    "webcam": (100, 150),
    "masks": (0, 300),
    "drawn": (4000, 7000),
    "own": (1500, 1500),
}
UNSIZED = ("single", "own", "mrl", "mmu2")  # how much of the face their pictures show is not known
LIDDED = ("clips", "yawdd", "fer")  # whose lids the teacher has found
UNREADABLE = 3200
# Nobody has labelled enough half-shut eyes: open ones get their lids lowered (augment.lower_lid, which leaves about a
# tenth of the opening more than it is told). Lids at least 80 % shut are closed; half-shut ones are not, and what lies
# between is not drawn.
HALF = 0.35  # of the open eyes
HALF_LEFT = (0.3, 0.75)  # of the opening
SHUT = 600  # open eyes shut down to nothing, so that a drawn lid is no sign of an open eye
SHUT_LEFT = (0.0, 0.08)

Row = tuple[Array, tuple[float, float, float], tuple[float, ...]]
COLUMNS = {
    "patch": (),
    "closed": (),
    "opening": (),
    "lowered": (),
    "gaze": (2,),
    "offset": (2,),
    "lids": (4,),
    "group": (),
    "dark": (),
}


@dataclass(slots=True)
class Source:
    patch: Array
    closed: Array
    opening: Array
    lowered: Array
    gaze: Array
    offset: Array
    lids: Array
    group: Array
    dark: Array

    def pick(self, mask: Array) -> Source:
        return Source(*(getattr(self, key)[mask] for key in COLUMNS))


def _column(found: Any, key: str) -> Array:
    """Return a column of a file; one that it lacks says nothing of any eye."""
    if key in found:
        return np.asarray(found[key])
    count = len(found["patch"])
    return np.zeros(count, bool) if key == "dark" else np.full((count, *COLUMNS[key]), np.nan, np.float32)


def load(
    folder: Path,
    leave_out: frozenset[str] = frozenset(),
    fold: int | None = None,
    only: frozenset[str] = frozenset(),
) -> dict[str, Source]:
    """Return the sources that there are (of `only`), without the people left out and what a fold holds out.

    Raises DataError when there is none, or when one lacks the open or the closed eyes that DRAW wants of it.
    """
    if fold is not None:
        leave_out = leave_out | frozenset(FOLDS[fold])
    sources = {}
    for name in DRAW:
        if not (folder / f"{name}.npz").exists():
            continue
        found = np.load(folder / f"{name}.npz")
        source = Source(*(_column(found, key) for key in COLUMNS))
        if only and name not in only:
            continue
        if name == "clips":
            source = source.pick(~np.isin(source.group, sorted(leave_out)))
        elif fold is not None:
            source = source.pick(~in_fold(source.group, fold))
        if name == "yawdd" and leave_out & set(YAWDD_PEOPLE):
            source = source.pick(~np.isin(source.group, sorted(YAWDD_SCENES)))
        missing = [
            word
            for count, value, word in zip(DRAW[name], (1, 0), ("closed", "open"), strict=True)
            if count and not (source.closed == value).any()
        ]
        if missing:
            raise DataError(f"{folder / name}.npz: found no {missing[0]} eyes, expected some")
        sources[name] = source
    if not sources:
        raise DataError(f"{folder}: holds none of {', '.join(DRAW)} (.npz); make them with python -m eyes.collect")
    return sources


def load_others(folder: Path) -> Array:
    """Return the patches that are no eye, uint8 (n, 80, 96); where there are none, smooth pictures of nothing."""
    path = folder / "others.npz"
    return np.asarray(np.load(path)["patch"] if path.exists() else synthetic.calibration(300, *PATCH_SHAPE))


def size(sources: dict[str, Source]) -> int:
    """How many crops an epoch has at most."""
    return sum(sum(DRAW[name]) for name in sources) + SHUT + UNREADABLE


def draw(
    sources: dict[str, Source], others: Array, rng: augment.Rng, drawn: Callable[[int], None] = lambda count: None
) -> tuple[Array, Array, Array]:
    """Return one epoch: crops uint8 (n, h, w), states (n, 3) and places (n, 5) as targets, NaN = not known.

    `drawn` is told from time to time how many crops have come since it was called last.
    """
    rows: list[Row] = []
    told = 0
    for name, source in sources.items():
        shut, wide = DRAW[name]
        rows += [_eye(source, i, 1.0, 1.0, rng, name in UNSIZED) for i in _balanced(source, 1.0, shut, rng)]
        for i in _balanced(source, 0.0, wide, rng):
            lowered = rng.random() < HALF and np.isfinite(source.lids[i]).all()
            left = float(rng.uniform(*HALF_LEFT)) if lowered else 1.0
            rows.append(_eye(source, i, 0.0, left, rng, name in UNSIZED))
        drawn(len(rows) - told)
        told = len(rows)
    for source in (sources[name] for name in LIDDED if name in sources):
        for i in _balanced(source, 0.0, SHUT // 3, rng):
            if np.isfinite(source.lids[i]).all():
                rows.append(_eye(source, i, 1.0, float(rng.uniform(*SHUT_LEFT)), rng))
    rows += _unreadable(sources, others, rng)
    drawn(len(rows) - told)
    crops, states, where = zip(*rows, strict=True)
    return np.array(crops), np.array(states, np.float32), np.array(where, np.float32)


def _eye(source: Source, i: int, closed: float, left: float, rng: augment.Rng, unsized: bool = False) -> Row:
    """One eye's crop and targets; `left` is the share of its opening that is left (1: as it is)."""
    shift = augment.random_shift(source.offset[i], rng)
    scale, mirror = float(np.exp(rng.normal(0, 0.1))), bool(rng.random() < 0.5)
    if unsized:
        scale *= float(rng.uniform(0.75, 1.1))  # how much of the face single-eye pictures show is not known
    turn = float(rng.normal(0, 0.09))
    patch = source.patch[i] if left == 1 else augment.lower_lid(source.patch[i], source.lids[i], left)
    crop = augment.place_crop(patch, shift, turn, scale, mirror)
    if rng.random() < 0.12:
        crop = augment.glasses(crop, rng)
    dx, dy = augment.seen_at(shift, turn, scale, mirror)
    yaw, pitch = source.gaze[i] / GAZE_DEG
    # A lid that is drawn down over an eye does not follow its gaze.
    lowered = float(source.lowered[i]) if left == 1 else 0.0
    where = (float(source.opening[i]) * left, dx, dy, float(-yaw if mirror else yaw), float(pitch))
    return augment.finish(crop, rng), (closed, 0.0, lowered), where


def _unreadable(sources: dict[str, Source], others: Array, rng: augment.Rng) -> list[Row]:
    """Crops in which no lids can be seen: no eye at all, an eye under something, dark glasses."""
    rows: list[Row] = []
    everything = np.concatenate([source.patch[:: max(1, len(source.patch) // 3000)] for source in sources.values()])
    dark = [source.patch[source.dark] for source in sources.values() if source.dark.any()]
    for kind in rng.choice(["other", "covered", "dark"], UNREADABLE, p=[0.15, 0.5, 0.35]):
        pool = dark[rng.integers(len(dark))] if kind == "dark" and dark else others
        shift, turn = rng.normal(0, 0.08, 2), rng.normal(0, 0.2 if pool is others else 0.09)
        crop = augment.place_crop(pool[rng.integers(len(pool))], shift, turn, 1.0, rng.random() < 0.5)
        if kind == "covered":
            eye = everything[rng.integers(len(everything))]
            eye = augment.place_crop(eye, rng.normal(0, 0.07, 2), 0.0, 1.0, rng.random() < 0.5)
            crop = augment.cover(eye, crop, rng)
        rows.append((augment.finish(crop, rng), (np.nan, 1.0, np.nan), (np.nan,) * PLACE))
    return rows


def _balanced(source: Source, value: float, count: int, rng: augment.Rng) -> Array:
    """Draw indices of one class, every group (person, scene) as often as its square root says."""
    which = np.flatnonzero(source.closed == value)
    if not count:
        return which[:0]
    _, inverse, sizes = np.unique(source.group[which], return_inverse=True, return_counts=True)
    weight = 1 / np.sqrt(sizes[inverse])
    return rng.choice(which, count, p=weight / weight.sum())
