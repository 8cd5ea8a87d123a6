"""What a person at the bench, or a program behind a pipe, sees of a running monitor."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any, Protocol, TextIO

from fermon.domain import NS_PER_S, Alert, DriverState, Frame, Input, Observation
from fermon.words import alert_text
from fermon.session.format import encode


class View(Protocol):
    """Gets everything that happens, in order, from the daemon's loop; must return at once."""

    def start(self, facts: Mapping[str, Any]) -> None:
        """Before the first frame: camera, detector, runtime, pace."""

    def input(self, item: Input, frame: Frame | None, state: DriverState) -> None:
        """After each input; `frame` belongs to an observation."""

    def alert(self, alert: Alert) -> None:
        """At each alert line."""

    def report(self, line: str) -> None:
        """Something for people: a device lost or back, a problem."""

    def end(self, summary: Mapping[str, Any]) -> None:
        """After the last input."""


def summary_text(summary: Mapping[str, Any]) -> str:
    """One line that sums a run up."""
    parts = [f"{summary['frames']} frames in {summary['seconds']:.1f} s ({summary['fps']:.0f} fps)"]
    if summary["frames"]:
        parts.append(f"face in {summary['face']:.0%}, an eye readable in {summary['eyes']:.0%}")
    alerts = summary["alerts"]
    parts.append("alerts: " + (", ".join(f"{kind} {n}" for kind, n in alerts.items()) or "none"))
    return "; ".join(parts)


class Silent:
    """Under systemd: the log output and the journal tell it all."""

    def start(self, facts: Mapping[str, Any]) -> None: ...

    def input(self, item: Input, frame: Frame | None, state: DriverState) -> None: ...

    def alert(self, alert: Alert) -> None: ...

    def report(self, line: str) -> None:
        print(line, file=sys.stderr, flush=True)

    def end(self, summary: Mapping[str, Any]) -> None:
        print(summary_text(summary), file=sys.stderr, flush=True)


class JsonLines:
    """For programs: start, state (once a second of the inputs' time), alert and end objects, one a line."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._next_ns: int | None = None

    def _print(self, fields: Mapping[str, Any]) -> None:
        # One write a line: outputs report from threads of their own.
        self._out.write(json.dumps(fields, separators=(",", ":")) + "\n")
        self._out.flush()

    def start(self, facts: Mapping[str, Any]) -> None:
        self._print({"type": "start", **facts})

    def input(self, item: Input, frame: Frame | None, state: DriverState) -> None:
        if self._next_ns is None or item.t_ns >= self._next_ns:
            self._next_ns = item.t_ns + NS_PER_S
            self._print({"type": "state", **state_fields(state)})

    def alert(self, alert: Alert) -> None:
        self._out.write(encode(alert) + "\n")
        self._out.flush()

    def report(self, line: str) -> None:
        self._print({"type": "report", "text": line})

    def end(self, summary: Mapping[str, Any]) -> None:
        self._print({"type": "end", **summary})


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
        "coverage": state.coverage,
        "rate_hz": state.rate_hz,
        "speed_kmh": state.speed_kmh,
        "expression": None if state.expression is None else [round(p, 3) for p in state.expression],
        "alerts": [{"kind": a.kind.value, "level": a.level.name} for a in state.alerts],
    }


def observation_fields(observation: Observation) -> dict[str, Any]:
    """What was seen in one frame, for people: boxes and points in px of the frame, what is not readable is None."""
    face, eyes = observation.face, observation.eyes
    fields: dict[str, Any] = {"face": None, "left": None, "right": None, "cause": None, "mouth": observation.mouth}
    if face is not None:
        points = face.points
        fields["face"] = {
            "box": [round(v, 1) for v in face.box],
            "eyes": None if points is None else [points.eye_left, points.eye_right],
        }
    if eyes is not None:
        fields |= {"left": eyes.left, "right": eyes.right, "cause": eyes.cause}
    return fields


def reason(alert: Alert) -> str:
    """Why an alert was raised, in words; what it was when it cleared."""
    words = alert_text(alert, alert.t_ns).strip().split("  ", 3)  # time, level, kind, why
    return words[3] if len(words) == 4 else ""


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


class Several:
    """Views side by side; each gets everything."""

    def __init__(self, views: Sequence[View]) -> None:
        self._views = tuple(views)

    def start(self, facts: Mapping[str, Any]) -> None:
        for view in self._views:
            view.start(facts)

    def input(self, item: Input, frame: Frame | None, state: DriverState) -> None:
        for view in self._views:
            view.input(item, frame, state)

    def alert(self, alert: Alert) -> None:
        for view in self._views:
            view.alert(alert)

    def report(self, line: str) -> None:
        for view in self._views:
            view.report(line)

    def end(self, summary: Mapping[str, Any]) -> None:
        for view in self._views:
            view.end(summary)
