"""What a rule is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from fermon.domain import Kind, Level
from fermon.policy.measures import Measures
from fermon.policy.settings import PolicySettings

Evidence = dict[str, Any]
When = Callable[[Measures], int | None]
Until = Callable[[Measures], bool]
Number = Callable[[PolicySettings], float]


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of the policy."""

    kind: Kind
    level: Level
    when: When
    until: Until
    evidence: Callable[[Measures], Evidence]
    until_for_s: Number = lambda s: 0.0
    gate_kmh: Number = lambda s: 0.0  # not raised below this speed
    pause_s: Number = lambda s: 0.0  # not raised again within this time after it cleared
    acknowledged: bool = False  # an acknowledgement clears it
    eyes_closed: bool = False  # tells of eyes that are closed
    by_head: bool = False  # the head tells when it is over: the eyes need not be seen for it
    starts_answer_clock: bool = False  # from here on the eyes have to be seen open in time
    emotion: bool = False  # infers an emotion: not in the fleet profile
