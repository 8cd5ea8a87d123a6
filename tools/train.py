"""Train an expression network on FER2013, or on pictures of your own, and write a run folder.

    python tools/train.py --arch cnn10 --recipe best --data fer2013.csv.xz --votes fer2013new.csv --run runs/cnn10
    python tools/train.py --data fer2013.csv.xz --limit 2000 --epochs 2 --run runs/try     # does it work? two minutes
    python tools/train.py --data fer2013.csv.xz --run runs/cnn10 --resume --epochs 60      # longer than planned

The run folder holds run.json (configuration, data hash, versions, result), history.csv (one line an epoch),
curves.png, last.npz (to go on from) and best.keras: the weights of the epoch with the best accuracy on a validation
split of Training. PublicTest and PrivateTest are never read here. A run that was stopped goes on with --resume; one
that is finished, with --resume --epochs N. Pictures of your own become a file for --data with
`python -m expression.pictures`. How long it takes: tools/README.md.
Keras computes with TensorFlow, JAX or PyTorch: KERAS_BACKEND=tensorflow|jax|torch.
Exit codes: 0 done, 65 the data or the run folder cannot be used, 78 the weights or Keras cannot be used, 130 stopped.
"""

from __future__ import annotations

import argparse
import dataclasses
import hashlib
import os
import platform
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from expression import material, plots, predictors, runs
from expression.fer2013 import SIDE_PX
from expression.material import Material
from expression.recipes import RECIPES, Recipe, find
from expression.runs import RunError
from lib.exits import run_and_exit
from lib.framework import framework, import_keras
from lib.progress import Progress, duration

# Seconds that a 48x48 picture takes once, measured on two cores of a PC (models/runs/README.md), vgg16's estimated.
SECONDS_A_PICTURE = {"cnn6": 0.0065, "cnn10": 0.0045, "vgg16": 0.2}
ARCHITECTURES = tuple(SECONDS_A_PICTURE)


def configuration(args: argparse.Namespace, recipe: Recipe, found: Material) -> dict[str, Any]:
    """What decides the run's result: a run goes on only under the same, but for its length."""
    return {
        "arch": args.arch,
        "recipe": args.recipe,
        **dataclasses.asdict(recipe),
        "stages": [list(stage) for stage in recipe.stages],
        "seed": args.seed,
        "limit": args.limit,
        "ferplus": bool(args.votes),
        "start": args.start.name if args.start else None,
        "taught_sha256": hashlib.sha256(args.taught.read_bytes()).hexdigest() if args.taught else None,
        "data_sha256": hashlib.sha256(args.data.read_bytes()).hexdigest(),
        "training": len(found.training),
        "validation_pictures": len(found.validation),
    }


def circumstances() -> dict[str, Any]:
    """What should not decide the result, but may."""
    import keras

    name, _, version = framework().partition(" ")
    versions = {"python": platform.python_version(), name: version, "keras": keras.__version__}
    return {"versions": versions, "machine": f"{platform.machine()}, {os.cpu_count()} cores"}


def planned(args: argparse.Namespace) -> Recipe:
    """Return the recipe as it is to be followed. Raises RunError."""
    recipe = find(args.recipe, args.arch)
    if args.resume and runs.begun(args.run):
        recipe = runs.going_on(args.run, recipe, args.epochs)
    elif args.epochs:
        recipe = recipe.at_full_size(args.epochs)
    if bool(args.taught) != bool(recipe.taught):
        raise RunError(f"--recipe {args.recipe} learns {'with' if recipe.taught else 'without'} --taught")
    return recipe


def one_epoch(
    trainer: Any, found: Material, recipe: Recipe, epoch: int, seed: int, progress: Progress
) -> tuple[float, float]:
    """Train for one epoch (from 0); return its mean (loss, accuracy)."""
    side = recipe.side(epoch)
    trainer.resize(side)
    trainer.reseed(seed, epoch)
    rng = np.random.default_rng((seed, epoch))
    sums, steps = np.zeros(2), len(found.training) // recipe.batch
    for index, (x, y) in enumerate(material.batches(found.training, found.targets, recipe, side, rng), 1):
        sums += trainer.step(x, y)
        text = f"epoch {epoch + 1}/{recipe.epochs} step {index}/{steps} loss {sums[0] / index:.3f}"
        progress.step(recipe.work(epoch), text)
    return float(sums[0] / steps), float(sums[1] / steps)


def run(args: argparse.Namespace) -> None:
    keras = import_keras()
    recipe = planned(args)
    print(f"reading {args.data} ...", flush=True)
    found = material.gather(args.data, args.votes, args.taught, recipe, args.seed, args.limit)
    wanted = configuration(args, recipe, found)
    runs.prepare(args.run, wanted, args.resume)

    from expression.trainer import Trainer

    keras.utils.set_random_seed(args.seed)
    steps = len(found.training) // recipe.batch
    trainer = Trainer(args.arch, recipe, steps, args.weights)
    trainer.resize(recipe.side(0))
    if args.start:
        trainer.start_from(predictors.load_keras(args.start).get_weights())
    epoch, best = 0, -1.0
    if runs.begun(args.run):
        epoch, best = trainer.load(args.run / "last.npz")
        runs.forget_after(args.run, epoch)
    if epoch >= recipe.epochs:
        print(f"{args.run}: all {epoch} epochs are done; --epochs {epoch + 12} goes on for twelve more")
        return
    about = wanted | circumstances()
    last = min(recipe.epochs, epoch + args.stop_after) if args.stop_after else recipe.epochs
    work = sum(recipe.work(e) for e in range(epoch, last))
    progress = Progress(steps * work)
    rough_s = SECONDS_A_PICTURE[args.arch] * len(found.training) * work / SIDE_PX**2
    progress.start(
        f"{len(found.training)} training, {len(found.validation)} validation pictures, epochs {epoch + 1} to {last} of"
        f" {recipe.epochs}, {steps} steps each, on {framework()}; two cores of a PC take about {duration(rough_s)}"
    )
    while epoch < last:
        began = time.monotonic()
        loss, accuracy = one_epoch(trainer, found, recipe, epoch, args.seed, progress)
        model = trainer.averaged(found.training)
        seen, unseen_loss = trainer.evaluate(found.validation)
        epoch += 1
        if trainer.side == SIDE_PX and seen > best:
            best = seen
            model.save(args.run / "best.keras")
        if args.keep:
            model.save(args.run / f"epoch-{epoch:03}.keras")
        seconds = time.monotonic() - began
        with (args.run / "history.csv").open("a", encoding="utf-8") as out:
            out.write(f"{epoch},{trainer.side},{loss:.4f},{accuracy:.4f},{unseen_loss:.4f},{seen:.4f},{seconds:.1f}\n")
        trainer.save(args.run / "last.npz", epoch, best)
        runs.write(args.run, about | runs.outcome(args.run))
        plots.curves(args.run / "history.csv", args.run / "curves.png")
        progress.line(
            f"epoch {epoch}/{recipe.epochs} {trainer.side} px: training {accuracy:.4f} ({loss:.3f}), validation"
            f" {seen:.4f} ({unseen_loss:.3f}), {seconds:.0f} s, {progress.left()}"
        )
    if epoch < recipe.epochs:
        print(f"{args.run}: {epoch} of {recipe.epochs} epochs done; go on with --resume")
    else:
        print(f"{args.run / 'best.keras'}: best validation accuracy {best:.4f}")


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--arch", choices=ARCHITECTURES, default="cnn10")
    parser.add_argument("--recipe", choices=sorted(RECIPES), default="best")
    parser.add_argument("--data", type=Path, required=True, help="Kaggle's fer2013.csv, plain or .xz, or one like it")
    parser.add_argument("--votes", type=Path, help="FER+'s fer2013new.csv (soft targets of the recipe 'best')")
    parser.add_argument("--taught", type=Path, help="targets that expression.teach made, for the recipe 'taught'")
    parser.add_argument("--run", type=Path, required=True, help="run folder")
    parser.add_argument(
        "--epochs",
        type=int,
        default=0,
        help="of a new run: instead of the recipe's stages, all at 48 px; with --resume: in all, the new ones at 48 px",
    )
    parser.add_argument("--stop-after", type=int, default=0, help="stop after so many epochs, to go on with --resume")
    parser.add_argument("--limit", type=int, default=0, help="use only so many pictures of Training")
    parser.add_argument("--start", type=Path, help="a .keras file of the same architecture to start from")
    parser.add_argument("--weights", default="none", help="vgg16's body: imagenet, a path, or none for random ones")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", action="store_true", help="keep each epoch's weights (epoch-001.keras), for soup")
    parser.add_argument("--resume", action="store_true", help="go on with the run in the folder, if there is one")
    args = parser.parse_args(argv)
    args.weights = None if args.weights == "none" else args.weights
    return run_and_exit("train", lambda: run(args), stopped="go on with --resume")


if __name__ == "__main__":
    sys.exit(main())
