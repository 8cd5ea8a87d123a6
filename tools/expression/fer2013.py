"""Reads FER2013 (Kaggle's fer2013.csv, plain or .xz) and FER+ votes, and says exactly which row is wrong.

Needs nothing but numpy, so that evaluation runs where there is no TensorFlow. Rows are counted from 1 after the
header in messages, and from 0 in arrays.
"""

from __future__ import annotations

import csv
import hashlib
import lzma
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lib.exits import DataError

CLASSES = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")
USAGES = ("Training", "PublicTest", "PrivateTest")
SIDE_PX = 48
# FER+ columns in FER2013's class order; the last three have no FER2013 class. NF: not a face.
VOTES = ("anger", "disgust", "fear", "happiness", "sadness", "surprise", "neutral", "contempt", "unknown", "NF")
NOT_A_FACE = VOTES.index("NF")
_LABELS = {str(label): label for label in range(len(CLASSES))}
_LEVELS = {str(level): level for level in range(256)}


@dataclass(frozen=True, slots=True)
class Split:
    """Pictures uint8 (n, 48, 48), labels int64 (n,) 0..6, and rows int64 (n,): each picture's row in the CSV from 0."""

    pictures: NDArray[np.uint8]
    labels: NDArray[np.int64]
    rows: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.labels)


def _lines(path: Path) -> Iterator[str]:
    done = 0
    try:
        with lzma.open(path, "rt", encoding="utf-8") if path.suffix == ".xz" else path.open(encoding="utf-8") as text:
            for line in text:
                yield line
                done += 1
    except FileNotFoundError:
        raise DataError(f"{path}: no such file; give Kaggle's fer2013.csv (or .xz)") from None
    except (EOFError, lzma.LZMAError) as error:
        where = f"in row {done}" if done else "before the first row"
        raise DataError(f"{path}: damaged or cut off {where} ({error}); copy the file anew") from None
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: row {max(done, 1)}: not UTF-8 text ({error}); give Kaggle's fer2013.csv") from None
    except OSError as error:
        raise DataError(f"{path}: {error.strerror}; give Kaggle's fer2013.csv (or .xz)") from None


def _records(path: Path, columns: Sequence[str]) -> Iterator[tuple[int, list[str]]]:
    """Yield (row from 1, the values of `columns`); a missing value is "". Raises DataError."""
    reader = csv.reader(_lines(path))
    row = 0
    try:
        header = [name.strip() for name in next(reader, [])]
        missing = [name for name in columns if name not in header]
        if missing:
            found = ", ".join(header)[:120] or "nothing"
            raise DataError(f"{path}: header: column {', '.join(missing)} missing; found {found}")
        places = [header.index(name) for name in columns]
        for row, values in enumerate(reader, 1):
            if values:
                yield row, [values[place] if place < len(values) else "" for place in places]
    except csv.Error as error:
        raise DataError(f"{path}: row {row + 1}: {error}; expected comma-separated values") from None


def _picture(where: str, text: str) -> NDArray[np.uint8]:
    words = text.split()
    if len(words) != SIDE_PX**2:
        raise DataError(f"{where}: column 'pixels': found {len(words)} pixels, expected {SIDE_PX**2} (48x48)")
    try:
        levels = bytes(map(_LEVELS.__getitem__, words))
    except KeyError as error:
        raise DataError(f"{where}: column 'pixels': found the value {error}, expected whole numbers 0..255") from None
    return np.frombuffer(levels, np.uint8).reshape(SIDE_PX, SIDE_PX)


def read_splits(path: Path, usages: Collection[str]) -> dict[str, Split]:
    """Read the rows of several usages ("Training", "PublicTest", "PrivateTest") in one pass over the file.

    A usage without rows is left out. Raises DataError for a missing file or column, a broken .xz, and a bad label,
    usage or picture.
    """
    unknown = sorted(set(usages) - set(USAGES))
    if unknown:
        raise DataError(f"usage: found {unknown[0]!r}, expected one of {', '.join(USAGES)}")
    found: dict[str, tuple[list[NDArray[np.uint8]], list[int], list[int]]] = {}
    for row, (emotion, pixels, usage) in _records(path, ("emotion", "pixels", "Usage")):
        where = f"{path}: row {row}"
        if usage not in USAGES:
            raise DataError(f"{where}: column 'Usage': found {usage[:40]!r}, expected one of {', '.join(USAGES)}")
        if usage not in usages:
            continue
        if emotion not in _LABELS:
            raise DataError(f"{where}: column 'emotion': found {emotion[:40]!r}, expected 0..6")
        pictures, labels, rows = found.setdefault(usage, ([], [], []))
        pictures.append(_picture(where, pixels))
        labels.append(_LABELS[emotion])
        rows.append(row - 1)
    return {u: Split(np.stack(p), np.array(y), np.array(r)) for u, (p, y, r) in found.items()}


def read(path: Path, usage: str) -> Split:
    """Read the rows of one usage. Raises DataError as `read_splits` does, and when there are no such rows."""
    splits = read_splits(path, (usage,))
    if usage not in splits:
        raise DataError(f"{path}: no rows with Usage {usage!r}; expected at least one")
    return splits[usage]


def read_votes(path: Path, rows: NDArray[np.int64]) -> NDArray[np.float32]:
    """Read FER+ votes of the given CSV rows (from 0): float32 (n, 10) in the order of VOTES.

    Raises DataError for a missing file or column, a value that is no count, or a table shorter than the rows asked for.
    """
    table = []
    for row, values in _records(path, VOTES):
        try:
            counts = [float(value) for value in values]
        except ValueError:
            counts = [-1.0]
        if not all(0 <= count < 1000 for count in counts):
            raise DataError(f"{path}: row {row}: found {values}, expected ten vote counts")
        table.append(counts)
    needed = int(rows.max()) + 1
    if len(table) < needed:
        raise DataError(f"{path}: found {len(table)} rows, expected {needed} or more: one for each row of FER2013")
    return np.array(table, np.float32)[rows]


def digests(pictures: NDArray[np.uint8]) -> NDArray[np.str_]:
    """A short text for each picture, equal for pictures that are equal pixel for pixel."""
    # 8 bytes, for ever: split_validation sorts by these texts, so another size would give another split, and the
    # validation pictures of recorded runs would no longer be unseen.
    return np.array([hashlib.blake2b(picture.tobytes(), digest_size=8).hexdigest() for picture in pictures])


def split_validation(split: Split, share: float, seed: int) -> tuple[Split, Split]:
    """Split into (training, validation), stratified by label, identical pictures always on the same side.

    The same share and seed give the same split on every machine. Raises DataError when either side would be empty.
    """
    rng = np.random.default_rng(seed)
    keys = digests(split.pictures)
    validation = np.zeros(len(split), dtype=bool)
    for label in range(len(CLASSES)):
        groups = np.unique(keys[split.labels == label])
        chosen = rng.permutation(groups)[: round(share * len(groups))]
        validation |= np.isin(keys, chosen)
    if not validation.any() or validation.all():
        raise DataError(f"{len(split)} pictures are too few to set {share:.0%} of them apart for validation")
    return take(split, ~validation), take(split, validation)


def take(split: Split, which: NDArray[np.bool_]) -> Split:
    """Return the rows of `split` where `which` (bool, (n,)) is true."""
    return Split(split.pictures[which], split.labels[which], split.rows[which])
