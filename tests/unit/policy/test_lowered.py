"""Lids and head, frame by frame: who looks down, who nods off. Times in seconds, pitch in degrees from forward."""

from __future__ import annotations

import pytest

from fermon.domain import EyeState
from fermon.policy.closure import ClosureTracker
from fermon.policy.lowered import Lowered
from fermon.policy.settings import PolicySettings, ns

CAUSE = "lowered"  # as recordings have it
OPEN, CLOSED, UNKNOWN = EyeState.OPEN, EyeState.CLOSED, EyeState.UNKNOWN


class Driver:
    """Feeds frames to what is tested and to the closures beside it."""

    def __init__(self) -> None:
        settings = PolicySettings()
        self.lowered, self.closures = Lowered(settings), ClosureTracker(settings)

    def frame(
        self,
        t_s: float,
        state: EyeState,
        pitch: float | None,
        cause: str | None = None,
        wide: bool | None = None,
        yaw: float = 0.0,
    ) -> EyeState:
        """Return what the eyes of the frame stand for; open ones are clearly open unless told otherwise."""
        clear = state is OPEN if wide is None else wide
        head = None if pitch is None else (yaw, pitch)
        found = self.lowered.judge(ns(t_s), state, clear, head, cause, self.closures)
        self.closures.observe(ns(t_s), found, 0)
        return found

    @property
    def start_s(self) -> float | None:
        """Since when the eyes have been closed."""
        return None if self.closures.start_ns is None else self.closures.start_ns / 1e9


def low(pitch: float = -10.0) -> Driver:
    """The head has been lowered for a second at 10 s, with open eyes."""
    driver = Driver()
    driver.frame(8.9, OPEN, 0)
    driver.frame(9, OPEN, pitch)
    driver.frame(9.99, OPEN, pitch)
    return driver


def looking() -> Driver:
    """Lids have looked shut under a lowered head since 10 s."""
    driver = low()
    assert driver.frame(10, CLOSED, -10) is UNKNOWN
    return driver


def test_open_eyes_are_open_wherever_the_head_is() -> None:
    driver = looking()
    assert driver.frame(10.1, OPEN, -10) is OPEN
    assert not driver.lowered.on


@pytest.mark.parametrize(("pitch", "found"), [(-8, UNKNOWN), (-7.9, CLOSED), (8, CLOSED)])
def test_how_low(pitch: float, found: EyeState) -> None:
    driver = low(pitch=pitch)
    assert driver.frame(11, CLOSED, pitch) is found
    assert driver.lowered.on is (found is UNKNOWN)


def falls(wide: float, closed: float, low: float = 8.0) -> EyeState:
    """The head is lowered from then on, the eyes are last clearly open then, and look shut then: what are they?"""
    driver = Driver()
    times = sorted({6.0, low - 0.01, low, *(wide - d for d in (0.0, 0.05, 0.1, 0.15))})
    for t_s in times:
        driver.frame(t_s, OPEN, -10 if t_s >= low else 0, wide=t_s <= wide)
    return driver.frame(closed, CLOSED, -20)


@pytest.mark.parametrize(
    ("yaw", "after_s", "lowered"), [(12, 0.4, True), (-12, 0.4, True), (8, 0.4, False), (12, 0.6, False)]
)
def test_a_head_that_turns_aside_as_it_sinks_goes_with_a_look(yaw: float, after_s: float, lowered: bool) -> None:
    """The lids look shut first; within half a second the head is down, and aside of where the open eyes last were."""
    driver = Driver()
    driver.frame(9, OPEN, 0, yaw=20)
    driver.frame(9.9, OPEN, 0, yaw=20)
    assert driver.frame(10, CLOSED, -1, yaw=20) is CLOSED
    assert driver.start_s == 10
    assert driver.frame(10.2, CLOSED, -5, yaw=20 + yaw) is CLOSED  # aside, and not down yet
    assert driver.lowered.undecided is (abs(yaw) >= 10)
    found = driver.frame(10 + after_s, CLOSED, -15, yaw=20 + yaw)
    assert (found is UNKNOWN) is lowered
    assert driver.start_s == (None if lowered else 10)


@pytest.mark.parametrize(("since_s", "lowered"), [(0.4, True), (0.6, False)])
def test_only_a_turn_since_the_eyes_were_just_clearly_open_is_a_look(since_s: float, lowered: bool) -> None:
    """Narrow eyes are hardly ever clearly open: where they once looked then says nothing of how they shut."""
    driver = Driver()
    driver.frame(9, OPEN, 0, yaw=40)
    driver.frame(9.01, OPEN, 0, yaw=20, wide=False)
    assert (driver.frame(9 + since_s, CLOSED, -15, yaw=20) is UNKNOWN) is lowered


def test_eyes_that_cannot_be_seen_are_no_look() -> None:
    """Covered by the arm that reaches for the belt: they do not count as lowered, nor raise what that raises."""
    driver = Driver()
    driver.frame(9.9, OPEN, 0, yaw=20)
    driver.frame(10, UNKNOWN, -15, yaw=40)
    assert not driver.lowered.on
    assert driver.frame(10.2, CLOSED, -15, yaw=40) is UNKNOWN
    assert driver.lowered.on


def test_a_head_that_has_come_up_since_is_not_low_any_longer() -> None:
    """Looked down with open eyes, then up, the eyes never quite as open again; then he nods off."""
    driver = low()
    driver.frame(10.2, OPEN, 0, wide=False)
    driver.frame(10.4, OPEN, -10, wide=False)
    assert driver.frame(10.5, CLOSED, -20) is CLOSED


def test_a_head_that_was_aside_before_does_not_make_a_sleeper_look() -> None:
    driver = Driver()
    for t_s in (9.0, 9.5, 9.9):
        driver.frame(t_s, OPEN, 0, yaw=20 + 20 * (t_s - 9))
    driver.frame(10, CLOSED, -1, yaw=40)
    assert driver.frame(10.3, CLOSED, -15, yaw=40) is CLOSED
    assert driver.start_s == 10


def test_lids_that_begin_to_shut_after_the_head_sank_are_lowered() -> None:
    assert falls(wide=8.0, closed=8.3) is UNKNOWN
    assert falls(wide=7.99, closed=8.3) is CLOSED  # before, though they look shut after
    assert falls(wide=7.5, closed=8.01) is CLOSED


def test_what_looks_shut_half_a_second_after_the_head_sank_is_lowered_whatever_was_before() -> None:
    assert falls(wide=7.5, closed=8.5) is CLOSED
    assert falls(wide=7.5, closed=8.51) is UNKNOWN


def test_eyes_that_are_clearly_open_for_a_moment_only_are_not_seen_so() -> None:
    """A shut eye in hard light looks open for a frame or two."""
    for moment_s, found in ((0.15, UNKNOWN), (0.14, CLOSED)):
        driver = Driver()
        driver.frame(7.9, OPEN, 0, wide=False)
        driver.frame(8.0, OPEN, -10)
        driver.frame(8 + moment_s, OPEN, -15)
        assert driver.frame(8.3, CLOSED, -20) is found
    driver = Driver()
    for t_s, wide in ((7.9, False), (8.0, True), (8.1, False), (8.2, True), (8.3, True)):
        driver.frame(t_s, OPEN, -10 if t_s >= 8 else 0, wide=wide)
    assert driver.frame(8.4, CLOSED, -20) is CLOSED  # twice for a moment


def test_eyes_that_were_never_clearly_open_are_closed_when_they_shut_with_the_fall() -> None:
    driver = Driver()
    for t_s in (6, 7, 8):
        driver.frame(t_s, OPEN, 0, wide=False)
    assert driver.frame(8.1, CLOSED, -12) is CLOSED


def test_lids_that_shut_with_the_fall_stay_closed_whatever_comes() -> None:
    driver = Driver()
    driver.frame(7.5, OPEN, 0)
    driver.frame(8.0, OPEN, 0)
    for t_s, pitch in ((8.1, -12), (8.2, -20), (8.5, -35), (9, -35), (9.5, -10)):
        assert driver.frame(t_s, CLOSED, pitch) is CLOSED
    assert driver.start_s == 8.1


def test_the_head_is_lowered_until_it_is_nearly_level() -> None:
    for between, found in ((-4, UNKNOWN), (-3.9, CLOSED)):
        driver = Driver()
        for t_s, pitch in ((7.0, 0), (7.5, 0), (8.0, -10), (9.0, between), (9.5, -9)):
            driver.frame(t_s, OPEN, pitch, wide=t_s <= 7.5)
        assert driver.frame(9.6, CLOSED, -9) is found


def test_the_first_frame_may_be_of_closed_eyes() -> None:
    assert Driver().frame(0, CLOSED, -6) is CLOSED


def test_a_head_that_is_not_quite_level_is_not_lowered_yet() -> None:
    driver = Driver()
    for t_s in (7.0, 7.5, 8.0):
        driver.frame(t_s, OPEN, -7.9)
    assert driver.frame(8.1, CLOSED, -12) is CLOSED


def test_without_any_pose_nothing_is_lowered() -> None:
    driver = Driver()
    for t_s in (7.0, 7.5):
        assert driver.frame(t_s, OPEN, None) is OPEN
    assert driver.frame(8, CLOSED, None) is CLOSED


def test_clearly_open_eyes_while_the_pose_is_lost_are_so_where_the_head_was() -> None:
    driver = Driver()
    for t_s, pitch in ((7.0, 0), (7.5, 0), (8.0, -10), (8.1, None), (8.2, None)):
        driver.frame(t_s, OPEN, pitch)
    assert driver.frame(8.3, CLOSED, -20) is UNKNOWN


def test_lids_are_lowered_until_the_head_is_nearly_level() -> None:
    driver = looking()
    assert driver.frame(10.1, CLOSED, -4) is UNKNOWN
    assert driver.frame(10.2, CLOSED, -3.9) is CLOSED
    assert driver.start_s == 10.2


def test_eyes_that_cannot_be_read_are_lowered_only_after_lids_that_were() -> None:
    driver = low()
    driver.frame(10, UNKNOWN, -10)
    assert not driver.lowered.on
    driver = looking()
    driver.frame(10.1, UNKNOWN, -10)
    assert driver.lowered.on


def test_the_pose_may_be_lost_for_a_moment() -> None:
    for t_s, on in ((10.99, True), (11.0, False)):
        driver = looking()
        assert driver.frame(t_s, CLOSED, None) is (UNKNOWN if on else CLOSED)
        assert driver.lowered.on is on
    driver = low()
    assert driver.frame(10, CLOSED, None) is CLOSED  # it was not lowered


def test_a_closure_under_way_goes_on_when_the_chin_sinks() -> None:
    for pitch, found in ((-20, CLOSED), (-19.9, UNKNOWN)):
        driver = Driver()
        driver.frame(10, CLOSED, 0)
        assert driver.frame(10.3, UNKNOWN, pitch) is found
        assert not driver.lowered.on
    driver = Driver()
    driver.frame(10, CLOSED, 0)
    assert driver.frame(10.3, UNKNOWN, None) is UNKNOWN
    driver = Driver()
    driver.frame(10, OPEN, 0)
    assert driver.frame(10.3, UNKNOWN, -30) is UNKNOWN  # alone it starts none


# Where the eye network says so ------------------------------------------------------------------------------------


def test_lids_that_the_network_calls_lowered_need_no_order() -> None:
    for state in (CLOSED, UNKNOWN):
        driver = Driver()
        driver.frame(10, OPEN, 0)
        assert driver.frame(10.1, state, -9, CAUSE) is UNKNOWN
        assert driver.lowered.on
    driver = Driver()
    driver.frame(10, OPEN, 0)
    driver.frame(10.1, CLOSED, -9, "covered")
    assert not driver.lowered.on


@pytest.mark.parametrize(("t_s", "start_s"), [(10.5, None), (10.51, 10.0)])
def test_then_the_head_may_follow(t_s: float, start_s: float | None) -> None:
    driver = Driver()
    assert driver.frame(10, CLOSED, 0, CAUSE) is CLOSED
    driver.frame(t_s, CLOSED, -9, CAUSE)
    assert (driver.start_s, driver.lowered.on) == (start_s, start_s is None)


def test_so_long_the_closure_is_undecided() -> None:
    driver = Driver()
    driver.frame(10, CLOSED, 0, CAUSE)
    for t_s, cause, undecided in ((10.3, CAUSE, True), (10.4, None, False), (10.5, CAUSE, True), (10.51, CAUSE, False)):
        driver.frame(t_s, CLOSED, 0, cause)
        assert driver.lowered.undecided is undecided
    driver = Driver()
    assert not driver.lowered.undecided
    driver.frame(10, CLOSED, 0, CAUSE)
    driver.frame(10.1, CLOSED, 0, CAUSE)
    assert driver.lowered.undecided
    driver.frame(10.2, OPEN, 0, CAUSE)
    assert not driver.lowered.undecided
