"""What is a press of the acknowledge button on a bus: never a stuck one, never a repeated 1."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fermon.outputs.can.press import RELEASED_S, Press


def presses(frames: list[tuple[float, bool]]) -> int:
    press = Press()
    return sum(press.pressed(down, now) for now, down in frames)


@pytest.mark.parametrize(
    ("frames", "expected"),
    [
        ([(0.0, True)], 1),
        ([(0.0, True), (0.1, True), (0.2, True)], 1),  # cyclic, held
        ([(0.0, True), (0.1, False), (0.2, True)], 2),
        ([(0.0, True), (0.1, False), (0.19, True)], 1),  # let go for less than 100 ms
        ([(0.0, True), (0.1, False), (0.15, True), (0.2, False), (0.29, True)], 1),  # the 0 begins anew each time
        ([(0.0, True), (0.1, False), (0.15, False), (0.2, True)], 2),  # two frames of 0
        ([(0.0, True), (0.6, True), (1.2, True)], 1),  # never 0, with gaps
        ([(0.0, False), (0.05, False)], 0),
        ([(0.0, False), (0.1, True)], 1),
        ([(0.0, False), (0.05, True)], 0),
        ([(0.0, False), (60.0, True)], 1),  # sent on change only
        ([(n * 0.02, n % 2 == 0) for n in range(1000)], 1),  # a loose contact, or two senders who contradict each other
        *[([(n * cycle_s, True) for n in range(500)], 1) for cycle_s in (0.01, 0.1, 0.5, 0.6, 1.0, 10.0)],  # stuck
    ],
)
def test_presses(frames: list[tuple[float, bool]], expected: int) -> None:
    assert presses(frames) == expected


@given(st.lists(st.tuples(st.floats(0.0, 5.0), st.booleans()), max_size=60))
def test_each_press_but_the_first_follows_100_ms_of_0(gaps: list[tuple[float, bool]]) -> None:
    press, now, heard, found = Press(), 0.0, [], 0
    for gap, down in gaps:
        now += gap
        if press.pressed(down, now):
            found += 1
            zeros = [at for at, was in heard if not was]
            since_one = next((n for n, (_, was) in enumerate(reversed(heard)) if was), len(heard))
            assert not heard or (zeros and now - heard[len(heard) - since_one][0] >= RELEASED_S)
        heard.append((now, down))
    assert found <= 1 + sum(b and not a for (_, a), (_, b) in itertools.pairwise(heard))
