"""Convert a Keras network into the full-int8 TFLite file that the daemon runs, with its manifest beside it.

    python tools/export.py --model runs/cnn10/best.keras --out models/expression.tflite --data fer2013.csv.xz

With --data the activations' ranges are measured on pictures of Training, the temperature is fitted on the run's
validation pictures, and Keras and int8 are compared on all of PublicTest; all of it goes into the manifest. Without,
the ranges come from synthetic pictures, which is good enough to try the converter and not to ship.
Exit codes: 0 done, 65 the data cannot be used, 78 the network cannot be used.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from expression import fer2013, metrics, predictors
from expression.fer2013 import CLASSES, DataError, Split
from expression.predictors import NetworkError
from int8 import synthetic
from lib import exits

# More pictures bring rarer extremes, and with them coarser steps: 100 to 1000 were tried on validation pictures.
CALIBRATION_PICTURES = 200
# What a manifest tells of a run; the rest of run.json is about the machine that it ran on.
TRAINING_KEYS = (
    "arch", "recipe", "seed", "limit", "stages", "batch", "learning_rate", "validation", "data_sha256", "training",
    "validation_pictures", "versions", "epochs_done", "note",
)  # fmt: skip


def read_run(folder: Path) -> dict[str, Any]:
    """Read run.json and the best epoch of history.csv of a run folder; {} when it is none."""
    try:
        run: dict[str, Any] = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise NetworkError(f"{folder / 'run.json'}: not JSON ({error}); give the folder of a run") from None
    return run


def calibration_pictures(training: Split, count: int) -> NDArray[np.uint8]:
    """Choose `count` pictures at random, the same each time, from black to white: the input's scale is then 1/255."""
    chosen = training.pictures[np.random.default_rng(0).permutation(len(training))[:count]]
    if chosen.min() == 0 and chosen.max() == 255:
        return chosen
    edges = np.stack([np.zeros_like(chosen[0]), np.full_like(chosen[0], 255)])
    return np.concatenate([chosen, edges])


def describe(tflite: bytes, name: str, classes: tuple[str, ...]) -> dict[str, Any]:
    """The manifest of a converted network, as its runtime sees it; figures are added later."""
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_content=tflite, num_threads=1)
    interpreter.allocate_tensors()

    def tensors(details: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [
            {
                "shape": [int(n) for n in d["shape"]],
                "dtype": np.dtype(d["dtype"]).name,
                "scale": float(d["quantization"][0]),
                "zero_point": int(d["quantization"][1]),
            }
            for d in details
        ]

    return {
        "name": name,
        "file": f"{name}.tflite",
        "sha256": hashlib.sha256(tflite).hexdigest(),
        "inputs": tensors(interpreter.get_input_details()),
        "outputs": tensors(interpreter.get_output_details()),
        "classes": list(classes),
        "signatures": sorted(interpreter.get_signature_list()),  # their order in the file
        "temperature": 1.0,
    }


def golden_answers(tflite: Path) -> list[list[int]]:
    """The int8 answers to the eight pictures of `synthetic.golden`, for comparing runtimes.

    They come from TFLite's own kernels, which answer alike in every runtime; XNNPACK rounds each layer otherwise.
    """
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    plain = OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    interpreter = Interpreter(model_path=str(tflite), num_threads=1, experimental_op_resolver_type=plain)
    interpreter.allocate_tensors()
    into, out = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    scale, zero_point = into["quantization"]
    answers = []
    for picture in synthetic.golden(*(int(n) for n in into["shape"][1:3])):
        levels = np.clip(np.round(picture / 255 / scale) + zero_point, -128, 127).astype(np.int8)
        interpreter.set_tensor(into["index"], levels.reshape(into["shape"]))
        interpreter.invoke()
        answers.append(interpreter.get_tensor(out["index"])[0].astype(int).tolist())
    return answers


def figures(
    model: Any, tflite: Path, validation: Split, test: Split | None, usage: str, mirror: bool = False
) -> dict[str, Any]:
    """Fit the temperature on validation pictures, and compare Keras (`mirror`: asked twice) with int8 on the test's."""
    import evaluate

    int8 = predictors.of_tflite(tflite)
    raw = int8.predict(validation.pictures)
    temperature = metrics.fit_temperature(raw, validation.labels)
    found: dict[str, Any] = {"temperature": temperature}
    tempered = metrics.with_temperature(raw, temperature)
    found["validation"] = {
        "n": len(validation),
        "accuracy": float((raw.argmax(1) == validation.labels).mean()),
        "calibration_error": metrics.calibration_error(raw, validation.labels),
        "calibration_error_with_temperature": metrics.calibration_error(tempered, validation.labels),
    }
    if test is None:
        return found
    quantised = predictors.Predictor(int8.predict, int8.runtime, temperature)
    shown = evaluate.evaluate(quantised, test, None, None)
    keep = ("n", "accuracy", "macro_f1", "recall", "calibration_error", "calibration_error_with_temperature", "runtime")
    found[usage] = {key: shown[key] for key in keep}
    keras = predictors.of_keras_model(model)
    keras = predictors.with_mirror(keras) if mirror else keras
    floats, ints = keras.predict(test.pictures), int8.predict(test.pictures)
    found["parity"] = {
        "usage": usage,
        "n": len(test),
        "keras_accuracy": float((floats.argmax(1) == test.labels).mean()),
        "int8_accuracy": shown["accuracy"],
        "same_class": float((floats.argmax(1) == ints.argmax(1)).mean()),
        "mean_difference": float(np.abs(floats - ints).mean()),
    }
    return found


def _write(path: Path, content: bytes) -> None:
    part = path.with_name(path.name + ".part")
    part.write_bytes(content)
    part.replace(path)  # never half a file


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
    model = predictors.load_keras(args.model)
    height, width, outputs = _check(model, args.model, args.data)
    folder = args.model.parent
    origin = read_run(folder)
    if args.data:
        splits = fer2013.read_splits(args.data, {"Training", args.usage})
        if "Training" not in splits:
            raise DataError(f"{args.data}: no rows with Usage 'Training'; they are needed to measure ranges")
        share, seed = float(origin.get("validation", 0.05)), int(origin.get("seed", 1))
        training, validation = fer2013.split_validation(splits["Training"], share, seed)
        pictures = calibration_pictures(training, args.pictures)
    else:
        print(
            "export: no --data: calibrated on synthetic pictures, accuracy not measured; do not ship", file=sys.stderr
        )
        pictures = synthetic.calibration(args.pictures, height, width)

    from int8 import convert as quantise

    tflite = quantise.to_int8(model, pictures, args.mirror)
    args.out.parent.mkdir(parents=True, exist_ok=True)
    classes = CLASSES if outputs == len(CLASSES) else tuple(f"class{i}" for i in range(outputs))
    manifest = describe(tflite, args.out.stem, classes)
    beside = args.out.with_suffix(".json")
    _write(args.out, tflite)
    _write(beside, _json(manifest))  # the runner wants one; figures follow
    manifest["golden"] = golden_answers(args.out)
    manifest["mirror"] = args.mirror
    manifest["calibration"] = {"pictures": len(pictures), "source": "FER2013 Training" if args.data else "synthetic"}
    if args.data:
        measured = figures(model, args.out, validation, splits.get(args.usage), args.usage, args.mirror)
        manifest["temperature"] = measured.pop("temperature")
        manifest["metrics"] = measured
    else:
        manifest["metrics"] = {}
    manifest["training"] = {key: origin[key] for key in TRAINING_KEYS if key in origin}
    if "mean_of" in origin:  # soup.py's paths are this machine's business
        manifest["training"]["mean_of"] = len(origin["mean_of"])
    if args.note:
        manifest["training"]["note"] = args.note
    _write(beside, _json(manifest))
    print(f"{args.out}: {len(tflite)} bytes, {beside.name} beside it")
    for name, values in manifest["metrics"].items():
        print(f"{name}: " + ", ".join(f"{k} {v:.4f}" for k, v in values.items() if isinstance(v, float)))


def _json(manifest: dict[str, Any]) -> bytes:
    # One line for each list of plain values: a manifest is read by people too.
    text = json.dumps(manifest, indent=1)
    text = re.sub(
        r"\[[^\[\]{}]*\]", lambda found: " ".join(found[0].split()).replace("[ ", "[").replace(" ]", "]"), text
    )
    return (text + "\n").encode()


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
    args = parser.parse_args(argv)
    return exits.after("export", lambda: run(args))


if __name__ == "__main__":
    sys.exit(main())
