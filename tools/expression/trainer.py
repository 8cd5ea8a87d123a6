"""The training loop's moving parts: network, optimiser, schedule, averaged weights, and their state on disk.

Everything is asked of Keras, nothing of the framework below it: TensorFlow, JAX and PyTorch all train.
"""

from __future__ import annotations

import math
import zipfile
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from expression import augment, networks
from expression.fer2013 import Split
from expression.muon import ConvolutionMuon
from expression.recipes import Recipe
from lib.exits import NetworkError
from lib.framework import jit_compile

AVERAGE_EVERY = 4  # steps: as good as each step, for a quarter of the copies
NORM_BATCHES, NORM_BATCH = 12, 128  # pictures to take batch statistics from, for averaged weights
EVALUATION_BATCH = 256


class Trainer:
    """One network in training: `resize` before the first `step`.

    Weights and optimiser state survive a change of the picture size; the graph is built anew.
    """

    def __init__(self, arch: str, recipe: Recipe, steps_per_epoch: int, weights: str | None = None) -> None:
        self.arch, self.recipe, self.weights = arch, recipe, weights
        self.total = recipe.epochs * steps_per_epoch
        self.warmup = recipe.warmup_epochs * steps_per_epoch
        self.side = 0
        self.step_index = 0
        self.average: list[NDArray[np.float32]] | None = None  # of the trainable weights, None before the first step
        self.model: Any = None
        self._optimizer: Any = None
        self._shadow: Any = None  # float32, the averaged weights: what is evaluated and saved

    def _build(self, policy: str) -> keras.Model:
        keras.mixed_precision.set_global_policy(policy)
        try:
            return networks.build(self.arch, self.recipe.dropout, self.side, self.weights)
        finally:
            keras.mixed_precision.set_global_policy("float32")

    def _new_optimizer(self) -> Any:
        if not self.recipe.weight_decay:
            return keras.optimizers.Adam(self.recipe.learning_rate)
        kind = ConvolutionMuon if self.recipe.muon else keras.optimizers.AdamW
        optimizer = kind(self.recipe.learning_rate, weight_decay=self.recipe.weight_decay)
        optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
        return optimizer

    def resize(self, side: int) -> None:
        """Go on, with the same weights and optimiser state, on pictures of `side` px."""
        if side == self.side:
            return
        self.side = side
        old, old_optimizer = self.model, self._optimizer
        self.model = self._build("mixed_bfloat16" if self.recipe.bfloat16 else "float32")
        self._shadow = self._build("float32")
        self._optimizer = self._new_optimizer()
        self._optimizer.build(self.model.trainable_variables)
        if old is not None:
            self.model.set_weights(old.get_weights())
            for variable, kept in zip(self._optimizer.variables, old_optimizer.variables, strict=True):
                variable.assign(kept)
        loss = keras.losses.CategoricalCrossentropy()
        self.model.compile(self._optimizer, loss, metrics=["categorical_accuracy"], jit_compile=jit_compile())
        self._shadow.jit_compile = jit_compile()

    def reseed(self, seed: int, epoch: int) -> None:
        """Begin an epoch's dropout anew (after `resize`), so that it is the same when the run was stopped before it."""
        for index, layer in enumerate(self.model.layers):
            if isinstance(layer, keras.layers.Dropout) and layer.rate:
                layer.seed_generator.state.assign((1000 * seed + index, epoch << 16))

    def start_from(self, weights: list[NDArray[Any]]) -> None:
        """Take over another run's weights (after `resize`). Raises NetworkError when they are another network's."""
        try:
            self.model.set_weights(weights)
        except ValueError as error:
            raise NetworkError(f"the weights are not {self.arch}'s ({str(error).splitlines()[0]})") from None

    def rate(self) -> float:
        """Learning rate of the next step: linear warm-up, then constant or a cosine to zero."""
        if self.step_index < self.warmup:
            return self.recipe.learning_rate * (self.step_index + 1) / self.warmup
        if not self.recipe.cosine:
            return self.recipe.learning_rate
        done = (self.step_index - self.warmup) / max(1, self.total - self.warmup)
        return self.recipe.learning_rate * 0.5 * (1 + math.cos(math.pi * min(1.0, done)))

    def step(self, x: NDArray[np.float32], y: NDArray[np.float32]) -> tuple[float, float]:
        """Learn from one batch; return (loss, share of hits on the targets' greatest class)."""
        self._optimizer.learning_rate = self.rate()
        found = self.model.train_on_batch(x, y, return_dict=True)
        self.step_index += 1
        if self.recipe.ema and self.step_index % AVERAGE_EVERY == 0:
            self._update_average()
        return float(found["loss"]), float(found["categorical_accuracy"])

    def _update_average(self) -> None:
        now = [keras.ops.convert_to_numpy(w) for w in self.model.trainable_variables]
        # Young averages forget faster, or the random start would stay in them for hundreds of steps.
        decay = min(self.recipe.ema**AVERAGE_EVERY, (1 + self.step_index) / (40 + self.step_index))
        if self.average is None:
            self.average = [w.copy() for w in now]
        for kept, value in zip(self.average, now, strict=True):
            kept *= decay
            kept += (1 - decay) * value

    def averaged(self, split: Split) -> keras.Model:
        """Return the float32 network of the averaged weights; it is overwritten by the next call.

        Batch statistics belong to the raw weights, so they are taken anew, from augmented pictures of `split` and
        without dropout, which would widen them.
        """
        shadow = self._shadow
        shadow.set_weights(self.model.get_weights())
        if self.average is None:
            return shadow
        for variable, value in zip(shadow.trainable_variables, self.average, strict=True):
            variable.assign(value)
        norms = [layer for layer in shadow.layers if isinstance(layer, keras.layers.BatchNormalization)]
        drops = [(layer, layer.rate) for layer in shadow.layers if isinstance(layer, keras.layers.Dropout)]
        for layer, _ in drops:
            layer.rate = 0.0
        rng = np.random.default_rng(0)
        for index in range(NORM_BATCHES):
            for layer in norms:
                layer.momentum = index / (index + 1)  # the plain mean over the batches
            chosen = rng.integers(0, len(split), NORM_BATCH)
            shadow(augment.batch(split.pictures[chosen], self.recipe.augment, rng, self.side), training=True)
        for layer in norms:
            layer.momentum = 0.99  # Keras's default
        for layer, rate in drops:
            layer.rate = rate
        return shadow

    def evaluate(self, split: Split) -> tuple[float, float]:
        """Return (accuracy, cross-entropy against the original labels) of the network of the last `averaged`."""
        parts = []
        for start in range(0, len(split), EVALUATION_BATCH):
            x = augment.plain(split.pictures[start : start + EVALUATION_BATCH], self.side)
            parts.append(self._shadow.predict_on_batch(x))
        p = np.concatenate(parts)
        picked = np.clip(p[np.arange(len(p)), split.labels], 1e-7, 1)
        return float((p.argmax(1) == split.labels).mean()), float(-np.log(picked).mean())

    def save(self, path: Path, epoch: int, best: float) -> None:
        """Write everything that going on needs; a stop in the middle leaves the last state whole."""
        arrays = {f"w{i}": w for i, w in enumerate(self.model.get_weights())}
        arrays |= {f"o{i}": keras.ops.convert_to_numpy(v) for i, v in enumerate(self._optimizer.variables)}
        arrays |= {f"a{i}": a for i, a in enumerate(self.average or [])}
        part = path.with_name("part.npz")
        np.savez(part, epoch=epoch, best=best, step=self.step_index, **arrays)
        part.replace(path)

    def load(self, path: Path) -> tuple[int, float]:
        """Go on from a saved state; return (epochs done, best validation accuracy). Raises NetworkError."""
        try:
            with path.open("rb") as file, np.load(file) as state:
                epoch, best = int(state["epoch"]), float(state["best"])
                self.resize(self.recipe.side(epoch - 1))
                self.model.set_weights(_numbered(state, "w"))
                for variable, value in zip(self._optimizer.variables, _numbered(state, "o"), strict=True):
                    variable.assign(value)
                self.average = _numbered(state, "a") or None
                self.step_index = int(state["step"])
        except (OSError, KeyError, ValueError, EOFError, zipfile.BadZipFile) as error:
            raise NetworkError(f"{path}: cannot go on from it ({error}); start a new run folder") from None
        return epoch, best


def _numbered(state: Any, letter: str) -> list[NDArray[Any]]:
    count = sum(1 for name in state.files if name[0] == letter and name[1:].isdigit())
    return [state[f"{letter}{i}"] for i in range(count)]
