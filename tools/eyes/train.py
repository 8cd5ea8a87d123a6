"""Trains the eye network: closed, unreadable, lowered, lid opening, place and gaze from one crop; exports it as int8.

    python -m eyes.train --eyes eyes/ --out mine/eyes.tflite                     # ~3 to 10 min on two cores
    python -m eyes.train --eyes eyes/ --out fold.tflite --leave-out m01,f09      # without these people
    python -m eyes.train --eyes eyes/ --folds folds/                             # one network a fold, see folds.py
    python -m eyes.train --eyes eyes/ --sources drawn --out drawn.tflite         # drawn people alone

`eyes/` is what eyes.collect wrote. Beside the .tflite come its manifest and its float weights (.keras). eyes_kairess_val is
never trained on. Keras computes with TensorFlow, JAX or PyTorch (KERAS_BACKEND); the conversion needs TensorFlow.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import numpy as np

from eyes import draw
from eyes.draw import DRAW, Source
from eyes.folds import FOLDS
from fermon.perception.eyes import CLASSES
from int8 import files
from lib.exits import run_and_exit
from lib.framework import import_keras
from lib.progress import Progress

Array = draw.Array
BATCH = 96


def train(sources: dict[str, Source], others: Array, epochs: int, seed: int) -> Any:
    """Train with Adam and a cosine to zero. Every epoch draws anew and is seen twice, as it is and mirrored. Seeded."""
    keras = import_keras()
    from eyes import fitting, networks

    keras.utils.set_random_seed(seed)
    rng, model, size = np.random.default_rng(seed), networks.eye(), draw.size(sources)
    schedule = keras.optimizers.schedules.CosineDecay(
        1e-4, max(1, 2 * epochs * (size // BATCH) - 150), 0.01, warmup_target=2e-3, warmup_steps=150
    )
    fitting.compiled(model, schedule, [networks.state_loss, networks.place_loss])
    progress = Progress(3 * epochs * size)
    progress.start(f"{sum(len(s.closed) for s in sources.values())} patches of {', '.join(sources)}, {epochs} epochs")
    for epoch in range(epochs):
        name = f"epoch {epoch + 1}/{epochs}"
        crops, states, where = draw.draw(sources, others, rng, fitting.counting(progress, f"{name} draws crops"))
        x = crops[..., None].astype(np.float32) / 255
        mirrored = where * np.array([1, -1, 1, -1, 1], np.float32)
        fitting.fit(model, x, [states, where], BATCH, progress, name)
        losses = fitting.fit(model, x[:, :, ::-1], [states, mirrored], BATCH, progress, f"{name} mirrored")
        progress.line(f"{name}: {losses}, {progress.left()}")
    return model


def run(
    folder: Path,
    out: Path,
    epochs: int,
    seed: int,
    leave_out: frozenset[str] = frozenset(),
    fold: int | None = None,
    only: frozenset[str] = frozenset(),
) -> None:
    """Train without `leave_out` and without a fold, and write network, manifest and float weights."""
    from eyes import fitting

    sources, others = draw.load(folder, leave_out, fold, only), draw.load_others(folder)
    model = train(sources, others, epochs, seed)
    sample = draw.draw(sources, others, np.random.default_rng(seed + 1))[0]
    training = {
        "epochs": epochs,
        "seed": seed,
        "left_out": sorted(leave_out),
        "fold": fold,
        "draw": {name: DRAW[name] for name in sources},
        "half": draw.HALF,
        "shut": draw.SHUT,
    }
    fitting.write(model, out, CLASSES, sample, training)


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--eyes", type=Path, required=True, help="folder that eyes.collect wrote")
    parser.add_argument("--out", type=Path, help="NAME.tflite; NAME.json and NAME.keras are written beside it")
    parser.add_argument("--leave-out", default="", help="people of the clips, with commas")
    parser.add_argument("--sources", default="", help="train on these alone, with commas: drawn, or clips,yawdd ...")
    parser.add_argument("--folds", type=Path, help="folder for one network a fold, fold0.tflite ...")
    parser.add_argument("--only", default="", help="only these folds, with commas")
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--force", action="store_true", help="write even over the network that fermon ships")
    args = parser.parse_args(argv)

    def work() -> None:
        import_keras()
        only = frozenset(filter(None, args.sources.split(",")))
        if args.out:
            files.spare_the_shipped(args.out, args.force)
        if args.folds:
            for fold in [int(n) for n in args.only.split(",") if n] or range(len(FOLDS)):
                run(args.eyes, args.folds / f"fold{fold}.tflite", args.epochs, args.seed, fold=fold, only=only)
        if args.out:
            people = frozenset(filter(None, args.leave_out.split(",")))
            run(args.eyes, args.out, args.epochs, args.seed, leave_out=people, only=only)

    return run_and_exit("eyes.train", work)


if __name__ == "__main__":
    sys.exit(main())
