"""What is said to people: alert lines, states, the sum of a run.

31.5 s  WARNING  MICROSLEEP  eyes closed 1.5 s
33.1 s  cleared  MICROSLEEP  was WARNING for 1.6 s
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from fermon.domain import NS_PER_S, AckAnswer, Alert, Gated, Kind, Mode, RunSummary, Status


def alert_text(alert: Alert, start_ns: int) -> str:
    """Return one line: seconds since `start_ns` (same clock as `alert.t_ns`), level, kind, why.

    A cleared alert's line says "cleared" where the others have their level.

    >>> from fermon.domain import Level
    >>> alert_text(Alert(31_500_000_000, Kind.MICROSLEEP, Level.WARNING, True, 0, {"closed_s": 1.5}), 0)
    '  31.5 s  WARNING  MICROSLEEP  eyes closed 1.5 s'
    """
    seconds = f"{(alert.t_ns - start_ns) / NS_PER_S:6.1f} s"
    level = alert.level.name if alert.active else "cleared"
    return f"{seconds}  {level}  {alert.kind}  {reason(alert)}".rstrip()


def reason(alert: Alert) -> str:
    """Return why an alert was raised, in words, or what it was when it cleared; "" when nothing is known here."""
    if alert.active:
        return _why(alert)
    lasted_s = max(0.0, (alert.t_ns - alert.since_ns) / NS_PER_S)
    return f"was {alert.level.name}, began {lasted_s:.1f} s ago"


def mode_text(status: Status) -> str:
    """Return the line for a change of the monitor's own mode: "  12.0 s  state  cannot see: no face"."""
    mode = status.mode
    seconds = f"{(status.state.t_ns - status.start_ns) / NS_PER_S:6.1f} s"
    if mode is Mode.FAULT:
        return f"{seconds}  FAULT  {status.fault}"
    cause = f": {status.state.visibility.words}" if mode is Mode.CANNOT_SEE else ""
    return f"{seconds}  state  {mode.words}{cause}"


def direction_text(yaw_deg: float, pitch_deg: float) -> str:
    """Return where a head points, from forward: to the driver's own left or right, up or down.

    >>> direction_text(-31.2, -8.4), direction_text(0.3, -0.2)
    ('31° right, 8° down', 'ahead')
    """
    yaw, pitch = round(yaw_deg), round(pitch_deg)
    sides = [f"{abs(yaw)}° {'left' if yaw > 0 else 'right'}"] if yaw else []
    return ", ".join(sides + ([f"{abs(pitch)}° {'up' if pitch > 0 else 'down'}"] if pitch else [])) or "ahead"


Phrase = Callable[[float, Mapping[str, Any]], str]


def _seconds(words: str) -> Phrase:
    return lambda value, _: f"{words} {value:.1f} s" if value > 0 else ""


def _share(words: str) -> Phrase:
    return lambda value, _: f"{words} {value:.0%}"


def _perclos(window: str) -> Phrase:
    return lambda value, evidence: f"PERCLOS {_span(evidence, window)}{value:.0%}"


def _count(words: str, window: str) -> Phrase:
    return lambda value, evidence: f"{value:.0f} {words}{_span(evidence, window, ' in ').rstrip()}" if value else ""


def _unopened(value: float, evidence: Mapping[str, Any]) -> str:
    why = "" if evidence.get("why") == "eyes not seen open" else "closed whenever seen, "
    return f"{why}{'' if why else 'eyes '}not seen open for {value:.1f} s"


def _away_sum(value: float, evidence: Mapping[str, Any]) -> str:
    """The sum says more than the time under way when it holds other looks away too."""
    away_s = evidence.get("away_s")
    more = not isinstance(away_s, int | float) or value > away_s + 0.5
    return f"turned away for {value:.1f} s{_span(evidence, 'away_window_s', ' of the last ').rstrip()}" if more else ""


def _span(evidence: Mapping[str, Any], key: str, before: str = "") -> str:
    """Return a configured window in words, "60 s " or "5 min "; "" where the evidence does not say it."""
    window_s = evidence.get(key)
    if isinstance(window_s, bool) or not isinstance(window_s, int | float):
        return ""
    minutes = window_s / 60
    return f"{before}{minutes:g} min " if minutes >= 4 and minutes == int(minutes) else f"{before}{window_s:g} s "


# Evidence key -> words, in the order in which they are told. Keys that are not here stay in the recording only.
WORDS: Mapping[str, Phrase] = {
    "closed_s": _seconds("eyes closed"),
    "unopened_s": _unopened,
    "lost_s": _seconds("lost in a closure for"),
    "unanswered_s": _seconds("eyes not seen open for"),
    "away_s": _seconds("turned away without a break for"),
    "away_sum_s": _away_sum,
    "angry_expression": _share("angry expression"),
    "perclos_short": _perclos("perclos_short_window_s"),
    "perclos_long": _perclos("perclos_long_window_s"),
    "yawns": _count("yawns", "yawn_window_s"),
    "long_blinks": _count("long blinks", "blink_window_s"),
    "nods": _count("nods", "nod_window_s"),
}


def _why(alert: Alert) -> str:
    """Return the evidence in words, or "" when nothing of it is known here."""
    evidence = alert.evidence
    parts = []
    if isinstance(cause := evidence.get("cause"), str):
        parts.append(f"cannot see the driver: {cause}")
    for key, phrase in WORDS.items():
        value = evidence.get(key)
        if isinstance(value, int | float) and not isinstance(value, bool) and (text := phrase(float(value), evidence)):
            parts.append(text)
    if evidence.get("lowered") is True:
        parts.append("lids lowered")
    if evidence.get("weary") is True:
        parts.append("weary expression")
    if alert.kind is Kind.ANGER and not parts:
        parts.append("angry expression")
    return ", ".join(parts)


_GATED = {Kind.DROWSY: "drowsy", Kind.DISTRACTED: "turned away", Kind.ANGER: "angry expression"}


def gated_text(gated: Gated) -> str:
    """Return what the vehicle's speed alone keeps from being raised.

    >>> from fermon.domain import Level
    >>> gated_text(Gated(Kind.ASLEEP, Level.CRITICAL, 0, 12.0, 10.0, 0.0, "can"))
    'eyes closed for 12 s; ASLEEP is not raised below 10 km/h (can says 0)'
    """
    what = _GATED.get(gated.kind, "eyes closed")
    limit = f"{gated.kind} is not raised below {gated.limit_kmh:g} km/h"
    return f"{what} for {gated.lasted_s:.0f} s; {limit} ({gated.source or 'the signal'} says {gated.speed_kmh:g})"


def answer_text(answer: AckAnswer) -> str:
    """Return what became of an acknowledgement.

    >>> from fermon.domain import AckOutcome
    >>> answer_text(AckAnswer(0, AckOutcome.NOTHING, True, 3))
    'acknowledgement: nothing to acknowledge; 3 earlier ones were not reported'
    """
    untold = f"; {answer.untold} earlier ones were not reported" if answer.untold else ""
    return f"acknowledgement: {answer.outcome.value}{untold}"


def summary_text(summary: RunSummary) -> str:
    """Return one line that sums a run up."""
    parts = [f"{summary.frames} frames in {summary.seconds:.1f} s ({summary.fps:.0f} fps)"]
    if summary.frames:
        parts.append(f"face in {summary.face:.0%}, an eye readable in {summary.eyes:.0%}")
    parts.append("alerts: " + (", ".join(f"{kind} {n}" for kind, n in summary.alerts.items()) or "none"))
    return "; ".join(parts)
