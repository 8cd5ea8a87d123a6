"""ANGER and speed: each sentence of the policy at its edge."""

from __future__ import annotations

import pytest

from fermon.domain import DriverState, Gated, Kind, Level, Speed
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


# Several sources ------------------------------------------------------------------------------------------------------


def test_of_several_sources_the_highest_that_is_fresh_counts() -> None:
    policy = Policy()
    policy.feed(Speed(0, 0.0, "can"))
    policy.feed(Speed(1, 43.0, "serial"))
    policy.feed(Speed(S, 0.0, "can"))
    assert policy.state.speed_kmh == 43.0
    policy.feed(Speed(2 * S, 0.0, "can"))
    policy.feed(Speed(2 * S + 2, 5.0, "can"))  # the other one is too old now
    assert policy.state.speed_kmh == 5.0
    policy.feed(Speed(5 * S, 6.0))
    assert policy.state.speed_kmh == 6.0


def test_a_source_that_says_zero_does_not_gate_while_another_moves() -> None:
    policy, found = Policy(), []
    for item in inputs([Part(20, kmh=0), closed(4, 0)], Way(15)):
        found += policy.feed(item)
        if isinstance(item, Speed):
            found += policy.feed(Speed(item.t_ns + 1, 50.0, "serial"))
    assert [a.kind for a in found] == [Kind.MICROSLEEP, Kind.ASLEEP]


@pytest.mark.parametrize("source", [None, 7, ["can"], float("nan")])
def test_a_source_that_is_no_text_is_one_without_a_name(source: object) -> None:
    policy = Policy()
    policy.feed(Speed(0, 30.0, source))  # type: ignore[arg-type]
    assert policy.state.speed_kmh == 30.0


# Gated, said aloud ----------------------------------------------------------------------------------------------------


def after(parts: list[Part], source: str = "") -> DriverState:
    policy = Policy()
    for item in inputs(parts, Way(15)):
        policy.feed(Speed(item.t_ns, item.kmh, source) if isinstance(item, Speed) else item)
    return policy.state


def test_gated_says_what_how_long_and_why() -> None:
    gated = after([Part(20, kmh=0), closed(12, 0)], "can").gated
    assert gated is not None
    assert (gated.kind, gated.level, gated.limit_kmh, gated.speed_kmh, gated.source) == (
        Kind.UNRESPONSIVE,
        Level.CRITICAL,
        10.0,
        0.0,
        "can",
    )
    assert gated.since_ns == pytest.approx(20 * S, abs=0.1 * S)
    assert gated.lasted_s == pytest.approx(12, abs=0.2)


def gating(parts: list[Part]) -> list[tuple[float, Gated | None]]:
    """When `gated` began or ended to hold a kind, and what."""
    policy, found = Policy(), []
    last: Kind | None = None
    for item in inputs(parts, Way(30)):
        policy.feed(item)
        gated = policy.state.gated
        if (kind := gated.kind if gated else None) is not last:
            found.append((round(item.t_ns / S, 1), kind))
            last = kind
    return found


def test_gated_begins_and_ends_once() -> None:
    """The most urgent step; a flicker and an unknown moment in between end nothing."""
    parts = [Part(20, kmh=0), closed(1.2, 0), Part(0.1, eyes="unknown", kmh=0), closed(1.2, 0), Part(5, kmh=0)]
    assert gating(parts) == [(21.5, Kind.MICROSLEEP), (23.0, None)]
    assert gating([Part(20, kmh=0), closed(7, 0), Part(8, kmh=0)]) == [
        (21.5, Kind.MICROSLEEP),
        (23.0, Kind.ASLEEP),
        (26.0, Kind.UNRESPONSIVE),
        (32.0, None),
    ]


def test_nothing_is_gated_when_the_gate_opens() -> None:
    parts = [Part(20, kmh=0), closed(4, 0), closed(1, 50)]
    assert gating(parts) == [(21.5, Kind.MICROSLEEP), (23.0, Kind.ASLEEP), (24.0, None)]


def test_nothing_is_gated_that_would_not_be_raised() -> None:
    assert after([Part(20, kmh=0), closed(1.2, 0)]).gated is None
    assert after([Part(20, kmh=50), closed(12, 50)]).gated is None
    assert after([angry(9, kmh=0)]).gated is None
    assert after([angry(20, kmh=0)]).gated is not None


def test_an_alert_that_is_on_is_not_gated() -> None:
    gated = after([Part(20, kmh=50), closed(4, 50), closed(0.5, 0)]).gated
    assert gated is None  # MICROSLEEP and ASLEEP are on, UNRESPONSIVE is not due


def test_the_driver_who_got_out_is_not_gated() -> None:
    assert after([Part(20, kmh=0), closed(5, 0), Part(70, face=False, kmh=0)]).gated is None
