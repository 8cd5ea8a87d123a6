"""What programs and pages get of states, observations and alerts: plain JSON values."""

from __future__ import annotations

import math
from typing import Any

from fermon.domain import NS_PER_S, Alert, DriverState, Gated, Observation
from fermon.words import gated_text, reason


def state_fields(state: DriverState) -> dict[str, Any]:
    """A DriverState as plain JSON values; what is not available is null."""
    return {
        "t_ns": state.t_ns,
        "wakefulness": state.wakefulness.name.lower(),
        "visibility": state.visibility.name.lower(),
        "eyes": state.eyes.value,
        "closure_s": round(state.closure_s, 3),
        "perclos_60s": state.perclos_60s,
        "perclos_180s": state.perclos_180s,
        "blink_rate_per_min": state.blink_rate_per_min,
        "yawns": state.yawns,
        "attention": state.attention.name.lower(),
        "head_yaw_deg": state.head_yaw_deg,
        "head_pitch_deg": state.head_pitch_deg,
        "away_s": round(state.away_s, 3),
        "away_30s": None if state.away_30s is None else round(state.away_30s, 3),
        "nods": state.nods,
        "lowered": state.lowered,
        "coverage": state.coverage,
        "rate_hz": state.rate_hz,
        "speed_kmh": state.speed_kmh,
        "expression": None if state.expression is None else [round(p, 3) for p in state.expression],
        "alerts": [{"kind": a.kind.value, "level": a.level.name} for a in state.alerts],
        "gated": None if state.gated is None else gated_fields(state.gated),
    }


def gated_fields(gated: Gated) -> dict[str, Any]:
    """An alert that only the speed holds back; times in s, speeds in km/h."""
    return {
        "kind": gated.kind.value,
        "level": gated.level.name,
        "lasted_s": round(gated.lasted_s, 1),
        "limit_kmh": gated.limit_kmh,
        "speed_kmh": gated.speed_kmh,
        "source": gated.source or None,
        "text": gated_text(gated),
    }


def observation_fields(observation: Observation) -> dict[str, Any]:
    """What was seen in one frame, for people: boxes and points in px of the frame, what is not readable is None."""
    face, eyes, head = observation.face, observation.eyes, observation.head
    fields: dict[str, Any] = {"face": None, "left": None, "right": None, "cause": None, "mouth": observation.mouth}
    fields["head"] = None if head is None else {"yaw": _finite(head.yaw), "pitch": _finite(head.pitch)}
    if face is not None:
        points = face.points
        fields["face"] = {
            "box": [round(v, 1) for v in face.box],
            "eyes": None if points is None else [points.eye_left, points.eye_right],
            "profile": face.profile,
        }
    if eyes is not None:
        fields |= {"left": eyes.left, "right": eyes.right, "cause": eyes.cause}
    return fields


def _finite(angle: float) -> float | None:
    """NaN is no JSON."""
    return round(angle, 1) if math.isfinite(angle) else None


def alert_fields(alert: Alert, start_ns: int) -> dict[str, Any]:
    """An alert line for people: times in seconds since `start_ns`, the reason in words."""
    return {
        "t": round((alert.t_ns - start_ns) / NS_PER_S, 2),
        "since": round((alert.since_ns - start_ns) / NS_PER_S, 2),
        "kind": alert.kind.value,
        "level": alert.level.name,
        "active": alert.active,
        "text": reason(alert),
    }
