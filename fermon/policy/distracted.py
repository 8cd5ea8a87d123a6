"""When a head that is turned away raises DISTRACTED."""

from __future__ import annotations

from fermon.policy.measures import Measures
from fermon.policy.row import Evidence, Number, Until
from fermon.policy.settings import ns, seconds


def turned_away(m: Measures) -> int | None:
    """Away without a break for too long. As with a closure, only a frame in which the head is away raises."""
    s, attention = m.settings, m.head.attention
    longest_s = s.distracted_warning_s if m.speed.at_least(s.distracted_fast_kmh) else s.distracted_warning_slow_s
    if attention.seen_away_ns < ns(longest_s) or not m.attention_available:
        return None
    return m.now_ns - attention.away_ns


def away_often(m: Measures) -> int | None:
    """Away for too much of the last seconds."""
    away = m.head.attention.away_sum_ns >= ns(m.settings.distracted_notice_s)
    return m.now_ns if away and m.attention_available else None


def forward_for(forward_s: Number) -> Until:
    return lambda m: m.head.attention.forward_ns >= ns(forward_s(m.settings))


def distracted_evidence(m: Measures) -> Evidence:
    attention, angles = m.head.attention, m.head.angles
    return {
        "away_s": seconds(attention.away_ns),
        "away_sum_s": seconds(attention.away_sum_ns),
        "away_window_s": m.settings.distracted_window_s,
        "forward_s": seconds(attention.forward_ns),
        "head_yaw_deg": None if angles is None else round(angles[0], 1),
        "head_pitch_deg": None if angles is None else round(angles[1], 1),
        "lowered": m.head.lowered.on,
    }
