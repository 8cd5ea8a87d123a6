"""UNAVAILABLE, its causes, frame rate, the camera, and the driver who got out."""

from __future__ import annotations

import pytest

from fermon.domain import CameraChange, Kind, Observation, Quality, Tick, Visibility, Wakefulness
from fermon.policy import Policy, PolicySettings
from fermon.policy.rate import FrameRate
from scenarios.language import Part, Way, inputs
from scenarios.runs import alerts, brief

RAISED = "+UNAVAILABLE NOTICE"
CLEARED = "-UNAVAILABLE NOTICE"
S = 1_000_000_000


def fed(parts: list[Part], way: Way | None = None) -> Policy:
    policy = Policy()
    for item in inputs(parts, way or Way(15)):
        policy.feed(item)
    return policy


@pytest.mark.parametrize(("hidden", "lines"), [(9.2, []), (9.8, [RAISED])])
def test_less_than_half_a_second_in_ten(hidden: float, lines: list[str]) -> None:
    assert brief([Part(20), Part(hidden, face=False)]) == lines


def test_glimpses_do_not_clear() -> None:
    glimpses = [Part(1.1, face=False), Part(0.9)] * 10
    assert brief([Part(20), Part(15, face=False), *glimpses]) == [RAISED]


def test_two_seconds_of_three_clear() -> None:
    lines = alerts([Part(20), Part(15, face=False), Part(1.5), Part(0.5, face=False), Part(3)], Way(30))
    assert lines[-1].t_ns == pytest.approx(37.5 * S, abs=0.1 * S)


def test_a_tick_alone_raises() -> None:
    policy = Policy()
    assert policy.feed(Tick(0)) == []
    assert [a.kind for a in policy.feed(Tick(10 * S))] == [Kind.UNAVAILABLE]


def test_since_is_the_last_sight() -> None:
    line = alerts([Part(20), Part(15, face=False)])[0]
    assert line.since_ns == pytest.approx(20 * S, abs=0.1 * S)


@pytest.mark.parametrize(
    ("part", "cause", "visibility"),
    [
        (Part(12, face=False), "no face", Visibility.NO_FACE),
        (Part(12, eyes="unknown"), "eyes unreadable", Visibility.EYES_UNREADABLE),
        (Part(12, camera="covered"), "dark", Visibility.DARK),
        (Part(12, camera="lost"), "lost", Visibility.LOST),
        (Part(12, fps=5), "slow", Visibility.SLOW),
        (Part(12, camera="stalled"), "slow", Visibility.SLOW),
    ],
)
def test_causes(part: Part, cause: str, visibility: Visibility) -> None:
    line = alerts([Part(20), part])[0]
    assert (line.kind, line.evidence["cause"]) == (Kind.UNAVAILABLE, cause)
    state = fed([Part(20), part]).state
    assert state.visibility is visibility
    assert not state.determined
    assert state.wakefulness is Wakefulness.NOT_DETERMINED


@pytest.mark.parametrize(
    ("quality", "cause"),
    [
        (Quality(0.05, 0.0, 0.0, 0.9), "dark"),
        (Quality(0.9, 0.0, 0.0, 0.5), "too bright"),
        (Quality(0.9, 0.5, 0.3, 0.49), "no face"),
        (Quality(0.9, 0.5, 0.3, float("nan")), "no face"),
        (Quality(0.4, 0.001), "blocked"),
        (Quality(0.4, 0.5, 0.001), "blocked"),
        (Quality(0.4, 0.5, 0.3), "no face"),
        (Quality(float("nan"), float("nan")), "no face"),
    ],
)
def test_dark_and_blocked(quality: Quality, cause: str) -> None:
    policy = Policy()
    lines = [
        alert
        for i in range(12 * 15)
        for alert in policy.feed(Observation(i * S // 15, i, None, None, None, None, quality))
    ]
    assert [a.evidence["cause"] for a in lines] == [cause]


def test_determined_begins_with_sight() -> None:
    assert not fed([Part(1.9)]).state.determined
    assert fed([Part(2.2)]).state.determined
    assert fed([Part(20), Part(9, face=False)]).state.determined  # not yet blind
    assert fed([Part(20), Part(12, face=False), Part(2.5)]).state.determined


# Camera and frame rate ------------------------------------------------------------------------------------------------


def test_camera_lost_for_less_than_two_seconds() -> None:
    assert brief([Part(20), Part(1.8, camera="lost"), Part(10)]) == []


def test_camera_loss_counts_even_without_ticks() -> None:
    policy = fed([Part(20)])
    policy.feed(CameraChange(20 * S, "lost"))
    assert [a.active for a in policy.feed(CameraChange(23 * S, "ok"))] == [True]


def test_a_frame_proves_that_the_camera_is_back() -> None:
    policy = fed([Part(20)])
    policy.feed(CameraChange(20 * S, "lost"))
    for i in range(60):
        lines = policy.feed(Observation(20 * S + (i + 1) * S // 15, i, None, None, None, None, Quality(0.4, 0.5)))
        assert lines == []


def test_unknown_camera_states_are_counted() -> None:
    policy = Policy()
    assert policy.feed(CameraChange(0, "dancing")) == []
    assert policy.state.not_used == {"camera state": 1}


def test_a_slow_camera_from_the_start() -> None:
    lines = alerts([Part(20)], Way(6))
    assert [(a.kind, a.active) for a in lines] == [(Kind.UNAVAILABLE, True)]
    assert lines[0].t_ns == pytest.approx(5 * S, abs=0.2 * S)


def test_the_blink_floor_never_raises() -> None:
    assert brief([Part(60)], Way(9)) == []


def test_exactly_the_floor_is_not_slow() -> None:
    assert brief([Part(60)], Way(8)) == []


def test_frame_rate_is_the_mean_of_the_window() -> None:
    rate = FrameRate(5 * S, S // 2)
    for i in range(100):
        rate.observe(i * S // 10)
    assert rate.hz == pytest.approx(10.0)
    rate.advance(99 * S // 10 + 3 * S)  # no frame for 3 s: unknown time, no low rate
    assert rate.hz == pytest.approx(10.0)
    rate.observe(100 * S)  # the window had become empty: the mean starts anew
    assert rate.hz is None
    rate.observe(100 * S + S // 10)
    assert rate.hz == pytest.approx(10.0)
    rate.observe(100 * S + S // 2)  # 0.4 s later: a low rate
    assert rate.hz == pytest.approx(4.0)
    rate.observe(101 * S + S // 10)  # 0.6 s later: unknown time
    assert rate.hz == pytest.approx(4.0)


def test_a_closure_right_after_a_gap_is_timed_at_once() -> None:
    lines = alerts([Part(20), Part(4, camera="stalled"), Part(2, eyes="closed"), Part(5)])
    assert [(a.kind, a.active) for a in lines] == [(Kind.MICROSLEEP, True), (Kind.MICROSLEEP, False)]
    assert lines[0].t_ns == pytest.approx(25.5 * S, abs=0.1 * S)


@pytest.mark.parametrize(("fps", "lines"), [(7.8, []), (7.6, [RAISED])])
def test_slow_has_the_slack_of_the_floors(fps: float, lines: list[str]) -> None:
    assert brief([Part(30)], Way(fps)) == lines


@pytest.mark.parametrize(("back", "count"), [(3.2, 1), (6.0, 2)])
def test_slow_clears_when_the_rate_has_been_back_for_three_seconds(back: float, count: int) -> None:
    """At 9 fps the mean of 5 s is back after 2.9 s of them, and for 2 s longer than they last."""
    assert brief([Part(20), Part(20, fps=6), Part(back, fps=9), Part(20, fps=6)], Way(15)).count(RAISED) == count


def test_a_rate_that_falls_again_before_it_was_back_for_long_is_timed_anew() -> None:
    settings = PolicySettings(rate_window_s=1.0)
    lines = alerts([Part(10), Part(10, fps=6), Part(2), Part(4, fps=6), Part(8)], Way(15), settings)
    assert [a.active for a in lines] == [True, False]
    assert lines[1].t_ns == pytest.approx(29.3 * S, abs=0.3 * S)


def test_nothing_clears_while_the_rate_is_low() -> None:
    settings = PolicySettings(rate_window_s=1.0)
    assert brief([Part(20), Part(12, face=False), Part(4.5, fps=6)], Way(15), settings) == [RAISED]


def test_frames_too_far_apart_to_tell_a_rate_are_told_as_slow() -> None:
    lines = alerts([Part(20), Part(12, fps=1.5)], Way(15))
    assert [(a.kind, a.evidence["cause"]) for a in lines] == [(Kind.UNAVAILABLE, "slow")]


# The driver got out ---------------------------------------------------------------------------------------------------


def test_everything_clears_when_the_driver_got_out() -> None:
    lines = brief([Part(20, kmh=30), Part(4, eyes="closed", kmh=30), Part(65, face=False, kmh=0)])
    assert lines[-4:] == ["-MICROSLEEP WARNING", "-ASLEEP CRITICAL", "-UNRESPONSIVE CRITICAL", CLEARED] or set(
        lines[-3:]
    ) == {"-MICROSLEEP WARNING", "-ASLEEP CRITICAL", CLEARED}


def test_a_hidden_driver_at_speed_did_not_get_out() -> None:
    assert brief([Part(20, kmh=50), Part(90, face=False, kmh=50)]) == [RAISED]
    assert brief([Part(20), Part(90, face=False)]) == [RAISED]


def test_an_empty_seat_that_drives_off_is_told() -> None:
    assert brief([Part(20, kmh=0), Part(70, face=False, kmh=0), Part(1, face=False, kmh=30)]) == [
        RAISED,
        CLEARED,
        RAISED,
    ]


def test_the_next_driver_starts_anew() -> None:
    policy = fed([Part(20, kmh=0), *[Part(3, mouth=0.8, kmh=0), Part(5, kmh=0)] * 2, Part(70, face=False, kmh=0)])
    assert policy.state.yawns == 0
    assert not policy.state.determined
    assert policy.state.alerts == ()
