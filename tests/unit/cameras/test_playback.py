"""Reading less often than frames come: evenly, on time, whatever the frame times are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fermon.domain import NS_PER_S
from fermon.perception.cadence import Pace


def due_times(pace: Pace, times_ns: list[int]) -> list[int]:
    return [t_ns for t_ns in times_ns if pace.due(t_ns)]


@pytest.mark.parametrize("frames_hz", [10, 15, 30])
def test_a_slower_rate_than_the_frames_is_kept_in_the_mean(frames_hz: int) -> None:
    times = [round(k * NS_PER_S / frames_hz) for k in range(60 * frames_hz)]
    assert len(due_times(Pace(5.0), times)) == 60 * 5


def test_a_rate_above_the_frames_reads_every_frame() -> None:
    times = [round(k * NS_PER_S / 30) for k in range(90)]
    assert due_times(Pace(1000.0), times) == times


def test_nothing_is_due_at_no_rate() -> None:
    assert due_times(Pace(0.0), [0, NS_PER_S, 2 * NS_PER_S]) == []


def test_after_a_restart_the_next_frame_is_due() -> None:
    pace = Pace(1.0)
    assert pace.due(0)
    assert not pace.due(100_000_000)
    pace.restart()
    assert pace.due(200_000_000)
    assert not pace.due(300_000_000)


gaps_ns = st.lists(st.integers(1, NS_PER_S), min_size=1, max_size=80)


@given(gaps_ns, st.floats(0.5, 60.0), st.integers(-(2**60), 2**60))
def test_shifting_time_changes_nothing(gaps: list[int], rate_hz: float, shift_ns: int) -> None:
    times = [sum(gaps[:k]) for k in range(len(gaps))]
    shifted = [t_ns + shift_ns for t_ns in times]
    assert [t_ns - shift_ns for t_ns in due_times(Pace(rate_hz), shifted)] == due_times(Pace(rate_hz), times)


@given(gaps_ns, st.floats(0.5, 60.0))
def test_nothing_due_is_older_than_a_period_and_a_frame(gaps: list[int], rate_hz: float) -> None:
    times = [sum(gaps[:k]) for k in range(len(gaps))]
    pace, last_ns = Pace(rate_hz), times[0]
    for t_ns in times:
        if pace.due(t_ns):
            last_ns = t_ns
        assert t_ns - last_ns < NS_PER_S / rate_hz + 1
