"""Train an expression network on FER2013 and write a run folder.

    python tools/train.py --arch cnn10 --recipe best --data fer2013.csv.xz --votes fer2013new.csv --run runs/cnn10

The run folder holds run.json (configuration, data hash, versions, result), history.csv (one line an epoch),
curves.png, last.npz (to go on from) and best.keras: the weights of the epoch with the best accuracy on a validation
split of Training. PublicTest and PrivateTest are never read here. A run that was stopped goes on with --resume.
Exit codes: 0 done, 65 the data or the run folder cannot be used, 78 the weights cannot be used, 130 stopped.
"""

from __future__ import annotations

import argparse
import csv
import dataclasses
import hashlib
import json
import os
import platform
import queue
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from expression import augment, fer2013, plots, predictors, teach
from expression.fer2013 import NOT_A_FACE, SIDE_PX, DataError, Split
from expression.predictors import NetworkError
from expression.recipes import RECIPES, Recipe, find

ARCHITECTURES = ("cnn6", "cnn10", "vgg16")
MOST_NOT_A_FACE = 5  # of FER+'s ten taggers
HISTORY = (
    "epoch",
    "side_px",
    "training_loss",
    "training_accuracy",
    "validation_loss",
    "validation_accuracy",
    "seconds",
)

Floats = NDArray[np.float32]


class RunError(ValueError):
    """A run folder that cannot be used as asked."""


def targets(labels: NDArray[np.int64], votes: Floats | None, taught: Floats | None, recipe: Recipe) -> Floats:
    """Soft targets float32 (n, 7): the label, mixed with a teacher's or the FER+ votes' shares, then smoothed."""
    hard = np.eye(7, dtype=np.float32)[labels]
    mixed = hard if taught is None else (1 - recipe.taught) * hard + recipe.taught * taught
    if votes is not None and recipe.votes:
        seven = votes[:, :7]
        total = seven.sum(1, keepdims=True)
        soft = np.where(total > 0, seven / np.maximum(total, 1), hard)
        mixed = (1 - recipe.votes) * mixed + recipe.votes * soft
    return (mixed * (1 - recipe.smoothing) + recipe.smoothing / 7).astype(np.float32)


def batches(
    split: Split, y: Floats, recipe: Recipe, side: int, rng: np.random.Generator
) -> Iterator[tuple[Floats, Floats]]:
    """One shuffled, augmented epoch, prepared by a thread a few batches ahead; an incomplete last batch is left out."""
    ready: queue.Queue[tuple[Floats, Floats] | BaseException | None] = queue.Queue(8)
    order = rng.permutation(len(split))

    def produce() -> None:
        try:
            for start in range(0, len(order) - recipe.batch + 1, recipe.batch):
                chosen = order[start : start + recipe.batch]
                x = augment.batch(split.pictures[chosen], recipe.augment, rng, side)
                ready.put((x, y[chosen]))
            ready.put(None)
        except BaseException as error:
            ready.put(error)  # raised where the batches are used; a silent end would wait for ever

    threading.Thread(target=produce, daemon=True).start()
    while (item := ready.get()) is not None:
        if isinstance(item, BaseException):
            raise item
        yield item


@dataclasses.dataclass(frozen=True, slots=True)
class Material:
    """What a run learns from: `targets` float32 (n, 7) belong to `training`."""

    training: Split
    validation: Split
    targets: Floats


def gather(args: argparse.Namespace, recipe: Recipe) -> Material:
    """Read Training, set validation pictures apart, and make the targets. Raises DataError."""
    everything = fer2013.read(args.data, "Training")
    if args.limit:
        keep = np.random.default_rng(args.seed).permutation(len(everything)) < args.limit
        everything = fer2013.take(everything, keep)
    training, validation = fer2013.split_validation(everything, recipe.validation, args.seed)
    votes = fer2013.read_votes(args.votes, training.rows) if args.votes else None
    if votes is not None and recipe.drop_not_a_face:
        face = votes[:, NOT_A_FACE] <= MOST_NOT_A_FACE
        training, votes = fer2013.take(training, face), votes[face]
    if len(training) < recipe.batch:
        raise DataError(f"{args.data}: {len(training)} training pictures, expected a batch of {recipe.batch} or more")
    taught = teach.read(args.taught, training.rows) if args.taught else None
    return Material(training, validation, targets(training.labels, votes, taught, recipe))


def configuration(args: argparse.Namespace, recipe: Recipe, material: Material) -> dict[str, Any]:
    """What decides the run's result: a run goes on only under the same."""
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
        "training": len(material.training),
        "validation_pictures": len(material.validation),
    }


def circumstances() -> dict[str, Any]:
    """What should not decide the result, but may."""
    import keras
    import tensorflow as tf

    versions = {"python": platform.python_version(), "tensorflow": tf.__version__, "keras": keras.__version__}
    return {"versions": versions, "machine": f"{platform.machine()}, {os.cpu_count()} cores"}


def prepare(folder: Path, wanted: dict[str, Any], resume: bool) -> None:
    """Make the run folder. Raises RunError when it holds another run, or one that nobody asked to go on with."""
    file, begun = folder / "run.json", (folder / "last.npz").exists()
    if begun and not resume:
        raise RunError(f"{folder}: holds a run already; go on with --resume, or name another folder")
    if begun:
        try:
            kept = json.loads(file.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise RunError(f"{file}: cannot be read ({error}); start a new run folder") from None
        differ = [key for key, value in wanted.items() if kept.get(key) != value]
        if differ:
            key = differ[0]
            raise RunError(f"{folder}: its {key} is {kept.get(key)!r}, now {wanted[key]!r}; --resume needs the same")
    else:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "history.csv").write_text(",".join(HISTORY) + "\n", encoding="utf-8")


def minutes_left(recipe: Recipe, epoch: int, seconds: float) -> float:
    """Time for the epochs from `epoch` on, when the one before took `seconds`: the cost goes with the area."""
    area = recipe.side(epoch - 1) ** 2
    return sum(recipe.side(e) ** 2 for e in range(epoch, recipe.epochs)) * seconds / area / 60


def one_epoch(trainer: Any, material: Material, recipe: Recipe, epoch: int, seed: int) -> NDArray[np.float64]:
    """Train for one epoch (from 0); return its mean (loss, accuracy). Progress goes to a terminal only."""
    side = recipe.side(epoch)
    trainer.resize(side)
    trainer.reseed(seed, epoch)
    rng = np.random.default_rng((seed, epoch))
    sums, steps = np.zeros(2), len(material.training) // recipe.batch
    for index, (x, y) in enumerate(batches(material.training, material.targets, recipe, side, rng), 1):
        sums += trainer.step(x, y)
        if index % 10 == 0 and sys.stdout.isatty():
            print(f"\repoch {epoch + 1}/{recipe.epochs} step {index}/{steps} loss {sums[0] / index:.3f}", end="")
    return sums / steps


def history(folder: Path) -> list[dict[str, str]]:
    with (folder / "history.csv").open(encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


def forget_after(folder: Path, epoch: int) -> None:
    """Drop history lines of epochs whose state was never saved: they are trained again."""
    rows = [row for row in history(folder) if int(row["epoch"]) <= epoch]
    lines = [",".join(HISTORY), *(",".join(row[name] for name in HISTORY) for row in rows)]
    (folder / "history.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")


def outcome(folder: Path) -> dict[str, Any]:
    """What run.json tells of the run so far. Only epochs at full size may be shipped, so only they compete."""
    rows = history(folder)
    full = [row for row in rows if int(row["side_px"]) == SIDE_PX]
    best = max(full, key=lambda row: float(row["validation_accuracy"]), default=None)
    return {
        "epochs_done": len(rows),
        "seconds": round(sum(float(row["seconds"]) for row in rows), 1),
        "best_epoch": int(best["epoch"]) if best else None,
        "best_validation_accuracy": float(best["validation_accuracy"]) if best else None,
    }


def run(args: argparse.Namespace) -> None:
    recipe = find(args.recipe, args.arch)
    recipe = recipe.at_full_size(args.epochs) if args.epochs else recipe
    if bool(args.taught) != bool(recipe.taught):
        raise RunError(f"--recipe {args.recipe} learns {'with' if recipe.taught else 'without'} --taught")
    material = gather(args, recipe)
    wanted = configuration(args, recipe, material)
    prepare(args.run, wanted, args.resume)

    import keras

    from expression.trainer import Trainer

    keras.utils.set_random_seed(args.seed)
    steps = len(material.training) // recipe.batch
    trainer = Trainer(args.arch, recipe, steps, args.weights)
    trainer.resize(recipe.side(0))
    if args.start:
        trainer.start_from(predictors.load_keras(args.start).get_weights())
    epoch, best = 0, -1.0
    if (args.run / "last.npz").exists():
        epoch, best = trainer.load(args.run / "last.npz")
        forget_after(args.run, epoch)
    about = wanted | circumstances()
    print(f"{len(material.training)} training, {len(material.validation)} validation pictures, {steps} steps an epoch")
    last = min(recipe.epochs, epoch + args.stop_after) if args.stop_after else recipe.epochs
    while epoch < last:
        began = time.monotonic()
        loss, accuracy = one_epoch(trainer, material, recipe, epoch, args.seed)
        model = trainer.averaged(material.training)
        seen, unseen_loss = trainer.evaluate(material.validation)
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
        (args.run / "run.json").write_text(json.dumps(about | outcome(args.run), indent=1) + "\n", encoding="utf-8")
        plots.curves(args.run / "history.csv", args.run / "curves.png")
        print(
            f"\repoch {epoch}/{recipe.epochs} {trainer.side} px: training {accuracy:.4f} ({loss:.3f}), validation"
            f" {seen:.4f} ({unseen_loss:.3f}), {seconds:.0f} s,"
            f" about {minutes_left(recipe, epoch, seconds):.0f} min left",
            flush=True,
        )
    if epoch < recipe.epochs:
        print(f"{args.run}: {epoch} of {recipe.epochs} epochs done; go on with --resume")
    else:
        print(f"{args.run / 'best.keras'}: best validation accuracy {best:.4f}")


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--arch", choices=ARCHITECTURES, default="cnn10")
    parser.add_argument("--recipe", choices=sorted(RECIPES), default="best")
    parser.add_argument("--data", type=Path, required=True, help="Kaggle's fer2013.csv, plain or .xz")
    parser.add_argument("--votes", type=Path, help="FER+'s fer2013new.csv (soft targets of the recipe 'best')")
    parser.add_argument(
        "--taught", type=Path, help="targets that tools/expression/teach.py made, for the recipe 'taught'"
    )
    parser.add_argument("--run", type=Path, required=True, help="run folder")
    parser.add_argument("--epochs", type=int, default=0, help="instead of the recipe's stages, all at 48 px")
    parser.add_argument("--stop-after", type=int, default=0, help="stop after so many epochs, to go on with --resume")
    parser.add_argument("--limit", type=int, default=0, help="use only so many pictures of Training")
    parser.add_argument("--start", type=Path, help="a .keras file of the same architecture to start from")
    parser.add_argument("--weights", default="none", help="vgg16's body: imagenet, a path, or none for random ones")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", action="store_true", help="keep each epoch's weights (epoch-001.keras), for soup.py")
    parser.add_argument("--resume", action="store_true", help="go on with the run in the folder, if there is one")
    args = parser.parse_args(argv)
    args.weights = None if args.weights == "none" else args.weights
    try:
        run(args)
    except (DataError, RunError) as error:
        print(f"train: {error}", file=sys.stderr)
        return 65
    except NetworkError as error:
        print(f"train: {error}", file=sys.stderr)
        return 78
    except KeyboardInterrupt:
        print("\nstopped; go on with --resume", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
