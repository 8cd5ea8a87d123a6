"""Average the weights of networks that come from one another, and take their batch statistics anew.

    python -m expression.soup --models start.keras runs/a/best.keras runs/b/best.keras \
        --data fer2013.csv.xz --out soup.keras

Weights on one path of training lie in one valley, and their mean often reads unseen faces better than any of them
(M. Wortsman et al., "Model soups", 2022). Prints accuracy and cross-entropy on validation pictures for each and for the
mean: use the mean when it is better there. Batch statistics come from pictures changed as in the recipe
`taught`. Only cnn10, and not of the recipe `paper`.
Exit codes: 0 done, 65 the data cannot be used, 78 a network cannot be used.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import numpy as np

from expression import fer2013, predictors, runs
from expression.recipes import find
from lib.exits import NetworkError, run_and_exit
from lib.framework import import_keras


def average(models: list[Any]) -> list[Any]:
    """The mean of each trainable weight. Raises NetworkError for networks of different shapes."""
    shapes = [[tuple(w.shape) for w in model.trainable_variables] for model in models]
    if any(shape != shapes[0] for shape in shapes):
        raise NetworkError("the networks differ in their layers; expected runs of one architecture")
    keras = import_keras()
    arrays = ([keras.ops.convert_to_numpy(w) for w in model.trainable_variables] for model in models)
    weights = zip(*arrays, strict=True)
    return [np.mean(group, axis=0) for group in weights]


def run(args: argparse.Namespace) -> None:
    models = [predictors.load_keras(path) for path in args.models]
    average(models)  # refused before anything is read or built
    origin = runs.read(args.models[-1].parent)
    training, validation = runs.split_as(origin, fer2013.read(args.data, "Training"))

    from expression.trainer import Trainer

    recipe = find("taught", "cnn10")
    trainer = Trainer("cnn10", recipe, len(training) // recipe.batch)
    trainer.resize(fer2013.SIDE_PX)
    trainer.start_from(models[-1].get_weights())
    for name, chosen in [
        *([path, [model]] for path, model in zip(args.models, models, strict=True)),
        ["mean", models],
    ]:
        trainer.average = average(chosen)
        mean = trainer.averaged(training)
        accuracy, loss = trainer.evaluate(validation)
        print(f"{name}: validation accuracy {accuracy:.4f}, cross-entropy {loss:.4f}")
    args.out.parent.mkdir(parents=True, exist_ok=True)
    mean.save(args.out)
    runs.write(args.out.parent, origin | {"mean_of": [str(path) for path in args.models]})


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--models", type=Path, nargs="+", required=True, help=".keras files, the last in its run folder"
    )
    parser.add_argument("--data", type=Path, required=True, help="Kaggle's fer2013.csv, plain or .xz")
    parser.add_argument("--out", type=Path, required=True, help="the averaged .keras file")
    args = parser.parse_args(argv)
    return run_and_exit("soup", lambda: run(args))


if __name__ == "__main__":
    sys.exit(main())
