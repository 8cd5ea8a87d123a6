"""Attention, frame by frame. Times in seconds, angles in degrees from forward."""

from __future__ import annotations

import pytest

from fermon.domain import Attention
from fermon.policy.attention import AttentionTracker
from fermon.policy.settings import PolicySettings, ns

UNKNOWN, FORWARD, AWAY = Attention.NOT_DETERMINED, Attention.ATTENTIVE, Attention.AWAY


class Driver:
    """Feeds frames; what it tells is in seconds."""

    def __init__(self, period: float = 0.0) -> None:
        self.tracker = AttentionTracker(PolicySettings())
        self._period = period

    def frames(self, state: Attention, *t_s: float) -> Driver:
        for t in t_s:
            self.tracker.advance(ns(t))
            self.tracker.observe(ns(t), state, ns(self._period))
        return self

    def every(self, state: Attention, start: float, end: float, step: float = 0.25) -> Driver:
        """Frames from `start` to `end`, both included."""
        return self.frames(state, *(start + step * n for n in range(round((end - start) / step) + 1)))

    def passes(self, t_s: float) -> Driver:
        """Time without a frame."""
        self.tracker.advance(ns(t_s))
        return self

    @property
    def told(self) -> tuple[Attention, float, float, float, float]:
        """What it is now; away for, seen away for, away in all, forward for."""
        a = self.tracker
        return a.now, a.away_ns / 1e9, a.seen_away_ns / 1e9, a.away_sum_ns / 1e9, a.forward_ns / 1e9


# Of a frame -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("yaw", "pitch", "found"),
    [
        (25, 0, AWAY),
        (-25, 0, AWAY),
        (24.9, 0, UNKNOWN),
        (-24.9, 0, UNKNOWN),
        (18, 0, UNKNOWN),
        (-18, 0, UNKNOWN),
        (17.9, 0, FORWARD),
        (-17.9, 0, FORWARD),
        (0, -18, AWAY),
        (0, -17.9, UNKNOWN),
        (0, -12, UNKNOWN),
        (0, -11.9, FORWARD),
        (0, 22, AWAY),
        (0, 21.9, UNKNOWN),
        (0, 15, UNKNOWN),
        (0, 14.9, FORWARD),
        (20, 14, UNKNOWN),
    ],
)
def test_limits(yaw: float, pitch: float, found: Attention) -> None:
    assert AttentionTracker(PolicySettings()).look(yaw, pitch) is found


@pytest.mark.parametrize("state", [AWAY, FORWARD])
def test_between_two_limits_it_stays_what_it_was(state: Attention) -> None:
    driver = Driver().frames(state, 1.0)
    assert driver.tracker.look(20, 0) is state
    assert driver.frames(UNKNOWN, 1.5).tracker.look(20, 0) is state
    assert driver.passes(2.49).tracker.look(20, 0) is state
    assert driver.passes(2.5).tracker.look(20, 0) is UNKNOWN


# Without a break ------------------------------------------------------------------------------------------------------


def test_nothing_is_known_before_the_first_frame() -> None:
    assert Driver().passes(5).told == (UNKNOWN, 0, 0, 0, 0)


def test_away_grows_with_time_and_seen_away_with_frames() -> None:
    driver = Driver().every(AWAY, 5, 7)
    assert driver.told == (AWAY, 2, 2, 2, 0)
    assert driver.passes(7.4).told == (AWAY, 2.4, 2, 2, 0)
    assert driver.frames(UNKNOWN, 7.5).told == (AWAY, 2.5, 0, 2.5, 0)


def test_forward_for_half_a_second_ends_it() -> None:
    driver = Driver().every(AWAY, 5, 7).frames(FORWARD, 7.25, 7.5, 7.74)
    assert driver.told == (FORWARD, 2.74, 0, 2.25, pytest.approx(0.49))
    assert driver.frames(AWAY, 7.745).told[:3] == (AWAY, 2.745, 2.745)
    driver = Driver().every(AWAY, 5, 7).frames(FORWARD, 7.25, 7.5, 7.75)
    assert driver.told == (FORWARD, 0, 0, 2.25, 0.5)
    assert driver.frames(AWAY, 8).told == (AWAY, 0, 0, 2.25, 0)


def test_a_frame_stands_for_its_period() -> None:
    driver = Driver(0.25).every(AWAY, 5, 7).frames(FORWARD, 7.25)
    assert driver.told[1] == 2.25
    assert driver.frames(FORWARD, 7.5).told[1] == 0
    # Frames dropped after the last away one do not prolong it, nor does forward begin later than it is seen.
    assert Driver(0.1).every(AWAY, 5, 7).frames(FORWARD, 7.4).told[4] == pytest.approx(0.3)
    assert Driver(0.1).every(AWAY, 5, 7).frames(FORWARD, 7.05).told[4] == 0
    assert Driver(0.1).every(AWAY, 5, 7).frames(FORWARD, 7.6).told[4] == 0  # too far apart to know
    assert Driver(0.1).every(FORWARD, 5, 7).frames(UNKNOWN, 7.1).frames(FORWARD, 7.3).told[4] == pytest.approx(2.3)
    assert Driver(0.1).frames(UNKNOWN, 5).frames(FORWARD, 5.3).told[4] == 0
    assert Driver().every(AWAY, 5, 7).frames(FORWARD, 7.4).told[4] == 0  # nothing is known of the period yet


def test_unknown_for_a_second_ends_it() -> None:
    for t_s, away in ((8.24, 3.24), (8.25, 0)):
        driver = Driver().every(AWAY, 5, 7).frames(UNKNOWN, 7.25, 7.75, t_s)
        assert driver.told[1] == away
        assert driver.told[0] is (AWAY if away else UNKNOWN)
    driver = Driver().every(AWAY, 5, 7).frames(UNKNOWN, 7.25).frames(AWAY, 7.5).frames(UNKNOWN, 8, 8.4)
    assert driver.told[1] == pytest.approx(3.4)  # twice for less
    driver = Driver().every(AWAY, 5, 7).frames(UNKNOWN, 7.25, 7.75, 8.25).frames(AWAY, 8.5)
    assert driver.told[:3] == (AWAY, 0, 0)


def test_unknown_for_a_second_ends_forward_too() -> None:
    driver = Driver().every(FORWARD, 5, 7)
    assert driver.told == (FORWARD, 0, 0, 0, 2)
    assert driver.frames(UNKNOWN, 7.25).told[4] == 0  # not now
    assert driver.frames(FORWARD, 7.5).told[4] == 2.5
    driver.frames(UNKNOWN, 7.75, 8.25, 8.75).frames(FORWARD, 9)
    assert driver.told == (FORWARD, 0, 0, 0, 0)


def test_a_look_away_ends_forward() -> None:
    driver = Driver().every(FORWARD, 5, 7).frames(AWAY, 7.25)
    assert driver.told[4] == 0
    assert driver.frames(FORWARD, 7.5).told[4] == 0
    assert driver.frames(FORWARD, 7.75).told[4] == 0.25


def test_time_without_frames_is_unknown_after_half_a_second() -> None:
    driver = Driver().every(AWAY, 5, 7)
    assert driver.passes(7.5).told[0] is AWAY
    assert driver.passes(7.99).told[:2] == (AWAY, 2.99)
    assert driver.passes(8.0).told[:3] == (UNKNOWN, 0, 0)  # since the last frame
    driver = Driver().every(FORWARD, 5, 7)
    assert driver.passes(7.5).told[4] == 2.5
    assert driver.passes(7.51).told[4] == 0
    assert driver.frames(FORWARD, 7.6).told[4] == 2.6
    driver = Driver().frames(UNKNOWN, 5, 5.3).passes(5.95)  # unknown since 5 s already
    assert driver.frames(FORWARD, 5.96).frames(UNKNOWN, 6.0).passes(6.9).told[0] is FORWARD
    driver = Driver().frames(FORWARD, 5).frames(UNKNOWN, 5.2, 5.6).passes(6.15)
    assert driver.passes(6.19).told[0] is FORWARD
    assert driver.passes(6.2).told[0] is UNKNOWN  # since the first of them
    driver = Driver().frames(FORWARD, 5).frames(UNKNOWN, 5.2).passes(6.1)
    assert driver.told[0] is FORWARD
    assert driver.passes(6.2).told[0] is UNKNOWN


# Of the last seconds --------------------------------------------------------------------------------------------------


def test_the_sum_takes_away_time_between_frames_that_are_near() -> None:
    driver = Driver().frames(AWAY, 5, 5.5).frames(UNKNOWN, 5.75, 6)
    assert driver.told[3] == 0.75
    assert Driver().frames(AWAY, 5, 5.51).told[3] == 0
    assert Driver().frames(FORWARD, 5, 5.5, 6).told[3] == 0


def test_the_sum_forgets() -> None:
    driver = Driver().every(AWAY, 5, 7)
    assert driver.passes(34).told[3] == pytest.approx(2)
    assert driver.passes(36).told[3] == pytest.approx(1)
    assert driver.passes(38).told[3] == 0


def test_two_seconds_forward_empty_it() -> None:
    driver = Driver().every(AWAY, 5, 7).every(FORWARD, 7.25, 9)
    assert driver.frames(FORWARD, 9.24).told[3] == 2.25
    assert driver.frames(FORWARD, 9.25).told[3] == 0
    driver = Driver(0.25).every(AWAY, 5, 7).every(FORWARD, 7.25, 8.75)
    assert driver.told[3] == 2.25
    assert driver.frames(FORWARD, 9).told[3] == 0


def test_anew() -> None:
    driver = Driver().every(AWAY, 5, 7)
    driver.tracker.restart()
    assert driver.told == (UNKNOWN, 0, 0, 0, 0)
    assert driver.tracker.state is UNKNOWN
    assert driver.frames(UNKNOWN, 7.25).told == (UNKNOWN, 0, 0, 0, 0)
    assert driver.frames(AWAY, 7.5).told == (AWAY, 0, 0, 0, 0)
    driver = Driver().every(FORWARD, 5, 7).frames(UNKNOWN, 7.25)
    driver.tracker.restart()
    assert driver.frames(FORWARD, 7.5).told == (FORWARD, 0, 0, 0, 0)
    assert driver.passes(8.3).frames(UNKNOWN, 8.31).told[0] is FORWARD
    driver = Driver().frames(UNKNOWN, 5)
    driver.tracker.restart()
    assert driver.frames(AWAY, 5.9).frames(UNKNOWN, 6.1).passes(6.5).told[0] is AWAY
    driver = Driver().every(FORWARD, 5, 7)
    driver.tracker.restart()
    assert driver.passes(20).frames(UNKNOWN, 20.1).frames(FORWARD, 20.9).told[0] is FORWARD
