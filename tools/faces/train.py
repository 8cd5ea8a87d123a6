"""Trains the face network: face or not, box, points, head angles, covers from one crop; exports it as full int8.

    python -m faces.train --material faces.npz --epochs 150 --out mine/face.tflite   # ~1 h on one core
    python -m faces.train --material faces.npz --only drawn,nodding --out clear.tflite   # what has a clear licence

`faces.npz` is what faces.material wrote. Each crop is drawn anew in every epoch. Beside the .tflite come its manifest
and its float weights (.keras). Groups for measuring are never trained on, those for choosing are
shown every fifth epoch.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from faces.crops import Material
from faces.regions import UNIT_OF_BOX
from fermon.perception.face import ANGLE_DEG, CLASSES, REST, points_in
from int8 import files
from lib.exits import run_and_exit
from lib.framework import import_keras
from lib.progress import Progress

Array = NDArray[Any]
BATCH = 96


def errors(model: Any, material: Material, seed: int) -> str:
    """Return how wrong a network is on crops of other people, in words."""
    rng = np.random.default_rng(seed)
    crops, (state, pose, points) = material.crops(np.arange(0, len(material.source), 2), rng)
    said = model.predict(crops[..., None].astype(np.float32) / 255, batch_size=256, verbose=0)
    known = np.isfinite(state[:, 0])
    there = known & (state[:, 0] == 1)
    found = said[0][:, 0] >= 0.5
    true = points.reshape(-1, 6, 2)
    between = np.maximum(np.hypot(*(true[:, 0] - true[:, 1]).T), UNIT_OF_BOX * (pose[:, 2] + REST[2]))
    off = np.hypot(*(np.array([points_in(places) for places in said[2]]) - true).transpose(2, 0, 1))
    apart = np.abs(said[1] - pose)[there, 4:] * ANGLE_DEG
    return (
        f"face missed {100 * (~found & there).sum() / there.sum():.1f} %, invented"
        f" {100 * (found & known & ~there).sum() / max(1, (known & ~there).sum()):.1f} %, points"
        f" {100 * np.nanmean(off[there] / between[there, None]):.1f} % of the eyes' distance, angles"
        f" {' '.join(f'{v:.1f}' for v in np.nanmean(apart, 0))}"
    )


def train(material: Material, other: Material, epochs: int, seed: int, weights: Path | None = None) -> Any:
    """Train with AdamW and a cosine to zero, from scratch or from earlier weights at half the rate. Seeded."""
    keras = import_keras()
    from eyes import fitting
    from faces import networks

    keras.utils.set_random_seed(seed)
    rng, model = np.random.default_rng(seed), networks.face()
    if weights is not None:
        model.load_weights(weights)
    size = len(material.draw(np.random.default_rng(seed)))
    schedule = keras.optimizers.schedules.CosineDecay(
        1e-4,
        max(1, epochs * (size // BATCH) - 150),
        0.005,
        warmup_target=2e-3 if weights is None else 1e-3,
        warmup_steps=150,
    )
    fitting.compiled(model, schedule, [networks.state_loss, networks.pose_loss, networks.points_loss])
    progress = Progress(2 * epochs * size)
    progress.start(f"{size} crops an epoch, {epochs} epochs")
    for epoch in range(epochs):
        name = f"epoch {epoch + 1}/{epochs}"
        crops, wanted = material.crops(material.draw(rng), rng)
        progress.step(len(crops), name)
        losses = fitting.fit(model, crops[..., None].astype(np.float32) / 255, wanted, BATCH, progress, name)
        shown = f"; {errors(model, other, seed)}" if epoch % 5 == 4 or epoch + 1 == epochs else ""
        progress.line(f"{name}: {losses}{shown}, {progress.left()}")
    return model


def run(
    paths: list[Path], out: Path, epochs: int, seed: int, only: frozenset[str], weights: Path | None = None
) -> None:
    """Train, and write network, manifest and float weights."""
    from eyes import fitting

    material, other = Material(paths, ("train",), only), Material(paths, ("choose",), frozenset())
    model = train(material, other, epochs, seed, weights)
    sample = material.crops(material.draw(np.random.default_rng(seed + 1)), np.random.default_rng(seed + 1))[0]
    sources = {str(name): int((material.source == name).sum()) for name in dict.fromkeys(material.source)}
    fitting.write(
        model,
        out,
        CLASSES,
        sample,
        {"epochs": epochs, "seed": seed, "regions": sources, "from": weights.name if weights else None},
    )


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--material", type=Path, nargs="+", required=True, help="what faces.material wrote")
    parser.add_argument(
        "--out", type=Path, required=True, help="NAME.tflite; NAME.json and NAME.keras are written beside it"
    )
    parser.add_argument("--only", default="", help="train on these sources alone, with commas")
    parser.add_argument("--weights", type=Path, help="go on from this .keras file")
    parser.add_argument("--epochs", type=int, default=40)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--force", action="store_true", help="write even over the network that fermon ships")
    args = parser.parse_args(argv)

    def work() -> None:
        import_keras()
        files.spare_the_shipped(args.out, args.force)
        run(
            args.material, args.out, args.epochs, args.seed, frozenset(filter(None, args.only.split(","))), args.weights
        )

    return run_and_exit("faces.train", work)


if __name__ == "__main__":
    sys.exit(main())
