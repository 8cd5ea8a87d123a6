"""The part of the picture in which a face can be the driver's."""

from __future__ import annotations

import pytest

from fermon.domain import NS_PER_S, Box
from fermon.perception.seat import Seat

WIDTH = 640


def at(x: float, y: float = 200.0, w: float = 100.0) -> Box:
    """A box whose centre is (x, y)."""
    return Box(x - w / 2, y - w / 2, w, w)


@pytest.mark.parametrize(
    ("side", "left", "right"), [("left", True, False), ("right", False, True), ("largest", True, True)]
)
def test_before_there_is_a_seat_the_configured_half_is_it(side: str, left: bool, right: bool) -> None:
    seat = Seat(side)
    assert seat.holds(0, at(319), WIDTH) == left
    assert seat.holds(0, at(321), WIDTH) == right


def test_the_seat_is_one_and_a_half_face_widths_wider_on_each_side() -> None:
    seat = Seat("left")
    seat.sat(0, at(300))
    assert seat.holds(0, at(300 + 199), WIDTH)  # half a face and one and a half
    assert not seat.holds(0, at(300 + 201), WIDTH)
    assert seat.holds(0, at(300 - 199), WIDTH)
    assert not seat.holds(0, at(300 - 201), WIDTH)
    assert seat.holds(0, at(300, 200 + 199), WIDTH)
    assert not seat.holds(0, at(300, 200 + 201), WIDTH)
    assert not seat.holds(0, at(300, 200 - 201), WIDTH)


def test_the_seat_grows_with_the_faces_in_it() -> None:
    seat = Seat("left")
    for i, x in enumerate((300, 380, 220)):
        seat.sat(i * NS_PER_S, at(x, 200 + 10 * i))
    assert seat.holds(9 * NS_PER_S, at(579), WIDTH)
    assert seat.holds(9 * NS_PER_S, at(21), WIDTH)
    seat.sat(12 * NS_PER_S, at(300))  # a later stretch of time
    assert seat.holds(12 * NS_PER_S, at(579), WIDTH)


@pytest.mark.parametrize(("side", "memory_s"), [("left", 600), ("right", 600), ("largest", 60)])
def test_faces_are_forgotten_after_their_time(side: str, memory_s: int) -> None:
    seat, beside = Seat(side), at(560) if side != "right" else at(100)
    seat.sat(0, at(250) if side != "right" else at(400))
    assert not seat.holds((memory_s - 6) * NS_PER_S, beside, WIDTH)
    assert seat.holds((memory_s + 6) * NS_PER_S, beside, WIDTH) == (side == "largest")
    assert seat.holds((memory_s + 6) * NS_PER_S, at(100), WIDTH) == (side != "right")


def test_faces_of_one_moment_and_of_many_make_one_seat() -> None:
    """Faces are gathered over 5 s: what comes first, last or between counts alike."""
    for order in ((300, 380, 220), (220, 300, 380), (380, 220, 300)):
        for step_s in (1, 6):
            seat = Seat("left")
            for i, x in enumerate(order):
                seat.sat(i * step_s * NS_PER_S, at(x, x))
            now = 12 * NS_PER_S
            inside, outside = (579, 579), (581, 300)
            assert seat.holds(now, at(*inside), WIDTH)
            assert seat.holds(now, at(21, 21), WIDTH)
            assert not seat.holds(now, at(*outside), WIDTH)
            assert not seat.holds(now, at(19, 300), WIDTH)
            assert not seat.holds(now, at(300, 581), WIDTH)
            assert not seat.holds(now, at(300, 19), WIDTH)


@pytest.mark.parametrize(("side", "memory_s"), [("left", 600), ("largest", 60)])
def test_a_seat_is_remembered_for_its_time(side: str, memory_s: int) -> None:
    seat, beside = Seat(side), at(590)
    seat.sat(0, at(250))
    seat.sat(10 * NS_PER_S, at(390))
    assert seat.holds((memory_s - 1) * NS_PER_S, at(51), WIDTH)
    assert not seat.holds((memory_s + 6) * NS_PER_S, at(51), WIDTH)
    assert seat.holds((memory_s + 6) * NS_PER_S, at(589), WIDTH)
    assert seat.holds((memory_s + 16) * NS_PER_S, beside, WIDTH) == (side == "largest")
