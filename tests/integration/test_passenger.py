"""A driver falls asleep and sinks out of the picture while a passenger, wide awake, stays in it: real networks."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from fermon.domain import NS_PER_S, Frame, Kind
from fermon.perception.contract import Gray
from fermon.perception.pipeline import Perception, PerceptionSettings
from fermon.perception.tracker import FaceSettings
from fermon.policy import Policy
from tests.seat_kit import FPS, drawn_driver, side_by_side

SHUT_S, SUNK_S, BACK_S, END_S = 2.0, 4.2, 12.0, 19.0


@pytest.fixture(scope="module")
def drawn() -> dict[str, list[Gray]]:
    return drawn_driver()


def drive(drawn: dict[str, list[Gray]], back: bool) -> Iterator[Frame]:
    """The driver in the left half of the picture, the passenger in the right one."""
    awake, asleep, noise = drawn["awake"], drawn["asleep"], np.random.default_rng(1)
    for n in range(round(FPS * END_S)):
        t_s = n / FPS
        if t_s < SHUT_S or (back and t_s >= BACK_S):
            driver = awake[n % len(awake)]
        elif t_s < SUNK_S:
            driver = asleep[min(n - round(SHUT_S * FPS), len(asleep) - 1)]
        else:
            driver = np.full_like(awake[0], 90)
        yield side_by_side(n, driver, awake[(n + 40) % len(awake)], noise)


@pytest.mark.parametrize("back", [False, True])
def test_the_passenger_neither_clears_the_alarm_nor_becomes_the_driver(
    drawn: dict[str, list[Gray]], back: bool
) -> None:
    perception, policy = Perception(PerceptionSettings(face=FaceSettings(driver="left"))), Policy()
    lines = []
    for frame in drive(drawn, back):
        observation = perception.observe(frame)
        assert observation.face is None or observation.face.box.x < 640, "the passenger was taken for the driver"
        lines += policy.feed(observation)
    raised = {line.kind: line.t_ns / NS_PER_S for line in lines if line.active}
    cleared = {line.kind: line.t_ns / NS_PER_S for line in lines if not line.active}
    assert raised[Kind.MICROSLEEP] == pytest.approx(SHUT_S + 1.5, abs=0.3)
    assert raised[Kind.ASLEEP] == pytest.approx(SUNK_S + 3.0, abs=0.4)  # lost in a closure
    assert raised[Kind.UNRESPONSIVE] == pytest.approx(SUNK_S + 6.0, abs=0.4)
    if back:
        assert cleared[Kind.ASLEEP] >= BACK_S + 2.0 - 0.1
        assert cleared[Kind.UNRESPONSIVE] >= BACK_S + 5.0 - 0.1
    else:
        assert not cleared
        assert Kind.UNAVAILABLE in raised
