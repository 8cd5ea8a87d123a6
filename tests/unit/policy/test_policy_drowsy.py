"""PERCLOS, blinks, yawns, weary faces and DROWSY: each sentence of the policy at its edge."""

from __future__ import annotations

import dataclasses
import itertools

import pytest

from fermon.domain import DriverState, Level
from fermon.policy import Policy, PolicySettings
from fermon.policy.windows import TimeBins
from scenarios.language import Part, Way, inputs
from scenarios.runs import alerts, brief

NOTICE = "+DROWSY NOTICE"


def closed(s: float, **more: object) -> Part:
    return Part(s, eyes="closed", **more)  # type: ignore[arg-type]


def state_after(parts: list[Part], way: Way | None = None, settings: PolicySettings | None = None) -> DriverState:
    policy = Policy(settings)
    for item in inputs(parts, way or Way(10)):
        policy.feed(item)
    return policy.state


def drowsy_lines(parts: list[Part], way: Way | None = None) -> list[str]:
    return [line for line in brief(parts, way or Way(10)) if "DROWSY" in line]


# PERCLOS --------------------------------------------------------------------------------------------------------------


def test_perclos_is_closed_over_usable_time() -> None:
    state = state_after([*[Part(8), closed(2)] * 7])
    assert state.perclos_60s == pytest.approx(0.2, abs=0.005)
    assert state.perclos_180s == pytest.approx(0.2, abs=0.01)  # what there is since the start


def test_perclos_is_not_available_before_a_minute() -> None:
    assert state_after([closed(59.5)]).perclos_60s is None
    assert state_after([closed(60.5)]).perclos_60s == pytest.approx(1.0)


def test_windows_forget() -> None:
    state = state_after([Part(10), closed(20), Part(100)])
    assert state.perclos_60s == 0.0
    assert state.perclos_180s == pytest.approx(20 / 130, abs=0.002)


@pytest.mark.parametrize(("blink", "expected"), [(0.2, 0.0), (0.3, 0.1)])
def test_short_closures_count_as_open(blink: float, expected: float) -> None:
    state = state_after([*[Part(blink * 9), closed(blink)] * int(80 / blink / 10)], Way(30))
    assert state.perclos_60s == pytest.approx(expected, abs=0.005)


def test_unknown_time_is_in_neither_term() -> None:
    state = state_after([*[Part(6), closed(2), Part(2, eyes="unknown")] * 8])
    assert state.perclos_60s == pytest.approx(0.25, abs=0.01)
    assert state.coverage == pytest.approx(0.8, abs=0.02)


@pytest.mark.parametrize(("hidden", "available"), [(2.5, True), (3.5, False)])
def test_perclos_needs_enough_usable_time(hidden: float, available: bool) -> None:
    state = state_after([*[Part(10 - hidden), Part(hidden, eyes="unknown")] * 8])
    assert (state.perclos_60s is not None) == available


def test_time_between_frames_too_far_apart_is_in_neither_term() -> None:
    state = state_after([Part(50), *[closed(1), Part(0.8, camera="stalled")] * 3, Part(20)])
    assert state.coverage == pytest.approx(1 - 3 * 0.85 / 60, abs=0.01)


def test_perclos_is_not_available_below_the_frame_rate_floor() -> None:
    assert state_after([Part(70)], Way(6)).perclos_60s is None


def test_warning_needs_both_windows() -> None:
    lines = alerts([Part(170), *[Part(4), closed(1.4)] * 8], Way(10))
    assert [a.level for a in lines] == [Level.NOTICE]  # 60 s: 0.19; 180 s: 0.06


def test_drowsy_changes_level_with_one_line_each() -> None:
    lines = drowsy_lines([*[Part(4), closed(1.4)] * 25, Part(300)])
    assert lines[0] in (NOTICE, "+DROWSY WARNING")
    assert lines[-3:] == ["+DROWSY WARNING", NOTICE, "-DROWSY NOTICE"]
    assert all(a != b for a, b in itertools.pairwise(lines))


def test_warning_stays_while_the_driver_hides() -> None:
    lines = drowsy_lines([*[Part(4), closed(1.4)] * 25, Part(200, face=False)])
    assert lines[-1] == "+DROWSY WARNING"


def test_notice_clears_while_the_driver_hides() -> None:
    lines = drowsy_lines([*[Part(9), closed(1.2)] * 10, Part(140, face=False)])
    assert lines == [NOTICE, "-DROWSY NOTICE"]


# Blinks, yawns, weary -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("count", "lines"), [(5, []), (6, [NOTICE])])
def test_long_blinks_in_a_minute(count: int, lines: list[str]) -> None:
    assert drowsy_lines([Part(20), *[closed(0.6), Part(4)] * count, Part(5)], Way(30)) == lines


@pytest.mark.parametrize("lasts", [0.4, 1.7])
def test_other_closures_are_no_long_blinks(lasts: float) -> None:
    state = state_after([Part(10), *[closed(lasts), Part(1)] * 6], Way(30))
    assert state.long_blinks == 0


def test_long_blinks_older_than_a_minute_do_not_count() -> None:
    assert drowsy_lines([Part(20), *[closed(0.6), Part(12)] * 9], Way(30)) == []


def test_blink_statistics_need_15_fps() -> None:
    parts = [Part(20), *[closed(0.6), Part(4)] * 6]
    assert drowsy_lines(parts, Way(12)) == []
    slow, fast = state_after(parts, Way(12)), state_after(parts, Way(15))
    assert (slow.long_blinks, slow.blink_rate_per_min, slow.blink_duration_s) == (None, None, None)
    assert fast.long_blinks == 6
    assert fast.blink_rate_per_min == 6.0
    assert fast.blink_duration_s == pytest.approx(0.6, abs=0.07)
    assert slow.visibility.name == "OK"


def yawn(s: float = 2.3, **more: object) -> list[Part]:
    return [Part(s, mouth=0.8, **more), Part(10)]  # type: ignore[arg-type]


@pytest.mark.parametrize(("count", "lines"), [(2, []), (3, [NOTICE])])
def test_yawns(count: int, lines: list[str]) -> None:
    assert drowsy_lines([Part(10), *yawn() * count]) == lines


def test_a_short_or_talking_mouth_is_no_yawn() -> None:
    assert state_after([Part(10), *yawn(1.8) * 3, *[Part(0.5, mouth=0.9), Part(0.2)] * 20]).yawns == 0


def test_a_laugh_is_no_yawn() -> None:
    laugh = [Part(5, mouth=0.9, expression="happy"), Part(10)]
    assert state_after([Part(10), *laugh * 3]).yawns == 0


def test_a_long_yawn_counts_once() -> None:
    assert state_after([Part(10), Part(4, mouth=0.8), Part(0.2), Part(4, mouth=0.8), Part(1)]).yawns == 1


def test_a_yawn_needs_an_expression_and_a_mouth() -> None:
    assert state_after([Part(10), *yawn(expression=None) * 3]).yawns == 0
    assert state_after([Part(10), Part(1.5, mouth=0.8), Part(0.7, mouth=None), Part(1.5, mouth=0.8)]).yawns == 0


def test_yawns_older_than_five_minutes_do_not_count() -> None:
    assert state_after([*yawn(), Part(285)]).yawns == 1
    assert state_after([*yawn(), Part(305)]).yawns == 0


def sad(parts: list[Part]) -> list[Part]:
    return [dataclasses.replace(part, expression="sad") for part in parts]


WEARY_SIGNS = {
    "yawns": [*yawn() * 2],
    "long blinks": [*[closed(0.6), Part(9)] * 3],
    "perclos": [*[Part(9), closed(0.45)] * 7],
}


@pytest.mark.parametrize("sign", WEARY_SIGNS)
def test_half_is_enough_with_a_weary_expression(sign: str) -> None:
    parts = [Part(65), *WEARY_SIGNS[sign], Part(2)]
    assert drowsy_lines(parts, Way(30)) == []
    lines = alerts(sad(parts), Way(30))
    assert [(a.kind.value, a.level) for a in lines] == [("DROWSY", Level.NOTICE)]
    assert lines[0].evidence["weary"] is True
    assert f"{sign} and weary" in lines[0].evidence["signs"]


def test_sad_for_less_than_a_minute_is_not_weary() -> None:
    assert drowsy_lines([Part(30), *sad([Part(30), *yawn() * 2])]) == []


def test_evidence_names_the_windows_that_are_configured() -> None:
    settings = PolicySettings(
        perclos_short_window_s=50.0, perclos_long_window_s=150.0, yawn_window_s=200.0, blink_window_s=40.0
    )
    line = alerts([Part(10), *yawn() * 3], settings=settings)[0]
    windows = {key: value for key, value in line.evidence.items() if key.endswith("_window_s")}
    assert windows == {
        "perclos_short_window_s": 50.0,
        "perclos_long_window_s": 150.0,
        "yawn_window_s": 200.0,
        "blink_window_s": 40.0,
    }


def test_a_gap_in_the_expression_starts_weary_anew() -> None:
    hidden = Part(2.5, expression=None)
    assert drowsy_lines([*sad([Part(40)]), hidden, *sad([Part(10), *yawn() * 2])]) == []


def test_fleet_profile_knows_no_weary() -> None:
    parts = sad([Part(65), *yawn() * 2])
    assert brief(parts, settings=PolicySettings(profile="fleet")) == []


# The ring -------------------------------------------------------------------------------------------------------------


def test_time_bins_slide() -> None:
    bins = TimeBins(1_000_000_000, 3_000_000_000)
    bins.advance(500_000_000)
    bins.add(0, 500_000_000)
    assert (bins.total(0), bins.total(1)) == (500_000_000, 500_000_000)
    bins.advance(1_250_000_000)
    assert bins.total(0) == 250_000_000  # the oldest bin in part
    bins.advance(3_100_000_000)
    assert (bins.total(0), bins.total(1)) == (0, 400_000_000)
    bins.advance(10**18)
    assert (bins.total(0), bins.total(1)) == (0, 0)


def test_time_bins_leave_out_what_is_too_old() -> None:
    bins = TimeBins(1_000_000_000)
    bins.advance(5_000_000_000)
    bins.add(1_000_000_000, 1_100_000_000)
    assert bins.total(0) == 0
