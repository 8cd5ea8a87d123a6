"""Convert a Keras network into the full-int8 TFLite file that the daemon runs, with its manifest beside it.

    python tools/export.py --model runs/cnn10/best.keras --out mine/expression.tflite --data fer2013.csv.xz

With `models = "mine"` under `[perception]` in a configuration file the daemon takes it; the other networks stay the
shipped ones.

With --data the activations' ranges are measured on pictures of Training, the temperature is fitted on the run's
validation pictures, and Keras and int8 are compared on all of PublicTest; all of it goes into the manifest. Without,
the ranges come from synthetic pictures, which is good enough to try the converter and not to ship.
Exit codes: 0 done, 65 the data cannot be used, 78 the network cannot be used.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from expression import fer2013, figures, predictors, runs
from expression.fer2013 import CLASSES, Split
from int8 import files, manifest, synthetic
from lib.exits import DataError, NetworkError, run_and_exit

# More pictures bring rarer extremes, and with them coarser steps: 100 to 1000 were tried on validation pictures.
CALIBRATION_PICTURES = 200
# What a manifest tells of a run; the rest of run.json is about the machine that it ran on.
TRAINING_KEYS = (
    "arch", "recipe", "seed", "limit", "stages", "batch", "learning_rate", "validation", "data_sha256", "training",
    "validation_pictures", "versions", "epochs_done", "note",
)  # fmt: skip


def calibration_pictures(training: Split, count: int) -> NDArray[np.uint8]:
    """Choose `count` pictures at random, the same each time, from black to white: the input's scale is then 1/255."""
    chosen = training.pictures[np.random.default_rng(0).permutation(len(training))[:count]]
    if chosen.min() == 0 and chosen.max() == 255:
        return chosen
    edges = np.stack([np.zeros_like(chosen[0]), np.full_like(chosen[0], 255)])
    return np.concatenate([chosen, edges])


def _check(model: Any, path: Path, data: Path | None) -> tuple[int, int, int]:
    """Return (height, width, outputs). Raises NetworkError for a network that is no classifier of grey pictures."""
    inputs, outputs = getattr(model, "input_shape", None), getattr(model, "output_shape", None)
    if not isinstance(inputs, tuple) or len(inputs) != 4 or inputs[3] != 1 or None in inputs[1:]:
        raise NetworkError(f"{path}: found the input {inputs}, expected (n, height, width, 1)")
    if not isinstance(outputs, tuple) or len(outputs) != 2:
        raise NetworkError(f"{path}: found the output {outputs}, expected (n, classes)")
    if data and (inputs[1:3] != (fer2013.SIDE_PX,) * 2 or outputs[1] != len(CLASSES)):
        raise NetworkError(
            f"{path}: found {inputs[1]}x{inputs[2]} px and {outputs[1]} classes, FER2013 has 48x48 px and 7 classes;"
            " leave --data out"
        )
    return inputs[1], inputs[2], outputs[1]


def run(args: argparse.Namespace) -> None:
    files.spare_the_shipped(args.out, args.force)
    model = predictors.load_keras(args.model)
    height, width, outputs = _check(model, args.model, args.data)
    origin = runs.read(args.model.parent)
    if args.data:
        splits = fer2013.read_splits(args.data, {"Training", args.usage})
        if "Training" not in splits:
            raise DataError(f"{args.data}: no rows with Usage 'Training'; they are needed to measure ranges")
        training, validation = runs.split_as(origin, splits["Training"])
        pictures = calibration_pictures(training, args.pictures)
    else:
        print(
            "export: no --data: calibrated on synthetic pictures, accuracy not measured; do not ship", file=sys.stderr
        )
        pictures = synthetic.calibration(args.pictures, height, width)

    classes = CLASSES if outputs == len(CLASSES) else tuple(f"class{i}" for i in range(outputs))
    source = "FER2013 Training" if args.data else "synthetic"
    content = files.write(args.model, args.out, classes, pictures, source, args.mirror)
    if args.data:
        measured = figures.exported(model, args.out, validation, splits.get(args.usage), args.usage, args.mirror)
        content["temperature"] = measured.pop("temperature")
        content["metrics"] = measured
    content["training"] = {key: origin[key] for key in TRAINING_KEYS if key in origin}
    if "mean_of" in origin:  # soup.py's paths are this machine's business
        content["training"]["mean_of"] = len(origin["mean_of"])
    if args.note:
        content["training"]["note"] = args.note
    beside = args.out.with_suffix(".json")
    manifest.write(beside, content)
    print(f"{args.out}: {args.out.stat().st_size} bytes, {beside.name} beside it")
    for name, values in content["metrics"].items():
        print(f"{name}: " + ", ".join(f"{k} {v:.4f}" for k, v in values.items() if isinstance(v, float)))


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, required=True, help="best.keras of a run folder")
    parser.add_argument("--out", type=Path, required=True, help="NAME.tflite; NAME.json is written beside it")
    parser.add_argument("--data", type=Path, help="Kaggle's fer2013.csv, plain or .xz")
    parser.add_argument("--usage", choices=("PublicTest", "PrivateTest"), default="PublicTest", help="for the parity")
    parser.add_argument("--pictures", type=int, default=CALIBRATION_PICTURES, help="of Training, to measure ranges on")
    parser.add_argument(
        "--mirror",
        action="store_true",
        help="answer by the picture and its mirror image: twice the work, which the daemon spreads over two looks",
    )
    parser.add_argument("--note", help="a remark for the manifest")
    parser.add_argument("--force", action="store_true", help="write even over a network that fermon ships")
    args = parser.parse_args(argv)
    return run_and_exit("export", lambda: run(args))


if __name__ == "__main__":
    sys.exit(main())
