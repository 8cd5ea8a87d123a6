"""Trains the mouth network: wide open (as in a yawn), unreadable and laughing; exports it as full int8.

    python -m eyes.train_mouth --data DATA --teacher teacher/ --drawn pictures/ --patches mouths.npz \
        --others eyes/others.npz --out mine/mouth.tflite
    python -m eyes.train_mouth --own MINE --patches mouths.npz --out mine/mouth.tflite     # mouths of your own

Patches are cut once; they are used again where the file is there. What DATA and MINE hold is told in eyes/README.md.
Beside the .tflite come its manifest and its float weights (.keras). KERAS_BACKEND as in eyes.train.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import numpy as np

from eyes import draw, mouths
from eyes.mouths import PER_EPOCH, UNREADABLE, Array
from fermon.perception.mouth import CLASSES
from int8 import files
from lib.exits import DataError, run_and_exit
from lib.framework import import_keras
from lib.progress import Progress

BATCH = 96


def train(found: dict[str, Array], others: Array, epochs: int, seed: int) -> Any:
    """Train with Adam and a cosine to zero; every epoch draws anew. Seeded."""
    keras = import_keras()
    from eyes import fitting, networks

    keras.utils.set_random_seed(seed)
    rng, model, size = np.random.default_rng(seed), networks.mouth(), PER_EPOCH + UNREADABLE
    schedule = keras.optimizers.schedules.CosineDecay(2e-3, epochs * (size // BATCH), 0.01)
    fitting.compiled(model, schedule, [networks.state_loss])
    progress = Progress(2 * epochs * size)
    progress.start(f"{len(found['opening'])} patches, {epochs} epochs")
    for epoch in range(epochs):
        name = f"epoch {epoch + 1}/{epochs}"
        crops, targets = mouths.draw(found, others, rng)
        progress.step(len(crops), f"{name} draws crops")
        losses = fitting.fit(model, crops[..., None].astype(np.float32) / 255, targets, BATCH, progress, name)
        progress.line(f"{name}: {losses}, {progress.left()}")
    return model


def run(args: argparse.Namespace) -> None:
    import_keras()
    if args.out:
        files.spare_the_shipped(args.out, args.force)
    if args.own:
        mouths.collect_own(args.own, args.patches)
    elif not args.patches.exists():
        if not (args.data and args.teacher):
            raise DataError(
                f"{args.patches}: no such file, and neither --own nor --data with --teacher to make it from"
            )
        mouths.collect(args.data, args.teacher, args.patches, args.drawn)
    if args.out is None:
        return
    from eyes import fitting

    people = frozenset(filter(None, args.leave_out.split(",")))
    found = mouths.load(args.patches, people)
    others = np.load(args.others)["patch"] if args.others else draw.load_others(args.patches.parent)
    model = train(found, others, args.epochs, args.seed)
    sample = mouths.draw(found, others, np.random.default_rng(args.seed + 1))[0]
    patches = len(found["opening"])
    training = {"epochs": args.epochs, "seed": args.seed, "left_out": sorted(people), "patches": patches}
    fitting.write(model, args.out, CLASSES, sample, training)


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="folder of the sources")
    parser.add_argument("--teacher", type=Path, help="folder that eyes.teacher wrote")
    parser.add_argument("--drawn", type=Path, nargs="+", default=[], help="folders that synth.pictures wrote")
    parser.add_argument("--own", type=Path, metavar="MINE", help="folder with closed/ and wide_open/")
    parser.add_argument("--patches", type=Path, required=True, help="the .npz of patches; cut when it is not there")
    parser.add_argument("--others", type=Path, help="others.npz, which eyes.collect wrote")
    parser.add_argument("--out", type=Path, help="NAME.tflite; NAME.json and NAME.keras are written beside it")
    parser.add_argument("--leave-out", default="", help="people of the clips, with commas")
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--force", action="store_true", help="write even over the network that fermon ships")
    args = parser.parse_args(argv)
    return run_and_exit("eyes.train_mouth", lambda: run(args))


if __name__ == "__main__":
    sys.exit(main())
