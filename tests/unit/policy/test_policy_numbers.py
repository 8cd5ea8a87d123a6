"""Each number of the policy matters: a probe drive for each, whose alert lines change when it is 30 % off."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from fermon.policy import Policy, PolicySettings
from scenarios.language import Part, Way, inputs

Drive = tuple[Way, list[Part]]


def closed(s: float, **more: Any) -> Part:
    return Part(s, eyes="closed", **more)


def unknown(s: float) -> Part:
    return Part(s, eyes="unknown")


def hidden(s: float, **more: Any) -> Part:
    return Part(s, face=False, **more)


def sad(*parts: Part) -> list[Part]:
    return [dataclasses.replace(part, expression="sad") for part in parts]


def angry(s: float, **more: Any) -> Part:
    return Part(s, expression="angry", **more)


def at(fps: float, *parts: Part) -> Drive:
    return Way(fps), list(parts)


def every(n: int, *parts: Part) -> list[Part]:
    return [*parts] * n


def yawn(s: float = 2.5, rest_s: float = 5.0, **more: Any) -> list[Part]:
    return [Part(s, mouth=0.9, **more), Part(rest_s)]


ASLEEP = at(30, Part(5), closed(8), Part(8))
GATED = at(30, Part(5, kmh=5), closed(5, kmh=5), closed(4, kmh=30))
DROWSY = at(10, *every(25, Part(4), closed(1.4)), Part(220))
LONG = at(10, Part(200), *every(20, Part(4), closed(1.4)))
ANGRY = at(10, Part(5), angry(20), Part(15))
BLIND = at(30, Part(12), hidden(14), Part(4))
SLOW = at(10, Part(12), Part(14, fps=7), Part(8), Part(20, fps=9))
BACK_1 = at(30, hidden(12), Part(1.0), hidden(0.6), Part(1.2), hidden(0.6), Part(1.0))
BACK_2 = at(30, hidden(12), Part(1.0), hidden(1.3), Part(1.0), hidden(9))
GAPS = at(
    30,
    hidden(12),
    *every(7, Part(0.3), Part(0.57, camera="stalled")),
    *every(7, Part(0.3), Part(0.42, camera="stalled")),
)
GLIMPSES = at(30, Part(5), *every(6, closed(0.5), unknown(1.4)), Part(6))
SELDOM = at(30, Part(5), *every(8, closed(0.18), unknown(1.6)), Part(6))
LATE = at(30, Part(5), *every(3, closed(0.3), unknown(1.7)), unknown(1.8), closed(0.8), unknown(5))
LATER = at(30, Part(5), *every(3, closed(0.3), unknown(1.7)), unknown(3), *every(9, closed(0.1), unknown(0.1)))
LITTLE = at(15, Part(30), *every(30, Part(0.6), hidden(0.9)), Part(15))
ONE_AND_A_HALF = [at(30, Part(5), *every(6, closed(s), Part(6)), Part(20)) for s in (1.3, 1.7)]

AHEAD = (0.0, 0.0)
LEARN = Part(25, head=AHEAD)


def turned(s: float, yaw: float = 0.0, pitch: float = 0.0, **more: Any) -> Part:
    return Part(s, **({"head": (yaw, pitch)} | more))


def look(*parts: Part, fps: float = 15.0, **more: Any) -> Drive:
    """Forward is known, then that, then forward again."""
    return at(fps, *(dataclasses.replace(part, **more) for part in (LEARN, *parts, turned(4))))


def drift(s: float, yaw: float) -> Drive:
    """The usual direction moves by 16 degrees, s before a look at `yaw`."""
    return at(10, LEARN, turned(s, 16), turned(5, yaw), turned(3, 16))


def nods(n: int = 3, apart_s: float = 5.0, **more: float) -> list[Part]:
    return every(n, *nod(**more), turned(apart_s))


def nod(falls: float = 17, within_s: float = 0.4, low_s: float = 0.4, back: float = 0.0) -> list[Part]:
    """The eyes are closed while the head falls."""
    return [
        closed(within_s, head=AHEAD, to=(0, -falls)),
        turned(low_s, 0, -falls),
        turned(0.2, 0, -falls, to=(0, -back)),
        turned(4, 0, -back),
    ]


def lost(*parts: Part) -> Drive:
    return at(30, LEARN, *parts, Part(4))


SHUT_DOWN = closed(12, head=(0, -20))
RADIO = look(*every(6, turned(2.2, 40), turned(1)))
SLUMP = [turned(0.8, eyes="closed"), hidden(9)]

PROBES: dict[str, list[Drive]] = {
    "closed_probability": [at(15, Part(5), Part(2, eyes=0.42), Part(3), Part(2, eyes=0.58), Part(3))],
    "clearly_open_probability": [at(15, Part(5), Part(2, eyes=(0.97, p)), Part(3)) for p in (0.085, 0.115)],
    "closure_open_gap_s": [
        at(60, Part(5), closed(1), Part(0.13), closed(1), Part(5)),
        at(60, Part(5), closed(1), Part(0.17), closed(1), Part(5)),
    ],
    "closure_unknown_gap_s": [
        at(30, Part(5), closed(1), unknown(0.85), closed(1), Part(5)),
        at(30, Part(5), closed(1), unknown(1.15), closed(1), Part(5)),
    ],
    "frame_gap_s": [GAPS],
    "open_disturbing_closure_s": [
        at(30, Part(5), closed(4), Part(1), closed(0.34), Part(6)),
        at(30, Part(5), closed(4), Part(1), closed(0.46), Part(6)),
    ],
    "microsleep_closed_s": [ASLEEP],
    "microsleep_clear_open_s": [ASLEEP],
    "asleep_closed_s": [ASLEEP],
    "asleep_clear_open_s": [ASLEEP],
    "unresponsive_closed_s": [GATED],
    "unresponsive_after_asleep_s": [at(30, Part(5), closed(3.2), unknown(5))],
    "unresponsive_clear_open_s": [ASLEEP],
    "unopened_stretches": [
        at(30, Part(5), unknown(1.5), closed(1.2), unknown(2), Part(3)),
        at(30, Part(5), closed(0.6), unknown(1.5), closed(0.6), unknown(2), Part(3)),
    ],
    "microsleep_unopened_s": [GLIMPSES],
    "microsleep_unopened_closed_s": [SELDOM],
    "asleep_unopened_s": [GLIMPSES],
    "asleep_unopened_closed_s": [SELDOM],
    "unresponsive_unopened_s": [LATE],
    "unresponsive_unopened_closed_s": [LATE, LATER],
    "ack_again_open_s": [
        at(30, Part(5), closed(3.5), closed(0.1, ack=True), Part(s), closed(3.3), closed(3, ack=True))
        for s in (0.8, 1.2)
    ],
    "ack_told_s": [at(10, *every(20, Part(1, ack=True)))],
    "perclos_short_window_s": [DROWSY],
    "perclos_long_window_s": [LONG],
    "perclos_start_s": [DROWSY],
    "perclos_min_usable": [
        at(10, *every(10, Part(4.8), closed(1.2), unknown(4))),
        at(10, *every(10, Part(6.8), closed(1.2), unknown(2))),
    ],
    "perclos_ignored_closure_s": [
        at(30, *every(50, Part(1.5), closed(0.2))),
        at(30, *every(25, Part(2.7), closed(0.3))),
    ],
    "long_blink_min_s": [at(30, Part(5), *every(7, closed(0.4), Part(4)), *every(7, closed(0.6), Part(4)))],
    "long_blink_max_s": ONE_AND_A_HALF,
    "blink_window_s": [at(15, *every(8, closed(0.6), Part(8.4))), at(15, *every(8, closed(0.6), Part(12.4)))],
    "drowsy_warning_perclos_short": [at(10, *every(14, Part(8), closed(1.2)), *every(15, Part(6.6), closed(1.4)))],
    "drowsy_warning_perclos_long": [LONG],
    "drowsy_warning_clear_perclos": [DROWSY],
    "drowsy_warning_clear_s": [DROWSY],
    "drowsy_notice_perclos": [DROWSY],
    "drowsy_notice_yawns": [at(10, *every(5, *yawn()))],
    "drowsy_notice_long_blinks": [at(30, Part(5), *every(9, closed(0.6), Part(4)))],
    "drowsy_notice_clear_s": [DROWSY],
    "weary_sad_probability": [at(10, *every(2, *yawn()), *sad(Part(90)))],
    "weary_s": [at(10, *every(2, *yawn()), *sad(Part(90)))],
    "weary_perclos": [at(12, *sad(Part(70), *every(10, Part(8.4), closed(0.6))))],
    "weary_yawns": [at(10, *sad(Part(70), *every(4, *yawn())))],
    "weary_long_blinks": [at(15, *sad(Part(70), *every(5, closed(0.6), Part(4))))],
    "yawn_mouth_probability": [
        at(10, *every(3, Part(3, mouth=0.42), Part(3)), *every(3, Part(3, mouth=0.58), Part(3))),
    ],
    "yawn_s": [at(10, *every(3, *yawn(3)))],
    "yawn_happy_probability": [
        at(10, *every(4, Part(3, mouth=0.9, expression="happy", likely=p), Part(3, expression="happy", likely=p)))
        for p in (0.42, 0.58)
    ],
    "yawn_window_s": [at(10, *every(2, *yawn()), Part(s), *yawn()) for s in (235, 335)],
    "smoothing_tau_s": [ANGRY],
    "smoothing_gap_s": [
        at(10, angry(6), Part(1.7, expression=None), angry(12)),
        at(10, angry(6), Part(2.3, expression=None), angry(12)),
    ],
    "anger_probability": [ANGRY],
    "anger_s": [ANGRY],
    "anger_min_readable": [at(15, angry(20, readable=0.6)), at(15, angry(20, readable=0.8))],
    "anger_clear_probability": [ANGRY],
    "anger_clear_s": [ANGRY],
    "anger_pause_s": [at(10, angry(15), Part(15), angry(420))],
    "sight_window_s": [BLIND],
    "sight_min_usable_s": [BLIND],
    "sight_clear_window_s": [BACK_1, BACK_2],
    "sight_clear_usable_s": [BLIND],
    "camera_lost_s": [at(15, Part(12), Part(4, camera="lost"), Part(4))],
    "slow_hz": [SLOW],
    "slow_s": [SLOW],
    "slow_clear_s": [SLOW],
    "seen_window_s": [LITTLE],
    "seen_min_share": [LITTLE],
    "seen_clear_window_s": [LITTLE],
    "seen_clear_usable_s": [LITTLE],
    "too_bright_share": [at(10, Part(5), hidden(12, quality=(0.9, 0.7, 0.5, q))) for q in (0.4, 0.6)],
    "dark_brightness": [at(10, Part(5), hidden(12, quality=(b, 0.7))) for b in (0.07, 0.09)],
    "blocked_sharpness": [at(10, Part(5), hidden(12, quality=(0.4, q))) for q in (0.017, 0.023)],
    "blocked_contrast": [at(10, Part(5), hidden(12, quality=(0.4, 0.7, q))) for q in (0.017, 0.023)],
    "rate_window_s": [SLOW],
    "closure_floor_hz": [at(fps, Part(8), closed(3), Part(5)) for fps in (7, 9)],
    "blink_floor_hz": [at(fps, Part(5), *every(8, closed(0.6), Part(4))) for fps in (12, 17)],
    "floor_slack": [at(fps, Part(10), *every(8, closed(0.6), Part(4))) for fps in (14.62, 14.48)],
    "moving_kmh": [at(10, Part(10, kmh=v), *every(30, Part(0.6, kmh=v), hidden(0.9, kmh=v))) for v in (8.0, 11.0)],
    "frame_late_s": [at(15, Part(5, kmh=50.0, late=s), closed(2, kmh=50.0, late=s)) for s in (0.85, 1.15)],
    "closure_gate_kmh": [at(15, Part(5, kmh=v), closed(4, kmh=v)) for v in (8.0, 11.0)],
    "drowsy_gate_kmh": [at(10, *every(4, *yawn(rest_s=1.0, kmh=v), Part(4, kmh=v))) for v in (16.0, 23.0)],
    "anger_gate_kmh": [at(15, angry(15, kmh=v)) for v in (0.8, 1.1)],
    "speed_timeout_s": [at(30, Part(5, kmh=0.0), closed(1, kmh=0.0), closed(5))],
    "speed_max_kmh": [at(15, Part(5, kmh=v), closed(3, kmh=v)) for v in (250.0, 350.0)],
    "driver_gone_s": [at(10, Part(5, kmh=0.0), hidden(90, kmh=0.0))],
    "new_driver_s": [look(hidden(s), turned(5, 40), fps=10) for s in (8.5, 11.5)],
    "forward_first_s": [at(10, turned(s), turned(5, 40), turned(3)) for s in (17, 23)],
    "forward_memory_s": [at(10, turned(200), turned(s, 16), turned(5, 27), turned(3, 16)) for s in (80, 105)],
    "forward_max_deg_per_s": [drift(25 + 14, 27.4), drift(25 + 9, 27.2)],
    "away_yaw_deg": [look(turned(5, yaw)) for yaw in (22, -28)],
    "away_down_deg": [look(turned(5, 0, pitch)) for pitch in (-15, -20)],
    "away_up_deg": [look(turned(5, 0, pitch)) for pitch in (18, 25)],
    "forward_yaw_deg": [look(turned(5, 40), turned(3, yaw), hidden(3)) for yaw in (16, -20)],
    "forward_down_deg": [look(turned(5, 40), turned(3, 0, pitch), hidden(3)) for pitch in (-10, -14)],
    "forward_up_deg": [look(turned(5, 40), turned(3, 0, pitch), hidden(3)) for pitch in (13, 17)],
    "away_forward_gap_s": [look(turned(2, 40), turned(s), turned(2.2, 40), fps=30) for s in (0.42, 0.58)],
    "away_unknown_gap_s": [look(turned(2, 40), Part(s), turned(2.2, 40), fps=30) for s in (0.85, 1.15)],
    "attention_floor_hz": [look(turned(9, 40), fps=fps) for fps in (4.2, 6.0)],
    "distracted_warning_s": [look(turned(8, 40))],
    "distracted_warning_slow_s": [look(turned(9, 40), kmh=30.0)],
    "distracted_fast_kmh": [look(turned(9, 40), kmh=v) for v in (40.0, 58.0)],
    "distracted_warning_clear_s": [look(turned(8, 40))],
    "distracted_notice_s": [RADIO],
    "distracted_window_s": [look(*every(20, turned(s, 40), turned(1.9))) for s in (1.5, 0.8)],
    "distracted_notice_clear_s": [RADIO],
    "distracted_gate_kmh": [look(turned(9, 40), kmh=v) for v in (16.0, 23.0)],
    "lowered_deg": [look(turned(1, 0, pitch), closed(2.5, head=(0, pitch))) for pitch in (-7, -9)],
    "lowered_first_s": [
        at(30, turned(s), turned(0.7, 0, -15), closed(2.5, head=(0, -15)), turned(3)) for s in (1.2, 1.6)
    ],
    "lowered_level_deg": [
        look(turned(1, 0, -9), closed(0.5, head=(0, -9)), closed(2.5, head=(0, pitch))) for pitch in (-3.4, -4.6)
    ],
    "lowered_fall_s": [
        look(closed(s, head=AHEAD, cause="lowered"), closed(2.5, head=(0, -15), cause="lowered"), fps=30)
        for s in (0.42, 0.58)
    ],
    "lowered_turn_deg": [look(closed(0.2, head=(0, 0)), closed(2.5, head=(yaw, -15)), fps=30) for yaw in (8.5, 11.5)],
    "lowered_shut_s": [
        look(turned(0.5, 0, -15), closed(s, head=(0, -15)), turned(7 - s, eyes="unknown")) for s in (3.5, 4.6)
    ],
    "asleep_lowered_s": [look(turned(0.5, 0, -20), SHUT_DOWN)],
    "unresponsive_lowered_s": [
        look(turned(0.5, 0, -20), SHUT_DOWN),
        lost(turned(0.5, 0, -20, kmh=5.0), closed(11, head=(0, -20), kmh=5.0), closed(3, head=(0, -20), kmh=30.0)),
    ],
    "dropped_deg": [look(closed(1, head=AHEAD), turned(1.5, 0, pitch, eyes="unknown")) for pitch in (-17, -23)],
    "lost_closed_s": [lost(closed(s, head=AHEAD), hidden(5)) for s in (0.42, 0.58)],
    "lost_within_s": [lost(closed(0.8, head=AHEAD), turned(s, eyes="unknown"), hidden(5)) for s in (0.85, 1.15)],
    "lost_again_s": [
        lost(closed(0.8, head=AHEAD), hidden(0.5), turned(s, eyes="unknown"), hidden(5)) for s in (0.85, 1.15)
    ],
    "asleep_lost_s": [lost(*SLUMP)],
    "unresponsive_lost_s": [
        lost(*SLUMP),
        lost(closed(0.8, head=AHEAD, kmh=5.0), hidden(7, kmh=5.0), hidden(3, kmh=30.0)),
    ],
    "nod_fall_deg": [at(30, *nods(falls=deg)) for deg in (13, 17)],
    "nod_fall_s": [at(30, *nods(within_s=s)) for s in (0.75, 1.05)],
    "nod_closed_s": [at(30, *nods(within_s=s)) for s in (0.25, 0.35)],
    "nod_back_deg": [at(30, *nods(back=deg)) for deg in (4.2, 5.8)],
    "nod_back_s": [at(30, *nods(low_s=s)) for s in (2.1, 3.0)],
    "nod_window_s": [at(10, *nods(2, 1), turned(s), *nods(1)) for s in (235, 335)],
    "drowsy_notice_nods": [at(30, *nods(5))],
    "weary_nods": [at(15, *sad(turned(70), *nods(4)))],
    "driver_gone_kmh": [at(10, Part(5, kmh=v), hidden(70, kmh=v)) for v in (8.0, 11.0)],
}
NUMBERS = [f.name for f in dataclasses.fields(PolicySettings) if f.name != "profile"]


def lines(drive: Drive, settings: PolicySettings) -> list[tuple[Any, ...]]:
    """Return the lines, times in tenths of a second, with the evidence that has no figures of its own; and what was
    told of acknowledgements."""
    policy, found = Policy(settings), []
    for item in inputs(drive[1], drive[0]):
        for a in policy.feed(item):
            cause, kmh = a.evidence.get("cause"), a.evidence["speed_kmh"]
            found.append((a.kind, a.level, a.active, round(a.t_ns / 1e8), cause, kmh))
        if policy.answer is not None and policy.answer.tell:
            found.append((policy.answer.outcome, round(item.t_ns / 1e8)))
    return found


@pytest.mark.parametrize("key", NUMBERS)
def test_a_number_that_is_off_shows(key: str) -> None:
    usual = PolicySettings()
    value = getattr(usual, key)
    expected = [lines(drive, usual) for drive in PROBES[key]]
    for factor in (0.7, 1.3):
        off = value * factor if isinstance(value, float) else value + (1 if factor > 1 else -1)
        changed = dataclasses.replace(usual, **{key: off})
        assert [lines(drive, changed) for drive in PROBES[key]] != expected, f"{key} = {off} was not noticed"
