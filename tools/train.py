"""Train an expression network on FER2013 and write a run folder.

    python tools/train.py --arch cnn10 --recipe best --data fer2013.csv.xz --votes fer2013new.csv --run runs/cnn10

The run folder holds run.json (configuration, data hash, versions), history.csv, curves.png, last.npz (to resume),
and best.keras: the weights of the epoch with the best accuracy on a validation split of Training. PublicTest and
PrivateTest are never read here. A stopped run goes on with --resume.
"""

from __future__ import annotations

import argparse
import csv
import dataclasses
import hashlib
import json
import math
import os
import platform
import queue
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import augment
import fer2013
import keras
import networks
import numpy as np
import tensorflow as tf
from fer2013 import DataError, Split
from numpy.typing import NDArray
from recipes import RECIPES, Recipe


def targets(split: Split, votes: NDArray[np.float32] | None, recipe: Recipe) -> NDArray[np.float32]:
    """Soft targets float32 (n, 7): the label, mixed with the FER+ votes for the seven classes, then smoothed."""
    hard = np.eye(7, dtype=np.float32)[split.labels]
    mixed = hard
    if votes is not None and recipe.votes:
        seven = votes[:, :7]
        total = seven.sum(1, keepdims=True)
        soft = np.where(total > 0, seven / np.maximum(total, 1), hard)
        mixed = (1 - recipe.votes) * hard + recipe.votes * soft
    return (mixed * (1 - recipe.smoothing) + recipe.smoothing / 7).astype(np.float32)


def batches(
    split: Split, y: NDArray[np.float32], recipe: Recipe, side: int, rng: np.random.Generator
) -> Iterator[tuple[NDArray[np.float32], NDArray[np.float32]]]:
    """One shuffled, augmented epoch, prepared by a thread a few batches ahead."""
    ready: queue.Queue[tuple[NDArray[np.float32], NDArray[np.float32]] | None] = queue.Queue(8)
    order = rng.permutation(len(split.labels))

    def produce() -> None:
        for start in range(0, len(order) - recipe.batch + 1, recipe.batch):
            chosen = order[start : start + recipe.batch]
            ready.put((augment.batch(split.pictures[chosen], recipe.augment, rng, side), y[chosen]))
        ready.put(None)

    threading.Thread(target=produce, daemon=True).start()
    while (item := ready.get()) is not None:
        yield item


def plain(pictures: NDArray[np.uint8], side: int = 48) -> NDArray[np.float32]:
    """Unchanged pictures as the network takes them: float32 (n, side, side, 1) in 0..1."""
    if side != pictures.shape[1]:
        import cv2

        pictures = np.stack([cv2.resize(p, (side, side), interpolation=cv2.INTER_AREA) for p in pictures])
    return pictures[..., None].astype(np.float32) / 255


class Trainer:
    """The network at one picture size, with its optimiser and the moving average of its weights."""

    def __init__(self, arch: str, recipe_name: str, recipe: Recipe, steps_per_epoch: int, weights: str | None):
        if recipe.bfloat16:
            keras.mixed_precision.set_global_policy("mixed_bfloat16")
        self.arch, self.recipe_name, self.recipe, self.weights = arch, recipe_name, recipe, weights
        self.total = recipe.epochs * steps_per_epoch
        self.warmup = recipe.warmup_epochs * steps_per_epoch
        if recipe.weight_decay:
            self.optimizer: Any = keras.optimizers.AdamW(recipe.learning_rate, weight_decay=recipe.weight_decay)
            self.optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
        else:
            self.optimizer = keras.optimizers.Adam(recipe.learning_rate)
        self.side = 0
        self.step_index = 0
        self.model: keras.Model = None
        self.average: list[NDArray[np.float32]] | None = None

    def resize(self, side: int) -> None:
        """Go on with the same weights and optimiser state at another picture size."""
        if side == self.side:
            return
        old, state = self.model, None
        self.model = networks.build(self.arch, self.recipe_name, side, self.weights)
        if old is not None:
            self.model.set_weights(old.get_weights())
            state = [keras.ops.convert_to_numpy(v).copy() for v in self.optimizer.variables]
            self.optimizer = type(self.optimizer).from_config(self.optimizer.get_config())
            if self.recipe.weight_decay:
                self.optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
        self.optimizer.build(self.model.trainable_variables)
        if state is not None:
            self._restore_optimizer(state)
        self.side = side
        model, optimizer = self.model, self.optimizer

        @tf.function
        def train(x: tf.Tensor, y: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            with tf.GradientTape() as tape:
                p = model(x, training=True)
                loss = tf.reduce_mean(keras.losses.categorical_crossentropy(y, p))
            optimizer.apply_gradients(
                zip(tape.gradient(loss, model.trainable_variables), model.trainable_variables, strict=True)
            )
            hit = tf.reduce_mean(tf.cast(tf.argmax(p, 1) == tf.argmax(y, 1), tf.float32))
            return loss, hit

        self._train = train

    def _restore_optimizer(self, state: list[NDArray[Any]]) -> None:
        for variable, value in zip(self.optimizer.variables, state, strict=True):
            variable.assign(value)

    def rate(self) -> float:
        """Learning rate of the next step: linear warm-up, then a cosine to zero."""
        if not self.recipe.cosine:
            return self.recipe.learning_rate
        if self.step_index < self.warmup:
            return self.recipe.learning_rate * (self.step_index + 1) / self.warmup
        done = (self.step_index - self.warmup) / max(1, self.total - self.warmup)
        return self.recipe.learning_rate * 0.5 * (1 + math.cos(math.pi * min(1.0, done)))

    def step(self, x: NDArray[np.float32], y: NDArray[np.float32]) -> tuple[float, float]:
        self.optimizer.learning_rate = self.rate()
        loss, hit = self._train(tf.constant(x), tf.constant(y))
        self.step_index += 1
        # Averaged every fourth step: as good, and a quarter of the copies.
        if self.recipe.ema and self.step_index % 4 == 0:
            now = [keras.ops.convert_to_numpy(w).copy() for w in self.model.trainable_variables]
            decay = min(self.recipe.ema**4, (1 + self.step_index) / (40 + self.step_index))
            if self.average is None:
                self.average = now
            for kept, value in zip(self.average, now, strict=True):
                kept *= decay
                kept += (1 - decay) * value
        return float(loss), float(hit)

    def averaged(self, split: Split, recipe: Recipe) -> keras.Model:
        """A float32 copy with the averaged weights; batch statistics belong to raw weights, so they are taken anew."""
        keras.mixed_precision.set_global_policy("float32")
        try:
            model = networks.build(self.arch, self.recipe_name, 48 if self.side >= 47 else self.side, self.weights)
        finally:
            if self.recipe.bfloat16:
                keras.mixed_precision.set_global_policy("mixed_bfloat16")
        model.set_weights(self.model.get_weights())
        if self.average is None:
            return model
        for variable, value in zip(model.trainable_variables, self.average, strict=True):
            variable.assign(value)
        rng = np.random.default_rng(0)
        norms = [layer for layer in model.layers if isinstance(layer, keras.layers.BatchNormalization)]
        for index in range(8):
            for layer in norms:
                layer.momentum = index / (index + 1)  # the plain mean over the batches
            chosen = rng.integers(0, len(split.labels), 128)
            model(augment.batch(split.pictures[chosen], recipe.augment, rng, self.side), training=True)
        for layer in norms:
            layer.momentum = 0.99
        return model


def evaluate(model: keras.Model, split: Split, side: int) -> tuple[float, float]:
    """Return (accuracy, cross-entropy) against the original labels."""
    p = model.predict(plain(split.pictures, side), batch_size=256, verbose=0)
    picked = np.clip(p[np.arange(len(p)), split.labels], 1e-7, 1)
    return float((p.argmax(1) == split.labels).mean()), float(-np.log(picked).mean())


def save_state(path: Path, trainer: Trainer, epoch: int, best: float) -> None:
    arrays = {f"w{i}": w for i, w in enumerate(trainer.model.get_weights())}
    arrays |= {f"o{i}": keras.ops.convert_to_numpy(v) for i, v in enumerate(trainer.optimizer.variables)}
    arrays |= {f"a{i}": a for i, a in enumerate(trainer.average or [])}
    part = path.with_name("part.npz")
    np.savez(part, epoch=epoch, best=best, step=trainer.step_index, **arrays)
    part.replace(path)  # never a half-written state


def load_state(path: Path, trainer: Trainer, recipe: Recipe) -> tuple[int, float]:
    with np.load(path) as state:
        epoch, best = int(state["epoch"]), float(state["best"])
        trainer.resize(side_of(recipe, epoch - 1))

        def numbered(letter: str) -> list[NDArray[Any]]:
            count = sum(1 for name in state.files if name[0] == letter and name[1:].isdigit())
            return [state[f"{letter}{i}"] for i in range(count)]

        trainer.model.set_weights(numbered("w"))
        trainer._restore_optimizer(numbered("o"))
        trainer.average = numbered("a") or None
        trainer.step_index = int(state["step"])
    return epoch, best


def side_of(recipe: Recipe, epoch: int) -> int:
    """Picture size in px of an epoch, from 0."""
    for side, count in recipe.stages:
        if epoch < count:
            return side
        epoch -= count
    return recipe.stages[-1][0]


def curves(history: Path, out: Path) -> None:
    """Draw accuracy and loss of history.csv into a PNG."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    rows = list(csv.DictReader(history.open()))
    figure, axes = plt.subplots(1, 2, figsize=(10, 4))
    for axis, name in zip(axes, ("accuracy", "loss"), strict=True):
        for part in ("training", "validation"):
            axis.plot([int(r["epoch"]) for r in rows], [float(r[f"{part}_{name}"]) for r in rows], label=part)
        axis.set_xlabel("epoch")
        axis.set_ylabel(name)
        axis.legend()
    figure.tight_layout()
    figure.savefig(out, dpi=100)
    plt.close(figure)


def run(args: argparse.Namespace) -> None:
    recipe = RECIPES[args.recipe]
    if args.epochs:
        recipe = dataclasses.replace(recipe, stages=((48, args.epochs),))
    everything = fer2013.read(args.data, "Training")
    if args.limit:
        keep = np.random.default_rng(args.seed).permutation(len(everything.labels)) < args.limit
        everything = fer2013.take(everything, keep)
    training, validation = fer2013.split_validation(everything, recipe.validation, args.seed)
    votes = fer2013.read_votes(args.votes, training.rows) if args.votes else None
    if votes is not None and recipe.drop_not_a_face:
        face = votes[:, 9] <= 5
        training, votes = fer2013.take(training, face), votes[face]
    y = targets(training, votes, recipe)
    steps = len(training.labels) // recipe.batch
    keras.utils.set_random_seed(args.seed)
    trainer = Trainer(args.arch, args.recipe, recipe, steps, args.weights)
    args.run.mkdir(parents=True, exist_ok=True)
    state, history = args.run / "last.npz", args.run / "history.csv"
    epoch, best = (load_state(state, trainer, recipe)) if args.resume and state.exists() else (0, -1.0)
    if epoch == 0:
        history.write_text(
            "epoch,side_px,training_loss,training_accuracy,validation_loss,validation_accuracy,seconds\n"
        )
    configuration = {
        "arch": args.arch,
        "recipe": args.recipe,
        **dataclasses.asdict(recipe),
        "seed": args.seed,
        "data_sha256": hashlib.sha256(args.data.read_bytes()).hexdigest(),
        "training": len(training.labels),
        "validation_pictures": len(validation.labels),
        "votes": bool(args.votes),
        "versions": {"python": platform.python_version(), "tensorflow": tf.__version__, "keras": keras.__version__},
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
    }
    (args.run / "run.json").write_text(json.dumps(configuration, indent=1) + "\n")
    print(f"{len(training.labels)} training, {len(validation.labels)} validation pictures, {steps} steps an epoch")
    while epoch < recipe.epochs:
        began = time.monotonic()
        side = side_of(recipe, epoch)
        trainer.resize(side)
        rng = np.random.default_rng((args.seed, epoch))
        sums = np.zeros(2)
        for index, (x, target) in enumerate(batches(training, y, recipe, side, rng)):
            sums += trainer.step(x, target)
            if index % 25 == 24:
                print(
                    f"\repoch {epoch + 1}/{recipe.epochs} step {index + 1}/{steps} loss {sums[0] / (index + 1):.3f}",
                    end="",
                )
        model = trainer.averaged(training, recipe)
        accuracy, loss = evaluate(model, validation, side)
        epoch += 1
        seconds = time.monotonic() - began
        mean = sums / max(1, steps)
        with history.open("a") as out:
            out.write(f"{epoch},{side},{mean[0]:.4f},{mean[1]:.4f},{loss:.4f},{accuracy:.4f},{seconds:.1f}\n")
        # Only epochs at full size may be shipped, so only they compete.
        if side >= 47 and accuracy > best:
            best = accuracy
            model.save(args.run / "best.keras")
        save_state(state, trainer, epoch, best)
        left = seconds * (recipe.epochs - epoch) / 60
        print(
            f"\repoch {epoch}/{recipe.epochs} {side} px: training {mean[1]:.4f} ({mean[0]:.3f}),"
            f" validation {accuracy:.4f} ({loss:.3f}), {seconds:.0f} s, about {left:.0f} min left",
            flush=True,
        )
        curves(history, args.run / "curves.png")
    print(f"best validation accuracy {best:.4f}: {args.run / 'best.keras'}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--arch", choices=sorted(networks.PARAMETERS), default="cnn10")
    parser.add_argument("--recipe", choices=sorted(RECIPES), default="best")
    parser.add_argument("--data", type=Path, required=True, help="Kaggle's fer2013.csv, plain or .xz")
    parser.add_argument("--votes", type=Path, help="FER+'s fer2013new.csv (soft targets of the recipe 'best')")
    parser.add_argument("--run", type=Path, required=True, help="run folder")
    parser.add_argument("--epochs", type=int, default=0, help="instead of the recipe's stages, all at 48 px")
    parser.add_argument("--limit", type=int, default=0, help="use only so many pictures of Training")
    parser.add_argument("--weights", default=None, help="vgg16: imagenet, a path, or nothing for random weights")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--resume", action="store_true", help="go on from the run folder's last.npz")
    try:
        run(parser.parse_args())
    except DataError as error:
        print(error, file=sys.stderr)
        return 65
    except KeyboardInterrupt:
        print("\nstopped; go on with --resume", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
