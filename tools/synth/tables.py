"""Tables of how drawn drivers were read: name -> row -> column -> number, in per cent unless the column says else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from fermon.domain import Face
from fermon.perception.face import Look
from synth.people import SKINS
from synth.truth import state

LIDS = ((0.05, "shut"), (0.2, "to 20 %"), (0.4, "20-40 %"), (0.6, "40-60 %"), (0.8, "60-80 %"), (9.0, "80 % on"))


@dataclass
class Reading:
    """One picture, its truth and what was read."""

    truth: dict[str, Any]
    face: Face | None
    eyes: dict[str, float | None] = field(default_factory=dict)  # closed probability; left, right
    mouth: float | None = None
    look: Look | None = None


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


CROSSED = ("yaw", "pitch", "gaze")  # the lids' table is crossed with these


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


def angle_row(readings: list[Reading]) -> dict[str, Any]:
    """Return mean error and bias (degrees) of the head angles, of faces that are not taken for profiles."""
    pairs = [
        (np.subtract((r.look.yaw, r.look.pitch, r.look.roll), r.truth["face"]["head"]))
        for r in readings
        if r.look is not None and not r.look.profile
    ]
    row: dict[str, Any] = {"n": len(pairs)}
    for axis, name in enumerate(("yaw", "pitch", "roll")):
        errors = np.array([pair[axis] for pair in pairs])
        row[f"{name} error"] = round(float(np.abs(errors).mean()), 1) if len(errors) else None
        row[f"{name} bias"] = round(float(errors.mean()), 1) if len(errors) else None
    return row


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
    crossed = groups(inside, lambda t: ", ".join(KEYS[name](t) for name in CROSSED))
    found["eyes by yaw, pitch, gaze"] = {row: eye_row(eye_counts(group)) for row, group in crossed.items()}
    found["all eyes"] = {"all": eye_row(counts)}
    for name in ("yaw", "pitch", "light", "glasses", "headwear", "mask", "skin", "age", "sex", "size"):
        some = inside if name == "yaw" else [r for r in inside if abs(r.truth["face"]["head"][0]) < 40]
        found[f"face by {name}"] = {row: face_row(group) for row, group in groups(some, KEYS[name]).items()}
    for name in ("yaw", "pitch", "light", "glasses", "mask", "skin"):
        found[f"head angles by {name}"] = {row: angle_row(group) for row, group in groups(inside, KEYS[name]).items()}
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
