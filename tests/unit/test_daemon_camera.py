"""What the loop makes of a camera that goes and comes or is not there, and of clips, which have their own time."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from fermon.domain import (
    NS_PER_S,
    Ack,
    Acknowledged,
    CameraChange,
    Frame,
    Kind,
    Observation,
    Speed,
    Tick,
    VehicleSpeed,
    Visibility,
)
from fermon.errors import CameraLost, CameraNotFound
from tests.daemon_kit import START_NS, TURN_NS, Rig

Steps = Iterator[Frame | Exception | None]


def test_a_lost_camera_and_its_return_reach_the_policy_in_time_order(rig: Rig) -> None:
    def before(rig: Rig) -> Steps:
        yield from rig.frames(12.0)
        yield CameraLost("unplugged")

    def after(rig: Rig) -> Steps:
        yield from rig.frames(4.0)

    rig.run(before, after)
    changes = rig.inputs(CameraChange)
    assert [change.state for change in changes] == ["lost", "ok"]
    inputs = rig.told("input")
    assert inputs[180] is changes[0], "at once, before anything else"
    back = inputs.index(changes[1])
    assert isinstance(inputs[back + 1], Observation), "before the first frame"
    assert all(isinstance(item, Tick) for item in inputs[181:back]) and back > 181
    times = [item.t_ns for item in inputs]
    assert times == sorted(set(times))
    assert rig.told("camera closed") == ["camera 0", "camera 1"]


def test_two_seconds_without_the_camera_are_told_as_its_loss(rig: Rig) -> None:
    def before(rig: Rig) -> Steps:
        yield from rig.frames(12.0)
        yield CameraLost("unplugged")

    def after(rig: Rig) -> Steps:
        yield from rig.nothing(3.0)

    rig.run(before, after)
    [alert] = rig.told("alert")
    assert alert.kind is Kind.UNAVAILABLE
    assert rig.hub.published[-1].state.visibility is Visibility.LOST


def test_a_camera_that_is_not_there_yet_is_waited_for(rig: Rig) -> None:
    def never(rig: Rig) -> Steps:
        yield None

    def found(rig: Rig) -> Steps:
        yield from rig.frames(1.0)

    rig.run(never, found, camera=None)  # the first one is left out
    first, *others = rig.told("input")
    assert first == CameraChange(START_NS - TURN_NS, "lost")
    assert CameraChange in map(type, others)
    assert rig.told("start")[0].camera == "waiting for the camera"
    assert len(rig.inputs()) == 15


def test_a_camera_that_cannot_be_opened_leaves_a_monitor_that_says_so(rig: Rig) -> None:
    def no_camera() -> None:
        if rig.clock.now_ns > START_NS + 4 * NS_PER_S:
            rig.daemon.stop()
        raise CameraNotFound("/dev/video0: no such device")

    rig.run(lambda _: iter(()), camera=None, open_camera=no_camera)
    assert rig.alerts() == ["UNAVAILABLE on"]
    assert rig.hub.published[-1].state.visibility is Visibility.LOST


# What is not live ---------------------------------------------------------------------------------------------------


def test_a_clip_has_no_time_but_that_of_its_frames(rig: Rig) -> None:
    """Inputs of wires stand between its frames; waiting for its next frame is no time that passes."""

    def clip(rig: Rig) -> Steps:
        rig.wire.send(VehicleSpeed(50.0))
        yield None
        yield Frame(1_000, 0, rig.frame().gray)
        rig.clock.now_ns += NS_PER_S
        yield None
        rig.wire.send(Acknowledged())
        yield Frame(2_000, 1, rig.frame().gray)

    rig.run(clip, live=False)
    assert [(type(item), item.t_ns) for item in rig.told("input")] == [
        (Speed, 0),
        (Observation, 1_000),
        (Observation, 2_000),
        (Ack, 2_001),
    ]


def test_a_clip_that_breaks_ends_the_run(rig: Rig) -> None:
    def clip(rig: Rig) -> Steps:
        yield rig.frame()
        yield CameraLost("damaged")

    with pytest.raises(CameraLost, match="damaged"):
        rig.run(clip, live=False)
