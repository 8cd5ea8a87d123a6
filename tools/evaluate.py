"""Evaluate an expression network on a part of FER2013.

    python tools/evaluate.py --model models/expression.tflite --data fer2013.csv.xz --usage PublicTest --json

A .tflite file is asked through the daemon's own runner, one picture at a time, without TensorFlow; a .keras file is
asked through Keras. Exit codes: 0 done, 65 the data cannot be used, 78 the network cannot be used.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

from expression import fer2013, figures, predictors
from expression.fer2013 import CLASSES
from lib.exits import DataError, run_and_exit


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
    result |= figures.evaluate(predictor, splits[args.usage], training, args.votes)
    if args.robustness:
        result["robustness"] = figures.robustness(predictor, splits[args.usage])
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
    return run_and_exit("evaluate", lambda: run(args))


if __name__ == "__main__":
    sys.exit(main())
