"""The loop and the clock: which inputs the policy gets, when, in which order, and what parts are told of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, replace

import pytest

from fermon import __version__
from fermon.domain import (
    NS_PER_S,
    Ack,
    Acknowledged,
    Eyes,
    Frame,
    Observation,
    RunFacts,
    RunSummary,
    Speed,
    Tick,
    VehicleSpeed,
    Wakefulness,
)
from tests.daemon_kit import FRAME_NS, START_NS, TURN_NS, Rig, observation

Steps = Iterator[Frame | Exception | None]


def shut(frame: Frame) -> Observation:
    return observation(frame, closed=0.98)


def test_each_frame_is_read_judged_and_shown(rig: Rig) -> None:
    def script(rig: Rig) -> Steps:
        yield from rig.frames(4.0)
        rig.eyes.seen = shut
        yield from rig.frames(2.0)

    rig.run(script)
    assert len(rig.inputs()) == 90
    item, frame, state = _last_input(rig)
    assert (item.t_ns, item.seq) == (frame.t_ns, frame.seq) == (START_NS + 90 * FRAME_NS, 89)
    assert state.t_ns == item.t_ns and state.wakefulness is Wakefulness.MICROSLEEP
    assert rig.alerts() == ["MICROSLEEP on"]


def _last_input(rig: Rig) -> tuple[Observation, Frame, object]:
    return [event for event in rig.happened if event[0] == "input"][-1][1:]


def test_an_alert_is_told_before_the_input_that_caused_it_and_after_the_ones_before(rig: Rig) -> None:
    rig.eyes.seen = shut

    def script(rig: Rig) -> Steps:
        yield from rig.frames(2.0)

    rig.run(script)
    number = next(n for n, event in enumerate(rig.happened) if event[0] == "alert")
    alert, after = rig.happened[number][1], rig.happened[number + 1]
    assert after[0] == "input" and after[1].t_ns == alert.t_ns
    assert alert in after[3].alerts
    before = [event[1].t_ns for event in rig.happened[:number] if event[0] == "input"]
    assert before[-1] == alert.t_ns - FRAME_NS


def test_the_camera_is_asked_for_a_quarter_of_a_second(rig: Rig) -> None:
    def script(rig: Rig) -> Steps:
        camera = rig.cameras[0]
        yield rig.frame()
        assert camera.timeouts == [0.25, 0.25]

    rig.run(script)


# Time without frames ------------------------------------------------------------------------------------------------


def test_without_a_frame_time_goes_on_and_lags_by_a_turn(rig: Rig) -> None:
    """A tick tells of the time before the wait: so a frame that was captured meanwhile is not older than it."""

    def script(rig: Rig) -> Steps:
        yield from rig.nothing(1.0)
        # Captured while the loop waited for it, delivered with the next turn.
        yield rig.frame(age_ns=TURN_NS - 1)

    rig.run(script)
    assert [tick.t_ns - START_NS for tick in rig.inputs(Tick)] == [0, TURN_NS, 2 * TURN_NS, 3 * TURN_NS]
    [seen] = rig.inputs()
    assert seen.t_ns > rig.inputs(Tick)[-1].t_ns
    assert rig.told("input")[-1] is seen
    assert _last_input(rig)[2].not_used == {}, "the policy took the frame"


def test_a_tick_is_never_older_than_the_last_input(rig: Rig) -> None:
    def script(rig: Rig) -> Steps:
        rig.clock.now_ns += NS_PER_S
        yield rig.frame()
        yield None
        yield None

    rig.run(script)
    times = [item.t_ns - START_NS for item in rig.told("input")]
    assert times == [NS_PER_S, NS_PER_S + 1, NS_PER_S + 2]


def test_a_frame_from_before_the_last_input_does_not_turn_time_back(rig: Rig) -> None:
    def script(rig: Rig) -> Steps:
        rig.clock.now_ns += 2 * NS_PER_S
        yield rig.frame()
        yield rig.frame(age_ns=NS_PER_S)
        yield None

    rig.run(script)
    [tick] = rig.inputs(Tick)
    assert tick.t_ns - START_NS == 2 * NS_PER_S + 1


def test_a_driver_who_is_not_seen_is_told_although_no_frame_comes(rig: Rig) -> None:
    def script(rig: Rig) -> Steps:
        yield from rig.frames(15.0)
        yield from rig.nothing(12.0)

    rig.run(script)
    assert "UNAVAILABLE on" in rig.alerts()


# Wires --------------------------------------------------------------------------------------------------------------


def test_an_acknowledgement_from_a_wire_reaches_the_policy(rig: Rig) -> None:
    rig.eyes.seen = shut

    def script(rig: Rig) -> Steps:
        yield from rig.frames(4.0)
        assert rig.alerts() == ["MICROSLEEP on", "ASLEEP on"]
        rig.wire.send(Acknowledged())
        yield from rig.frames(0.2)

    rig.run(script)
    assert rig.alerts() == ["MICROSLEEP on", "ASLEEP on", "ASLEEP off"]
    [ack] = rig.inputs(Ack)
    assert rig.told("alert")[-1].t_ns == ack.t_ns


def test_a_speed_from_a_wire_reaches_the_policy(rig: Rig) -> None:
    rig.eyes.seen = shut

    def script(rig: Rig) -> Steps:
        for _ in range(5):  # fresh all the time, and too slow for an alert
            rig.wire.send(VehicleSpeed(kmh=4.5))
            yield from rig.frames(1.0)
        assert rig.alerts() == []
        rig.wire.send(VehicleSpeed(kmh=80.0))
        yield from rig.frames(0.2)

    rig.run(script)
    assert [speed.kmh for speed in rig.inputs(Speed)] == [4.5] * 5 + [80.0]
    assert rig.alerts()[0] == "MICROSLEEP on"
    assert _last_input(rig)[2].speed_kmh == 80.0


def test_what_came_in_over_wires_follows_the_frame_in_its_order(rig: Rig) -> None:
    def script(rig: Rig) -> Steps:
        rig.clock.now_ns += NS_PER_S
        rig.wire.send(VehicleSpeed(50.0), Acknowledged(), VehicleSpeed(51.0))
        yield rig.frame()
        rig.clock.now_ns += NS_PER_S
        rig.wire.send(Acknowledged())
        yield rig.frame()

    rig.run(script)
    at = START_NS + NS_PER_S
    assert [(type(item), item.t_ns - at) for item in rig.told("input")] == [
        (Observation, 0),
        (Speed, 1),
        (Ack, 2),
        (Speed, 3),
        (Observation, NS_PER_S),
        (Ack, NS_PER_S + 1),
    ]


def test_what_came_in_without_a_frame_carries_the_time_of_the_tick(rig: Rig) -> None:
    def script(rig: Rig) -> Steps:
        rig.wire.send(VehicleSpeed(50.0))
        yield from rig.nothing(0.25)

    rig.run(script)
    assert [(type(item), item.t_ns - START_NS) for item in rig.told("input")] == [(Tick, 0), (Speed, 1)]


# The start and the sum ----------------------------------------------------------------------------------------------


def test_views_learn_what_runs_and_what_it_came_to(rig: Rig) -> None:
    looks: list[Callable[[Frame], Observation]] = [
        observation,
        observation,
        lambda frame: observation(frame, closed=None),
        lambda frame: observation(frame, face=False),
    ]

    def script(rig: Rig) -> Steps:
        for number, frame in enumerate(rig.frames(20.0)):
            rig.eyes.seen = looks[number % 4]
            yield frame
        rig.eyes.seen = shut
        yield from rig.frames(4.0)
        rig.clock.now_ns += 7_654_321

    rig.run(script)
    [facts] = rig.told("start")
    assert facts == RunFacts(__version__, "camera 0", "scripted eyes", "no runtime")
    assert rig.happened[0] == ("start", facts)
    [summary] = rig.told("end")
    raised = {"MICROSLEEP": 1, "ASLEEP": 1}
    assert summary == RunSummary(frames=360, seconds=24.008, fps=15.0, face=0.7917, eyes=0.5833, alerts=raised)
    assert asdict(summary)["alerts"] == raised, "plain values: as JSON they say the same"
    assert rig.happened[-1] == ("end", summary)


@pytest.mark.parametrize(("left", "right"), [(0.1, None), (None, 0.1)])
def test_one_eye_that_can_be_read_counts(rig: Rig, left: float | None, right: float | None) -> None:
    rig.eyes.seen = lambda frame: replace(observation(frame), eyes=Eyes(left, right, "glare"))

    def script(rig: Rig) -> Steps:
        rig.clock.now_ns += 7 * NS_PER_S
        yield rig.frame()

    rig.run(script)
    assert rig.told("end") == [RunSummary(frames=1, seconds=7.0, fps=0.1, face=1.0, eyes=1.0, alerts={})]


def test_a_run_without_a_frame_comes_to_nothing(rig: Rig) -> None:
    rig.run(lambda rig: rig.nothing(2.0))
    assert rig.told("end") == [RunSummary(0, 2.0, 0.0, 0.0, 0.0, {})]


def test_a_run_without_any_time_comes_to_nothing(rig: Rig) -> None:
    rig.run(lambda _: iter(()))
    assert rig.told("end") == [RunSummary(0, 0.0, 0.0, 0.0, 0.0, {})]
