"""Lost in a closure, frame by frame. Times in seconds."""

from __future__ import annotations

import pytest

from fermon.domain import EyeState
from fermon.policy.closure import ClosureTracker
from fermon.policy.lost import LostInClosure
from fermon.policy.settings import PolicySettings, ns

OPEN, CLOSED, UNKNOWN = EyeState.OPEN, EyeState.CLOSED, EyeState.UNKNOWN
AHEAD = (0.0, 0.0)


class Driver:
    """Feeds frames; `since` is since when the driver has been lost in a closure."""

    def __init__(self) -> None:
        self.lost = LostInClosure(PolicySettings())

    def face(
        self,
        t_s: float,
        state: EyeState = UNKNOWN,
        angles: tuple[float, float] | None = AHEAD,
        pose: bool = True,
        since: float | None = None,
        period: float = 0.0,
    ) -> None:
        """A frame with the face, whose eyes have been closed since then."""
        closures = ClosureTracker(PolicySettings())
        closures.start_ns = None if since is None else ns(since)
        self.lost.observe_face(ns(t_s), state, angles, pose, closures, ns(period))

    def none(self, *t_s: float) -> None:
        for t in t_s:
            self.lost.observe_none(ns(t))

    @property
    def since(self) -> float | None:
        return None if self.lost.since_ns is None else self.lost.since_ns / 1e9


def asleep(at_s: float = 10.0) -> Driver:
    """Eyes closed for long enough, the head level."""
    driver = Driver()
    driver.face(at_s, CLOSED, since=at_s - 1)
    return driver


def lost(at_s: float = 10.0) -> Driver:
    driver = asleep(at_s - 0.1)
    driver.none(at_s)
    return driver


def test_limits_of_the_closure() -> None:
    for t_s, since in ((10.4, 11.0), (10.39, None)):
        driver = Driver()
        driver.face(t_s, CLOSED, since=10, period=0.1)  # the frame stands for its period
        driver.none(11)
        assert driver.since == since


def test_a_closed_frame_outside_any_closure_is_no_sign() -> None:
    driver = Driver()
    driver.face(10, CLOSED)
    driver.none(10.1)
    assert driver.since is None


def test_the_face_is_lost_soon_or_it_is_something_else() -> None:
    for t_s, since in ((11.0, 11.0), (11.01, None)):
        driver = asleep()
        driver.none(t_s)
        assert driver.since == since


def test_unknown_eyes_are_no_sign_while_a_closure_runs() -> None:
    driver = Driver()
    driver.face(10, UNKNOWN, since=8)
    driver.none(10.1)
    assert driver.since is None


def test_only_with_a_pose_not_long_ago() -> None:
    for t_s, since in ((11.0, 11.1), (11.01, None)):
        driver = Driver()
        driver.face(10, OPEN)
        driver.face(t_s, CLOSED, None, pose=False, since=9)
        driver.none(11.1)
        assert driver.since == since
    never = Driver()
    never.face(10, CLOSED, None, pose=False, since=9)
    never.none(10.1)
    assert never.since is None


@pytest.mark.parametrize(
    ("state", "pitch", "found"),
    [(UNKNOWN, -20, True), (UNKNOWN, -19.9, False), (OPEN, -30, False), (CLOSED, -20, True), (CLOSED, 20, False)],
)
def test_a_dropped_head_is_a_sign(state: EyeState, pitch: float, found: bool) -> None:
    driver = Driver()
    driver.face(10, state, (0.0, pitch))
    driver.none(10.5)
    assert (driver.since is not None) is found


def test_the_last_sign_counts() -> None:
    driver = asleep()
    driver.face(10.5, UNKNOWN, (0.0, -25.0))
    driver.none(11.4)
    assert driver.since == 11.4
    driver = Driver()
    driver.face(9.5, UNKNOWN, (0.0, -25.0))
    driver.face(10, CLOSED, since=9)
    driver.none(10.9)
    assert driver.since == 10.9


@pytest.mark.parametrize(("yaw", "found"), [(25, False), (-25, False), (24.9, True), (-24.9, True)])
def test_who_turns_round_does_not_sleep(yaw: float, found: bool) -> None:
    driver = asleep()
    driver.face(10.2, UNKNOWN, (yaw, 0.0))
    driver.none(10.3)
    assert (driver.since is not None) is found
    driver = Driver()
    driver.face(10, CLOSED, (yaw, -30.0), since=9)
    driver.none(10.3)
    assert (driver.since is not None) is found


def test_a_face_in_profile_takes_the_sign_away() -> None:
    driver = asleep()
    driver.lost.turned_round()
    driver.none(10.1)
    assert driver.since is None


def test_lost_since_the_first_frame_without_a_face() -> None:
    driver = lost()
    driver.none(10.3, 10.6)
    assert driver.since == 10.0


def test_a_face_that_is_back_for_a_second_ends_it() -> None:
    for t_s, since in ((13.99, 10.0), (14.0, None)):
        driver = lost()
        driver.face(13)
        driver.face(13.5)
        driver.face(t_s)
        assert driver.since == since


def test_a_face_that_goes_again_is_back_anew() -> None:
    driver = lost()
    for t_s in (10.6, 11.2, 11.8, 12.4):
        driver.face(t_s)
        driver.face(t_s + 0.5)
        driver.none(t_s + 0.55)
    assert driver.since == 10.0


def test_open_eyes_end_it_and_take_the_sign_away() -> None:
    driver = lost()
    driver.lost.opened()
    assert driver.since is None
    driver.none(10.2)
    assert driver.since is None


def test_acknowledged_it_is_timed_anew() -> None:
    driver = lost()
    driver.lost.acknowledge(ns(12))
    assert driver.since == 12
    awake = Driver()
    awake.lost.acknowledge(ns(12))
    assert awake.since is None
