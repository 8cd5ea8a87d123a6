"""Where forward is: the median, its slots, its steps."""

from __future__ import annotations

import pytest

from fermon.domain import NS_PER_S
from fermon.policy.forward import Forward, Median
from fermon.policy.settings import PolicySettings

SLOT_NS = NS_PER_S // 2


def forward(first_s: float = 2.0, memory_s: float = 180.0, deg_per_s: float = 0.2) -> Forward:
    settings = PolicySettings(forward_first_s=first_s, forward_memory_s=memory_s, forward_max_deg_per_s=deg_per_s)
    return Forward(settings)


def feed(f: Forward, times: int, yaw: float, pitch: float) -> Forward:
    for _ in range(times):
        f.observe(SLOT_NS, yaw, pitch)
    return f


def test_median_of_odd_and_even_numbers_of_values() -> None:
    median = Median(5)
    values = (8.0, 2.0, 6.0, 4.0, 0.0, 9.0, 9.0)
    assert [median.add(v) for v in values] == [8.0, 5.0, 6.0, 5.0, 4.0, 4.0, 6.0]


def test_known_from_enough_time_on() -> None:
    f = feed(forward(), 3, 10, -4)
    assert (f.known, f.yaw, f.pitch) == (False, None, None)
    f.observe(SLOT_NS - 1, 10, -4)
    assert not f.known  # the slot is not full
    f.observe(1, 10, -4)
    assert (f.known, f.yaw, f.pitch) == (True, pytest.approx(10), pytest.approx(-4))


def test_what_is_level_is_told_before_forward_is_known() -> None:
    f = forward(first_s=5.0)
    assert feed(f, 3, 10, -4).level is None
    assert feed(f, 1, 10, -4).level == pytest.approx(-4)
    assert feed(f, 5, 10, 6).level == pytest.approx(6)  # the median of all so far
    assert not f.known
    assert feed(f, 1, 10, 6).known
    assert f.level == f.pitch == pytest.approx(6)
    feed(f, 30, 10, 20)
    assert f.level == f.pitch  # from then on forward, which moves slowly
    assert f.pitch is not None
    assert f.pitch < 10
    f.restart()
    assert f.level is None


def test_a_slot_is_a_mean_over_its_time() -> None:
    f = forward(first_s=0.5)
    f.observe(SLOT_NS // 5, 10, 20)
    f.observe(4 * SLOT_NS // 5, 0, 10)
    assert (f.yaw, f.pitch) == (pytest.approx(2), pytest.approx(12))
    # The next slot begins from nothing.
    f = feed(forward(first_s=1.0), 1, 40, 30)
    feed(f, 1, 20, 10)
    assert (f.yaw, f.pitch) == (30, 20)


def test_a_slot_may_be_longer() -> None:
    """Frames that come slowly: each is a slot of its own length."""
    f = forward(first_s=2.0)
    for _ in range(3):
        f.observe(6 * SLOT_NS // 5, 10, 0)
    assert not f.known
    f.observe(6 * SLOT_NS // 5, 10, 0)
    assert (f.known, f.yaw) == (True, pytest.approx(10))


@pytest.mark.parametrize("sign", [1, -1])
def test_then_it_moves_slowly_each_angle_for_itself(sign: int) -> None:
    f = feed(forward(memory_s=2.0), 4, 10, -4)
    feed(f, 4, 10 + sign * 30, -4)
    # One value of four moves no median, two half, three do.
    assert (f.yaw, f.pitch) == (pytest.approx(10 + sign * 0.3), -4)
    feed(f, 4, 10, -4 + sign * 30)
    assert f.yaw == pytest.approx(10 + sign * 0.3)  # two steps further, two back
    assert f.pitch == pytest.approx(-4 + sign * 0.3)


def test_it_stops_where_the_median_is() -> None:
    f = feed(forward(memory_s=2.0), 4, 10, -4)
    feed(f, 60, 10.25, -4.25)
    assert (f.yaw, f.pitch) == (10.25, -4.25)
    feed(f, 60, 10.0, -4.0)
    assert (f.yaw, f.pitch) == (10.0, -4.0)


def test_the_memory_is_its_length() -> None:
    """Five of the last nine values: forward follows; of all values it would not."""
    f = feed(forward(first_s=4.5, memory_s=4.5), 9, 0, 0)
    feed(f, 4, 30, 0)
    assert f.yaw == 0
    feed(f, 1, 30, 0)
    assert f.yaw == pytest.approx(0.1)


def test_a_memory_of_less_than_a_slot_is_the_last_one() -> None:
    """Settings forbid it (1 s); the smallest memory is one value."""
    f = feed(forward(first_s=1.0, memory_s=0.1), 1, 0, 0)
    feed(f, 1, 30, 30)
    assert (f.yaw, f.pitch) == (30, 30)


def test_another_driver_starts_from_nothing() -> None:
    f = feed(forward(), 4, 10, 5)
    f.observe(SLOT_NS // 2, 80, 80)
    f.restart()
    assert (f.known, f.yaw, f.pitch) == (False, 10, 5)  # the last one's, until his own are known
    feed(f, 3, 40, -20)
    assert (f.known, f.yaw, f.pitch) == (False, 10, 5)
    feed(f, 1, 40, -20)
    assert (f.known, f.yaw, f.pitch) == (True, 40, -20)
