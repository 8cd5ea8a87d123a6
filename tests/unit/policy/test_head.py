"""What the head tells, all together, frame by frame. Times in seconds, angles in degrees as the camera sees them."""

from __future__ import annotations

from typing import Any

import pytest

from fermon.domain import Attention, Box, EyeState, Face, Head, Observation, Quality
from fermon.policy.closure import ClosureTracker
from fermon.policy.head import HeadMeasures, turned
from fermon.policy.reading import Reader
from fermon.policy.settings import PolicySettings, ns

OPEN, CLOSED, UNKNOWN = EyeState.OPEN, EyeState.CLOSED, EyeState.UNKNOWN
AHEAD = (10.0, -5.0)
BOX = Box(100, 80, 120, 120)


class Driver:
    """Feeds frames half a second apart, unless told otherwise, in the order that HeadMeasures asks for."""

    def __init__(self, first_s: float = 2.0) -> None:
        settings = PolicySettings(forward_first_s=first_s)
        self.reader = Reader()
        self.head, self.closures = HeadMeasures(settings, self.reader), ClosureTracker(settings)
        self.t_s, self.face_s = -0.5, 0.0

    def frame(
        self,
        state: EyeState = OPEN,
        pose: Any = AHEAD,
        face: bool = True,
        profile: bool = False,
        moving: bool = True,
        cause: str | None = None,
        after_s: float = 0.5,
    ) -> EyeState:
        """Return what the eyes of the frame stand for."""
        self.t_s += after_s
        t_ns = ns(self.t_s)
        angles = Head(*pose, 0.0) if isinstance(pose, tuple) else pose
        found = Face(BOX, 0.98, None, profile) if face else None
        item = Observation(t_ns, 1, found, None, None, None, Quality(0.4, 0.7, 0.5), angles)
        self.head.advance(t_ns)
        self.head.look(t_ns, item, ns(self.face_s))
        stands_for = self.head.eyes(t_ns, state, state is OPEN, cause, self.closures)
        self.closures.observe(t_ns, stands_for, 0)
        self.head.observe(t_ns, item, stands_for, moving, self.closures, 0)
        if face:
            self.face_s = self.t_s
        return stands_for

    def frames(self, times: int, *args: Any, **more: Any) -> Driver:
        for _ in range(times):
            self.frame(*args, **more)
        return self


def learned() -> Driver:
    """Forward is known; 2.5 s."""
    return Driver().frames(6)


# Forward ------------------------------------------------------------------------------------------------------------


def test_forward_is_learned_with_open_eyes_while_it_moves() -> None:
    driver = Driver().frames(4)
    assert not driver.head.forward.known
    driver.frame()  # the first frame began no time
    assert (driver.head.forward.yaw, driver.head.forward.pitch) == AHEAD
    for more in ({"moving": False}, {"state": UNKNOWN}, {"state": CLOSED}, {"pose": None}, {"after_s": 0.51}):
        assert not Driver().frames(9, **more).head.forward.known
    assert not Driver().frames(9, pose=(10.0, -5.0), face=False).head.forward.known  # nobody's


def test_angles_are_differences_from_forward() -> None:
    driver = learned()
    assert driver.head.angles == (0, 0)
    driver.frame(pose=(40.0, -8.0))
    assert driver.head.angles == (pytest.approx(30), pytest.approx(-3))
    driver.frame(pose=None)
    assert driver.head.angles is None
    assert driver.reader.not_used == {}  # nothing was told that could not be used
    assert Driver().frames(2).head.angles is None


def test_round_the_circle() -> None:
    assert turned(-170, 175) == 15
    assert turned(175, -170) == -15
    assert turned(10, 30) == -20
    assert turned(180, 0) == -180


@pytest.mark.parametrize(("gone_s", "known"), [(9.99, True), (10.0, False)])
def test_a_face_after_ten_seconds_may_be_another_drivers(gone_s: float, known: bool) -> None:
    driver = learned()
    driver.frame(UNKNOWN, None, face=False, after_s=gone_s - 0.5)
    assert driver.head.forward.known
    driver.frame(UNKNOWN, (50.0, 0.0))
    assert driver.head.forward.known is known
    nobody = learned()
    nobody.frame(UNKNOWN, None, face=False, after_s=20)
    assert nobody.head.forward.known
    assert driver.head.angles == (40, 5)  # by the forward that was known before
    assert driver.head.forward.yaw == 10


def test_what_another_drivers_forward_made_of_it_is_forgotten() -> None:
    driver = learned()
    driver.frame(UNKNOWN, None, face=False, after_s=10)
    driver.frames(3, pose=(60.0, -5.0))
    assert driver.head.attention.now is Attention.AWAY
    assert driver.head.attention.away_ns == ns(1.0)
    driver.frame(pose=(60.0, -5.0))
    assert driver.head.forward.yaw == 60
    assert (driver.head.attention.now, driver.head.attention.away_ns) == (Attention.NOT_DETERMINED, 0)
    driver.frame(pose=(60.0, -5.0))
    assert driver.head.attention.now is Attention.ATTENTIVE
    driver.frames(2, pose=(20.0, -5.0))
    assert driver.head.attention.away_ns == ns(0.5)  # it is forgotten once


# Attention ----------------------------------------------------------------------------------------------------------


def test_attention_follows_the_head() -> None:
    driver = learned()
    assert driver.head.attention.state is Attention.ATTENTIVE
    driver.frame(pose=(40.0, -5.0))
    assert driver.head.attention.state is Attention.AWAY
    driver.frame(pose=None)
    assert driver.head.attention.state is Attention.NOT_DETERMINED
    driver.frame(face=False, after_s=0.25)
    assert driver.head.attention.state is Attention.NOT_DETERMINED
    driver.frame(pose=(40.0, -5.0), after_s=0.125)
    driver.head.advance(ns(driver.t_s + 0.25))
    assert driver.head.attention.away_ns == ns(1.125)


def test_a_face_in_profile_without_a_pose_is_away() -> None:
    driver = learned()
    driver.frame(UNKNOWN, None, profile=True)
    assert driver.head.attention.state is Attention.AWAY
    driver.frame(UNKNOWN, AHEAD, profile=True)
    assert driver.head.attention.state is Attention.ATTENTIVE
    unlearned = Driver()
    unlearned.frame(UNKNOWN, None, profile=True)
    assert unlearned.head.attention.state is Attention.NOT_DETERMINED
    unlearned.frame(UNKNOWN)
    assert unlearned.head.attention.state is Attention.NOT_DETERMINED


def test_lowered_lids_look_away() -> None:
    driver = learned().frames(2, OPEN, (10.0, -15.0))
    assert driver.head.attention.state is Attention.ATTENTIVE
    assert driver.frame(CLOSED, (10.0, -15.0)) is UNKNOWN
    assert driver.head.attention.state is Attention.AWAY
    assert driver.frame(CLOSED, None) is UNKNOWN  # the pose is lost for a moment
    assert driver.head.attention.state is Attention.AWAY


# Lids under the head --------------------------------------------------------------------------------------------------


def test_lids_are_judged_by_this_drivers_forward_alone() -> None:
    low = (10.0, -15.0)
    assert learned().frames(2, OPEN, low).frame(CLOSED, low) is UNKNOWN
    assert Driver().frames(2, OPEN, low).frame(CLOSED, low) is CLOSED
    another = learned()
    another.frame(UNKNOWN, None, face=False, after_s=10)
    assert another.frames(2, OPEN, low).frame(CLOSED, low) is CLOSED  # that was the last one's forward


def test_without_any_head_the_lids_are_what_they_look_like() -> None:
    driver = Driver().frames(3, pose=None)
    assert driver.frames(2, CLOSED, None, cause="lowered").closures.start_ns == ns(1.5)
    assert not driver.head.lowered.undecided
    driver = Driver().frames(3)
    driver.frames(2, CLOSED, None, cause="lowered")
    assert driver.head.lowered.undecided  # the head may yet follow
    driver = Driver().frames(1, UNKNOWN, None, profile=True)  # a face in profile will show its pose in time
    driver.frames(2, CLOSED, None, cause="lowered")
    assert driver.head.lowered.undecided
    driver = Driver().frames(1, UNKNOWN, AHEAD, face=False)
    driver.frames(2, CLOSED, None, cause="lowered")
    assert not driver.head.lowered.undecided


# Lost, and nods -------------------------------------------------------------------------------------------------------


def test_lost_in_a_closure() -> None:
    driver = learned().frames(2, CLOSED)
    driver.frame(UNKNOWN, None, face=False)
    assert driver.head.lost.since_ns == ns(driver.t_s)
    for between in ({"pose": None, "profile": True}, {"pose": (50.0, -5.0)}):
        driver = learned().frames(2, CLOSED)
        driver.frame(UNKNOWN, **between)  # type: ignore[arg-type]
        driver.frame(UNKNOWN, None, face=False)
        assert driver.head.lost.since_ns is None
    for after in (AHEAD, None):
        driver = learned().frames(2, CLOSED)
        driver.frame(UNKNOWN, after, profile=after is not None)  # a profile whose pose is read
        driver.frame(UNKNOWN, None, face=False)
        assert driver.head.lost.since_ns is not None
    driver = learned().frames(3, UNKNOWN, None).frames(2, CLOSED, None)  # the pose was lost long before
    driver.frame(UNKNOWN, None, face=False)
    assert driver.head.lost.since_ns is None


def test_a_dropped_head_is_one_from_this_drivers_forward() -> None:
    driver = learned().frames(2, UNKNOWN, (10.0, -26.0))
    driver.frame(UNKNOWN, None, face=False)
    assert driver.head.lost.since_ns is not None
    driver = Driver().frames(2, UNKNOWN, (10.0, -26.0))
    driver.frame(UNKNOWN, None, face=False)
    assert driver.head.lost.since_ns is None


def nod(driver: Driver, falls_s: float = 0.4, state: EyeState = CLOSED) -> Driver:
    driver.frame(state)
    driver.frame(state, (10.0, -30.0), after_s=falls_s)
    driver.frame(OPEN, after_s=0.4)
    return driver


def test_nods_take_closed_time_alone() -> None:
    assert nod(Driver()).head.nods.count == 1
    assert nod(nod(learned())).head.nods.count == 2
    assert nod(Driver(), state=UNKNOWN).head.nods.count == 0
    assert nod(Driver(), state=OPEN).head.nods.count == 0
    driver = learned().frames(6, CLOSED)  # what was before does not count
    driver.frame(OPEN, after_s=0.1)
    driver.frame(OPEN, (10.0, -30.0), after_s=0.4)
    driver.frame(OPEN)
    assert driver.head.nods.count == 0


def test_time_between_frames_too_far_apart_is_not_closed_time() -> None:
    assert nod(Driver(), falls_s=0.5).head.nods.count == 1
    driver = Driver()
    driver.frame(CLOSED)
    driver.frame(UNKNOWN, (10.0, -30.0), after_s=0.51)
    driver.frame(OPEN)
    assert driver.head.nods.count == 0


def test_nods_are_forgotten_in_time_without_frames() -> None:
    driver = nod(learned())
    driver.head.advance(ns(driver.t_s + 301))
    assert driver.head.nods.count == 0


def test_a_head_that_cannot_be_read_is_counted_and_none() -> None:
    driver = learned()
    driver.frame(pose=Head(float("nan"), 0.0, 0.0))
    assert driver.head.angles is None
    assert driver.reader.not_used == {"head": 1}
