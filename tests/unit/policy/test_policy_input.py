"""Whatever comes in: nothing raises, what cannot be used is counted, and blindness is told."""

from __future__ import annotations

import dataclasses
import json
import math
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fermon.domain import (
    Ack,
    Alert,
    Box,
    CameraChange,
    Eyes,
    Face,
    Head,
    Input,
    Kind,
    Level,
    Observation,
    Quality,
    Speed,
    Tick,
)
from fermon.policy import Policy, PolicySettings
from fermon.session.format import encode
from scenarios.drivers import SCENARIOS
from scenarios.language import Part, Way, inputs
from scenarios.runs import brief

S = 1_000_000_000
NAN = float("nan")


def frame(t_ns: Any = 0, **changes: Any) -> Observation:
    usual = Observation(
        t_ns, 0, Face(Box(0, 0, 9, 9), 0.9), (0.1,) * 4 + (0.2,) * 3, Eyes(0.1, 0.1), 0.1, Quality(0.4, 0.5)
    )
    return dataclasses.replace(usual, **changes)


@pytest.mark.parametrize(
    ("item", "cause"),
    [
        (frame(eyes=Eyes(NAN, 0.1)), "eye"),
        (frame(eyes=Eyes(1.2, 0.1)), "eye"),
        (frame(eyes=Eyes("shut", 0.1)), "eye"),  # type: ignore[arg-type]
        (frame(mouth=-0.1), "mouth"),
        (frame(mouth=math.inf), "mouth"),
        (frame(expression=(0.9,) * 7), "expression"),
        (frame(expression=(0.0,) * 7), "expression"),
        (frame(expression=(NAN,) * 7), "expression"),
        (frame(expression=(1.0,)), "expression"),
        (frame(expression="angry"), "expression"),
        (frame(expression=(2.0, -1.0, 0.0, 0.0, 0.0, 0.0, 0.0)), "expression"),
        (frame(t_ns=NAN), "time"),
        (frame(t_ns=None), "time"),
        (frame(t_ns=10**40), "time"),
    ],
)
def test_what_cannot_be_used_is_counted(item: Observation, cause: str) -> None:
    policy = Policy()
    assert policy.feed(item) == []
    assert policy.state.not_used == {cause: 1}


def test_unreadable_values_are_unknown_not_open_or_closed() -> None:
    policy = Policy()
    policy.feed(frame(eyes=Eyes(NAN, None), expression=(NAN,) * 7))
    assert policy.state.eyes.value == "unknown"
    assert policy.state.expression is None


def test_whole_numbers_are_probabilities_too() -> None:
    policy = Policy()
    policy.feed(frame(eyes=Eyes(1, 1), expression=(1, 0, 0, 0, 0, 0, 0)))
    assert policy.state.eyes.value == "closed"
    assert policy.state.expression == (1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)


def test_times_that_do_not_increase_are_skipped_and_counted() -> None:
    policy = Policy()
    policy.feed(frame(S))
    policy.feed(frame(S, eyes=Eyes(0.9, 0.9)))
    policy.feed(frame(0, eyes=Eyes(0.9, 0.9)))
    policy.feed(Tick(0))
    assert policy.state.not_used == {"time not increasing": 3}
    assert policy.state.eyes.value == "open"
    assert policy.state.t_ns == S


def test_inputs_of_different_kinds_may_share_a_time() -> None:
    policy = Policy()
    policy.feed(frame(S))
    policy.feed(Speed(S, 50.0))
    assert policy.state.speed_kmh == 50.0
    assert policy.state.not_used == {}


def test_repeated_and_shuffled_frames_change_nothing() -> None:
    parts = [Part(20), Part(4, eyes="closed"), Part(10)]
    plain = inputs(parts, Way(15))
    messy = [copy for item in plain for copy in (item, item, dataclasses.replace(item, t_ns=item.t_ns - S))]
    assert lines(messy) == lines(plain) != []


def lines(items: list[Input], policy_settings: PolicySettings | None = None) -> list[Alert]:
    policy = Policy(policy_settings)
    return [alert for item in items for alert in policy.feed(item)]


def test_every_line_carries_evidence_that_json_can_hold() -> None:
    for scenario in SCENARIOS:
        if scenario.length_s < 100:
            for line in lines(inputs(scenario.parts, Way(15)), scenario.settings):
                evidence = json.loads(json.dumps(dict(line.evidence), allow_nan=False))
                assert {"fps", "speed_kmh"} < set(evidence)
                assert line.since_ns <= line.t_ns


def test_active_alerts_are_most_urgent_first() -> None:
    policy = Policy()
    for item in inputs([Part(10), Part(7, eyes="closed")], Way(15)):
        policy.feed(item)
    assert [a.level for a in policy.state.alerts] == [Level.CRITICAL, Level.CRITICAL, Level.WARNING]
    assert policy.state.level == Level.CRITICAL
    assert policy.state.wakefulness.name == "UNRESPONSIVE"


def test_importing_the_policy_is_light() -> None:
    code = "import sys, fermon.policy; print([m for m in ('cv2', 'json', 'logging', 'random') if m in sys.modules])"
    heavy = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert "cv2" not in heavy


def test_the_policy_reads_no_clock() -> None:
    code = (
        "import fermon.policy.policy, sys\n"
        "own = [m for n, m in sys.modules.items() if n.startswith('fermon.policy')]\n"
        "print([m.__name__ for m in own if {'time', 'random', 'logging', 'datetime'} & set(vars(m))])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


# Properties -----------------------------------------------------------------------------------------------------------

parts = st.builds(
    Part,
    s=st.sampled_from([0.1, 0.3, 0.7, 1.6, 3.3, 6.5, 12.0, 40.0]),
    eyes=st.sampled_from(["open", "closed", "unknown", "blinking", "half", "one"]),
    expression=st.sampled_from([None, "angry", "sad", "happy", "neutral"]),
    face=st.booleans(),
    mouth=st.sampled_from([None, 0.1, 0.9]),
    kmh=st.sampled_from([None, None, 0.0, 5.0, 15.0, 90.0]),
    camera=st.sampled_from(["ok", "ok", "ok", "covered", "lost", "stalled", "asleep"]),
    fps=st.sampled_from([None, None, 4.0, 30.0]),
    ack=st.booleans(),
    head=st.sampled_from([None, (0.0, 0.0), (0.0, -10.0), (0.0, -30.0), (50.0, 0.0)]),
    to=st.sampled_from([None, None, (0.0, 0.0), (0.0, -30.0)]),
    profile=st.booleans(),
    cause=st.sampled_from([None, None, "lowered"]),
)
drives = st.lists(parts, min_size=1, max_size=10)


@settings(max_examples=25, deadline=None)
@given(drives, st.integers(-(2**60), 2**60))
def test_shifting_all_times_changes_nothing(drive: list[Part], shift: int) -> None:
    items = inputs(drive, Way(8, jitter=0.2))
    shifted = lines([dataclasses.replace(item, t_ns=item.t_ns + shift) for item in items])
    assert shifted == [dataclasses.replace(a, t_ns=a.t_ns + shift, since_ns=a.since_ns + shift) for a in lines(items)]


@settings(max_examples=25, deadline=None)
@given(drives)
def test_raise_and_clear_alternate(drive: list[Part]) -> None:
    active: dict[Kind, Level] = {}
    for line in lines(inputs(drive, Way(10, drops=0.1))):
        if line.active:
            assert active.get(line.kind) != line.level
            active[line.kind] = line.level
        else:
            assert active.pop(line.kind) == line.level


probabilities = st.one_of(st.none(), st.floats(), st.floats(0, 1), st.just("x"), st.integers())
angles = st.one_of(st.floats(-90, 90), probabilities)
times = st.one_of(
    st.integers(-(2**80), 2**80),
    st.integers(0, 40).map(lambda s: s * S),
    st.integers(0, 400).map(lambda n: n * S // 10),
)
wild = st.one_of(
    st.builds(
        Observation,
        times,
        st.integers(),
        st.one_of(st.none(), st.builds(Face, st.just(Box(NAN, 0, 0, 0)), st.just(NAN), profile=st.booleans())),
        st.one_of(st.none(), st.lists(st.floats(), max_size=8).map(tuple), st.just((0.9, 0.1, 0, 0, 0, 0, 0))),
        st.one_of(st.none(), st.builds(Eyes, probabilities, probabilities, st.sampled_from([None, "lowered"]))),
        probabilities,
        st.builds(Quality, st.floats(), st.floats(), st.one_of(st.none(), st.floats())),
        st.one_of(st.none(), st.builds(Head, angles, angles, angles)),
    ),
    st.builds(Tick, times),
    st.builds(Speed, times, st.one_of(st.floats(), st.integers())),
    st.builds(Ack, times),
    st.builds(CameraChange, times, st.sampled_from(["lost", "ok", "", "x"])),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(wild, max_size=40))
def test_no_input_raises_or_hides_blindness(items: list[Any]) -> None:
    policy = Policy()
    for item in items:
        policy.feed(item)
        assert policy.state.level in (0, 1, 2, 3)
    # Then nothing comes but time, without a speed signal: within 10 s it says that it is blind.
    start = policy.state.t_ns if items else 0
    for step in range(1, 70):
        policy.feed(Tick(start + step * S // 5))
    assert Kind.UNAVAILABLE in {a.kind for a in policy.state.alerts}
    assert not policy.state.determined


@settings(max_examples=40, deadline=None)
@given(st.lists(wild, max_size=40))
def test_the_same_inputs_give_the_same_lines(items: list[Any]) -> None:
    assert [encode(a) for a in lines(items)] == [encode(a) for a in lines(items)]


def test_a_day_of_driving_takes_no_more_memory_than_an_hour() -> None:
    """What a policy holds is bounded: count everything it reaches after a long and an even longer drive."""

    def drive(policy: Policy, start_s: int, hours: float) -> int:
        block = inputs([Part(9), Part(1, eyes="closed"), Part(3, mouth=0.9), Part(0.7, face=False)], Way(4))
        for n in range(int(hours * 3600 / 14)):
            for item in block:
                policy.feed(dataclasses.replace(item, t_ns=item.t_ns + (start_s + n * 14) * S))
        return reachable_items(policy)

    policy = Policy()
    first = drive(policy, 0, 1.0)
    assert drive(policy, 3600, 3.0) <= first * 1.02


def reachable_items(policy: Policy) -> int:
    """Count what a policy holds: attributes and items of containers, all the way down."""
    seen: set[int] = set()
    todo: list[Any] = [policy]
    count = 0
    while todo:
        thing = todo.pop()
        if id(thing) in seen or isinstance(thing, (type, str)) or callable(thing):
            continue
        seen.add(id(thing))
        items = list(thing.values() if isinstance(thing, dict) else thing) if hasattr(thing, "__iter__") else []
        items += getattr(thing, "__dict__", {}).values()
        count += len(items)
        todo += items
    return count


def test_budget_of_false_alerts() -> None:
    """An attentive driver who blinks, talks, laughs and looks away for an hour."""
    minute = [
        Part(30, eyes="blinking"),
        Part(3, mouth=0.9, expression="happy"),
        Part(4, eyes="unknown"),
        Part(20, eyes="blinking"),
        Part(3, face=False),
    ]
    assert brief(minute * 60, Way(15)) == []
