"""Prints how the shipped networks read drawn drivers, whose truth is known, by everything that may matter.

    PYTHONPATH=tools python tools/evaluate_synth.py                      # 80 people, 8 pictures of each
    PYTHONPATH=tools python tools/evaluate_synth.py --people 400 --seed 7 --json
    PYTHONPATH=tools python tools/evaluate_synth.py --models folder/     # other networks
    PYTHONPATH=tools python tools/evaluate_synth.py --drives             # the drives' alerts as well (minutes)

The people are numbered from 900000 on (`synth.people.HELD_OUT`): tools that draw to train refuse them. Per cent; an
eye that something hides by more than half, or that the head's turn hides, is not counted with the others.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from synth import judge, scene
from synth.drive import setting
from synth.drives import DRIVES, segments
from synth.moves import Driver
from synth.people import SKINS, measuring_numbers
from synth.render import NoRenderer, Renderer
from synth.truth import state

from fermon.domain import Face
from fermon.errors import FermonError
from fermon.perception.detectors import make_detector
from fermon.perception.eyes import EyeReader
from fermon.perception.mouth import MouthReader
from fermon.perception.network import Network, models_dir

Array = NDArray[Any]
EACH = 8
WIDTH = 18  # of a printed column
LIDS = ((0.05, "shut"), (0.2, "to 20 %"), (0.4, "20-40 %"), (0.6, "40-60 %"), (0.8, "60-80 %"), (9.0, "80 % on"))
SAME = 0.3  # overlap from which a found face is the drawn one


@dataclass
class Reading:
    """One picture, its truth and what was read."""

    truth: dict[str, Any]
    face: Face | None
    eyes: dict[str, float | None] = field(default_factory=dict)  # closed probability; left, right
    mouth: float | None = None


class Reader:
    """Detector and networks as the daemon uses them, on single pictures: no tracking, no baseline."""

    def __init__(self, models: Path) -> None:
        self._detector = make_detector("blazeface", "")
        self._eyes = EyeReader(Network(models / "eyes.tflite"))
        self._mouth = MouthReader(Network(models / "mouth.tflite"))

    def read(self, picture: Array, truth: dict[str, Any]) -> Reading:
        """Read the drawn driver's face; another face in the picture is not it."""
        box = truth["face"]["box"]
        faces = [face for face in self._detector.search(picture) if overlap(face.box, box) >= SAME]
        face = max(faces, key=lambda f: overlap(f.box, box), default=None)
        if face is None:
            return Reading(truth, None)
        eyes = self._eyes.read(picture, face)
        return Reading(truth, face, {"left": eyes.left, "right": eyes.right}, self._mouth.read(picture, face))


def overlap(a: Iterable[float], b: Iterable[float]) -> float:
    """Return intersection over union of two boxes x, y, w, h."""
    ax, ay, aw, ah = a
    bx, by, bw, bh = b
    w, h = min(ax + aw, bx + bw) - max(ax, bx), min(ay + ah, by + bh) - max(ay, by)
    inner = max(0.0, w) * max(0.0, h)
    return inner / (aw * ah + bw * bh - inner)


def draw(seed: int, people: int, each: int, reader: Reader, renderer: Renderer) -> list[Reading]:
    """Draw and read `each` pictures of each person."""
    found = []
    for number in measuring_numbers(people):
        for shot in range(each):
            drawn, moment, rng = scene.at_random(seed, number, shot)
            picture, truth, _ = scene.picture(drawn, moment, renderer, rng)
            assert picture is not None
            found.append(reader.read(picture, truth))
    return found


def run_drives(seed: int, renderer: Renderer) -> Iterator[judge.Verdict]:
    """Run every drive with a person and a light of its own."""
    lights = ("overcast", "infrared", "sun", "infrared", "street")
    for index, name in enumerate(DRIVES):
        number = measuring_numbers(len(DRIVES))[index]
        where = setting(seed, number, lights[index % len(lights)], glasses="none", mask=False)
        yield judge.run(f"{name} ({where.scene.light.name})", Driver(segments(name), seed), where, seed, renderer)


# Tables ---------------------------------------------------------------------------------------------------------------

Key = Callable[[dict[str, Any]], str]


def band(value: float, edges: tuple[float, ...], unit: str = "") -> str:
    """Return the name of the interval that holds |value|."""
    low = 0.0
    for edge in edges:
        if abs(value) < edge:
            return f"{low:g}-{edge:g}{unit}"
        low = edge
    return f"{low:g}{unit} on"


KEYS: dict[str, Key] = {
    "yaw": lambda t: band(t["face"]["head"][0], (20, 40, 60), " deg"),
    "pitch": lambda t: (
        "up"
        if t["face"]["head"][1] > 10
        else "level"
        if t["face"]["head"][1] > -10
        else "down"
        if t["face"]["head"][1] > -25
        else "far down"
    ),
    "gaze": lambda t: "lowered" if t["face"]["gaze_in_head"][1] < -15 else "level",
    "light": lambda t: t["light"]["name"],
    "glasses": lambda t: t["person"]["glasses"],
    "mask": lambda t: "mask" if t["person"]["mask"] else "none",
    "headwear": lambda t: t["person"]["headwear"],
    "skin": lambda t: f"{t['person']['skin']} {SKINS[t['person']['skin'] - 1]}",
    "age": lambda t: t["person"]["age_band"],
    "sex": lambda t: t["person"]["sex"],
    "camera": lambda t: t["camera"]["place"],
    "size": lambda t: f"{t['size'][0]}x{t['size'][1]}",
}


def lid_band(lids: float) -> str:
    """Return which of LIDS an opening is in."""
    return next(name for edge, name in LIDS if lids < edge)


def percent(part: float, whole: float) -> float | None:
    """Return a share in per cent, None of nothing."""
    return round(100 * part / whole, 1) if whole else None


def eye_counts(
    readings: Iterable[Reading], only: Callable[[dict[str, Any]], bool] = lambda t: True
) -> Counter[tuple[str, str]]:
    """Count (lids, read) of every eye that can be seen and is not behind dark glasses."""
    counts: Counter[tuple[str, str]] = Counter()
    for reading in readings:
        if reading.face is None or not only(reading.truth):
            continue
        for name, eye in reading.truth["face"]["eyes"].items():
            if state(eye) == "hidden" or eye["behind"] == "dark lens":
                continue
            p = reading.eyes[name]
            counts[lid_band(eye["lids"]), "unknown" if p is None else "closed" if p >= 0.5 else "open"] += 1
    return counts


def eye_row(counts: Counter[tuple[str, str]]) -> dict[str, Any]:
    """Return per cent of shut eyes read closed, of open ones read open, and of each unknown."""
    row: dict[str, Any] = {}
    for name, bands, wanted in (("shut", ("shut", "to 20 %"), "closed"), ("open", ("60-80 %", "80 % on"), "open")):
        total = {read: sum(counts[lids, read] for lids in bands) for read in ("open", "closed", "unknown")}
        known = total["open"] + total["closed"]
        row[f"{name} n"] = sum(total.values())
        row[f"{name} read {wanted}"] = percent(total[wanted], known)
        row[f"{name} unknown"] = percent(total["unknown"], sum(total.values()))
    return row


def face_row(readings: list[Reading]) -> dict[str, Any]:
    """Return faces found, and errors of box and points (in per cent of the distance between the eyes)."""
    errors: dict[str, list[float]] = {"centre": [], "width": [], "eyes": [], "nose": [], "mouth": []}
    for reading in readings:
        if reading.face is None or reading.face.points is None:
            continue
        face, found, points = reading.truth["face"], reading.face.box, reading.face.points
        x, y, w, h = face["box"]
        unit = face["unit_px"]
        errors["centre"].append(
            float(np.hypot(found.x + found.w / 2 - x - w / 2, found.y + found.h / 2 - y - h / 2)) / unit
        )
        errors["width"].append(found.w / unit)
        for name, pairs in (
            ("eyes", (("eye_left", points.eye_left), ("eye_right", points.eye_right))),
            ("nose", (("nose", points.nose),)),
            ("mouth", (("mouth", points.mouth),)),
        ):
            errors[name] += [float(np.hypot(*np.subtract(face["points"][key], at))) / unit for key, at in pairs]
    row: dict[str, Any] = {
        "n": len(readings),
        "found": percent(sum(r.face is not None for r in readings), len(readings)),
    }
    return row | {name: round(100 * float(np.median(values)), 1) if values else None for name, values in errors.items()}


def mouth_row(readings: list[Reading]) -> dict[str, Any]:
    """Return per cent of mouths read wide open."""
    seen = [r for r in readings if r.face is not None]
    known = [r.mouth for r in seen if r.mouth is not None]
    return {
        "n": len(seen),
        "read wide": percent(sum(p >= 0.5 for p in known), len(known)),
        "unknown": percent(len(seen) - len(known), len(seen)),
    }


def groups(readings: list[Reading], key: Key) -> dict[str, list[Reading]]:
    """Return the readings by a key of their truth, in order."""
    found: dict[str, list[Reading]] = {}
    for reading in readings:
        found.setdefault(key(reading.truth), []).append(reading)
    return dict(sorted(found.items()))


def tables(readings: list[Reading]) -> dict[str, dict[str, dict[str, Any]]]:
    """Return every table: name -> row -> column -> number."""
    inside = [r for r in readings if r.truth["face"]["in_picture"] > 0.9]
    counts = eye_counts(inside)
    found: dict[str, dict[str, dict[str, Any]]] = {
        "lids": {
            name: {
                "n": sum(counts[name, read] for read in ("open", "closed", "unknown")),
                **{
                    read: percent(counts[name, read], sum(counts[name, r] for r in ("open", "closed", "unknown")))
                    for read in ("open", "closed", "unknown")
                },
            }
            for _, name in LIDS
        }
    }
    front = [r for r in inside if abs(r.truth["face"]["head"][0]) < 30]
    for name, key in KEYS.items():
        some = inside if name in ("yaw", "camera") else front
        found[f"eyes by {name}"] = {row: eye_row(eye_counts(group)) for row, group in groups(some, key).items()}
    found["all eyes"] = {"all": eye_row(counts)}
    for name in ("yaw", "pitch", "light", "glasses", "headwear", "mask", "skin", "age", "sex", "size"):
        some = inside if name == "yaw" else [r for r in inside if abs(r.truth["face"]["head"][0]) < 40]
        found[f"face by {name}"] = {row: face_row(group) for row, group in groups(some, KEYS[name]).items()}
    uncovered = [
        r for r in front if not r.truth["person"]["mask"] and sum(r.truth["face"]["mouth"]["covers"].values()) < 0.5
    ]
    found["mouth by what it does"] = {
        row: mouth_row(group) for row, group in groups(uncovered, lambda t: t["face"]["mouth"]["does"]).items()
    }
    yawning = [r for r in uncovered if r.truth["face"]["mouth"]["does"] == "yawning"]
    for name in ("light", "skin", "sex"):
        found[f"yawning mouth by {name}"] = {
            row: mouth_row(group) for row, group in groups(yawning, KEYS[name]).items()
        }
    return found


def show(found: dict[str, dict[str, dict[str, Any]]]) -> None:
    """Print the tables."""
    for name, rows in found.items():
        columns = list(next(iter(rows.values()), {}))
        print(f"\n{name:30}" + "".join(f"{column:>{WIDTH}}" for column in columns))
        for row, values in rows.items():
            print(f"  {row:28}" + "".join(f"{'-' if values[c] is None else values[c]:>{WIDTH}}" for c in columns))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=80)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--each", type=int, default=EACH, help="pictures of each person")
    parser.add_argument("--models", type=Path, default=models_dir())
    parser.add_argument(
        "--drives", action="store_true", help="run the drives through detector, networks and policy too"
    )
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    try:
        readings = draw(arguments.seed, arguments.people, arguments.each, Reader(arguments.models), Renderer())
        found: dict[str, Any] = tables(readings)
        if arguments.drives:
            found["drives"] = judge.table(list(run_drives(arguments.seed, Renderer())))
    except (ValueError, FermonError, NoRenderer) as error:
        print(error, file=sys.stderr)
        return 1
    if arguments.json:
        print(json.dumps(found, indent=1))
    else:
        show(found)
    return 0


if __name__ == "__main__":
    sys.exit(main())
