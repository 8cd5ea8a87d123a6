"""PNG pictures of training curves and confusion matrices. Needs matplotlib, which is imported only when drawing."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray


def _pyplot() -> Any:
    import matplotlib

    matplotlib.use("Agg")  # no display needed
    import matplotlib.pyplot as plt

    return plt


def curves(history: Path, out: Path) -> None:
    """Draw accuracy and loss of training and validation, by epoch, from a run's history.csv."""
    plt = _pyplot()
    with history.open(encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    figure, axes = plt.subplots(1, 2, figsize=(10, 4))
    for axis, name in zip(axes, ("accuracy", "loss"), strict=True):
        for part in ("training", "validation"):
            axis.plot([int(r["epoch"]) for r in rows], [float(r[f"{part}_{name}"]) for r in rows], label=part)
        axis.set_xlabel("epoch")
        axis.set_ylabel(name)
        axis.legend()
        axis.grid(alpha=0.3)
    figure.tight_layout()
    figure.savefig(out, dpi=100)
    plt.close(figure)


def confusion(matrix: NDArray[np.int64], classes: Sequence[str], title: str, out: Path) -> None:
    """Draw a confusion matrix (rows: truth), shaded by the share of its row, each cell with its count and share."""
    plt = _pyplot()
    shares = matrix / np.maximum(matrix.sum(1, keepdims=True), 1)
    figure, axis = plt.subplots(figsize=(7, 6))
    axis.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for row, column in np.ndindex(*matrix.shape):
        colour = "white" if shares[row, column] > 0.5 else "black"
        text = f"{matrix[row, column]}\n{shares[row, column]:.0%}"
        axis.text(column, row, text, ha="center", va="center", color=colour, fontsize=8)
    axis.set_xticks(range(len(classes)), classes, rotation=30)
    axis.set_yticks(range(len(classes)), classes)
    axis.set_xlabel("predicted")
    axis.set_ylabel("truth")
    axis.set_title(title)
    figure.tight_layout()
    figure.savefig(out, dpi=100)
    plt.close(figure)
