"""Trains the eye network: closed, unreadable, lid gap and the eye's place from one crop; exports it as full int8.

    python -m eyes.train --eyes eyes/ --out models/eyes.tflite                  # the shipped network
    python -m eyes.train --eyes eyes/ --out fold.tflite --leave-out m01,f09     # without these people
    python -m eyes.train --eyes eyes/ --folds folds/                            # one network a fold, see folds.py

`eyes/` is what eyes.patches wrote. eyes_kairess_val is not among it and never trained on.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eyes import augment
from eyes.folds import FOLDS, YAWDD_PEOPLE, YAWDD_SCENES, in_fold
from fermon.perception.eyes import CLASSES, PLACE
from fermon.perception.geometry import EYE_SHAPE

Array = NDArray[Any]

# Pictures drawn a source and class in an epoch: (closed, open).
DRAW = {"single": (1500, 1100), "clips": (1700, 2400), "yawdd": (300, 2200), "fer": (2100, 2100)}
UNREADABLE = 2600
# Nobody has labelled enough half-shut eyes: open ones get their lids lowered (augment.lower_lid, which leaves about a
# tenth of the opening more than it is told). Lids at least 80 % shut are closed; half-shut ones are not, and what lies
# between is not drawn.
HALF = 0.35  # of the open eyes
HALF_LEFT = (0.3, 0.75)  # of the opening
SHUT = 600  # open eyes shut down to nothing, so that a drawn lid is no sign of an open eye
SHUT_LEFT = (0.0, 0.08)

COLUMNS = ("patch", "closed", "gap", "offset", "lids", "group", "dark")


@dataclass(slots=True)
class Source:
    patch: Array
    closed: Array
    gap: Array
    offset: Array
    lids: Array
    group: Array
    dark: Array

    def pick(self, mask: Array) -> Source:
        return Source(*(getattr(self, key)[mask] for key in COLUMNS))


def load(folder: Path, leave_out: frozenset[str] = frozenset(), fold: int | None = None) -> dict[str, Source]:
    """Return the sources without the people left out and without what a fold holds out."""
    if fold is not None:
        leave_out = leave_out | frozenset(FOLDS[fold])
    sources = {}
    for name in DRAW:
        found = np.load(folder / f"{name}.npz")
        nothing = np.zeros(len(found["patch"]), bool)
        source = Source(*(found.get(key, nothing) for key in COLUMNS))
        if name == "clips":
            source = source.pick(~np.isin(source.group, sorted(leave_out)))
        elif fold is not None:
            source = source.pick(~in_fold(source.group, fold))
        if name == "yawdd" and leave_out & set(YAWDD_PEOPLE):
            source = source.pick(~np.isin(source.group, sorted(YAWDD_SCENES)))
        sources[name] = source
    return sources


def draw(sources: dict[str, Source], others: Array, rng: augment.Rng) -> tuple[Array, Array, Array]:
    """Return one epoch: crops uint8 (n, h, w), states (n, 2) and places (n, 3) as targets, NaN = not known."""
    rows = []
    for name, (shut, wide) in DRAW.items():
        source = sources[name]
        rows += [_eye(source, i, 1.0, 1.0, rng, name == "single") for i in _balanced(source, 1.0, shut, rng)]
        for i in _balanced(source, 0.0, wide, rng):
            lowered = rng.random() < HALF and np.isfinite(source.lids[i]).all()
            left = float(rng.uniform(*HALF_LEFT)) if lowered else 1.0
            rows.append(_eye(source, i, 0.0, left, rng, name == "single"))
    for name in ("clips", "yawdd", "fer"):
        source = sources[name]
        for i in _balanced(source, 0.0, SHUT // 3, rng):
            if np.isfinite(source.lids[i]).all():
                rows.append(_eye(source, i, 1.0, float(rng.uniform(*SHUT_LEFT)), rng))
    rows += _unreadable(sources, others, rng)
    crops, states, where = zip(*rows, strict=True)
    return np.array(crops), np.array(states, np.float32), np.array(where, np.float32)


Row = tuple[Array, tuple[float, float], tuple[float, ...]]


def _eye(source: Source, i: int, closed: float, left: float, rng: augment.Rng, unsized: bool = False) -> Row:
    """One eye's crop and targets; `left` is the share of its opening that is left (1: as it is)."""
    shift = augment.random_shift(source.offset[i], rng)
    scale, mirror = float(np.exp(rng.normal(0, 0.1))), bool(rng.random() < 0.5)
    if unsized:
        scale *= float(rng.uniform(0.75, 1.1))  # how much of the face single-eye pictures show is not known
    turn = float(rng.normal(0, 0.09))
    patch = source.patch[i] if left == 1 else augment.lower_lid(source.patch[i], source.lids[i], left)
    crop = augment.place_crop(patch, shift, turn, scale, mirror)
    if rng.random() < 0.12:
        crop = augment.glasses(crop, rng)
    dx, dy = augment.seen_at(shift, turn, scale, mirror)
    return augment.finish(crop, rng), (closed, 0.0), (source.gap[i] * left * scale, dx, dy)


def _unreadable(sources: dict[str, Source], others: Array, rng: augment.Rng) -> list[Row]:
    """Crops in which no lids can be seen: no eye at all, an eye under something, dark glasses."""
    rows: list[Row] = []
    everything = np.concatenate([source.patch for source in sources.values()])
    dark = np.concatenate([source.patch[source.dark] for source in sources.values()])
    for kind in rng.choice(["other", "covered", "dark"], UNREADABLE, p=[0.15, 0.55, 0.3]):
        pool = dark if kind == "dark" and len(dark) else others
        shift, turn = rng.normal(0, 0.08, 2), rng.normal(0, 0.2 if pool is others else 0.09)
        crop = augment.place_crop(pool[rng.integers(len(pool))], shift, turn, 1.0, rng.random() < 0.5)
        if kind == "covered":
            eye = everything[rng.integers(len(everything))]
            eye = augment.place_crop(eye, rng.normal(0, 0.07, 2), 0.0, 1.0, rng.random() < 0.5)
            crop = augment.cover(eye, crop, rng)
        rows.append((augment.finish(crop, rng), (np.nan, 1.0), (np.nan,) * PLACE))
    return rows


def _balanced(source: Source, value: float, count: int, rng: augment.Rng) -> Array:
    """Draw indices of one class, every group (person, scene) as often as its square root says."""
    which = np.flatnonzero(source.closed == value)
    _, inverse, sizes = np.unique(source.group[which], return_inverse=True, return_counts=True)
    weight = 1 / np.sqrt(sizes[inverse])
    return rng.choice(which, count, p=weight / weight.sum())


def build() -> Any:
    """The network: 4 M multiplications, about 100 thousand parameters."""
    import keras
    from keras import layers

    def conv(x: Any, filters: int, side: int = 3, stride: int = 1) -> Any:
        x = layers.Conv2D(filters, side, stride, padding="same", use_bias=False)(x)
        return layers.ReLU()(layers.BatchNormalization(momentum=0.95)(x))

    inputs = keras.Input((*EYE_SHAPE, 1))
    x = layers.MaxPooling2D()(conv(inputs, 20, 5, 2))
    x = layers.MaxPooling2D()(conv(conv(x, 40), 40))
    x = layers.MaxPooling2D()(conv(conv(x, 64), 64))
    x = layers.Dropout(0.2)(layers.Flatten()(x))
    x = layers.BatchNormalization(momentum=0.95)(layers.Dense(64, use_bias=False)(x))
    x = layers.Dropout(0.2)(layers.ReLU()(x))
    state = layers.Dense(2, activation="sigmoid", name="state")(x)
    where = layers.Dense(PLACE, kernel_initializer="zeros", name="where")(x)
    return keras.Model(inputs, [state, where])


def _losses() -> tuple[Any, Any]:
    import tensorflow as tf

    def state(truth: Any, p: Any) -> Any:
        known = tf.math.is_finite(truth)
        target = tf.where(known, 0.02 + 0.96 * truth, 0.5)
        p = tf.clip_by_value(p, 1e-5, 1 - 1e-5)
        loss = -(target * tf.math.log(p) + (1 - target) * tf.math.log(1 - p))
        return tf.reduce_mean(tf.where(known, loss, 0.0))

    def where(truth: Any, value: Any) -> Any:
        known = tf.math.is_finite(truth)
        error = tf.abs(tf.where(known, truth - value, 0.0)) * tf.constant([8.0, 4.0, 4.0])
        return tf.reduce_mean(tf.where(error < 1, error**2 / 2, error - 0.5))

    return state, where


def train(sources: dict[str, Source], others: Array, epochs: int, seed: int) -> Any:
    """Train with Adam and a cosine to zero. Every epoch draws anew and is seen twice, as it is and mirrored. Seeded."""
    import keras

    keras.utils.set_random_seed(seed)
    rng = np.random.default_rng(seed)
    model = build()
    batch, size = 96, sum(map(sum, DRAW.values())) + SHUT + UNREADABLE
    schedule = keras.optimizers.schedules.CosineDecay(
        1e-4, 2 * epochs * (size // batch) - 150, 0.01, warmup_target=2e-3, warmup_steps=150
    )
    model.compile(keras.optimizers.AdamW(schedule, weight_decay=1e-3), loss=list(_losses()), jit_compile=False)
    for epoch in range(epochs):
        start = time.monotonic()
        crops, states, where = draw(sources, others, rng)
        drawn = time.monotonic() - start
        x = crops[..., None].astype(np.float32) / 255
        model.fit(x, [states, where], batch_size=batch, verbose=0)
        mirrored = where * np.array([1, -1, 1], np.float32)
        result = model.fit(x[:, :, ::-1], [states, mirrored], batch_size=batch, verbose=0)
        losses = {k: round(v[0], 4) for k, v in result.history.items()}
        print(
            f"epoch {epoch + 1}/{epochs}: {losses}, {drawn:.0f} + {time.monotonic() - start - drawn:.0f} s", flush=True
        )
    return model


def export(model: Any, sample: Array, path: Path) -> None:
    """Write `path` as full int8 with batch 1, quantised on `sample`, uint8 (n, height, width)."""
    import tempfile

    import tensorflow as tf

    shape = tuple(int(n) for n in sample.shape[1:])
    with tempfile.TemporaryDirectory() as folder:
        # An open batch leaves shape arithmetic in the graph, and old runtimes then drop their fast kernels.
        signature = [tf.TensorSpec((1, *shape, 1), tf.float32)]
        model.export(folder, format="tf_saved_model", input_signature=signature, verbose=False)
        converter = tf.lite.TFLiteConverter.from_saved_model(folder)
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.representative_dataset = lambda: ([row[None, ..., None].astype(np.float32) / 255] for row in sample)
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        converter.inference_input_type = converter.inference_output_type = tf.int8
        path.write_bytes(converter.convert())


def manifest(path: Path, classes: tuple[str, ...], metrics: dict[str, Any], training: dict[str, Any]) -> None:
    """Write the manifest of a .tflite file beside it."""
    from ai_edge_litert.interpreter import Interpreter

    content = path.read_bytes()
    reader = Interpreter(model_content=content)

    def side(details: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [
            {
                "shape": [int(n) for n in d["shape"]],
                "dtype": np.dtype(d["dtype"]).name,
                "scale": float(d["quantization"][0]),
                "zero_point": int(d["quantization"][1]),
            }
            for d in details
        ]

    entry = {
        "name": path.stem,
        "file": path.name,
        "sha256": hashlib.sha256(content).hexdigest(),
        "inputs": side(reader.get_input_details()),
        "outputs": side(reader.get_output_details()),
        "classes": list(classes),
        "metrics": metrics,
        "training": training,
    }
    path.with_suffix(".json").write_text(json.dumps(entry, indent=1) + "\n", encoding="utf-8")


def run(
    folder: Path, out: Path, epochs: int, seed: int, leave_out: frozenset[str] = frozenset(), fold: int | None = None
) -> None:
    """Train without `leave_out` and without a fold, and write network and manifest."""
    sources = load(folder, leave_out, fold)
    others = np.load(folder / "others.npz")["patch"]
    model = train(sources, others, epochs, seed)
    sample = draw(sources, others, np.random.default_rng(seed + 1))[0]
    out.parent.mkdir(parents=True, exist_ok=True)
    export(model, sample[:: len(sample) // 400], out)
    training = {
        "epochs": epochs,
        "seed": seed,
        "left_out": sorted(leave_out),
        "fold": fold,
        "draw": DRAW,
        "half": HALF,
        "shut": SHUT,
    }
    manifest(out, CLASSES, {}, training)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--eyes", type=Path, required=True)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--leave-out", default="", help="people of the clips, with commas")
    parser.add_argument("--folds", type=Path, help="folder for one network a fold, fold0.tflite ...")
    parser.add_argument("--only", default="", help="only these folds, with commas")
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    if arguments.folds:
        for fold in [int(n) for n in arguments.only.split(",") if n] or range(len(FOLDS)):
            run(arguments.eyes, arguments.folds / f"fold{fold}.tflite", arguments.epochs, arguments.seed, fold=fold)
    if arguments.out:
        people = frozenset(filter(None, arguments.leave_out.split(",")))
        run(arguments.eyes, arguments.out, arguments.epochs, arguments.seed, leave_out=people)


if __name__ == "__main__":
    main()
