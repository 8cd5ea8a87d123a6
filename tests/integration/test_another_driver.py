"""Two drivers change seats, a passenger looking on: drawn pictures, real networks, tracker, seat and policy."""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
import pytest

from fermon.domain import NS_PER_S, Alert, Attention, EyeState, Face, Frame, Kind
from fermon.perception.contract import Gray
from fermon.perception.pipeline import Perception, PerceptionSettings
from fermon.perception.tracker import FaceSettings
from fermon.policy import Policy, PolicySettings
from tests.seat_kit import FPS, drawn_driver, side_by_side

LEARN_S = 2.0
SHUT_S, GONE_S, NEXT_S, END_S = 3.0, 4.5, 15.0, 22.0  # A shuts his eyes, is gone, B sits there


@pytest.fixture(scope="module")
def drawn() -> dict[str, list[Gray]]:
    return drawn_driver()


def another(gray: Gray) -> Gray:
    """Somebody else in the same seat: the other way round, taller, nearer to the camera."""
    return np.asarray(cv2.resize(cv2.flip(gray, 1), None, fx=1.15, fy=1.15)[40:520, 48:688], np.uint8)


def drive(drawn: dict[str, list[Gray]], asleep: bool) -> Iterator[Frame]:
    """The driver's seat in the left half of the picture, the passenger in the right one. B may sleep himself."""
    awake, shut, noise = drawn["awake"], drawn["asleep"], np.random.default_rng(1)
    for n in range(round(FPS * END_S)):
        t_s = n / FPS
        if t_s < SHUT_S:
            seat = awake[n % len(awake)]
        elif t_s < GONE_S:
            seat = shut[min(n - round(SHUT_S * FPS), len(shut) - 1)]
        elif t_s < NEXT_S:
            seat = np.full_like(awake[0], 90)
        else:
            seat = another(shut[-1] if asleep else awake[n % len(awake)])
        yield side_by_side(n, seat, awake[(n + 40) % len(awake)], noise)


@pytest.mark.parametrize("asleep", [False, True])
def test_another_driver_is_known_anew_and_answers_what_is_on_himself(
    drawn: dict[str, list[Gray]], asleep: bool
) -> None:
    perception = Perception(PerceptionSettings(face=FaceSettings(driver="left")))
    policy = Policy(PolicySettings(forward_first_s=LEARN_S))
    lines: list[Alert] = []
    faces: dict[float, Face | None] = {}
    attention: dict[float, Attention] = {}
    for frame in drive(drawn, asleep):
        seen = perception.observe(frame)
        lines += policy.feed(seen)
        t_s = frame.t_ns / NS_PER_S
        faces[t_s] = seen.face
        attention[t_s] = policy.state.attention
    assert all(face is None or face.box.x < 640 for face in faces.values()), "the passenger was taken for the driver"
    assert not any(face for t_s, face in faces.items() if GONE_S + 0.5 < t_s < NEXT_S)
    assert all(face for t_s, face in faces.items() if t_s > NEXT_S + 0.5)
    raised = {line.kind: line.t_ns / NS_PER_S for line in lines if line.active}
    cleared = {line.kind: line.t_ns / NS_PER_S for line in lines if not line.active}
    assert raised[Kind.ASLEEP] == pytest.approx(GONE_S + 3.0, abs=0.4)  # lost in a closure
    assert raised[Kind.UNRESPONSIVE] == pytest.approx(GONE_S + 6.0, abs=0.4)
    assert attention[SHUT_S - 0.2] is Attention.ATTENTIVE
    unlearned = [a for t_s, a in attention.items() if NEXT_S < t_s < NEXT_S + LEARN_S]
    assert set(unlearned) == {Attention.NOT_DETERMINED}
    if asleep:  # that somebody sits there clears nothing
        assert Kind.ASLEEP not in cleared
        assert Kind.UNRESPONSIVE not in cleared
        assert policy.state.eyes is EyeState.CLOSED
    else:
        assert cleared[Kind.ASLEEP] == pytest.approx(NEXT_S + 2.0, abs=0.6)
        assert cleared[Kind.UNRESPONSIVE] == pytest.approx(NEXT_S + 5.0, abs=0.6)
        assert attention[max(attention)] is Attention.ATTENTIVE
