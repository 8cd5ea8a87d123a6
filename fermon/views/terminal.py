"""The bench's terminal: alert lines, and below them a live panel that is drawn anew a few times a second.

Plain ANSI, written by hand, since the loop itself draws the panel: 0.03 ms, where the same with rich took 1.3 ms and
20 to 30 ms for its import (x86-64; a Pi 4 needs some five times as long).
"""

from __future__ import annotations

import logging
import os
import shutil
import threading
from collections.abc import Mapping

from fermon.domain import (
    EXPRESSIONS,
    NS_PER_S,
    Alert,
    Attention,
    CameraChange,
    DriverState,
    EyeState,
    Frame,
    Input,
    Level,
    Observation,
    RunFacts,
    RunSummary,
    Visibility,
)
from fermon.views.writer import Writer
from fermon.words import alert_text, direction_text, gated_text, reason, summary_text

BOLD, DIM, RED, GREEN, YELLOW, CYAN, RED_BACK = "1", "2", "31", "32", "33", "36", "97;41"
LEVEL_COLOURS = {Level.NOTICE: CYAN, Level.WARNING: YELLOW, Level.CRITICAL: RED_BACK}
PANEL_NS = NS_PER_S // 5
BAR = 16  # characters of a full bar
PARTS = " ▏▎▍▌▋▊▉█"


class Terminal:
    """Alert lines; with `live` also the panel below them. `out` leads to the terminal or whatever stands for it."""

    def __init__(self, out: Writer, live: bool, environment: Mapping[str, str] = os.environ) -> None:
        self._out = out
        # A terminal that cannot move its cursor gets lines only.
        self._live = live and environment.get("TERM", "") not in ("", "dumb")
        self._colour = self._live and not environment.get("NO_COLOR")
        self._lock = threading.Lock()  # log records come from any thread
        self._facts: RunFacts | None = None
        self._fault: str | None = None
        self._start_ns: int | None = None
        self._next_ns = 0
        self._panel: list[str] = []  # what stands below the lines now

    def start(self, facts: RunFacts) -> None:
        self._facts = facts
        self._line(f"fermon {facts.fermon}: camera {facts.camera}, detector {facts.detector}, {facts.runtime}")

    def input(self, item: Input, frame: Frame | None, state: DriverState) -> None:
        if self._start_ns is None:
            self._start_ns = self._next_ns = item.t_ns
        if isinstance(item, CameraChange):
            self._next_ns = item.t_ns
        if not self._live or item.t_ns < self._next_ns or not self._out.idle:
            return  # a stalled terminal gets no panels, so that there is room for the lines
        self._next_ns = item.t_ns + PANEL_NS
        size = shutil.get_terminal_size()
        lines = panel(item if isinstance(item, Observation) else None, state, self._start_ns, self._facts, self._fault)
        with self._lock:
            self._write("", fitting(lines, size.lines), size.columns)

    def alert(self, alert: Alert) -> None:
        text = alert_text(alert, self._start_ns if self._start_ns is not None else alert.t_ns)
        self._line(text, LEVEL_COLOURS[alert.level] if alert.active else GREEN)

    def fault(self, text: str | None) -> None:
        self._fault = text

    def report(self, level: int, line: str) -> None:
        self._line(line, DIM if level < logging.WARNING else YELLOW if level < logging.ERROR else RED)

    def end(self, summary: RunSummary) -> None:
        with self._lock:
            self._write(summary_text(summary) + "\n", [], 0)

    def _line(self, text: str, colour: str = "") -> None:
        with self._lock:
            panel = self._panel
            self._write(self._paint(text, colour) + "\n", panel, shutil.get_terminal_size().columns if panel else 0)

    def _paint(self, text: str, colour: str) -> str:
        return f"\x1b[{colour}m{text}\x1b[0m" if self._colour and colour else text

    def _write(self, lines: str, panel: list[str], columns: int) -> None:
        """Replace the panel by `lines` and `panel` in one write, so that nothing flickers. The lock is held."""
        begin = f"\r\x1b[{len(self._panel) - 1}A\x1b[J" if len(self._panel) > 1 else "\r\x1b[J" if self._panel else ""
        body = "\n".join(_cut(line, columns - 1, self._colour) for line in panel)
        if self._out.write(begin + lines + body):
            self._panel = panel


def fitting(lines: list[str], height: int) -> list[str]:
    """Return the part of the panel that a terminal of `height` lines has room for: all, or the first line alone.

    A panel higher than the screen could not be erased again.
    """
    return lines if len(lines) < height - 2 else lines[:1]


def _cut(line: str, width: int, colour: bool) -> str:
    """Return the line without what reaches beyond `width`; \\x01N\\x02 marks colour N, \\x01\\x02 its end."""
    out, room, rest = "", width, line
    while rest:
        text, mark, rest = rest.partition("\x01")
        out += text[: max(room, 0)]
        room -= len(text)
        if mark:
            code, _, rest = rest.partition("\x02")
            out += f"\x1b[{code or '0'}m" if colour else ""
    return out


def _in(colour: str, text: str) -> str:
    return f"\x01{colour}\x02{text}\x01\x02"


def bar(share: float | None, width: int = BAR) -> str:
    """Return a bar of `width` characters for 0..1, to an eighth of a character; dots when not available."""
    if share is None:
        return "·" * width
    eighths = round(min(1.0, max(0.0, share)) * width * 8)
    full, part = divmod(eighths, 8)
    return ("█" * full + (PARTS[part] if part else "")).ljust(width)


def _percent(share: float | None) -> str:
    return "  -" if share is None else f"{share:3.0%}"


def panel(
    observation: Observation | None, state: DriverState, start_ns: int, facts: RunFacts | None, fault: str | None
) -> list[str]:
    """Return the panel's lines; "-" = not available. Colours are marked for `_cut`, which keeps or drops them."""
    lines = [_headline(observation, state, start_ns)]
    left = _left(observation, state)
    probabilities = state.expression or (None,) * len(EXPRESSIONS)
    best = max(probabilities, key=lambda p: -1.0 if p is None else p)
    for name, probability, text in zip(EXPRESSIONS, probabilities, left, strict=True):
        row = f"{name:<9}{bar(probability)} {_percent(probability)}"
        lines.append(f"{text:<44}{_in(BOLD, row) if probability is not None and probability == best else row}")
    lines.append(_attention(state))
    for alert in state.alerts:
        began = f"{reason(alert)} (began {(state.t_ns - alert.since_ns) / NS_PER_S:.0f} s ago)"
        lines.append(f"{_in(LEVEL_COLOURS[alert.level], f' {alert.level.name} {alert.kind} ')} {began}")
    if not state.alerts:
        lines.append("no alert" if state.determined else _in(DIM, "no alert; the driver has not been judged yet"))
    if state.gated is not None:
        lines.append(_in(YELLOW, gated_text(state.gated)))
    if fault:
        lines.append(_in(RED, f"FAULT {fault}"))
    made_of = f"{facts.camera} · {facts.detector} · {facts.runtime} · " if facts is not None else ""
    lines.append(_in(DIM, f"{made_of}Ctrl-C ends"))
    return lines


def _headline(observation: Observation | None, state: DriverState, start_ns: int) -> str:
    """Time, rate, state, alerts: the one line that a very low terminal shows."""
    rate = "-" if state.rate_hz is None else f"{state.rate_hz:.0f}"
    time = (state.t_ns - start_ns) / NS_PER_S
    if state.visibility is not Visibility.OK:
        seen = _in(YELLOW, "cannot see: " + state.visibility.words)
    elif observation is not None and observation.face is not None:
        seen = f"face {observation.face.box.w:.0f} px"
    else:
        seen = "no face"
    return f"{time:6.1f} s  {rate:>2} fps  {seen}  {_standing(state)}"


def _standing(state: DriverState) -> str:
    """The most urgent alert; else how it stands. Who is not seen at this moment is not called awake."""
    if state.alerts:
        first = state.alerts[0]
        return _in(LEVEL_COLOURS[first.level], f" {first.level.name} {first.kind} ")
    if not state.determined:
        return _in(DIM, "not judged yet")
    if state.attention is Attention.AWAY:
        return _in(YELLOW, "turned away")
    return _in(YELLOW, "eyes not seen now") if state.eyes is EyeState.UNKNOWN else _in(GREEN, "awake")


def _attention(state: DriverState) -> str:
    """Where the head points, and for how long it has been turned away."""
    if state.away_30s is None:
        return f"attention {_in(DIM, state.attention.words)}"
    yaw, pitch = state.head_yaw_deg, state.head_pitch_deg
    head = "head not seen" if yaw is None or pitch is None else f"head {direction_text(yaw, pitch)}"
    away = f" for {state.away_s:.1f} s" if state.away_s else ""
    nods = f"   nods {state.nods}" if state.nods else ""
    window = f"{bar(state.away_30s / 30)} {state.away_30s:3.0f} s away of 30 s"
    return f"attention {state.attention.words}{away}, {head}   {window}{nods}"


def _left(observation: Observation | None, state: DriverState) -> list[str]:
    """Return seven lines about eyes, PERCLOS and sight, for beside the seven expressions."""
    eyes = observation.eyes if observation is not None else None
    each = "left -  right -" if eyes is None else f"left {_percent(eyes.left)}  right {_percent(eyes.right)} closed"
    why = f" ({eyes.cause})" if eyes is not None and eyes.cause else ""
    closed = f" for {state.closure_s:.1f} s" if state.closure_s else ""
    blinks = "-" if state.blink_rate_per_min is None else f"{state.blink_rate_per_min:.0f} a minute"
    long_blinks = "" if not state.long_blinks else f", {state.long_blinks} long"
    speed = "not known" if state.speed_kmh is None else f"{state.speed_kmh:.0f} km/h"
    return [
        f"eyes      {'lowered' if state.lowered else state.eyes.value}{closed}",
        f"          {each}{why}",
        f"PERCLOS   {bar(state.perclos_60s)} {_percent(state.perclos_60s)} 60 s",
        f"          {bar(state.perclos_180s)} {_percent(state.perclos_180s)} 180 s",
        f"blinks    {blinks}{long_blinks}   yawns {state.yawns}",
        f"seen      {bar(state.coverage)} {_percent(state.coverage)}",
        f"speed     {speed}",
    ]
