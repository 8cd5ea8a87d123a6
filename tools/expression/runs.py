"""A run folder: run.json (configuration and result), history.csv (one line an epoch), last.npz (to go on from)."""

from __future__ import annotations

import csv
import dataclasses
import json
from pathlib import Path
from typing import Any

from expression.fer2013 import SIDE_PX, Split, split_validation
from expression.recipes import Recipe
from lib.exits import DataError, NetworkError

HISTORY = (
    "epoch",
    "side_px",
    "training_loss",
    "training_accuracy",
    "validation_loss",
    "validation_accuracy",
    "seconds",
)


class RunError(DataError):
    """A run folder that cannot be used as asked."""


def read(folder: Path) -> dict[str, Any]:
    """Return what run.json of a run folder says; {} when there is none. Raises NetworkError."""
    try:
        run: dict[str, Any] = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise NetworkError(f"{folder / 'run.json'}: not JSON ({error}); give the folder of a run") from None
    return run


def write(folder: Path, about: dict[str, Any]) -> None:
    """Write run.json."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "run.json").write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8")


def begun(folder: Path) -> bool:
    """Whether the folder holds a run to go on with."""
    return (folder / "last.npz").exists()


def split_as(run: dict[str, Any], training: Split) -> tuple[Split, Split]:
    """Return (training, validation) as the run of `read` set them apart."""
    return split_validation(training, float(run.get("validation", 0.05)), int(run.get("seed", 1)))


def going_on(folder: Path, recipe: Recipe, epochs: int) -> Recipe:
    """Return the recipe with the stages that the run in `folder` was begun with, made to last `epochs` (0: as begun).

    Epochs that come on top are at full size. Raises RunError when more are done already, or run.json is damaged.
    """
    file = folder / "run.json"
    try:
        kept = json.loads(file.read_text(encoding="utf-8"))
        recipe = dataclasses.replace(recipe, stages=tuple((int(side), int(count)) for side, count in kept["stages"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RunError(f"{file}: cannot be read ({error}); start a new run folder") from None
    done = len(history(folder))
    if epochs and epochs < done:
        raise RunError(f"{folder}: has {done} epochs already, --epochs asks for {epochs} in all; ask for more")
    return recipe.lasting(epochs) if epochs else recipe


def prepare(folder: Path, wanted: dict[str, Any], resume: bool) -> None:
    """Make the run folder. Raises RunError when it holds another run, or one that nobody asked to go on with."""
    if begun(folder) and not resume:
        raise RunError(f"{folder}: holds a run already; go on with --resume, or name another folder")
    if begun(folder):
        file = folder / "run.json"
        try:
            kept = json.loads(file.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise RunError(f"{file}: cannot be read ({error}); start a new run folder") from None
        differ = [key for key, value in wanted.items() if key != "stages" and kept.get(key) != value]
        if differ:
            key = differ[0]
            raise RunError(f"{folder}: its {key} is {kept.get(key)!r}, now {wanted[key]!r}; --resume needs the same")
    else:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "history.csv").write_text(",".join(HISTORY) + "\n", encoding="utf-8")


def history(folder: Path) -> list[dict[str, str]]:
    """Return the epochs of history.csv, by the names of HISTORY."""
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
