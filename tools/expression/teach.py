"""Make soft targets from what a trained network and FER+'s ten taggers say together about each picture.

    python -m expression.teach --model models/expression.keras \
        --data fer2013.csv.xz --votes fer2013new.csv --out taught.npz

FER2013's labels are noisy: neither the network (69 %) nor the taggers (68 %, once their votes are translated into
FER2013's habits) guess more of them, but together they guess 71 %, and a network taught with that guess has fewer wrong
labels to learn by heart (distillation with privileged information: D. Lopez-Paz et al., 2016). The votes are translated
by logistic regression on training pictures; the exponents of the product of both are the two numbers that are fitted on
validation pictures. Use the file with tools/train.py --recipe taught --taught taught.npz.
Exit codes: 0 done, 65 the data cannot be used, 78 the network cannot be used.
"""

from __future__ import annotations

import argparse
import itertools
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from expression import fer2013, metrics, predictors, targets
from expression.fer2013 import CLASSES
from lib.exits import run_and_exit

Doubles = NDArray[np.float64]
TAGGERS = 10
ROUNDS = 1500  # of gradient descent: cross-entropy on FER2013 0.8768 after 1000, 0.8764 after 1500 and after 3000
EXPONENTS = tuple(round(0.1 * tenths, 1) for tenths in range(3, 11))


def features(votes: NDArray[np.float32]) -> Doubles:
    """What the regression sees of FER+ votes (n, 10): their shares, the log odds of the seven classes, and one."""
    odds = np.log((votes[:, : len(CLASSES)].astype(np.float64) + 0.5) / TAGGERS)
    return np.concatenate([votes / TAGGERS, odds - odds.mean(1, keepdims=True), np.ones((len(votes), 1))], 1)


def softmax(logits: Doubles) -> Doubles:
    powers = np.exp(logits - logits.max(1, keepdims=True))
    return np.asarray(powers / powers.sum(1, keepdims=True))


def regression(x: Doubles, labels: NDArray[np.int64], decay: float = 1e-5) -> Doubles:
    """Weights (features, 7) of a multinomial logistic regression, by gradient descent with Nesterov's momentum."""
    hard = np.eye(len(CLASSES))[labels]
    rate = 1 / ((x**2).sum(1).mean() / 2 + decay)  # the curvature's bound
    now = before = np.zeros((x.shape[1], len(CLASSES)))
    for index in range(ROUNDS):
        ahead = now + index / (index + 3) * (now - before)
        slope = x.T @ (softmax(x @ ahead) - hard) / len(x) + decay * ahead
        before, now = now, ahead - rate * slope
    return now


def together(network: Doubles, taggers: Doubles, exponents: tuple[float, float]) -> Doubles:
    """Product of two guesses (n, 7), each to its power, normalised."""
    one, two = (np.log(np.maximum(p, 1e-4)) for p in (network, taggers))
    return softmax(exponents[0] * one + exponents[1] * two)


def fit_exponents(network: Doubles, taggers: Doubles, labels: NDArray[np.int64]) -> tuple[float, float]:
    """Return the two of least cross-entropy."""
    return min(
        itertools.product(EXPONENTS, EXPONENTS),
        key=lambda pair: metrics.cross_entropy(together(network, taggers, pair), labels),
    )


def run(args: argparse.Namespace) -> None:
    predictor = predictors.with_mirror(predictors.of_keras_model(predictors.load_keras(args.model)))
    everything = fer2013.read(args.data, "Training")
    training, validation = fer2013.split_validation(everything, args.validation, args.seed)
    learned, unseen = (features(fer2013.read_votes(args.votes, part.rows)) for part in (training, validation))
    weights = regression(learned, training.labels)
    network, taggers = predictor.predict(validation.pictures).astype(np.float64), softmax(unseen @ weights)
    exponents = fit_exponents(network, taggers, validation.labels)
    both = together(network, taggers, exponents)
    for name, p in (("network", network), ("taggers", taggers), ("together", both)):
        hits, loss = (p.argmax(1) == validation.labels).mean(), metrics.cross_entropy(p, validation.labels)
        print(f"{name}: validation accuracy {hits:.4f}, cross-entropy {loss:.4f}")
    print(f"exponents: network {exponents[0]}, taggers {exponents[1]}", flush=True)
    shares = together(predictor.predict(training.pictures).astype(np.float64), softmax(learned @ weights), exponents)
    targets.write(args.out, training.rows, shares)
    agree = (shares.argmax(1) == training.labels).mean()
    print(f"{args.out}: targets for {len(training)} pictures; {agree:.4f} agree with the label")


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, required=True, help="a trained .keras file")
    parser.add_argument("--data", type=Path, required=True, help="Kaggle's fer2013.csv, plain or .xz")
    parser.add_argument("--votes", type=Path, required=True, help="FER+'s fer2013new.csv")
    parser.add_argument("--out", type=Path, required=True, help="the targets, .npz")
    parser.add_argument("--validation", type=float, default=0.05, help="share set apart, as in the run to come")
    parser.add_argument("--seed", type=int, default=1, help="of the run to come")
    args = parser.parse_args(argv)
    return run_and_exit("teach", lambda: run(args))


if __name__ == "__main__":
    sys.exit(main())
