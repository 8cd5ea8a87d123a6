"""Rate control: lowers rates in the stated order, says so once, recovers with patience, never flaps."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from fermon.domain import NS_PER_S
from fermon.perception.load import STEPS, RateControl, Step

PERIOD_NS = NS_PER_S // 15
Change = tuple[float, int]  # seconds since the start, number of the step


def work_ns(step: Step, whole_ns: float) -> float:
    """What reading a frame takes at a step, in a rough model: 1/3 expression, 1/10 mouth at full rates."""
    share = 0.57 + 0.33 * min(1.0, step.expression_hz / 5) + 0.1 * min(1.0, step.mouth_hz / 15)
    return whole_ns * share


def drive(
    seconds: float, whole_ms: Callable[[float], float], rates: RateControl | None = None, start_ns: int = 0
) -> list[Change]:
    """Watch a camera of 15 frames a second whose newest frame is kept; return the changes of step."""
    rates = rates or RateControl()
    changes: list[Change] = []
    now_ns, taken = start_ns, start_ns // PERIOD_NS
    while now_ns - start_ns < seconds * NS_PER_S:
        taken = max(taken + 1, now_ns // PERIOD_NS)
        frame_ns = taken * PERIOD_NS
        now_ns = max(now_ns, frame_ns)
        if not rates.takes(frame_ns, taken):
            continue
        busy_ns = round(1e6 * work_ns(rates.step, whole_ms((now_ns - start_ns) / NS_PER_S)))
        now_ns += busy_ns
        if rates.turn(now_ns, busy_ns):
            changes.append(((now_ns - start_ns) / NS_PER_S, STEPS.index(rates.step)))
    return changes


def test_a_load_with_room_to_spare_changes_nothing() -> None:
    assert drive(600, lambda t: 30.0) == []


def test_too_slow_by_far_goes_down_step_by_step_in_the_stated_order_and_stays() -> None:
    changes = drive(60, lambda t: 300.0)
    assert [step for _, step in changes] == [1, 2, 3]
    assert changes[-1][0] < 5


def test_each_step_reads_no_more_than_the_one_before() -> None:
    for usual, lower in pairwise(STEPS):
        assert lower.expression_hz <= usual.expression_hz
        assert lower.mouth_hz <= usual.mouth_hz
        assert lower.frames_hz <= usual.frames_hz
        assert lower.frames_hz >= 8.0 * 1.2, "eyes stay above the closure floor, with room for a late frame"


def test_eyes_are_the_last_to_be_read_less() -> None:
    assert [step.frames_hz < 100 for step in STEPS] == [False, False, False, True]


def test_after_the_heat_everything_is_read_again_one_step_at_a_time() -> None:
    changes = drive(120, lambda t: 300.0 if t < 20 else 20.0)
    assert [step for _, step in changes] == [1, 2, 3, 2, 1, 0]
    up = [t for t, _ in changes[3:]]
    assert all(b - a >= 10 for a, b in pairwise([20.0, *up]))


def test_a_little_too_slow_stops_where_it_fits() -> None:
    # 62 ms of 67: reading the expression less often is enough.
    assert [step for _, step in drive(120, lambda t: 62.0)] == [1]


def test_a_single_slow_turn_changes_nothing() -> None:
    rates = RateControl()
    slow = [rates.turn(k * PERIOD_NS, 400_000_000 if k == 30 else 5_000_000) for k in range(1, 60)]
    assert slow.count(True) == 0


def test_recovery_that_does_not_last_is_tried_less_and_less_often() -> None:
    # Fits when lowered, but not at the full rates: each try back up fails.
    rates = RateControl()
    now_ns, tries = 0, []
    while now_ns < 3600 * NS_PER_S:
        now_ns += NS_PER_S
        if rates.turn(now_ns, NS_PER_S if not rates.lowered else NS_PER_S // 3) and not rates.lowered:
            tries.append(now_ns / NS_PER_S)
    gaps = [b - a for a, b in pairwise(tries)]
    assert gaps == sorted(gaps)
    assert gaps[-1] >= 320
    assert len(tries) < 20


def test_a_process_kept_from_running_is_overloaded_too() -> None:
    """Frames are lost while turns themselves are short: another program has the processor."""
    rates = RateControl()
    steps = []
    for k in range(1, 120):
        now_ns = 2 * k * PERIOD_NS
        rates.takes(now_ns, 2 * k)  # every second frame came and went
        if rates.turn(now_ns, 3_000_000):
            steps.append(STEPS.index(rates.step))
    assert steps == [1, 2, 3]


def test_one_lost_frame_a_second_changes_nothing_and_does_not_hinder_recovery() -> None:
    rates = RateControl()
    for k in range(1, 5):
        rates.turn(k * NS_PER_S, NS_PER_S)
    steps, seq = [], 0
    for k in range(1, 15 * 60):
        now_ns = 5 * NS_PER_S + k * PERIOD_NS
        seq += 2 if k % 15 == 0 else 1
        rates.takes(now_ns, seq)
        if rates.turn(now_ns, 3_000_000):
            steps.append(STEPS.index(rates.step))
    assert steps == [2, 1, 0]


def test_a_suspended_system_is_no_overload_and_no_long_calm() -> None:
    rates = RateControl()
    for k in range(1, 5):
        rates.turn(k * NS_PER_S, NS_PER_S)
    level = STEPS.index(rates.step)
    assert level
    assert not rates.turn(3600 * NS_PER_S, 1_000_000)
    assert STEPS.index(rates.step) == level


loads = st.lists(st.tuples(st.integers(1, 40), st.floats(1.0, 500.0)), min_size=1, max_size=8)


def load_of(parts: list[tuple[int, float]]) -> Callable[[float], float]:
    def whole_ms(t_s: float) -> float:
        for seconds, ms in parts:
            t_s -= seconds
            if t_s < 0:
                return ms
        return 5.0

    return whole_ms


@settings(deadline=None, max_examples=12)  # each drives twenty minutes or more
@given(loads)
def test_any_load_gives_single_steps_a_second_apart_and_ends_at_full_rates(parts: list[tuple[int, float]]) -> None:
    end_s = sum(seconds for seconds, _ in parts)
    changes = drive(end_s + 1300, load_of(parts))
    for (t, a), (u, b) in pairwise([(-1.0, 0), *changes]):
        assert abs(a - b) == 1
        assert u - t >= (1.0 if b > a else 10.0)
    assert not changes or changes[-1][1] == 0


@settings(deadline=None)
@given(loads, st.integers(-(2**60), 2**60))
def test_shifting_time_changes_nothing(parts: list[tuple[int, float]], shift: int) -> None:
    shift_ns = shift // PERIOD_NS * PERIOD_NS  # frames come at the same points of the drive
    shifted = [(round(t, 6), step) for t, step in drive(120, load_of(parts), start_ns=shift_ns)]
    assert shifted == [(round(t, 6), step) for t, step in drive(120, load_of(parts))]


@given(st.lists(st.tuples(st.integers(-(2**62), 2**62), st.integers(0, 2**40), st.integers(0, 99)), max_size=50))
def test_no_times_of_any_order_break_it(turns: list[tuple[int, int, int]]) -> None:
    rates = RateControl()
    for now_ns, busy_ns, seq in turns:
        rates.takes(now_ns, seq)
        rates.turn(now_ns, busy_ns)
        assert rates.step in STEPS
        assert 0.0 <= rates.load <= 1.0
