"""The rules. Reading RULES gives the policy; its numbers are in `settings.py`.

A rule's `when` returns since when its condition has held (ns since the first input), or None while it does not hold.
`until` tells whether what clears it is seen now; it has to hold for `until_for_s`. Numbers are named by functions of
the settings, so that the type checker knows them.
"""

from __future__ import annotations

from fermon.domain import Kind, Level, Visibility
from fermon.policy.closed_eyes import (
    ASLEEP,
    MICROSLEEP,
    UNRESPONSIVE,
    closed,
    closure_evidence,
    eyes_open_for,
    unresponsive,
)
from fermon.policy.distracted import away_often, distracted_evidence, forward_for, turned_away
from fermon.policy.measures import Measures
from fermon.policy.row import Evidence, Rule
from fermon.policy.settings import ns, seconds

# Drowsiness ---------------------------------------------------------------------------------------------------------


def _drowsy(m: Measures) -> int | None:
    s = m.settings
    drowsy = (
        m.perclos_available
        and m.perclos.short >= s.drowsy_warning_perclos_short
        and m.perclos.long >= s.drowsy_warning_perclos_long
    )
    return m.now_ns if drowsy else None


def _perclos_low(m: Measures) -> bool:
    return m.perclos_available and m.perclos.short < m.settings.drowsy_warning_clear_perclos


def weary(m: Measures) -> bool:
    """Whether the face has looked sad for long; never in the fleet profile."""
    since, s = m.smoothing.sad_since_ns, m.settings
    return s.profile != "fleet" and since is not None and m.now_ns - since >= ns(s.weary_s)


def drowsy_signs(m: Measures) -> list[str]:
    """Name the signs of beginning drowsiness that are there now."""
    s = m.settings
    if weary(m):
        limits, suffix = (s.weary_perclos, s.weary_yawns, s.weary_long_blinks, s.weary_nods), " and weary"
    else:
        limits = s.drowsy_notice_perclos, s.drowsy_notice_yawns, s.drowsy_notice_long_blinks, s.drowsy_notice_nods
        suffix = ""
    signs = []
    if m.yawns.count >= limits[1]:
        signs.append("yawns" + suffix)
    if m.blinks.long >= limits[2] and m.blinks_available:
        signs.append("long blinks" + suffix)
    if m.perclos_available and m.perclos.short >= limits[0]:
        signs.append("perclos" + suffix)
    if m.head.nods.count >= limits[3]:
        signs.append("nods" + suffix)
    return signs


def _beginning_drowsy(m: Measures) -> int | None:
    return m.now_ns if drowsy_signs(m) else None


def _drowsy_evidence(m: Measures) -> Evidence:
    s, available = m.settings, m.perclos_available
    nods: Evidence = {"nods": m.head.nods.count, "nod_window_s": s.nod_window_s} if m.head.nods.count else {}
    return nods | {
        "signs": drowsy_signs(m),
        "perclos_short": round(m.perclos.short, 4) if available else None,
        "perclos_short_window_s": s.perclos_short_window_s,
        "perclos_long": round(m.perclos.long, 4) if available else None,
        "perclos_long_window_s": s.perclos_long_window_s,
        "yawns": m.yawns.count,
        "yawn_window_s": s.yawn_window_s,
        "long_blinks": m.blinks.long if m.blinks_available else None,
        "blink_window_s": s.blink_window_s,
        "weary": weary(m),
        "coverage": round(m.perclos.coverage, 3),
    }


# Anger --------------------------------------------------------------------------------------------------------------


def _angry(m: Measures) -> int | None:
    since, s = m.smoothing.angry_since_ns, m.settings
    if since is None or m.now_ns - since < ns(s.anger_s) or m.smoothing.readable < s.anger_min_readable:
        return None
    return since


def _calm(m: Measures) -> bool:
    since = m.smoothing.calm_since_ns
    return since is not None and m.now_ns - since >= ns(m.settings.anger_clear_s)


def _anger_evidence(m: Measures) -> Evidence:
    values = m.smoothing.values
    return {
        "angry_expression": None if values is None else round(values[0], 3),
        "readable": round(m.smoothing.readable, 3),
    }


# Sight --------------------------------------------------------------------------------------------------------------


def _blind(m: Measures) -> int | None:
    s, t = m.settings, m.now_ns
    if m.lost_since_ns is not None and t - m.lost_since_ns >= ns(s.camera_lost_s):
        return m.lost_since_ns
    if m.slow:
        return t if m.slow_since_ns is None else m.slow_since_ns
    if m.sight_lost:
        return max(m.last_usable_ns, m.sight_since_ns)
    if m.seen_little:
        return max(t - ns(s.seen_window_s), m.sight_since_ns)
    return m.never_open_since_ns


def _seen(m: Measures) -> bool:
    return (
        m.lost_since_ns is None
        and not m.slow
        and m.slow_since_ns is None
        and m.perclos.recent_sight_ns >= ns(m.settings.sight_clear_usable_s)
        and not m.seen_little
        and m.never_open_since_ns is None
    )


def _sight_evidence(m: Measures) -> Evidence:
    cause = m.blind_cause()
    return {
        "cause": None if cause is Visibility.OK else cause.words,
        "usable_s": seconds(m.perclos.sight_ns),
        "sight_window_s": m.settings.sight_window_s,
        "seen_s": seconds(m.perclos.seen_ns),
        "seen_window_s": m.settings.seen_window_s,
    }


RULES = (
    Rule(
        Kind.MICROSLEEP,
        Level.WARNING,
        when=closed(MICROSLEEP),
        until=eyes_open_for(lambda s: s.microsleep_clear_open_s),
        evidence=closure_evidence(MICROSLEEP),
        eyes_closed=True,
        gate_kmh=lambda s: s.closure_gate_kmh,
    ),
    Rule(
        Kind.ASLEEP,
        Level.CRITICAL,
        when=closed(ASLEEP),
        until=eyes_open_for(lambda s: s.asleep_clear_open_s),
        evidence=closure_evidence(ASLEEP),
        eyes_closed=True,
        gate_kmh=lambda s: s.closure_gate_kmh,
        acknowledged=True,
        starts_answer_clock=True,
    ),
    Rule(
        Kind.UNRESPONSIVE,
        Level.CRITICAL,
        when=unresponsive,
        until=eyes_open_for(lambda s: s.unresponsive_clear_open_s),
        evidence=closure_evidence(UNRESPONSIVE),
        eyes_closed=True,
        gate_kmh=lambda s: s.closure_gate_kmh,
        acknowledged=True,
    ),
    Rule(
        Kind.DROWSY,
        Level.WARNING,
        when=_drowsy,
        until=_perclos_low,
        until_for_s=lambda s: s.drowsy_warning_clear_s,
        evidence=_drowsy_evidence,
        gate_kmh=lambda s: s.drowsy_gate_kmh,
    ),
    Rule(
        Kind.DROWSY,
        Level.NOTICE,
        when=_beginning_drowsy,
        until=lambda m: not drowsy_signs(m),
        until_for_s=lambda s: s.drowsy_notice_clear_s,
        evidence=_drowsy_evidence,
        gate_kmh=lambda s: s.drowsy_gate_kmh,
    ),
    Rule(
        Kind.DISTRACTED,
        Level.WARNING,
        when=turned_away,
        until=forward_for(lambda s: s.distracted_warning_clear_s),
        evidence=distracted_evidence,
        by_head=True,
        gate_kmh=lambda s: s.distracted_gate_kmh,
    ),
    Rule(
        Kind.DISTRACTED,
        Level.NOTICE,
        when=away_often,
        until=forward_for(lambda s: s.distracted_notice_clear_s),
        evidence=distracted_evidence,
        by_head=True,
        gate_kmh=lambda s: s.distracted_gate_kmh,
    ),
    Rule(
        Kind.ANGER,
        Level.NOTICE,
        when=_angry,
        until=_calm,
        evidence=_anger_evidence,
        gate_kmh=lambda s: s.anger_gate_kmh,
        pause_s=lambda s: s.anger_pause_s,
        emotion=True,
    ),
    Rule(
        Kind.UNAVAILABLE,
        Level.NOTICE,
        when=_blind,
        until=_seen,
        evidence=_sight_evidence,
    ),
)
