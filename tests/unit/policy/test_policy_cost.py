"""What the policy costs a frame, counted in byte-code instructions: the same on every machine and under any load.

Counted over named drivers at 15 frames a second, `Policy.feed` and `Policy.state` for each input, only code of the
policy itself. The ceiling is generous: it is there for a mistake that makes a frame several times as dear.
"""

from __future__ import annotations

import sys
from types import FrameType
from typing import Any

import pytest

from fermon.domain import Input, Observation
from fermon.policy import Policy
from scenarios.drivers import SCENARIOS
from scenarios.language import Part, Way, inputs

DRIVERS = ("blinks only", "asleep", "angry 20 s", "camera covered", "yawns")
WITH_A_HEAD = ("radio, 1 s forward", "nods off, chin on the chest", "mirror and shoulder glances")
CEILING = 8000  # instructions a frame; some 4200 with Python 3.11, 4900 with a head


def drives(names: tuple[str, ...]) -> list[list[Input]]:
    return [inputs(s.parts, Way(15.0), s.name)[:900] for s in SCENARIOS if s.name in names]


def instructions(policy: Policy, items: list[Input]) -> int:
    """Feed `items` and count the byte-code instructions of the policy's own code."""
    count = 0

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal count
        if event == "call":
            if "/fermon/policy/" not in frame.f_code.co_filename:
                return None
            frame.f_trace_opcodes, frame.f_trace_lines = True, False
        count += event == "opcode"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        for item in items:
            policy.feed(item)
            _ = policy.state
    finally:
        sys.settrace(before)
    return count


@pytest.mark.parametrize("names", [DRIVERS, WITH_A_HEAD])
def test_a_frame_is_cheap(names: tuple[str, ...]) -> None:
    fed = drives(names)
    frames = sum(isinstance(item, Observation) for items in fed for item in items)
    found = sum(instructions(Policy(), items) for items in fed) / frames
    assert 100 < found < CEILING, f"{found:.0f} instructions a frame"


def test_cost_does_not_grow_with_the_drive() -> None:
    """Constant work a frame: the last minutes of a drive cost what its first ones do (windows are filled after 5)."""
    drive = inputs([Part(600, eyes="blinking", head=(4.0, -5.0))], Way(15.0))
    policy, halves = Policy(), []
    for start, end in ((0, 300), (300, 540)):  # s
        for item in drive[15 * start : 15 * end]:
            policy.feed(item)
        halves.append(instructions(policy, drive[15 * end : 15 * (end + 20)]))
    assert halves[1] == pytest.approx(halves[0], rel=0.02)
