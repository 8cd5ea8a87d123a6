"""What a drive comes to: a recorded session run through the policy and gathered second by second."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from fermon.domain import (
    NS_PER_S,
    Alert,
    Attention,
    CameraChange,
    DriverState,
    EyeState,
    Input,
    Observation,
    Speed,
)
from fermon.errors import one_line
from fermon.policy import Policy
from fermon.report.drive import AWAY, CELL_NS, NOT_KNOWN, Cell, Drive, Span, highest
from fermon.session.parts import DriveReader
from fermon.session.reading import RecordedAlert
from fermon.session.replay import policy_settings


def digest(path: Path, config: Mapping[str, Any] | None = None) -> Drive:
    """Run a drive through the policy, as replay does, the older parts of a rotated one too.

    `config` is a `[policy]` table that goes over the recorded one. Raises SessionError when the file
    is no session.
    """
    with DriveReader(path) as reader:
        settings, problems = policy_settings(reader.header, config)
        gatherer = Gatherer(Drive(one_line(path.name), reader.header, settings))
        policy = Policy(settings)
        for item in reader:
            alerts = policy.feed(item)
            if policy.effect_ns is not None:
                gatherer.take(replace(item, t_ns=policy.effect_ns), policy.state, alerts)
        drive = gatherer.finish()
        drive.problems = [f"{reader.name}: {problem}" for problem in problems] + reader.problems
        drive.not_used = reader.not_used + Counter(policy.state.not_used)
        drive.recorded = _compare(reader.recorded, drive.alerts, bool(config))
    return drive


class Gatherer:
    """Takes inputs one by one, with the state after each; their times are those at which they took effect."""

    def __init__(self, drive: Drive) -> None:
        self._drive = drive
        self._gap_ns = int(drive.settings.frame_gap_s * NS_PER_S)
        self._first_ns: int | None = None
        self._last_ns = -(2**63)
        self._frame_ns = 0  # of the last observation
        self._what = "no frames"  # "open", "closed", or why the driver is not seen, since then
        self._cell: Cell | None = None
        self._blind_from: float | None = None
        self._attention = (Attention.NOT_DETERMINED, 0.0)  # and since when, in s
        self._yawns = self._nods = 0
        self._blinks: list[float] = []
        self._open: dict[str, tuple[Alert, float]] = {}

    def take(self, item: Input, state: DriverState, alerts: list[Alert]) -> None:
        if self._first_ns is None:
            self._first_ns = self._last_ns = self._frame_ns = item.t_ns
            self._drive.start_ns = item.t_ns
        self._pass_time(item.t_ns)
        if isinstance(item, Observation):
            self._frame_ns = item.t_ns
            self._drive.frames += 1
            self._become(self._reading(item, state))
        elif isinstance(item, CameraChange):
            self._become("camera lost" if item.state == "lost" else "no frames")
        self._measure(item, state)
        self._attend(state)
        for alert in alerts:
            self._alert(alert)

    def finish(self) -> Drive:
        """Return the digest; no more inputs may follow."""
        drive, end_s = self._drive, self._seconds(self._last_ns)
        for kind in list(self._open):
            self._close(kind, end_s)
        if self._blind_from is not None:
            drive.blind.append(Span(self._blind_from, end_s, self._what))
        drive.duration_s = end_s
        self._end_attention(end_s)
        if not drive.attended_s:
            drive.attention.clear()
        drive.spans.sort(key=lambda span: span.start_s)
        if self._blinks:
            drive.blinks_per_min = sum(self._blinks) / len(self._blinks)
        return drive

    def _seconds(self, t_ns: int) -> float:
        return 0.0 if self._first_ns is None else (t_ns - self._first_ns) / NS_PER_S

    def _pass_time(self, t_ns: int) -> None:
        """Book the time since the last input under what was so; frames too far apart tell nothing of between them."""
        if t_ns - self._frame_ns > self._gap_ns and self._what != "camera lost":
            self._become("no frames")
        seconds = self._drive.seconds
        seconds[self._what] = seconds.get(self._what, 0.0) + (t_ns - self._last_ns) / NS_PER_S
        self._last_ns = t_ns

    def _become(self, what: str) -> None:
        if what == self._what and (self._blind_from is not None or what in ("open", "closed")):
            return
        now_s = self._seconds(self._last_ns)
        if self._blind_from is not None and now_s > self._blind_from:
            self._drive.blind.append(Span(self._blind_from, now_s, self._what))
        self._what = what
        self._blind_from = None if what in ("open", "closed") else now_s

    def _reading(self, item: Observation, state: DriverState) -> str:
        if state.eyes is not EyeState.UNKNOWN:
            return state.eyes.value
        if item.face is not None:
            cause = item.eyes.cause if item.eyes is not None else None
            return f"eyes not readable: {cause}" if isinstance(cause, str) else "eyes not readable"
        dark = item.quality.brightness < self._drive.settings.dark_brightness
        return "dark" if dark else "no face"

    def _measure(self, item: Input, state: DriverState) -> None:
        start = (item.t_ns - self._drive.start_ns) // CELL_NS
        if self._cell is None or start != int(self._cell.start_s):
            self._cell = Cell(float(start), float(start + 1))
            self._drive.cells.append(self._cell)
        cell = self._cell
        cell.longest_s = max(cell.longest_s, state.closure_s)
        cell.perclos_60s = highest(cell.perclos_60s, state.perclos_60s)
        cell.perclos_180s = highest(cell.perclos_180s, state.perclos_180s)
        cell.rate_hz = state.rate_hz
        if isinstance(item, Speed):
            cell.speed_kmh = state.speed_kmh
        if isinstance(item, Observation) and state.expression is not None and item.expression is not None:
            cell.expressions += 1
            cell.expression_sum = [a + b for a, b in zip(cell.expression_sum, state.expression, strict=True)]
        self._drive.yawns += max(0, state.yawns - self._yawns)
        self._yawns = state.yawns
        self._drive.nods += max(0, state.nods - self._nods)
        self._nods = state.nods
        if state.blink_rate_per_min is not None:
            self._blinks.append(state.blink_rate_per_min)

    def _attend(self, state: DriverState) -> None:
        now = state.attention
        if now is Attention.DISTRACTED:  # as long as the alert is on, whatever the head does now
            ahead = Attention.NOT_DETERMINED if state.head_yaw_deg is None else Attention.ATTENTIVE
            now = Attention.AWAY if state.away_s > 0 else ahead
        if now is not self._attention[0]:
            now_s = self._seconds(self._last_ns)
            self._end_attention(now_s)
            self._attention = now, now_s

    def _end_attention(self, end_s: float) -> None:
        """Book what the head did up to here."""
        what, start_s = self._attention
        if end_s <= start_s:
            return
        if what is not Attention.NOT_DETERMINED:
            self._drive.attended_s += end_s - start_s
        if what is Attention.AWAY:
            self._drive.away_s += end_s - start_s
        if what is not Attention.ATTENTIVE:
            self._drive.attention.append(Span(start_s, end_s, AWAY if what is Attention.AWAY else NOT_KNOWN))

    def _alert(self, alert: Alert) -> None:
        now_s = self._seconds(alert.t_ns)
        self._drive.alerts.append(alert)
        self._close(alert.kind.value, now_s)
        if alert.active:
            self._open[alert.kind.value] = (alert, now_s)

    def _close(self, kind: str, now_s: float) -> None:
        before = self._open.pop(kind, None)
        if before is not None:
            alert, start_s = before
            self._drive.spans.append(Span(start_s, now_s, kind, alert.level.name, alert))


def _compare(recorded: list[RecordedAlert], alerts: list[Alert], other_settings: bool) -> str:
    """Say how the alert lines in the recording compare with those computed here."""
    ours = [RecordedAlert(a.t_ns, a.kind.value, a.level.name, a.active) for a in alerts]
    if not recorded:
        return "The recording holds no alert lines of its own."
    if recorded == ours:
        return f"The recording's own {len(recorded)} alert lines are the same."
    why = " (other settings were given)" if other_settings else ""
    return f"The recording's own {len(recorded)} alert lines differ from these {len(ours)}{why}."
