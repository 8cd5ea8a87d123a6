"""What a person at the bench, or a program behind a pipe, sees of a running monitor."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Any, Protocol, TextIO

from fermon.domain import EXPRESSIONS, NS_PER_S, Alert, CameraChange, DriverState, Frame, Input, Observation
from fermon.outputs.text import alert_text
from fermon.session import encode


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
        print(json.dumps(fields, separators=(",", ":")), file=self._out, flush=True)

    def start(self, facts: Mapping[str, Any]) -> None:
        self._print({"type": "start", **facts})

    def input(self, item: Input, frame: Frame | None, state: DriverState) -> None:
        if self._next_ns is None or item.t_ns >= self._next_ns:
            self._next_ns = item.t_ns + NS_PER_S
            self._print({"type": "state", **state_fields(state)})

    def alert(self, alert: Alert) -> None:
        print(encode(alert), file=self._out, flush=True)

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


class Terminal:
    """Alert lines, and on a terminal one live status line below them, a few times a second."""

    def __init__(self, out: TextIO, live: bool) -> None:
        self._out, self._live = out, live
        self._start_ns: int | None = None
        self._next_ns = 0
        self._shown = ""

    def _line(self, text: str) -> None:
        if self._shown:
            print("\r\x1b[K", end="", file=self._out)
            self._shown = ""
        print(text, file=self._out, flush=True)

    def start(self, facts: Mapping[str, Any]) -> None:
        self._line(
            f"fermon {facts['fermon']}: camera {facts['camera']}, detector {facts['detector']}, {facts['runtime']}"
        )

    def input(self, item: Input, frame: Frame | None, state: DriverState) -> None:
        if self._start_ns is None:
            self._start_ns = self._next_ns = item.t_ns
        if isinstance(item, CameraChange):
            self._next_ns = item.t_ns
        if not self._live or item.t_ns < self._next_ns:
            return
        self._next_ns = item.t_ns + NS_PER_S // 5
        self._shown = status_line(item if isinstance(item, Observation) else None, state, self._start_ns)
        print(f"\r\x1b[K{self._shown}", end="", file=self._out, flush=True)

    def alert(self, alert: Alert) -> None:
        self._line(alert_text(alert, self._start_ns if self._start_ns is not None else alert.t_ns))

    def report(self, line: str) -> None:
        self._line(line)

    def end(self, summary: Mapping[str, Any]) -> None:
        self._line(summary_text(summary))


def status_line(observation: Observation | None, state: DriverState, start_ns: int) -> str:
    """The live line: time, rate, face, expression, eyes, PERCLOS, speed, alerts; "-" = not available."""
    rate = "-" if state.rate_hz is None else f"{state.rate_hz:.0f}"
    face = "no face"
    if observation is not None and observation.face is not None:
        face = f"face {observation.face.box.w:.0f} px"
    expression = "-"
    if state.expression is not None:
        best = max(range(len(EXPRESSIONS)), key=state.expression.__getitem__)
        expression = f"{EXPRESSIONS[best]} {state.expression[best]:.0%}"
    eyes = state.eyes.value + (f" {state.closure_s:.1f} s" if state.closure_s else "")
    perclos = "-" if state.perclos_60s is None else f"{state.perclos_60s:.0%}"
    alerts = " ".join(f"{a.level.name} {a.kind.value}" for a in state.alerts) or state.wakefulness.name.lower()
    time = (state.t_ns - start_ns) / NS_PER_S
    return f"{time:6.1f} s  {rate:>2} fps  {face}  {expression}  eyes {eyes}  PERCLOS {perclos}  {alerts}"
