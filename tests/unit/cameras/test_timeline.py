"""The times of a clip's pictures, on invented time stamps."""

from __future__ import annotations

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fermon.cameras.timeline import JUMP_NS, NoTimes, Timeline

NS = 1_000_000
STAMPS = st.lists(st.none() | st.floats(allow_nan=True) | st.integers(-5000, 5000).map(float), max_size=40)
RATES = st.none() | st.floats(0.1, 1000)


def times(line: Timeline, stamps: list[float | None], lost: int = 0) -> list[int | None]:
    return [line.next(stamp, lost) for stamp in stamps]


@given(stamps=STAMPS, rate_hz=RATES)
def test_times_begin_at_zero_and_strictly_increase_whatever_comes(
    stamps: list[float | None], rate_hz: float | None
) -> None:
    line, made = Timeline(rate_hz, steady=False), []
    try:
        for stamp in stamps:
            t_ns = line.next(stamp)
            if t_ns is not None:
                made.append(t_ns)
                assert line.t_ns == t_ns
    except NoTimes:
        assert rate_hz is None
    assert made[:1] in ([], [0])
    assert all(after > before for before, after in itertools.pairwise(made))


@given(stamps=st.lists(st.integers(1, JUMP_NS // NS - 1), max_size=40), begin_ms=st.integers(0, 10**9), rate_hz=RATES)
def test_stamps_that_increase_are_the_times(stamps: list[int], begin_ms: int, rate_hz: float | None) -> None:
    own = [begin_ms]
    for step_ms in stamps:
        own.append(own[-1] + step_ms)
    line = Timeline(rate_hz, steady=False)
    for stamp in own:
        assert line.next(float(stamp)) == (stamp - begin_ms) * NS
        assert not line.jump


@given(count=st.integers(1, 200), rate_hz=st.floats(0.1, 1000), lost=st.integers(0, 5))
def test_a_rate_alone_times_every_picture_and_those_that_are_lost(count: int, rate_hz: float, lost: int) -> None:
    line = Timeline(rate_hz, steady=True)
    for number in range(count):
        assert line.next(math.nan, lost) == round(number * (1 + lost) * 1e9 / rate_hz)


def test_a_missing_stamp_is_stepped_over_and_the_next_one_counts_again() -> None:
    line = Timeline(10.0, steady=False)
    assert times(line, [0, 100, None, math.inf, 410]) == [0, 100 * NS, 200 * NS, 300 * NS, 410 * NS]


def test_a_stamp_behind_what_was_stepped_over_is_not_behind_in_time() -> None:
    line = Timeline(10.0, steady=False)
    assert times(line, [0, 100, None, None, 250, 350]) == [0, 100 * NS, 200 * NS, 300 * NS, 301 * NS, 350 * NS]


def test_the_step_seen_last_serves_where_there_is_no_rate() -> None:
    line = Timeline(None, steady=False)
    assert times(line, [0, 40, None, 110, None]) == [0, 40 * NS, 80 * NS, 110 * NS, 180 * NS]
    assert line.step_ns == 70 * NS


def test_without_stamp_and_rate_there_are_no_times() -> None:
    line = Timeline(None, steady=False)
    assert line.next(None) == 0
    with pytest.raises(NoTimes):
        line.next(None)
    with pytest.raises(NoTimes):
        Timeline(None, steady=True).next(0.0)


def test_a_first_stamp_that_comes_late_begins_there() -> None:
    line = Timeline(10.0, steady=False)
    assert times(line, [None, None, 90_000_000, 90_000_150]) == [0, 100 * NS, 200 * NS, 350 * NS]
    assert not line.jump


def test_what_comes_again_or_too_late_has_no_time() -> None:
    line = Timeline(10.0, steady=False)
    assert times(line, [0, 100, 100, 50, 200]) == [0, 100 * NS, None, None, 200 * NS]


@pytest.mark.parametrize(
    ("stamp_ms", "t_ms", "told"),
    [
        (2199, 2199, ""),
        (2200, 2200, "from 0.200 s to 2.200 s"),
        (86_400_200, 86_400_200, "from 0.200 s to 86400.200 s"),
        (86_400_201, 300, "from 0.200 s to 86400.201 s, taken as 0.300 s"),
        (-1800, 300, "from 0.200 s to -1.800 s, taken as 0.300 s"),
    ],
)
def test_a_jump_is_told_and_the_steps_after_it_hold(stamp_ms: int, t_ms: int, told: str) -> None:
    line = Timeline(10.0, steady=False)
    times(line, [0, 100, 200])
    assert line.next(stamp_ms) == t_ms * NS
    assert line.jump == told
    assert line.next(stamp_ms + 130) == (t_ms + 130) * NS
    assert line.jump == ""
