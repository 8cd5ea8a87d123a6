"""The drives: named scripts, and every driver of the policy's tests that a camera can see."""

from __future__ import annotations

import difflib
from dataclasses import replace
from typing import Any

from synth.moves import SEGMENTS, Segment, parse

DRIVES = {
    "attentive": "60 km/h, awake 15, mirror, awake 6, left mirror, awake 8, talking 6, awake 8",
    "microsleep": "60 km/h, awake 12, closed 2.2, awake 8",
    "asleep": "60 km/h, awake 12, closed 4, awake 8",
    "slowly asleep": "60 km/h, awake 12, half 3, slowly closed 6, awake 8",
    "lap": "60 km/h, awake 25, lap 8, awake 8",
    "radio": "60 km/h, awake 25, 6 x (radio 2, awake 1), awake 8",
    "lowered eyes": "60 km/h, awake 25, lowered eyes 1.2, awake 4, lowered eyes 5, awake 6",
    "nods off": "60 km/h, awake 22, 3 x (nod, awake 4), chin on chest 7, awake 8",
    "slumps": "60 km/h, awake 22, closed 1, slump 8, awake 8",
    "yawns": "60 km/h, awake 8, 3 x (yawn, awake 4), yawn with shut eyes, awake 4, yawn behind a hand, awake 6",
    "laughs": "60 km/h, awake 8, 3 x (laughing 5, awake 2), talking 10, awake 4",
    "shoulder": "60 km/h, awake 22, 4 x (shoulder, awake 3), back seat 5, awake 6",
    "telephone": "60 km/h, awake 8, telephone 15, awake 6",
    "standing": "0 km/h, awake 10, closed 8, awake 8",
}


def segments(name: str) -> list[Segment]:
    """Return a drive's segments: one of DRIVES, or a scenario of the policy's tests (tools/scenarios/drivers.py).

    Raises ValueError for an unknown name, and for a scenario that holds what no picture shows.
    """
    if name in DRIVES:
        return parse(DRIVES[name])
    from scenarios.drivers import SCENARIOS

    scenarios = {scenario.name: scenario for scenario in SCENARIOS}
    if name not in scenarios:
        near = difflib.get_close_matches(name, [*DRIVES, *scenarios], 3)
        hint = f"; did you mean {' or '.join(repr(word) for word in near)}?" if near else ""
        raise ValueError(
            f"drive {name!r}: expected one of {', '.join(DRIVES)}, or a scenario of the policy's tests{hint}"
        )
    return [of_part(part, name) for part in scenarios[name].parts]


def of_part(part: Any, name: str) -> Segment:
    """Return what a `scenarios.Part` looks like. Raises ValueError for what no picture shows."""
    if part.camera not in ("ok", "covered") or part.fps or part.lost_every:
        raise ValueError(f"scenario {name!r}: a camera that fails, slows down or loses a face cannot be drawn")
    if part.camera == "covered":
        found = SEGMENTS["camera covered"]
    elif not part.face:
        found = SEGMENTS["gone"]
    else:
        found = _eyes(part.eyes, name)
        if part.mouth is not None and part.mouth >= 0.5:
            does = "laughing" if part.expression == "happy" else "yawning" if part.s > 1 else "talking"
            found = replace(found, does=does)
        if part.expression in ("angry", "happy", "sad"):
            found = replace(found, face=part.expression)
        head = getattr(part, "head", None)
        if isinstance(head, tuple) and len(head) == 3:
            found = replace(found, head=head, over_s=0.3)
    return replace(found, s=part.s, kmh=part.kmh)


def _eyes(eyes: Any, name: str) -> Segment:
    if isinstance(eyes, float):
        return replace(SEGMENTS["staring"], lids=0.0 if eyes >= 0.5 else 1.0)
    words = {
        "open": "staring",
        "blinking": "awake",
        "closed": "closed",
        "half": "winking",
        "unknown": "hand on eyes",
        "lowered": "lap",
    }
    if eyes not in words:
        raise ValueError(f"scenario {name!r}: eyes {eyes!r} cannot be drawn; expected one of {', '.join(words)}")
    found = SEGMENTS[words[eyes]]
    return replace(found, hand="eye") if eyes == "unknown" else found
