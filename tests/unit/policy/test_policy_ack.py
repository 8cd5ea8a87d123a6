"""Acknowledgements: what they clear, when they count, and what people are told."""

from __future__ import annotations

import dataclasses

import pytest

from fermon.domain import Ack, AckAnswer, AckOutcome, Input, Kind
from fermon.policy import Policy
from scenarios.language import Part, Way, inputs
from scenarios.runs import alerts, brief

S = 1_000_000_000
TAKEN, NOTHING, EYES_NOT_OPEN = AckOutcome.TAKEN, AckOutcome.NOTHING, AckOutcome.EYES_NOT_OPEN
MICROSLEEP, ASLEEP, UNRESPONSIVE = "+MICROSLEEP WARNING", "+ASLEEP CRITICAL", "+UNRESPONSIVE CRITICAL"


def closed(s: float, **more: object) -> Part:
    return Part(s, eyes="closed", **more)  # type: ignore[arg-type]


def pressed(s: float, every_s: float = 0.1, eyes: str = "closed") -> list[Part]:
    """The button pressed again and again."""
    return [Part(every_s, eyes=eyes, ack=True)] * round(s / every_s)


def answers(parts: list[Part], way: Way | None = None) -> list[AckAnswer]:
    policy, found = Policy(), []
    for item in inputs(parts, way or Way(30)):
        policy.feed(item)
        if policy.answer is not None:
            found.append(policy.answer)
    return found


def test_without_an_alert_it_changes_nothing() -> None:
    plain = [Part(20), closed(2.9), Part(5)]
    assert brief([Part(10), *pressed(10, eyes="open"), *pressed(2.9), Part(5)]) == brief(plain)
    assert brief(plain) == [MICROSLEEP, "-MICROSLEEP WARNING"]


def test_a_microsleep_cannot_be_acknowledged() -> None:
    assert brief([Part(20), closed(2), closed(0.5, ack=True)]) == [MICROSLEEP]
    assert [a.outcome for a in answers([Part(20), closed(2), closed(0.5, ack=True)])] == [NOTHING]


def test_a_closure_is_not_timed_anew_by_one_that_did_not_count() -> None:
    line = alerts([Part(20), closed(2.5), closed(2, ack=True)], Way(30))[-1]
    assert line.kind is Kind.ASLEEP
    assert line.t_ns == pytest.approx(23 * S, abs=0.1 * S)


@pytest.mark.parametrize("every_s", [0.1, 0.5, 1.0, 2.9])
def test_a_button_held_by_a_sleeping_driver_buys_one_pause(every_s: float) -> None:
    lines = brief([Part(20), *pressed(20, every_s)], Way(30))
    assert lines in (
        [MICROSLEEP, ASLEEP, "-ASLEEP CRITICAL", ASLEEP, UNRESPONSIVE],
        [MICROSLEEP, ASLEEP, UNRESPONSIVE, "-ASLEEP CRITICAL", "-UNRESPONSIVE CRITICAL", ASLEEP, UNRESPONSIVE],
    )


@pytest.mark.parametrize(("open_s", "outcome"), [(0.8, EYES_NOT_OPEN), (1.2, TAKEN)])
def test_the_next_counts_after_a_second_of_open_eyes(open_s: float, outcome: AckOutcome) -> None:
    parts = [Part(20), closed(3.5), closed(0.2, ack=True), Part(open_s), closed(3.5), closed(0.2, ack=True)]
    assert [a.outcome for a in answers(parts)] == [TAKEN, outcome]


def test_eyes_open_before_the_first_do_not_count_for_the_second() -> None:
    """Pressed twice while ASLEEP waits for two seconds of open eyes: the first cleared it, the second finds nothing."""
    parts = [Part(20), closed(3.5), Part(1.5), Part(0.2, ack=True), closed(3.5), closed(0.2, ack=True)]
    assert [a.outcome for a in answers(parts)] == [TAKEN, EYES_NOT_OPEN]


def test_the_next_driver_may_acknowledge() -> None:
    gone = Part(70, face=False, kmh=0.0)
    parts = [Part(20), closed(3.5), closed(0.2, ack=True), gone, Part(0.2), closed(3.5), closed(0.2, ack=True)]
    assert [a.outcome for a in answers(parts)] == [TAKEN, TAKEN]


def test_the_answer_is_the_last_inputs() -> None:
    policy = Policy()
    policy.feed(Ack(S))
    assert policy.answer == AckAnswer(S, NOTHING, tell=True)
    policy.feed(Ack(S))  # skipped
    assert policy.answer is None
    policy.feed(Ack(2 * S))
    assert policy.answer == AckAnswer(2 * S, NOTHING, tell=False, untold=1)
    assert policy.state.alerts == ()


def test_a_stuck_button_is_told_once_in_ten_seconds() -> None:
    policy, told = Policy(), []
    for step in range(600):
        policy.feed(Ack(step * S // 10))
        assert policy.answer is not None
        if policy.answer.tell:
            told.append((policy.answer.t_ns / S, policy.answer.untold))
    assert told == [(0.0, 0), *[(10.0 * n, 99) for n in range(1, 6)]]


def test_one_that_is_taken_is_always_told() -> None:
    found = answers([Part(20), *pressed(4)])
    assert [a.outcome for a in found if a.tell] == [NOTHING, TAKEN]
    assert next(a for a in found if a.outcome is TAKEN).untold > 20


def test_the_line_says_that_it_was_acknowledged() -> None:
    items: list[Input] = [*inputs([Part(20), closed(3.5)], Way(15)), Ack(round(23.52 * S))]
    policy = Policy()
    line = [alert for item in items for alert in policy.feed(item)][-1]
    assert (line.kind, line.active, line.t_ns) == (Kind.ASLEEP, False, round(23.52 * S))
    assert dataclasses.asdict(line)["evidence"]["acknowledged"] is True
