"""What the policy costs a frame, counted in byte-code instructions: the same on every machine and under any load.

Counted over named drivers at 15 frames a second, `Policy.feed` and `Policy.state` for each input, only code of the
policy itself. A change of more than 5 % has to be meant: then say so in the commit and set the figure anew. Byte code
differs from one Python to the next, so each has a figure of its own.
"""

from __future__ import annotations

import sys
from types import FrameType
from typing import Any

import pytest

from fermon.domain import Input, Observation
from fermon.policy import Policy
from scenarios.drivers import SCENARIOS
from scenarios.language import Way, inputs

DRIVERS = ("blinks only", "asleep", "angry 20 s", "camera covered", "yawns")
BASELINE = {(3, 11): 2824, (3, 12): 2069, (3, 13): 2625}  # instructions a frame
TOLERANCE = 0.05


def drives() -> list[list[Input]]:
    return [inputs(s.parts, Way(15.0), s.name)[:900] for s in SCENARIOS if s.name in DRIVERS]


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


def test_a_frame_costs_what_it_did() -> None:
    version = sys.version_info[:2]
    if version not in BASELINE:
        pytest.skip(f"no figure for Python {version[0]}.{version[1]}: {sorted(BASELINE)}")
    fed = drives()
    frames = sum(isinstance(item, Observation) for items in fed for item in items)
    found = sum(instructions(Policy(), items) for items in fed) / frames
    assert found == pytest.approx(BASELINE[version], rel=TOLERANCE), f"{found:.0f} instructions a frame"


def test_cost_does_not_grow_with_the_drive() -> None:
    """Constant work a frame: the last minutes of a drive cost what its first ones do (windows are filled after 5)."""
    drive = inputs(next(s.parts for s in SCENARIOS if s.name == "attentive for ten minutes"), Way(15.0))
    policy, halves = Policy(), []
    for start, end in ((0, 300), (300, 540)):  # s
        for item in drive[15 * start : 15 * end]:
            policy.feed(item)
        halves.append(instructions(policy, drive[15 * end : 15 * (end + 20)]))
    assert halves[1] == pytest.approx(halves[0], rel=0.02)
