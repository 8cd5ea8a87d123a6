"""A small fer2013.csv of nobody's face, for the tests of tools/."""

from __future__ import annotations

import lzma
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

HEADER = "emotion,pixels,Usage"
VOTES_HEADER = "Usage,Image name,neutral,happiness,surprise,sadness,anger,disgust,fear,contempt,unknown,NF"


def picture(seed: int) -> NDArray[np.uint8]:
    """Noise uint8 (48, 48), the same for the same seed."""
    return np.random.default_rng(seed).integers(0, 256, (48, 48), dtype=np.uint8)


def row(label: int | str, pixels: NDArray[np.uint8] | str, usage: str) -> str:
    text = pixels if isinstance(pixels, str) else " ".join(map(str, pixels.ravel()))
    return f"{label},{text},{usage}"


def rows(usage: str, count: int, first_seed: int = 0) -> list[str]:
    """`count` rows, labels 0..6 in turn."""
    return [row(i % 7, picture(first_seed + i), usage) for i in range(count)]


def write(path: Path, lines: Iterable[str], header: str = HEADER) -> Path:
    text = "\n".join((header, *lines)) + "\n"
    path.write_bytes(lzma.compress(text.encode()) if path.suffix == ".xz" else text.encode())
    return path


def sample(path: Path, training: int = 70, test: int = 21) -> Path:
    """Training and PublicTest rows; the first test picture is also the first Training picture."""
    return write(path, [*rows("Training", training), row(0, picture(0), "PublicTest"), *rows("PublicTest", test, 1000)])


def votes(path: Path, labels: Sequence[int]) -> Path:
    """FER+ votes: eight of ten for the class of `labels` (FER2013's order), two unknown."""
    order = (6, 3, 5, 4, 0, 1, 2)  # the file's columns, as FER2013 classes
    lines = [f"Training,,{','.join('8' if c == label else '0' for c in order)},0,2,0" for label in labels]
    return write(path, lines, VOTES_HEADER)
