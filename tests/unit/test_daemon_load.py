"""A machine that cannot keep up: frames are passed over, less is read, each step is said once."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from fermon.config import Config
from fermon.domain import Frame
from fermon.perception.load import STEPS, RateControl
from fermon.perception.pipeline import PerceptionSettings
from tests.daemon_kit import FRAME_NS, START_NS, Rig

Steps = Iterator[Frame | Exception | None]
MS = 1_000_000


class Watched(RateControl):
    """Notes what the loop told of its turns."""

    def __init__(self) -> None:
        super().__init__()
        self.turns: list[tuple[int, int]] = []

    def turn(self, now_ns: int, busy_ns: int) -> bool:
        self.turns.append((now_ns - START_NS, busy_ns))
        return super().turn(now_ns, busy_ns)


def heat_and_calm(rig: Rig) -> Steps:
    """A frame takes as long as four may take, for five seconds; then it takes nothing, until everything is read."""
    rig.eyes.takes_ns = 4 * FRAME_NS
    for _ in range(20):
        rig.clock.now_ns += MS
        yield rig.frame()
    rig.eyes.takes_ns = 0
    yield from rig.frames(60.0)


def test_frames_that_rate_control_does_not_take_are_passed_over(rig: Rig) -> None:
    class EveryThird(RateControl):
        def takes(self, t_ns: int, seq: int) -> bool:
            assert t_ns == START_NS + (seq + 1) * FRAME_NS
            return seq % 3 == 0

    rig.run(lambda rig: rig.frames(2.0), rates=EveryThird())
    assert [item.seq for item in rig.inputs()] == list(range(0, 30, 3))
    assert len(rig.hub.published) == 10


def test_without_rate_control_every_frame_is_read(rig: Rig) -> None:
    rig.run(heat_and_calm)
    assert len(rig.inputs()) == 20 + 900
    assert not [event for event in rig.happened if event[0] == "slow down"]


def test_rate_control_learns_how_long_each_turn_worked(rig: Rig) -> None:
    rates = Watched()

    def script(rig: Rig) -> Steps:
        rig.eyes.takes_ns = 40 * MS
        rig.clock.now_ns += 60 * MS  # waiting for the frame is no work
        yield rig.frame()
        rig.clock.now_ns += 250 * MS
        yield None

    rig.run(script, rates=rates)
    assert rates.turns == [(100 * MS, 40 * MS), (350 * MS, 0)]


def test_under_load_less_is_read_and_later_all_again_and_each_step_is_said(
    rig: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="fermon.daemon")
    rig.run(heat_and_calm, rates=RateControl())
    usual = Config().perception.expression_rate_hz
    down = [(step.expression_hz, step.mouth_hz) for step in STEPS[1:]]
    up = [(min(usual, step.expression_hz), step.mouth_hz) for step in STEPS[2::-1]]
    assert [event[1:] for event in rig.happened if event[0] == "slow down"] == down + up
    said = [(record.levelname, record.getMessage()) for record in caplog.records]
    assert [text.split(": ", 1)[1] for _, text in said] == [step.text for step in (*STEPS[1:], *STEPS[2::-1])]
    assert [level for level, _ in said] == ["WARNING"] * 5 + ["INFO"]
    assert said[0][1].startswith("frames take 100% of the time, 0% were lost: ")
    assert [line for line in rig.status_lines() if STEPS[1].text in line]
    assert STEPS[0].text not in rig.status_lines()[-1], "the usual is not worth a word"


def test_what_is_read_slowly_anyway_is_not_read_faster_under_load(rig: Rig) -> None:
    config = Config(perception=PerceptionSettings(expression_rate_hz=1.0))
    rig.run(heat_and_calm, rates=RateControl(), config=config)
    slowed = [event[1] for event in rig.happened if event[0] == "slow down"]
    assert slowed == [1.0, 0.0, 0.0, 0.0, 1.0, 1.0]
