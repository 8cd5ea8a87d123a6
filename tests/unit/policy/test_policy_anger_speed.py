"""ANGER and speed: each sentence of the policy at its edge."""

from __future__ import annotations

import pytest

from fermon.domain import Kind, Speed
from fermon.policy import Policy, PolicySettings
from scenarios.language import Part, Way, inputs
from scenarios.runs import alerts, brief

S = 1_000_000_000


def angry(s: float, **more: object) -> Part:
    return Part(s, expression="angry", **more)  # type: ignore[arg-type]


def closed(s: float, kmh: float | None) -> Part:
    return Part(s, eyes="closed", kmh=kmh)


# Anger ----------------------------------------------------------------------------------------------------------------


def test_smoothing_starts_with_the_first_expression() -> None:
    assert alerts([angry(20)])[0].t_ns == pytest.approx(10 * S, abs=0.1 * S)


def test_smoothing_starts_anew_after_a_gap() -> None:
    hidden = Part(2.5, expression=None)
    line = alerts([Part(10), hidden, angry(20)])[0]
    assert line.t_ns == pytest.approx(22.5 * S, abs=0.1 * S)


def test_smoothing_survives_a_short_gap() -> None:
    assert alerts([angry(6), Part(1.5, expression=None), angry(10)])[0].t_ns == pytest.approx(10 * S, abs=0.1 * S)


@pytest.mark.parametrize(("readable", "lines"), [(0.8, ["+ANGER NOTICE"]), (0.6, [])])
def test_most_of_the_time_has_to_be_readable(readable: float, lines: list[str]) -> None:
    assert brief([angry(30, readable=readable)]) == lines


def test_anger_pauses_after_it_cleared() -> None:
    lines = alerts([angry(15), Part(15), angry(400)], Way(10))
    raised = [a.t_ns for a in lines if a.active]
    cleared = [a.t_ns for a in lines if not a.active]
    assert len(raised) == 2
    assert raised[1] - cleared[0] == pytest.approx(300 * S, abs=0.1 * S)


def test_anger_clears_only_after_five_calm_seconds() -> None:
    lines = brief([angry(15), *[Part(4), angry(2)] * 3])
    assert lines == ["+ANGER NOTICE"]


def test_anger_stays_while_nothing_is_readable() -> None:
    assert brief([angry(15), Part(60, expression=None)]) == ["+ANGER NOTICE"]


def test_anger_is_never_more_than_a_notice() -> None:
    assert brief([angry(200)]) == ["+ANGER NOTICE"]


def test_fleet_profile_knows_no_anger() -> None:
    assert brief([angry(60)], settings=PolicySettings(profile="fleet")) == []


# Speed ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("kmh", "count"), [(9.9, 0), (10.0, 1), (None, 1)])
def test_closure_gate(kmh: float | None, count: int) -> None:
    assert brief([Part(20, kmh=kmh), closed(2, kmh)]).count("+MICROSLEEP WARNING") == count


@pytest.mark.parametrize(("kmh", "count"), [(19.9, 0), (20.0, 1), (None, 1)])
def test_drowsy_gate(kmh: float | None, count: int) -> None:
    parts = [Part(20, kmh=kmh), *[Part(3, mouth=0.8, kmh=kmh), Part(3, kmh=kmh)] * 3]
    assert brief(parts).count("+DROWSY NOTICE") == count


@pytest.mark.parametrize(("kmh", "count"), [(0.9, 0), (1.0, 1), (None, 1)])
def test_anger_gate(kmh: float | None, count: int) -> None:
    assert brief([angry(20, kmh=kmh)]).count("+ANGER NOTICE") == count


def test_unavailable_has_no_gate() -> None:
    assert brief([Part(20, kmh=0), Part(12, face=False, kmh=0)]) == ["+UNAVAILABLE NOTICE"]


def test_closure_time_runs_on_below_the_gate() -> None:
    lines = alerts([Part(20, kmh=0), closed(7, 0), closed(1, 50)])
    assert [a.kind for a in lines] == [Kind.MICROSLEEP, Kind.ASLEEP, Kind.UNRESPONSIVE]
    assert all(a.t_ns == pytest.approx(27.1 * S, abs=0.2 * S) for a in lines)
    assert all(a.evidence["speed_kmh"] == 50 for a in lines)


def test_nothing_is_raised_when_the_condition_is_over_before_the_gate_opens() -> None:
    assert brief([Part(20, kmh=0), closed(7, 0), Part(5, kmh=0), Part(5, kmh=50)]) == []


def test_slowing_down_clears_nothing() -> None:
    assert brief([Part(20, kmh=50), closed(4, 50), closed(5, 0)]) == ["+MICROSLEEP WARNING", "+ASLEEP CRITICAL"]


def test_an_old_speed_is_none() -> None:
    policy = Policy()
    for item in inputs([Part(5, kmh=3)], Way(10)):
        policy.feed(item)
    assert policy.state.speed_kmh == 3
    for item in inputs([Part(5, kmh=3), Part(2.5)], Way(10)):
        policy.feed(item)
    assert policy.state.speed_kmh is None


@pytest.mark.parametrize("kmh", [-1.0, 400.0, float("nan"), float("inf"), None, "fast"])
def test_impossible_speeds_are_counted_and_not_used(kmh: object) -> None:
    policy = Policy()
    assert policy.feed(Speed(0, kmh)) == []  # type: ignore[arg-type]
    assert policy.state.speed_kmh is None
    assert policy.state.not_used == {"speed": 1}
