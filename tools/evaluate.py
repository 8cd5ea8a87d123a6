"""Evaluate an expression network on a part of FER2013.

    python tools/evaluate.py --model models/expression.tflite --data fer2013.csv.xz --usage PublicTest --json

A .tflite file is asked through the daemon's own runner, one picture at a time, without TensorFlow; a .keras file is
asked through Keras. Exit codes: 0 done, 65 the data cannot be used, 78 the network cannot be used.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from expression import fer2013, metrics, predictors
from expression.fer2013 import CLASSES, DataError, Split
from expression.predictors import NetworkError, Predictor
from lib import exits


def distinct(test: Split, training: Split) -> NDArray[np.bool_]:
    """Which pictures (bool, (n,)) are not pixel-identical to one of Training."""
    return ~np.isin(fer2013.digests(test.pictures), fer2013.digests(training.pictures))


def evaluate(predictor: Predictor, test: Split, training: Split | None, votes: Path | None) -> dict[str, Any]:
    """All figures of one network on one split; what cannot be told (no Training, no votes) is None."""
    began = time.perf_counter()
    raw = predictor.predict(test.pictures)
    seconds = time.perf_counter() - began
    if raw.shape[1] != len(CLASSES):
        raise NetworkError(f"found {raw.shape[1]} outputs, expected {len(CLASSES)}, one for each of FER2013's classes")
    result = metrics.summary(raw, test.labels, CLASSES)
    result["temperature"] = predictor.temperature
    tempered = metrics.with_temperature(raw, predictor.temperature)
    result["calibration_error_with_temperature"] = metrics.calibration_error(tempered, test.labels)
    predicted = raw.argmax(1)
    result |= {"without_duplicates": None, "ferplus": None}
    if training is not None:
        keep = distinct(test, training)
        share = float((predicted == test.labels)[keep].mean()) if keep.any() else None
        result["without_duplicates"] = {"accuracy": share, "n": int(keep.sum())}
    if votes is not None:
        share, n = metrics.ferplus_agreement(predicted, fer2013.read_votes(votes, test.rows))
        result["ferplus"] = {"agreement": share, "n": n}
    return result | {"seconds": seconds, "ms_per_picture": 1000 * seconds / len(test), "runtime": predictor.runtime}


def robustness(predictor: Predictor, test: Split) -> dict[str, float]:
    """Accuracy on the pictures as they are, asked with their mirror images (as published figures often are), and under
    each disturbance.
    """
    from expression.disturb import DISTURBANCES

    def hits(asked: Predictor, pictures: NDArray[np.uint8]) -> float:
        return float((asked.predict(pictures).argmax(1) == test.labels).mean())

    table = {"as it is": hits(predictor, test.pictures)}
    table["mean with mirror image"] = hits(predictors.with_mirror(predictor), test.pictures)
    return table | {name: hits(predictor, change(test.pictures)) for name, change in DISTURBANCES.items()}


def as_text(result: dict[str, Any]) -> str:
    """The figures for people."""
    lines = [
        f"{result['model']} on {result['usage']} ({result['n']} pictures), {result['runtime']}",
        f"accuracy            {result['accuracy']:.2%}",
        f"macro-F1            {result['macro_f1']:.2%}",
        f"calibration error   {result['calibration_error']:.2%}, with temperature {result['temperature']:g}"
        f" {result['calibration_error_with_temperature']:.2%}",
    ]
    if result["without_duplicates"]:
        rest = result["without_duplicates"]
        lines.append(f"without duplicates  {_percent(rest['accuracy'])} ({rest['n']} not in Training)")
    if result["ferplus"]:
        lines.append(
            f"FER+ agreement      {_percent(result['ferplus']['agreement'])} ({result['ferplus']['n']} pictures)"
        )
    lines.append(f"time                {result['seconds']:.2f} s, {result['ms_per_picture']:.2f} ms a picture")
    lines.append("recall              " + "  ".join(f"{name} {_percent(v)}" for name, v in result["recall"].items()))
    for name, value in result.get("robustness", {}).items():
        lines.append(f"{name:<24}{value:.2%}")
    return "\n".join(lines)


def _percent(share: float | None) -> str:
    return "none" if share is None else f"{share:.1%}"


def run(args: argparse.Namespace) -> None:
    predictor = predictors.load(args.model, args.threads)
    if args.temperature:
        predictor = predictors.Predictor(predictor.predict, predictor.runtime, args.temperature, predictor.manifest)
    splits = fer2013.read_splits(args.data, {args.usage, "Training"})
    if args.usage not in splits:
        raise DataError(f"{args.data}: no rows with Usage {args.usage!r}; expected at least one")
    training = splits.get("Training") if args.usage != "Training" else None
    result = {"model": args.model.name, "usage": args.usage, "classes": list(CLASSES)}
    result |= evaluate(predictor, splits[args.usage], training, args.votes)
    if args.robustness:
        result["robustness"] = robustness(predictor, splits[args.usage])
    if args.confusion_png:
        from expression import plots

        title = f"{args.model.name} on {args.usage}: {result['accuracy']:.1%}"
        plots.confusion(np.array(result["confusion"]), CLASSES, title, args.confusion_png)
    if args.out:
        args.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(result) if args.json else as_text(result))


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, required=True, help=".tflite (with its manifest beside it) or .keras")
    parser.add_argument("--data", type=Path, required=True, help="Kaggle's fer2013.csv, plain or .xz")
    parser.add_argument("--usage", choices=fer2013.USAGES, default="PublicTest")
    parser.add_argument("--votes", type=Path, help="FER+'s fer2013new.csv, for the agreement with its majority")
    parser.add_argument("--robustness", action="store_true", help="also with shifted, scaled, dark, blurred pictures")
    parser.add_argument("--temperature", type=float, help="instead of the manifest's")
    parser.add_argument("--threads", type=int, default=1, help="of the TFLite runtime")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--out", type=Path, help="write the JSON object here too")
    parser.add_argument("--confusion-png", type=Path, help="draw the confusion matrix here (needs matplotlib)")
    args = parser.parse_args(argv)
    return exits.after("evaluate", lambda: run(args))


if __name__ == "__main__":
    sys.exit(main())
