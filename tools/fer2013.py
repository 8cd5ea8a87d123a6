"""Reads FER2013 (Kaggle's fer2013.csv, plain or .xz) and FER+ votes, and says exactly which row is wrong."""

from __future__ import annotations

import csv
import hashlib
import lzma
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

CLASSES = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")
USAGES = ("Training", "PublicTest", "PrivateTest")
SIDE_PX = 48
# FER+ columns in FER2013's class order; contempt, unknown and NF have no FER2013 class.
_VOTES = ("anger", "disgust", "fear", "happiness", "sadness", "surprise", "neutral")


class DataError(ValueError):
    """A data file that cannot be used; the message names the file, the row, what was found and what was expected."""


@dataclass(frozen=True, slots=True)
class Split:
    """Pictures uint8 (n, 48, 48), labels int64 (n,) 0..6, and rows int64 (n,): each picture's row in the CSV from 0."""

    pictures: NDArray[np.uint8]
    labels: NDArray[np.int64]
    rows: NDArray[np.int64]


def _lines(path: Path) -> Iterator[str]:
    try:
        if path.suffix == ".xz":
            with lzma.open(path, "rt", encoding="utf-8") as text:
                yield from text
        else:
            with path.open(encoding="utf-8") as text:
                yield from text
    except FileNotFoundError:
        raise DataError(f"{path}: no such file; give Kaggle's fer2013.csv (or .xz)") from None
    except (EOFError, lzma.LZMAError) as error:
        raise DataError(f"{path}: damaged or truncated .xz ({error}); copy the file anew") from None
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: not UTF-8 text ({error}); give Kaggle's fer2013.csv (or .xz)") from None


def _picture(path: Path, row: int, text: str) -> NDArray[np.uint8]:
    where = f"{path}: row {row + 1} after the header: column 'pixels'"
    try:
        values = np.array(text.split(), dtype=np.int64)
    except ValueError as error:
        raise DataError(f"{where}: {error}; expected whole numbers 0..255") from None
    if values.size != SIDE_PX**2:
        raise DataError(f"{where}: found {values.size} pixels, expected {SIDE_PX**2} (48x48)")
    if values.min() < 0 or values.max() > 255:
        bad = int(values[(values < 0) | (values > 255)][0])
        raise DataError(f"{where}: found the value {bad}, expected 0..255")
    return values.astype(np.uint8).reshape(SIDE_PX, SIDE_PX)


def read(path: Path, usage: str) -> Split:
    """Read the rows of one usage ("Training", "PublicTest" or "PrivateTest").

    Raises DataError for a missing file or column, a broken .xz, a bad label, usage or picture, or an empty split.
    """
    if usage not in USAGES:
        raise DataError(f"usage: found {usage!r}, expected one of {', '.join(USAGES)}")
    reader = csv.DictReader(_lines(path))
    missing = {"emotion", "pixels", "Usage"} - set(reader.fieldnames or ())
    if missing:
        raise DataError(
            f"{path}: column {', '.join(sorted(missing))} missing; found {', '.join(reader.fieldnames or ())}"
        )
    pictures, labels, rows = [], [], []
    for row, record in enumerate(reader):
        if record["Usage"] not in USAGES:
            raise DataError(f"{path}: row {row + 1} after the header: column 'Usage': found {record['Usage']!r}")
        if record["Usage"] != usage:
            continue
        label = record["emotion"] or ""
        if label not in {"0", "1", "2", "3", "4", "5", "6"}:
            raise DataError(f"{path}: row {row + 1} after the header: column 'emotion': found {label!r}, expected 0..6")
        pictures.append(_picture(path, row, record["pixels"] or ""))
        labels.append(int(label))
        rows.append(row)
    if not rows:
        raise DataError(f"{path}: no rows with Usage {usage!r}; expected at least one")
    return Split(np.stack(pictures), np.array(labels), np.array(rows))


def read_votes(path: Path, rows: NDArray[np.int64]) -> NDArray[np.float32]:
    """Read FER+ votes of the given CSV rows: float32 (n, 10), the seven classes, then contempt, unknown, NF.

    Raises DataError for a missing file or column, or a table shorter than the rows asked for.
    """
    columns = (*_VOTES, "contempt", "unknown", "NF")
    reader = csv.DictReader(_lines(path))
    missing = set(columns) - set(reader.fieldnames or ())
    if missing:
        raise DataError(f"{path}: column {', '.join(sorted(missing))} missing; give FER+'s fer2013new.csv")
    try:
        table = np.array([[float(record[c]) for c in columns] for record in reader], dtype=np.float32)
    except (TypeError, ValueError) as error:
        raise DataError(f"{path}: {error}; expected vote counts") from None
    if len(table) <= int(rows.max()):
        raise DataError(f"{path}: {len(table)} rows, expected more than {int(rows.max())} (one for each FER2013 row)")
    return table[rows]


def split_validation(split: Split, share: float, seed: int) -> tuple[Split, Split]:
    """Split into (training, validation), stratified, identical pictures always on the same side."""
    rng = np.random.default_rng(seed)
    digests = np.array([hashlib.blake2b(p.tobytes(), digest_size=8).hexdigest() for p in split.pictures])
    validation = np.zeros(len(split.labels), dtype=bool)
    for label in range(len(CLASSES)):
        groups = np.unique(digests[split.labels == label])
        chosen = rng.permutation(groups)[: round(share * len(groups))]
        validation |= np.isin(digests, chosen)
    return take(split, ~validation), take(split, validation)


def take(split: Split, which: NDArray[np.bool_]) -> Split:
    """Return the rows of `split` where `which` (bool, (n,)) is true."""
    return Split(split.pictures[which], split.labels[which], split.rows[which])
