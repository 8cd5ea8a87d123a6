"""The order of inputs: late frames, speeds and acknowledgements between them."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fermon.domain import Ack, Alert, CameraChange, Eyes, Input, Kind, Observation, Quality, Speed, Tick
from fermon.policy import Policy, PolicySettings
from scenarios.language import Part, Way, inputs
from scenarios.runs import alerts, brief

S = 1_000_000_000


def lines(items: list[Input]) -> tuple[list[Alert], Policy]:
    policy = Policy()
    return [alert for item in items for alert in policy.feed(item)], policy


def frame(t_ns: int) -> Observation:
    return Observation(t_ns, 0, None, None, Eyes(None, None), None, Quality(0.4, 0.5))


def drive(late: float, kmh: float | None = 50.0) -> list[Part]:
    how = {"late": late, "kmh": kmh}
    return [Part(20, **how), Part(4, eyes="closed", **how), Part(0.2, ack=True, **how), Part(20, **how)]  # type: ignore[arg-type]


@pytest.mark.parametrize("late", [0.1, 0.3, 0.6, 0.9])
def test_late_frames_beside_a_speed_give_the_same_lines(late: float) -> None:
    """Nothing is skipped; lines of frames carry the frames' own times."""
    usual, found = lines(inputs(drive(0.0), Way(15))), lines(inputs(drive(late), Way(15)))
    assert found[1].state.not_used == {}
    assert [(a.kind, a.active) for a in found[0]] == [(a.kind, a.active) for a in usual[0]]
    for ours, theirs in zip(found[0], usual[0], strict=True):
        acknowledged = "acknowledged" in ours.evidence
        assert ours.t_ns == pytest.approx(theirs.t_ns, abs=(1.0 if acknowledged else 0.07) * S)


def test_frames_that_are_later_are_skipped_and_counted() -> None:
    found, policy = lines(inputs(drive(1.3), Way(15)))
    assert policy.state.not_used["time not increasing"] > 300
    assert {a.kind for a in found} == {Kind.UNAVAILABLE}  # blind, and not silent about it


def test_an_input_between_frames_takes_effect_at_once() -> None:
    """A speed that opens the gate raises with its own time, although frames under way are older."""
    policy = Policy()
    for item in inputs([Part(20, kmh=0), Part(4, eyes="closed", kmh=0)], Way(15)):
        policy.feed(item)
    found = policy.feed(Speed(24 * S + S // 2, 50.0))
    assert [(a.kind, a.t_ns) for a in found] == [(k, 24 * S + S // 2) for k in (Kind.MICROSLEEP, Kind.ASLEEP)]
    assert policy.feed(frame(24 * S + S // 10)) == []
    assert policy.state.t_ns == 24 * S + S // 2
    assert policy.state.not_used == {}


def test_time_goes_on_without_frames() -> None:
    """Once no frame can be under way, ticks tell the time: a camera that stalls is told within ten seconds."""
    line = alerts([Part(20), Part(12, camera="stalled")])[0]
    assert line.kind is Kind.UNAVAILABLE
    assert line.t_ns == pytest.approx(29.5 * S, abs=0.3 * S)


def test_a_lost_camera_has_no_frame_under_way() -> None:
    line = alerts([Part(20), Part(3, camera="lost")], settings=PolicySettings(camera_lost_s=0.5))[0]
    assert line.t_ns == pytest.approx(20.5 * S, abs=0.21 * S)


def test_frames_that_come_late_after_a_stall_are_used() -> None:
    policy = Policy()
    for item in inputs([Part(20), Part(3, camera="stalled")], Way(15)):
        policy.feed(item)
    for n in range(30):  # taken while the ticks came
        policy.feed(dataclasses.replace(inputs([Part(1)], Way(15))[0], t_ns=round((22.2 + n / 15) * S)))
    assert policy.state.not_used == {}
    assert policy.state.eyes.value == "open"
    assert policy.state.t_ns == round((22.2 + 29 / 15) * S)


def test_a_frame_from_before_the_camera_was_lost_does_not_bring_it_back() -> None:
    policy = Policy()
    for item in inputs([Part(20)], Way(15)):
        policy.feed(item)
    policy.feed(CameraChange(20 * S + S // 2, "lost"))
    policy.feed(frame(20 * S + S // 4))
    assert policy.state.not_used == {"time not increasing": 1}
    assert [a.kind for step in range(12) for a in policy.feed(Tick(21 * S + step * S // 5))] == [Kind.UNAVAILABLE]


def test_inputs_older_than_the_last_frame_are_skipped() -> None:
    _, policy = lines([frame(S), Speed(S - 1, 50.0), Ack(S - 1), Tick(S - 1)])
    assert policy.state.not_used == {"time not increasing": 3}


def test_frames_keep_their_own_order() -> None:
    _, policy = lines([frame(S), Tick(S + 5), frame(S), frame(S - 1), frame(S + 1), frame(S + 1), Tick(S + 5)])
    assert policy.state.not_used == {"time not increasing": 4}


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 10), st.sampled_from([Speed, Ack, Tick])), max_size=60))
def test_inputs_between_frames_move_no_line_by_more_than_a_frame(between: list[tuple[int, type]]) -> None:
    """However many come, and however far ahead of the frames: lines of frames are those without them."""
    plain = [Part(20, kmh=50.0), Part(2.5, eyes="closed", kmh=50.0), Part(4, kmh=50.0)]
    items = inputs(plain, Way(15))
    frames = [item for item in items if isinstance(item, Observation)]
    mixed: list[Input] = []
    ahead = 0
    for n, item in enumerate(frames):
        if n < len(between):
            lead, kind = between[n]
            ahead = max(ahead, item.t_ns + lead * S // 11)
            mixed.append(Speed(ahead + n, 50.0) if kind is Speed else kind(ahead + n))
        mixed.append(item)
    found, policy = lines(mixed)
    assert policy.state.not_used == {}
    assert [(a.kind, a.active, a.t_ns) for a in found] == [(a.kind, a.active, a.t_ns) for a in lines(list(frames))[0]]


def test_a_second_of_frames_may_be_under_way_at_the_start() -> None:
    found = brief([Part(5, late=0.9, kmh=50.0), Part(2, eyes="closed", late=0.9, kmh=50.0)], Way(30))
    assert found == ["+MICROSLEEP WARNING"]
