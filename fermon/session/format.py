"""Sessions: observations, speeds, acknowledgements and alerts as JSON lines, version 1. Reading them: reading.py."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

from fermon.domain import (
    Ack,
    Alert,
    CameraChange,
    Eyes,
    Input,
    Observation,
    Speed,
    Tick,
)

VERSION = 1


def encode(item: Input | Alert) -> str:
    """Return the session line of an input or alert, without a line end."""
    fields = _fields(item)
    try:
        return json.dumps(fields, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    except ValueError:  # NaN and infinity are no JSON: they say no more than null does
        return json.dumps(_without_nan(fields), separators=(",", ":"), ensure_ascii=False)


def encode_header(fields: Mapping[str, Any]) -> str:
    """Return the header line; `fields` are those beside type and version: fermon, started, config, models."""
    return json.dumps({"type": "session", "version": VERSION, **fields}, separators=(",", ":"), ensure_ascii=False)


def _without_nan(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, dict):
        return {key: _without_nan(part) for key, part in value.items()}
    return [_without_nan(part) for part in value] if isinstance(value, (list, tuple)) else value


def _fields(item: Input | Alert) -> dict[str, Any]:
    if isinstance(item, Observation):
        return _observation_fields(item)
    if isinstance(item, Tick):
        return {"type": "tick", "t_ns": item.t_ns}
    if isinstance(item, Speed):
        source = {"source": item.source} if item.source else {}
        return {"type": "speed", "t_ns": item.t_ns, "kmh": item.kmh, **source}
    if isinstance(item, Ack):
        return {"type": "ack", "t_ns": item.t_ns}
    if isinstance(item, CameraChange):
        return {"type": "camera", "t_ns": item.t_ns, "state": item.state}
    return {
        "type": "alert",
        "t_ns": item.t_ns,
        "kind": item.kind.value,
        "level": item.level.name,
        "active": item.active,
        "since_ns": item.since_ns,
        "evidence": dict(item.evidence),
    }


def _observation_fields(item: Observation) -> dict[str, Any]:
    face, eyes, quality, head = item.face, item.eyes, item.quality, item.head
    face_fields: dict[str, Any] | None = None
    if face is not None:
        face_fields = {"box": list(face.box), "score": face.score}
        if face.points is not None:
            face_fields["points"] = [list(point) for point in face.points]
        if face.profile:
            face_fields["profile"] = True
    quality_fields = {"brightness": quality.brightness, "sharpness": quality.sharpness}
    if quality.contrast is not None:
        quality_fields["contrast"] = quality.contrast
    if quality.burnt_out is not None:
        quality_fields["burnt_out"] = quality.burnt_out
    return {
        "type": "observation",
        "t_ns": item.t_ns,
        "seq": item.seq,
        "face": face_fields,
        "expression": None if item.expression is None else list(item.expression),
        "eyes": None if eyes is None else _eyes_fields(eyes),
        "mouth": item.mouth,
        "quality": quality_fields,
        "head": None if head is None else {"yaw": head.yaw, "pitch": head.pitch, "roll": head.roll},
    }


def _eyes_fields(eyes: Eyes) -> dict[str, Any]:
    fields: dict[str, Any] = {"left": eyes.left, "right": eyes.right, "cause": eyes.cause}
    return fields if eyes.opening == (None, None) else fields | {"opening": list(eyes.opening)}
