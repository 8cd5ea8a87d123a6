"""Align a trained network's classes with FER2013's labels: one number a class, added to the last layer's bias.

    python -m expression.align --model runs/best/best.keras --data fer2013.csv.xz --out runs/aligned/best.keras

FER+'s taggers say "neutral" more often, "fear" and "angry" less often than FER2013's labels; a network taught with both
leans their way. The numbers are fitted on the run's training pictures, and what they do to its validation pictures is
printed: ship the result when it helps there (after Menon et al., "Long-tail learning via logit adjustment", 2021).
The architecture stays. Exit codes: 0 done, 65 the data cannot be used, 78 the network cannot be used.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np

from expression import fer2013, metrics, predictors, runs
from expression.fer2013 import CLASSES, Split
from lib.exits import NetworkError, run_and_exit


def judge(model: object, split: Split) -> str:
    p = predictors.of_keras_model(model).predict(split.pictures)
    hits = float((p.argmax(1) == split.labels).mean())
    return f"accuracy {hits:.4f}, cross-entropy {metrics.cross_entropy(p, split.labels):.4f}"


def run(args: argparse.Namespace) -> None:
    model = predictors.load_keras(args.model)
    last = model.layers[-1]
    if model.output_shape[-1] != len(CLASSES) or not getattr(last, "use_bias", False):
        raise NetworkError(f"{args.model}: its last layer is no dense layer with a bias for {len(CLASSES)} classes")
    origin = runs.read(args.model.parent)
    training, validation = runs.split_as(origin, fer2013.read(args.data, "Training"))
    before = judge(model, validation)
    bias = metrics.class_bias(predictors.of_keras_model(model).predict(training.pictures), training.labels)
    kernel, old = last.get_weights()
    last.set_weights([kernel, (old + bias).astype(np.float32)])
    print("bias        " + "  ".join(f"{name} {value:+.3f}" for name, value in zip(CLASSES, bias, strict=True)))
    print(f"validation  before: {before}; after: {judge(model, validation)}")
    args.out.parent.mkdir(parents=True, exist_ok=True)
    model.save(args.out)
    # tools/export.py reads it beside the network: the same validation pictures, and what the manifest tells of the run.
    aligned = {name: round(float(value), 4) for name, value in zip(CLASSES, bias, strict=True)}
    runs.write(args.out.parent, origin | {"aligned": aligned})


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, required=True, help="best.keras of a run folder")
    parser.add_argument("--data", type=Path, required=True, help="Kaggle's fer2013.csv, plain or .xz")
    parser.add_argument("--out", type=Path, required=True, help="the aligned .keras file")
    args = parser.parse_args(argv)
    return run_and_exit("align", lambda: run(args))


if __name__ == "__main__":
    sys.exit(main())
