"""Eye state, closures, MICROSLEEP, ASLEEP, UNRESPONSIVE: each sentence of the policy at its edge."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fermon.domain import EyeState, Kind
from fermon.policy import PolicySettings
from fermon.policy.closure import clearly_open, eye_state
from scenarios.language import Part, Way
from scenarios.runs import alerts, brief

OPEN, CLOSED, UNKNOWN = EyeState.OPEN, EyeState.CLOSED, EyeState.UNKNOWN
MICROSLEEP = ["+MICROSLEEP WARNING", "-MICROSLEEP WARNING"]


def closed(s: float, **more: object) -> Part:
    return Part(s, eyes="closed", **more)  # type: ignore[arg-type]


def unknown(s: float) -> Part:
    return Part(s, eyes="unknown")


@pytest.mark.parametrize(
    ("left", "right", "state"),
    [
        (0.5, 0.5, CLOSED),
        (0.5, 0.49, OPEN),
        (0.9, None, CLOSED),
        (None, 0.5, CLOSED),
        (None, 0.1, OPEN),
        (None, None, UNKNOWN),
        (0.95, 0.3, CLOSED),  # one eye seen well, the other badly
        (0.05, 0.7, OPEN),
        (0.6, 0.3, OPEN),  # the mean is of log-odds: 0.6 says less than 0.3 does
        (0.999, 0.099, OPEN),  # a wink: one eye is clearly open
        (1.0, 0.101, CLOSED),
        (1.0, 1.0, CLOSED),
        (0.0, None, OPEN),
    ],
)
def test_eye_state(left: float | None, right: float | None, state: EyeState) -> None:
    assert eye_state(left, right, 0.5, 0.1) is state
    assert eye_state(right, left, 0.5, 0.1) is state


probability = st.floats(0, 1)


@given(probability, probability, st.floats(0.2, 0.9))
def test_eye_state_of_one_eye_and_of_two_equal_ones_is_the_same(p: float, q: float, closed_at: float) -> None:
    assert eye_state(p, None, closed_at, 0.1) is eye_state(p, p, closed_at, 0.1)
    if eye_state(p, None, closed_at, 0.1) is eye_state(q, None, closed_at, 0.1):
        assert eye_state(p, q, closed_at, 0.1) is eye_state(p, None, closed_at, 0.1)


@given(probability, probability, probability)
def test_a_more_closed_eye_opens_nothing(p: float, more: float, other: float) -> None:
    low, high = sorted((p, more))
    if eye_state(low, other, 0.5, 0.1) is CLOSED:
        assert eye_state(high, other, 0.5, 0.1) is CLOSED


def test_a_certain_eye_is_no_surer_than_the_clip() -> None:
    assert eye_state(1.0, 0.11, 0.93, 0.1) is eye_state(0.996, 0.11, 0.93, 0.1) is OPEN


@pytest.mark.parametrize(
    ("left", "right", "wide"),
    [
        (0.09, None, True),
        (None, 0.1, False),
        (None, None, False),
        (0.05, 0.15, True),
        (0.05, 0.2, False),
        (0.09, 0.36, False),  # one eye that is read well for a moment, the other shut in hard light
        (0.0, 0.95, False),  # a wink
    ],
)
def test_clearly_open_eyes_are_so_together(left: float | None, right: float | None, wide: bool) -> None:
    assert clearly_open(left, right, 0.1) is wide
    assert clearly_open(right, left, 0.1) is wide


def test_eyes_without_a_face_are_unknown() -> None:
    assert brief([Part(20), closed(5, face=False), Part(5)]) == []


@pytest.mark.parametrize(("lasts", "lines"), [(1.4, []), (1.6, MICROSLEEP)])
def test_microsleep_needs_its_time(lasts: float, lines: list[str]) -> None:
    assert brief([Part(20), closed(lasts), Part(5)]) == lines


def test_since_is_the_first_closed_frame() -> None:
    line = alerts([Part(20), closed(2), Part(5)], Way(10))[0]
    assert line.since_ns == pytest.approx(20e9, abs=0.11e9)
    assert line.evidence["closed_s"] == pytest.approx(1.5, abs=0.11)
    assert line.evidence["fps"] == 10.0


def test_each_kind_clears_for_itself() -> None:
    assert brief([Part(10), closed(7), Part(10)]) == [
        "+MICROSLEEP WARNING",
        "+ASLEEP CRITICAL",
        "+UNRESPONSIVE CRITICAL",
        "-MICROSLEEP WARNING",
        "-ASLEEP CRITICAL",
        "-UNRESPONSIVE CRITICAL",
    ]


@pytest.mark.parametrize("fps", [10, 15, 30])
@pytest.mark.parametrize(("opened", "count"), [(0.1, 1), (0.3, 0)])
def test_only_a_flicker_of_open_frames_is_part_of_a_closure(fps: float, opened: float, count: int) -> None:
    lines = brief([Part(20), closed(1), Part(opened), closed(1), Part(5)], Way(fps))
    assert lines.count("+MICROSLEEP WARNING") == count


@pytest.mark.parametrize(("hidden", "count"), [(0.8, 1), (1.2, 0)])
def test_only_a_short_unknown_is_part_of_a_closure(hidden: float, count: int) -> None:
    lines = brief([Part(20), closed(0.8), unknown(hidden), closed(0.8), Part(5)])
    assert lines.count("+MICROSLEEP WARNING") == count


def test_an_unknown_frame_does_not_raise_microsleep() -> None:
    assert brief([Part(20), closed(1.3), unknown(0.9), Part(5)]) == []


def test_frames_missing_for_a_second_end_a_closure() -> None:
    assert brief([Part(20), closed(0.8), Part(1.2, camera="stalled"), closed(0.8), Part(5)], Way(30)) == []


def test_the_seconds_to_unresponsive_run_on_while_unknown() -> None:
    lines = alerts([Part(20), closed(3.2), unknown(4)])
    assert lines[-1].kind is Kind.UNRESPONSIVE
    assert lines[-1].t_ns == pytest.approx(26e9, abs=0.2e9)
    assert lines[-1].evidence["unanswered_s"] == pytest.approx(3.0, abs=0.1)


def test_eyes_seen_open_after_asleep_stop_the_way_to_unresponsive() -> None:
    assert "+UNRESPONSIVE CRITICAL" not in brief([Part(20), closed(3.2), Part(0.5), unknown(5)])


def test_a_single_glimpse_of_open_eyes_does_not_stop_it() -> None:
    parts = [Part(20), closed(3.2), unknown(1.1), Part(0.06), unknown(5)]
    assert "+UNRESPONSIVE CRITICAL" in brief(parts)


@pytest.mark.parametrize(("blink", "cleared_s"), [(0.3, 2.0), (0.6, 2.6)])
def test_ordinary_blinks_do_not_restart_eyes_open(blink: float, cleared_s: float) -> None:
    lines = alerts([Part(20), closed(4), Part(1), closed(blink), Part(5)], Way(30))
    cleared = next(a for a in lines if a.kind is Kind.ASLEEP and not a.active)
    open_again_s = 24 + 1 + blink
    due_s = 26.0 if blink < 0.4 else open_again_s + 2.0
    assert cleared.t_ns == pytest.approx(due_s * 1e9, abs=0.1e9)


def test_eyes_open_needs_open_eyes_now() -> None:
    lines = alerts([Part(20), closed(4), Part(1.9), closed(0.3), Part(5)], Way(30))
    cleared = next(a for a in lines if a.kind is Kind.ASLEEP and not a.active)
    assert cleared.t_ns == pytest.approx(26.2e9, abs=0.1e9)


@pytest.mark.parametrize(("hidden", "restarts"), [(0.8, False), (1.2, True)])
def test_a_long_unknown_restarts_eyes_open(hidden: float, restarts: bool) -> None:
    lines = alerts([Part(20), closed(4), Part(0.6), unknown(hidden), Part(5)], Way(30))
    cleared = next(a for a in lines if a.kind is Kind.ASLEEP and not a.active)
    due_s = 24.6 + hidden + 2.0 if restarts else 26.0
    assert cleared.t_ns == pytest.approx(due_s * 1e9, abs=0.1e9)


def test_hiding_clears_nothing_urgent() -> None:
    lines = brief([Part(20), closed(2), Part(90, face=False)])
    assert lines == ["+MICROSLEEP WARNING", "+UNAVAILABLE NOTICE"]


def test_acknowledgement_clears_and_time_starts_anew() -> None:
    lines = alerts([Part(20), closed(3.5), closed(3.5, ack=True), Part(5)])
    acked = next(a for a in lines if not a.active)
    assert (acked.kind, acked.evidence["acknowledged"]) == (Kind.ASLEEP, True)
    again = [a for a in lines if a.kind is Kind.ASLEEP and a.active][1]
    assert again.t_ns == pytest.approx(26.5e9, abs=0.1e9)
    assert all(a.kind is not Kind.UNRESPONSIVE for a in lines)


def test_acknowledgement_stops_the_way_to_unresponsive() -> None:
    lines = brief([Part(20), closed(3.2), unknown(1), Part(7, eyes="unknown", ack=True)])
    assert lines == ["+MICROSLEEP WARNING", "+ASLEEP CRITICAL", "-ASLEEP CRITICAL"]


def test_acknowledging_twice_is_harmless() -> None:
    lines = brief([Part(20), closed(3.5), closed(0.001, ack=True), closed(1, ack=True), Part(5)])
    assert lines == ["+MICROSLEEP WARNING", "+ASLEEP CRITICAL", "-ASLEEP CRITICAL", "-MICROSLEEP WARNING"]


def test_below_the_frame_rate_floor_nothing_is_raised() -> None:
    assert "+MICROSLEEP WARNING" not in brief([Part(20), closed(5), Part(5)], Way(6))


def test_thresholds_come_from_the_settings() -> None:
    settings = PolicySettings(microsleep_closed_s=0.8)
    line = alerts([Part(20), closed(2), Part(5)], settings=settings)[0]
    assert line.t_ns == pytest.approx(20.8e9, abs=0.1e9)
