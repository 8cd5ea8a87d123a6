"""The rows of MICROSLEEP, ASLEEP and UNRESPONSIVE, on measures that are made up. Times in seconds."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from fermon.domain import EyeState
from fermon.policy.closed_eyes import (
    ASLEEP,
    MICROSLEEP,
    UNRESPONSIVE,
    Step,
    closed,
    closure_evidence,
    eyes_open_for,
    unresponsive,
)
from fermon.policy.measures import Measures
from fermon.policy.settings import PolicySettings, ns

OPEN, CLOSED, UNKNOWN = EyeState.OPEN, EyeState.CLOSED, EyeState.UNKNOWN
NOW = 100.0


def measures(
    eyes: EyeState = UNKNOWN,
    closure: tuple[float, float] | None = None,
    parts: tuple[float, float, int] | None = None,
    lowered: float = 0.0,
    lost: float | None = None,
    unanswered: float | None = None,
    available: bool = True,
    face: bool = True,
) -> Measures:
    """What the rows read at 100 s.

    `closure`: for how long it has lasted, and up to how long ago a closed frame was seen; `parts`: for how long the
    eyes have not been seen open, how much of it closed, in so many stretches; `lost` and `unanswered`: for how long.
    """
    unopened_s, seen_closed_s, stretches = parts or (0.0, 0.0, 0)
    lasted_s, ago_s = closure or (0.0, 0.0)
    found: dict[str, Any] = {
        "settings": PolicySettings(),
        "now_ns": ns(NOW),
        "eyes_now": eyes,
        "closure_available": available,
        "face": face,
        "closures": SimpleNamespace(
            counted_from_ns=ns(NOW - lasted_s),
            last_closed_ns=ns(NOW - ago_s),
            lasted_ns=lambda t_ns: ns(lasted_s),
            open_ns=lambda t_ns: ns(0.4),
        ),
        "unopened": SimpleNamespace(
            since_ns=ns(NOW - unopened_s),
            closed_ns=ns(seen_closed_s),
            stretches=stretches,
            lowered_ns=ns(lowered),
        ),
        "unopened_ns": ns(unopened_s),
        "head": SimpleNamespace(lost=SimpleNamespace(since_ns=None if lost is None else ns(NOW - lost))),
        "unanswered_since_ns": None if unanswered is None else ns(NOW - unanswered),
        "eyes_open_for": lambda duration_ns: duration_ns == ns(2.0),
    }
    return cast(Measures, SimpleNamespace(**found))


STEPS = [(MICROSLEEP, 1.5, 3.0, 0.5), (ASLEEP, 3.0, 6.0, 1.0), (UNRESPONSIVE, 6.0, 10.0, 1.5)]
LOWERED = [(ASLEEP, 6.0), (UNRESPONSIVE, 10.0)]
LOST = [(ASLEEP, 3.0), (UNRESPONSIVE, 6.0)]


def due(step: Step, m: Measures) -> float | None:
    """Return for how long what raises has lasted; of UNRESPONSIVE both rows say the same here."""
    since = closed(step)(m)
    if step is UNRESPONSIVE:
        assert unresponsive(m) == since
    return None if since is None else (m.now_ns - since) / 1e9


# A closure ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("step", "limit_s"), [step[:2] for step in STEPS])
def test_a_closure_that_has_lasted(step: Step, limit_s: float) -> None:
    assert due(step, measures(CLOSED, (limit_s, 0.0))) == limit_s
    assert due(step, measures(CLOSED, (limit_s - 0.01, 0.0))) is None
    assert due(step, measures(CLOSED, (limit_s, 0.0), available=False)) is None
    assert due(step, measures(OPEN, (limit_s, 0.0))) is None


@pytest.mark.parametrize(("step", "limit_s"), [step[:2] for step in STEPS[:2]])
def test_only_a_closed_frame_raises(step: Step, limit_s: float) -> None:
    assert due(step, measures(UNKNOWN, (limit_s + 1, 0.0))) is None
    assert due(step, measures(CLOSED, (limit_s + 1, 0.99))) == limit_s + 1
    assert due(step, measures(CLOSED, (limit_s + 1, 1.01))) is None


def test_unresponsive_with_unknown_eyes_too() -> None:
    assert unresponsive(measures(UNKNOWN, (6.0, 0.5))) == ns(94)
    assert unresponsive(measures(UNKNOWN, (5.99, 0.5))) is None
    assert unresponsive(measures(OPEN, (6.0, 0.5))) is None
    assert unresponsive(measures(UNKNOWN, (6.0, 0.5), available=False)) is None


def test_unresponsive_without_an_answer_to_asleep() -> None:
    assert unresponsive(measures(unanswered=3.0)) == ns(97)
    assert unresponsive(measures(unanswered=2.99)) is None
    assert unresponsive(measures(OPEN, unanswered=3.0)) is None
    assert unresponsive(measures(unanswered=3.0, available=False)) == ns(97)


# In parts -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("step", "unopened_s", "closed_s"), [(s[0], *s[2:]) for s in STEPS])
def test_closed_whenever_seen(step: Step, unopened_s: float, closed_s: float) -> None:
    for eyes in (CLOSED, UNKNOWN):
        assert due(step, measures(eyes, parts=(unopened_s, closed_s, 2))) == unopened_s
    for parts in ((unopened_s - 0.01, closed_s, 2), (unopened_s, closed_s - 0.01, 2), (unopened_s, closed_s, 1)):
        assert due(step, measures(parts=parts)) is None
    assert due(step, measures(parts=(unopened_s, closed_s, 2), available=False)) is None
    assert due(step, measures(OPEN, parts=(unopened_s, closed_s, 2))) is None


@pytest.mark.parametrize(("step", "limit_s"), LOWERED)
def test_not_seen_open_under_a_lowered_head(step: Step, limit_s: float) -> None:
    assert due(step, measures(parts=(limit_s, 0.5, 0), lowered=3.5)) == limit_s
    assert due(step, measures(parts=(limit_s - 0.01, 0.5, 0), lowered=3.5)) is None
    assert due(step, measures(parts=(limit_s, 0.49, 0), lowered=3.5)) is None
    assert due(step, measures(parts=(limit_s, 5.0, 0))) is None
    assert due(step, measures(parts=(limit_s, 0.5, 0), lowered=3.5, face=False)) is None
    assert due(step, measures(parts=(limit_s, 0.5, 0), lowered=3.5, available=False)) is None


@pytest.mark.parametrize(("step", "limit_s"), LOST)
def test_lost_in_a_closure(step: Step, limit_s: float) -> None:
    for available in (True, False):
        assert due(step, measures(lost=limit_s, available=available)) == limit_s
        assert due(step, measures(lost=limit_s - 0.01, available=available)) is None


def test_microsleep_is_raised_by_neither() -> None:
    assert due(MICROSLEEP, measures(parts=(20, 0.4, 1), lowered=19, lost=20)) is None


# What the line says ---------------------------------------------------------------------------------------------------


def test_clears_when_the_eyes_have_been_open() -> None:
    assert eyes_open_for(lambda s: s.asleep_clear_open_s)(measures())
    assert not eyes_open_for(lambda s: s.microsleep_clear_open_s)(measures())


@pytest.mark.parametrize(("step", "limit_s"), [step[:2] for step in STEPS])
def test_evidence_of_a_closure(step: Step, limit_s: float) -> None:
    """What else would raise is not named."""
    m = measures(CLOSED, (limit_s, 0.0), parts=(20, 3, 3), lowered=5, lost=20)
    assert closure_evidence(step)(m) == {"closed_s": limit_s, "eyes_open_s": 0.4}
    bare = measures(CLOSED, (limit_s - 0.01, 0.0), unanswered=2.0)
    assert closure_evidence(step)(bare) == {"closed_s": limit_s - 0.01, "eyes_open_s": 0.4, "unanswered_s": 2.0}


def test_evidence_of_what_is_no_single_closure() -> None:
    bare = {"closed_s": 0.0, "eyes_open_s": 0.4}
    evidence = closure_evidence(ASLEEP)
    assert evidence(measures(parts=(7, 1.2, 3))) == bare | {
        "why": "closed whenever seen",
        "unopened_s": 7.0,
        "seen_closed_s": 1.2,
    }
    assert evidence(measures(parts=(7, 1, 1), lowered=4.5)) == bare | {
        "why": "eyes not seen open",
        "unopened_s": 7.0,
        "seen_closed_s": 1.0,
        "lowered_s": 4.5,
    }
    lost = measures(parts=(7, 1.2, 3), lowered=4.5, lost=3.2)
    assert evidence(lost) == bare | {"why": "lost in a closure", "lost_s": 3.2}
