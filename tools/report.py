"""Print the paper's Table I and Table II with our networks beside the printed rows.

    python tools/report.py runs/cnn10 runs/cnn6 models/expression.json [--confusion-png confusion.png]

A source is a run folder (with the JSON files that `tools/evaluate.py --out` put there), such a JSON file alone, or a
network's manifest. The printed accuracies are PrivateTest's; ours name what they were measured on.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

NAMES = {"cnn6": "6-layer CNN", "cnn10": "10-layer CNN", "vgg16": "VGG16"}
TRAINABLE = {"cnn6": 6_903_367, "cnn10": 1_202_759, "vgg16": 175_623}
# Table I as printed: accuracy %, training s, test-set s.
PRINTED = {"cnn6": (66.67, 5448.50, 15.98), "cnn10": (68.34, 5569.54, 16.57), "vgg16": (63.68, 78749.55, 50.12)}
# Table II as printed: other authors' networks on FER2013, accuracy %.
OTHERS = {
    "VGG-16": 57.3, "CNN": 57.4, "RELM": 62.7, "Xception": 68.57, "FERNet": 69.57, "ResNet-50": 64.28,
    "GoogLeNet": 65.2,
}  # fmt: skip


class SourceError(ValueError):
    """A source that holds no results; the message names it."""


@dataclass(frozen=True, slots=True)
class Row:
    """One measured network. Accuracy is a share 0..1; None is printed as a dash."""

    arch: str
    what: str  # "recipe best, 40 epochs, int8 on PublicTest"
    accuracy: float
    training_s: float | None
    test_s: float | None
    confusion: list[list[int]] | None = None


def _read(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SourceError(f"{path}: cannot be read ({error})") from None
    if not isinstance(content, dict):
        raise SourceError(f"{path}: found {type(content).__name__}, expected an object of results")
    return content


def _evaluation(found: dict[str, Any], run: dict[str, Any]) -> Row:
    recipe = f"recipe {run['recipe']}, {run.get('epochs_done', '?')} epochs, " if "recipe" in run else ""
    what = f"{recipe}{found['model']} on {found['usage']}"
    times = run.get("seconds"), found.get("seconds")
    return Row(run.get("arch", "cnn10"), what, found["accuracy"], *times, found.get("confusion"))


def _manifest(manifest: dict[str, Any]) -> list[Row]:
    training = manifest["training"]
    epochs = training.get("epochs_done", sum(count for _, count in training.get("stages", [])))
    mean = f"mean of {training['mean_of']} networks, " if "mean_of" in training else ""
    return [
        Row(
            training.get("arch", "cnn10"),
            f"recipe {training.get('recipe', '?')}, {epochs} epochs, {mean}{manifest['file']} on {usage}",
            manifest["metrics"][usage]["accuracy"],
            None,
            None,
        )
        for usage in ("PublicTest", "PrivateTest")
        if usage in manifest["metrics"]
    ]


def rows(source: Path) -> list[Row]:
    """Read the results of one source. Raises SourceError when there are none."""
    try:
        if source.is_dir():
            run = _read(source / "run.json")
            results = [_read(path) for path in sorted(source.glob("*.json")) if path.name != "run.json"]
            found = [_evaluation(result, run) for result in results if "usage" in result]
        else:
            content = _read(source)
            found = _manifest(content) if "metrics" in content else [_evaluation(content, {})]
    except (KeyError, TypeError, ValueError) as error:
        if isinstance(error, SourceError):
            raise
        raise SourceError(f"{source}: no results of tools/evaluate.py ({error!r})") from None
    if not found:
        raise SourceError(f"{source}: no results; run tools/evaluate.py --out {source}/publictest.json")
    return found


def _table(title: str, head: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    body = ["| " + " | ".join(line) + " |" for line in lines]
    return "\n".join([title, "", "| " + " | ".join(head) + " |", "|" + "---|" * len(head), *body])


def _seconds(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"


def tables(sources: Sequence[Path]) -> str:
    """Both tables as Markdown, each printed row followed by ours. Raises SourceError."""
    ours = [row for source in sources for row in rows(source)]
    first: list[tuple[str, ...]] = []
    for arch, name in NAMES.items():
        accuracy, training_s, test_s = PRINTED[arch]
        trainable = f"{TRAINABLE[arch]:,}"
        first.append(
            (name, "as printed, PrivateTest", f"{accuracy:.2f}", trainable, f"{training_s:.2f}", f"{test_s:.2f}")
        )
        first += [
            (name, r.what, f"{r.accuracy:.2%}"[:-1], trainable, _seconds(r.training_s), _seconds(r.test_s))
            for r in ours
            if r.arch == arch
        ]
    second = [(name, "as printed", f"{accuracy:.2f}") for name, accuracy in OTHERS.items()]
    second += [(name, "as printed", f"{PRINTED[arch][0]:.2f}") for arch, name in NAMES.items()]
    second += [(NAMES[r.arch], r.what, f"{r.accuracy:.2%}"[:-1]) for r in ours]
    head = ("model", "what", "accuracy %", "trainable parameters", "training s", "test-set s")
    return "\n\n".join(
        [
            _table("Table I: the three networks", head, first),
            _table("Table II: other networks on FER2013", head[:3], second),
        ]
    )


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sources", type=Path, nargs="+", metavar="SOURCE", help="run folder, result or manifest")
    parser.add_argument("--confusion-png", type=Path, help="draw the last source's confusion matrix (matplotlib)")
    args = parser.parse_args(argv)
    try:
        print(tables(args.sources))
        if args.confusion_png:
            shown = rows(args.sources[-1])[-1]
            if shown.confusion is None:
                raise SourceError(f"{args.sources[-1]}: no confusion matrix; give a result of tools/evaluate.py")
            import numpy as np

            from expression import plots
            from expression.fer2013 import CLASSES

            title = f"{NAMES[shown.arch]}, {shown.what}: {shown.accuracy:.1%}"
            plots.confusion(np.array(shown.confusion), CLASSES, title, args.confusion_png)
    except SourceError as error:
        print(f"report: {error}", file=sys.stderr)
        return 65
    return 0


if __name__ == "__main__":
    sys.exit(main())
