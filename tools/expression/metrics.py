"""Figures of merit of a classifier, in numpy alone; probabilities are calibrated by the daemon's own formula.

`probabilities` is float (n, classes), `truth` and `predicted` are int (n,). Shares are 0..1, not per cent.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from fermon.perception.expression import calibrated

Floats = NDArray[np.floating[Any]]
Labels = NDArray[np.int64]

# Bins of the calibration error, as in Guo et al., "On Calibration of Modern Neural Networks" (2017).
CALIBRATION_BINS = 15


def confusion(truth: Labels, predicted: Labels, classes: int = 7) -> Labels:
    """Counts int64 (classes, classes): rows are the truth, columns the prediction."""
    return np.bincount(truth * classes + predicted, minlength=classes**2).reshape(classes, classes)


def accuracy(matrix: Labels) -> float:
    return float(np.trace(matrix) / matrix.sum())


def recalls(matrix: Labels) -> list[float | None]:
    """Share of each class that was found; None for a class without pictures."""
    totals = matrix.sum(1)
    return [float(matrix[i, i] / total) if total else None for i, total in enumerate(totals)]


def macro_f1(matrix: Labels) -> float:
    """Mean F1 over the classes that occur in truth or prediction; a class never found counts as 0."""
    both = matrix.sum(0) + matrix.sum(1)
    return float(np.mean(2 * np.diag(matrix)[both > 0] / both[both > 0]))


def calibration_error(probabilities: Floats, truth: Labels) -> float:
    """Expected calibration error: mean gap between confidence and accuracy over equal bins of confidence."""
    confidence = probabilities.max(1)
    hits = probabilities.argmax(1) == truth
    bins = np.minimum((confidence * CALIBRATION_BINS).astype(int), CALIBRATION_BINS - 1)
    gaps = [abs(hits[bins == b].mean() - confidence[bins == b].mean()) * (bins == b).sum() for b in np.unique(bins)]
    return float(sum(gaps) / len(truth))


def cross_entropy(probabilities: Floats, truth: Labels) -> float:
    """Mean of -log(probability of the truth), in nats."""
    picked = probabilities[np.arange(len(truth)), truth]
    return float(-np.log(np.maximum(picked, 1e-7)).mean())


def fit_temperature(probabilities: Floats, truth: Labels) -> float:
    """Return the temperature 0.25..4 of least cross-entropy, to three digits."""
    # The cross-entropy has a single minimum in 1/T: narrow a grid three times instead of asking for scipy.
    low, high = np.log(0.25), np.log(4.0)
    for _ in range(3):
        grid = np.linspace(low, high, 25)
        losses = [cross_entropy(calibrated(probabilities, float(np.exp(g))), truth) for g in grid]
        best, step = grid[int(np.argmin(losses))], grid[1] - grid[0]
        low, high = max(np.log(0.25), best - step), min(np.log(4.0), best + step)
    return round(float(np.exp(best)), 3)


def ferplus_agreement(predicted: Labels, votes: NDArray[np.float32]) -> tuple[float | None, int]:
    """Return (share, n) of the pictures whose FER+ majority the prediction meets.

    Counted are the n pictures for which one of FER2013's seven classes has more of the ten votes (n, 10) than any
    other column; the share is None when there is none.
    """
    order = np.sort(votes, axis=1)
    winner = votes.argmax(1)
    counted = (order[:, -1] > order[:, -2]) & (winner < 7)
    n = int(counted.sum())
    return (float((predicted == winner)[counted].mean()) if n else None), n


def summary(probabilities: Floats, truth: Labels, classes: tuple[str, ...]) -> dict[str, Any]:
    """The figures that every evaluation reports, ready for JSON."""
    predicted = probabilities.argmax(1)
    matrix = confusion(truth, predicted, len(classes))
    return {
        "n": len(truth),
        "accuracy": accuracy(matrix),
        "macro_f1": macro_f1(matrix),
        "recall": dict(zip(classes, recalls(matrix), strict=True)),
        "cross_entropy": cross_entropy(probabilities, truth),
        "calibration_error": calibration_error(probabilities, truth),
        "confusion": matrix.tolist(),
    }


def class_bias(probabilities: Floats, truth: Labels, rounds: int = 100) -> NDArray[np.float64]:
    """Return what to add to each class's logit (classes,), mean 0, for the least cross-entropy against `truth`.

    There the mean of the probabilities equals the classes' shares of `truth`; each round divides by the first and
    multiplies by the second. A class that `truth` does not hold keeps its logit.
    """
    logits = np.log(np.maximum(probabilities.astype(np.float64), 1e-12))
    share = np.bincount(truth, minlength=logits.shape[1]) / len(truth)
    known = share > 0
    bias = np.zeros(logits.shape[1])
    for _ in range(rounds):
        odds = np.exp(logits + bias - (logits + bias).max(1, keepdims=True))
        mean = (odds / odds.sum(1, keepdims=True)).mean(0)
        bias[known] += np.log(share[known] / mean[known])
    return np.asarray(bias - bias.mean())
