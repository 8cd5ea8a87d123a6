"""Nods, moment by moment: time (s), pitch (degrees), and for how long the eyes had been closed by then (s)."""

from __future__ import annotations

import pytest

from fermon.policy.nods import Nods
from fermon.policy.settings import PolicySettings, ns

Moments = list[tuple[float, float, float]]
NOD: Moments = [(0, 0, 0), (0.8, -15, 0.3), (3, -5, 0.3)]  # just


def counted(moments: Moments, nods: Nods | None = None, start_s: float = 0.0) -> int:
    nods = nods or Nods(PolicySettings())
    for t_s, pitch, closed_s in moments:
        nods.observe(ns(start_s + t_s), pitch, ns(closed_s))
    return nods.count


@pytest.mark.parametrize("start_s", [0, 100])
def test_limits_of_a_nod(start_s: float) -> None:
    assert counted(NOD, start_s=start_s) == 1


@pytest.mark.parametrize(
    "moments",
    [
        [(0, 0, 0), (0.81, -15, 0.3), (3, -5, 0.3)],  # falls too slowly
        [(0, 0, 0), (0.8, -14.9, 0.3), (3, -5, 0.3)],  # not far enough
        [(0, 0, 0), (0.8, -15, 0.29), (3, -5, 0.29)],  # eyes not closed for long enough
        [(0, 0, 9), (0.8, -15, 9.2), (3, -5, 9.2)],  # nor in that time
        [(0, 0, 0), (0.8, -15, 0.3), (3.01, -5, 0.3)],  # back too late
        [(0, 0, 0), (0.8, -15, 0.3), (3, -5.1, 0.3)],  # not back
        [(0, 0, 0), (0.8, 15, 0.3), (3, 0, 0.3)],  # the other way
    ],
)
def test_no_nod(moments: Moments) -> None:
    assert counted(moments) == 0


def test_a_fall_is_a_change_wherever_it_begins() -> None:
    assert counted([(0, -12, 0), (0.5, -27, 0.5), (1, -17, 0.5)]) == 1
    assert counted([(0, 12, 0), (0.5, -3, 0.5), (1, 7, 0.5)]) == 1


def test_it_begins_where_the_head_was_highest() -> None:
    fall: Moments = [(0, -3, 0), (0.2, 4, 0), (0.4, -2, 0.2), (0.7, -11, 0.5)]
    assert counted([*fall, (1, -2, 0.5)]) == 0
    assert counted([*fall, (1, -1, 0.5)]) == 1


def test_of_a_head_held_still_it_begins_at_the_last_moment() -> None:
    assert counted([(0, 0, 0), (0.5, 0, 0.5), (0.7, -15, 0.5), (1, 0, 0.5)]) == 0


def test_a_head_that_falls_on_began_where_it_began() -> None:
    assert counted([(0, 0, 0), (0.5, -15, 0.5), (1.0, -31, 1.0), (1.4, -18, 1.0)]) == 0


def test_who_stays_down_may_nod_from_there() -> None:
    stays: Moments = [(0, 0, 0), (0.5, -20, 0.5), (4, -20, 0.5)]
    assert counted([*stays, (4.4, -36, 0.9), (5, -20, 0.9)]) == 1


def test_one_nod_counts_once() -> None:
    assert counted([*NOD, (3.1, -4, 0.3), (3.2, 0, 0.3), (3.4, 0, 0.3)]) == 1
    assert counted([(0, 0, 0), (0.5, -20, 0.5), (1, 0, 0.5), (1.2, 0, 0.5), (1.4, 0, 0.5)]) == 1


def test_nods_are_forgotten_one_by_one() -> None:
    nods = Nods(PolicySettings())
    counted(NOD, nods)
    counted(NOD, nods, start_s=100)
    for t_s, count in ((302.99, 2), (303, 1), (402.9, 1), (403, 0), (500, 0)):
        nods.advance(ns(t_s))
        assert nods.count == count


def test_memory_is_bounded() -> None:
    nods = Nods(PolicySettings(nod_window_s=3600.0))
    for n in range(300):
        counted(NOD, nods, start_s=5.0 * n)
    assert nods.count == 256
    for last, found in ((255, 1), (256, 0)):  # of 257 moments in one fall the first is forgotten
        fall: Moments = [(0.7 * k / last, -15.0 * k / last, 0.7 * k / last) for k in range(last + 1)]
        assert counted([*fall, (1, 0, 0.7)]) == found
