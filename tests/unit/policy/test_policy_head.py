"""Lids and head together: lowered, dropped, lost in a closure, nods."""

from __future__ import annotations

import dataclasses

import pytest

from fermon.domain import Alert, EyeState, Kind
from fermon.policy import Policy
from scenarios.head_parts import AHEAD, LEARNED_S, NOD, at, forward, gone, profile, turned
from scenarios.language import Part, Way, inputs
from scenarios.runs import alerts, brief

S = 1_000_000_000
MICROSLEEP, ASLEEP, UNRESPONSIVE = "+MICROSLEEP WARNING", "+ASLEEP CRITICAL", "+UNRESPONSIVE CRITICAL"
WARNED, UNAVAILABLE = "+DISTRACTED WARNING", "+UNAVAILABLE NOTICE"
LEARNED = forward(LEARNED_S)


def shut(s: float, pitch: float = 0.0, **more: object) -> Part:
    return turned(s, 0, pitch, eyes="closed", **more)


def unread(s: float, pitch: float = 0.0, **more: object) -> Part:
    return turned(s, 0, pitch, eyes="unknown", **more)


def fed(*parts: Part, fps: float = 15.0) -> Policy:
    policy = Policy()
    for item in inputs(parts, Way(fps)):
        policy.feed(item)
    return policy


def asleep(lines: list[Alert]) -> Alert:
    return next(a for a in lines if a.kind is Kind.ASLEEP)


# Lowered --------------------------------------------------------------------------------------------------------------


def test_lids_that_look_shut_under_a_lowered_head_are_unknown() -> None:
    state = fed(LEARNED, turned(1, 0, -10), shut(2.5, -10)).state
    assert (state.eyes, state.lowered, state.closure_s, state.level) == (EyeState.UNKNOWN, True, 0.0, 0)
    assert state.away_s == pytest.approx(2.5, abs=0.1)  # such lids look away
    assert not fed(LEARNED, turned(1, 0, -10), shut(2.5, -10), turned(0.2, 0, -10)).state.lowered


def test_eyes_that_close_first_are_a_closure_however_deep_the_head_sinks() -> None:
    state = fed(LEARNED, shut(0.4), shut(0.3, to=at(0, -30)), shut(1.0, -30)).state
    assert (state.eyes, state.lowered) == (EyeState.CLOSED, False)
    assert state.closure_s == pytest.approx(1.7, abs=0.1)


def test_lids_that_look_shut_are_closed_until_it_is_known_what_is_level() -> None:
    assert brief([forward(1), turned(0.6, 0, -10), shut(2.5, -10)]) == [MICROSLEEP]
    assert brief([forward(3), turned(1, 0, -10), shut(2.5, -10)]) == []  # long before forward is


def test_the_head_comes_up_with_lids_still_shut() -> None:
    """From there on they are closed."""
    line = next(a for a in alerts([LEARNED, turned(0.5, 0, -10), shut(1, -10), shut(2)]) if a.kind is Kind.MICROSLEEP)
    assert line.since_ns == pytest.approx((LEARNED_S + 1.5) * S, abs=0.1 * S)


def test_lowered_lids_go_on_while_the_pose_is_lost_for_a_moment() -> None:
    parts = [LEARNED, turned(0.5, 0, -10), shut(0.5, -10)]
    assert fed(*parts, shut(0.8, head=None)).state.lowered
    assert not fed(*parts, shut(1.3, head=None)).state.lowered


def test_what_the_eye_network_says_comes_before_the_head() -> None:
    follow = [shut(0.2, cause="lowered"), shut(0.2, to=at(0, -15), cause="lowered")]
    assert brief([LEARNED, *follow, shut(2.2, -15, cause="lowered")]) == []
    assert brief([LEARNED, shut(0.2), shut(0.2, to=at(0, -15)), shut(2.2, -15)]) == [MICROSLEEP]
    assert brief([LEARNED, shut(2.5, cause="lowered")]) == [MICROSLEEP]  # the head stays level
    assert fed(LEARNED, unread(1, -10, cause="lowered")).state.lowered
    assert not fed(LEARNED, unread(1, -10)).state.lowered


def test_a_look_down_leaves_no_trace_in_perclos_or_blinks() -> None:
    look = [shut(0.3, cause="lowered"), shut(1.5, -15, cause="lowered"), turned(1.2)]
    state = fed(turned(60), *look * 12).state
    assert (state.perclos_60s, state.blink_rate_per_min) == (pytest.approx(0.0, abs=0.03), 0.0)


def test_who_sleeps_with_the_head_down_is_alarmed() -> None:
    parts = [LEARNED, turned(0.5, 0, -10), shut(11, -10)]
    lines = alerts(parts)
    assert [a.kind for a in lines] == [Kind.DISTRACTED, Kind.ASLEEP, Kind.UNRESPONSIVE, Kind.UNAVAILABLE]
    line = asleep(lines)
    assert line.t_ns - line.since_ns == pytest.approx(6 * S, abs=0.1 * S)
    assert (line.evidence["why"], line.evidence["seen_closed_s"]) == ("eyes not seen open", 0.0)
    assert line.evidence["lowered_s"] == pytest.approx(6, abs=0.2) == line.evidence["unopened_s"]


def test_only_with_the_face_in_sight() -> None:
    parts = [LEARNED, turned(0.5, 0, -10), shut(4.5, -10), gone(3)]
    assert ASLEEP not in brief(parts)
    assert ASLEEP in brief([*parts, unread(0.2, -10)])


def test_open_eyes_under_a_lowered_head_count_anew() -> None:
    assert ASLEEP not in brief([LEARNED, *[turned(0.5, 0, -10), shut(5.5, -10)] * 3])


# Dropped --------------------------------------------------------------------------------------------------------------


def test_a_closure_goes_on_under_a_dropped_head() -> None:
    state = fed(LEARNED, shut(0.8), unread(2, -30)).state
    assert state.eyes is EyeState.CLOSED
    assert state.closure_s == pytest.approx(2.8, abs=0.1)
    assert brief([LEARNED, shut(0.8), unread(2, -15)]) == []  # not low enough


def test_a_dropped_head_alone_starts_no_closure() -> None:
    state = fed(LEARNED, unread(3, -30)).state
    assert (state.eyes, state.closure_s) == (EyeState.UNKNOWN, 0.0)


# Lost in a closure ----------------------------------------------------------------------------------------------------


def test_lost_in_a_closure() -> None:
    lines = alerts([LEARNED, shut(0.8), gone(8)])
    assert [a.kind for a in lines] == [Kind.ASLEEP, Kind.UNRESPONSIVE]
    line = asleep(lines)
    assert line.since_ns == pytest.approx((LEARNED_S + 0.8) * S, abs=0.1 * S)
    assert line.evidence["why"] == "lost in a closure"
    assert line.evidence["lost_s"] == pytest.approx(3, abs=0.1)
    assert lines[1].evidence["lost_s"] == pytest.approx(6, abs=0.1)


def test_lost_under_a_dropped_head() -> None:
    assert ASLEEP in brief([LEARNED, unread(1, -30), gone(4)])
    assert ASLEEP in brief([LEARNED, turned(0.5, 0, -25), shut(0.2, -25), gone(4)])  # lowered
    assert brief([LEARNED, turned(1, 0, -30), gone(4)]) == []  # with open eyes


@pytest.mark.parametrize(
    "parts",
    [
        [shut(0.8), forward(0.3, eyes="open"), gone(5)],  # eyes open again
        [shut(0.8), turned(0.3, 60, eyes="unknown"), gone(5)],  # turned round
        [shut(0.8), profile(0.2), gone(5)],
        [turned(0.8, 60, eyes="closed"), gone(5)],
        [shut(0.8), gone(0.5), forward(0.3, eyes="open"), gone(5)],  # seen open after the loss
        [shut(0.8), Part(5, camera="lost")],  # the camera is
        [shut(0.3), gone(5)],  # a blink
        [shut(0.8), gone(0.2), unread(4)],  # found again, and not seen well
    ],
)
def test_what_is_no_sleep(parts: list[Part]) -> None:
    assert ASLEEP not in brief([LEARNED, *parts])


def test_a_face_that_comes_and_goes_is_still_lost() -> None:
    assert ASLEEP in brief([LEARNED, shut(0.8), *[gone(0.5), unread(0.3)] * 6])


def test_a_face_without_a_pose_was_not_lost_in_a_closure() -> None:
    """A recording without heads; or the pose was lost long before."""
    assert brief([Part(LEARNED_S), Part(0.8, eyes="closed"), gone(5)]) == []
    assert brief([LEARNED, Part(2), Part(0.8, eyes="closed"), gone(5)]) == []


def test_it_needs_no_forward() -> None:
    assert ASLEEP in brief([forward(5), shut(0.8), gone(4)])


def test_below_the_gate_it_is_held_back() -> None:
    held = [shut(0.8, kmh=5.0), gone(5, kmh=5.0)]
    assert brief([LEARNED, *held]) == []
    assert brief([LEARNED, *held, gone(0.5, kmh=30.0)]) == [ASLEEP]


def test_acknowledged_the_loss_is_timed_anew() -> None:
    lines = alerts([LEARNED, shut(0.8), gone(3.5), gone(4, ack=True)])
    raised = [a.t_ns / S for a in lines if a.kind is Kind.ASLEEP and a.active]
    assert raised == [pytest.approx(LEARNED_S + 3.8, abs=0.15), pytest.approx(LEARNED_S + 7.3, abs=0.15)]


def test_open_eyes_clear_it() -> None:
    assert brief([LEARNED, shut(0.8), gone(4), forward(2.5, eyes="open")]) == [ASLEEP, "-ASLEEP CRITICAL"]


# Nods -----------------------------------------------------------------------------------------------------------------


def test_nods_are_counted_and_forgotten() -> None:
    assert fed(forward(5), *NOD * 2).state.nods == 2
    assert fed(forward(5), *NOD * 2, forward(301), fps=10).state.nods == 0


@pytest.mark.parametrize(
    "parts",
    [
        [turned(0.4, to=at(0, -25)), turned(0.5, 0, -25), turned(0.3, 0, -25, to=AHEAD)],  # open eyes
        [shut(1.4, to=at(0, -25)), turned(0.3, 0, -25, to=AHEAD)],  # sinks slowly
        [shut(0.4, to=at(0, -12)), turned(0.3, 0, -12, to=AHEAD)],  # not far
        [shut(0.4, to=at(0, -25)), turned(3, 0, -25), turned(0.3, 0, -25, to=AHEAD)],  # back too late
        [shut(0.4, to=at(0, -25)), turned(0.3, 0, -25, to=at(0, -8)), turned(3, 0, -8)],  # not back
    ],
)
def test_what_is_no_nod(parts: list[Part]) -> None:
    assert fed(forward(5), *parts, forward(2)).state.nods == 0


def test_the_pose_may_be_lost_at_the_bottom() -> None:
    nod = [shut(0.4, to=at(0, -25)), Part(0.6, eyes="unknown"), turned(0.3, 0, -25, to=AHEAD)]
    assert fed(forward(5), *nod, forward(2)).state.nods == 1


def test_nods_are_a_sign_of_drowsiness() -> None:
    line = alerts([forward(5), *NOD * 3])[0]
    assert (line.kind, line.evidence["signs"], line.evidence["nods"]) == (Kind.DROWSY, ["nods"], 3)
    assert line.evidence["nod_window_s"] == 300.0
    weary = [dataclasses.replace(part, expression="sad") for part in (forward(70), *NOD * 2)]
    assert [a.evidence["signs"] for a in alerts(weary)] == [["nods and weary"]]
