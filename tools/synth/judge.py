"""Runs a drawn drive through the daemon's perception and policy, and its truth through the policy alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from fermon.domain import NS_PER_S, Alert, Box, Eyes, Face, Frame, Head, Input, Observation, Points, Quality, Speed
from fermon.perception.pipeline import Perception, PerceptionSettings
from fermon.policy import Policy
from synth.film import Setting, frames
from synth.moves import Driver
from synth.render import Renderer
from synth.truth import state

WIDE = 0.35  # of the distance between the eyes: a mouth so far open is wide open
MOST_YAW_DEG = 75.0  # a perfect reader still finds such a face
NEAR_S = 2.0  # an alert so near the true one is the same
NEUTRAL = (0.02, 0.02, 0.02, 0.02, 0.02, 0.02, 0.88)
ANGRY = (0.88, 0.02, 0.02, 0.02, 0.02, 0.02, 0.02)


@dataclass
class Verdict:
    """What a drive should have raised and what it did."""

    name: str
    seconds: float
    expected: list[Alert] = field(default_factory=list)
    found: list[Alert] = field(default_factory=list)

    def pairs(self) -> tuple[list[tuple[Alert, float]], list[Alert], list[Alert]]:
        """Return the true alerts with how late (s) each was raised, those that were missed, and false ones."""
        rest, met, missed = list(self.found), [], []
        for alert in self.expected:
            near = [a for a in rest if a.kind == alert.kind and abs(a.t_ns - alert.t_ns) <= NEAR_S * NS_PER_S]
            if near:
                nearest = min(near, key=lambda a: abs(a.t_ns - alert.t_ns))
                rest.remove(nearest)
                met.append((alert, (nearest.t_ns - alert.t_ns) / NS_PER_S))
            else:
                missed.append(alert)
        return met, missed, rest


def run(name: str, driver: Driver, where: Setting, seed: int, renderer: Renderer, models: str = "") -> Verdict:
    """Draw a drive and return both sides' alerts (raised ones alone); `models` is a folder with other networks."""
    verdict = Verdict(name, driver.length_s)
    perception, real, perfect = Perception(PerceptionSettings(models=models)), Policy(), Policy()
    for seq, (t_ns, picture, record) in enumerate(frames(driver, where, seed, renderer)):
        speed: list[Input] = [Speed(t_ns, record["kmh"])] if record["kmh"] is not None else []
        assert picture is not None
        picture.flags.writeable = False
        seen = perception.observe(Frame(t_ns, seq, picture))
        told = observation(record, seq, driver.segment(t_ns / NS_PER_S).face)
        for policy, inputs, alerts in (
            (real, [*speed, seen], verdict.found),
            (perfect, [*speed, told], verdict.expected),
        ):
            for item in inputs:
                alerts += [alert for alert in policy.feed(item) if alert.active]
    return verdict


def observation(record: dict[str, Any], seq: int, face: str) -> Observation:
    """Return what perfect perception would make of a frame's truth."""
    truth = record["face"]
    quality = Quality(0.02, 0.01, 0.01) if record["covered"] else Quality(0.4, 0.7, 0.5)
    if record["covered"] or truth["in_picture"] < 0.5 or abs(truth["head"][0]) > MOST_YAW_DEG:
        return Observation(record["t_ns"], seq, None, None, None, None, quality)
    points = truth["points"]
    found = Face(
        Box(*truth["box"]),
        0.98,
        Points(*(tuple(points[name]) for name in ("eye_left", "eye_right", "nose", "mouth"))),
    )
    read = {"open": 0.03, "closed": 0.97, "hidden": None}
    left, right = (read[state(truth["eyes"][name])] for name in ("left", "right"))
    hidden = sum(truth["mouth"]["covers"].values()) > 0.5
    mouth = None if hidden else 0.95 if truth["mouth"]["opening"] >= WIDE else 0.05
    return Observation(
        record["t_ns"],
        seq,
        found,
        ANGRY if face == "angry" else NEUTRAL,
        Eyes(left, right, None if None not in (left, right) else "covered"),
        mouth,
        quality,
        Head(*truth["head"]),
    )


def row(verdict: Verdict) -> dict[str, Any]:
    """Return a drive's row of the table."""
    met, missed, false = verdict.pairs()
    return {
        "s": round(verdict.seconds),
        "found": len(met),
        "late s": round(float(np.median([by for _, by in met])), 2) if met else None,
        "missed": " ".join(sorted({str(a.kind) for a in missed})) or None,
        "false": " ".join(sorted({str(a.kind) for a in false})) or None,
    }


def total(verdicts: Sequence[Verdict]) -> dict[str, Any]:
    """Return the row of all drives together; missed and false alerts are counted."""
    pairs = [verdict.pairs() for verdict in verdicts]
    late = [by for met, _, _ in pairs for _, by in met]
    seconds = sum(verdict.seconds for verdict in verdicts)
    false = sum(len(some) for _, _, some in pairs)
    return {
        "s": round(seconds),
        "found": len(late),
        "late s": round(float(np.median(late)), 2) if late else None,
        "missed": sum(len(some) for _, some, _ in pairs),
        "false": f"{false} = {false / max(1e-9, seconds / 3600):.0f} an hour",
    }


def table(verdicts: Sequence[Verdict]) -> dict[str, dict[str, Any]]:
    """Return a row per drive, and all together."""
    return {**{verdict.name: row(verdict) for verdict in verdicts}, "all": total(verdicts)}
