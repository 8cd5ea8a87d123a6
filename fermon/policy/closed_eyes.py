"""When eyes that are closed, or not seen open, raise MICROSLEEP, ASLEEP and UNRESPONSIVE."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from fermon.domain import EyeState
from fermon.policy.measures import Measures
from fermon.policy.row import Evidence, Number, Until, When
from fermon.policy.settings import ns, seconds


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the ladder that eyes which stay closed climb."""

    closed_s: Number  # a closure of so long, ...
    unopened_s: Number  # ... or eyes not seen open for so long, ...
    unopened_closed_s: Number  # ... of which so long closed, ...
    lowered_s: Number | None = None  # ... or not seen open for so long under a lowered head, ...
    lost_s: Number | None = None  # ... or lost in a closure for so long


MICROSLEEP = Step(
    lambda s: s.microsleep_closed_s, lambda s: s.microsleep_unopened_s, lambda s: s.microsleep_unopened_closed_s
)
ASLEEP = Step(
    lambda s: s.asleep_closed_s,
    lambda s: s.asleep_unopened_s,
    lambda s: s.asleep_unopened_closed_s,
    lambda s: s.asleep_lowered_s,
    lambda s: s.asleep_lost_s,
)
UNRESPONSIVE = Step(
    lambda s: s.unresponsive_closed_s,
    lambda s: s.unresponsive_unopened_s,
    lambda s: s.unresponsive_unopened_closed_s,
    lambda s: s.unresponsive_lowered_s,
    lambda s: s.unresponsive_lost_s,
)


def _closed_whenever_seen(m: Measures, step: Step) -> int | None:
    """Seen in parts: since when the eyes have not been seen open, if they were closed often enough in that time."""
    s, unopened = m.settings, m.unopened
    if unopened.stretches < s.unopened_stretches or unopened.closed_ns < ns(step.unopened_closed_s(s)):
        return None
    return unopened.since_ns if m.unopened_ns >= ns(step.unopened_s(s)) else None


def _not_seen_open(m: Measures, step: Step) -> int | None:
    """The face is in sight, and since when its eyes have not been seen open, mostly under a lowered head."""
    s, unopened = m.settings, m.unopened
    if step.lowered_s is None or not unopened.lowered_ns or not m.face:
        return None
    if unopened.lowered_ns + unopened.closed_ns < ns(s.lowered_shut_s):
        return None
    return unopened.since_ns if m.unopened_ns >= ns(step.lowered_s(s)) else None


def _lost_in_a_closure(m: Measures, step: Step) -> int | None:
    since = m.head.lost.since_ns
    if step.lost_s is None or since is None or m.now_ns - since < ns(step.lost_s(m.settings)):
        return None
    return since


# In the order in which evidence names them.
_WITHOUT_A_CLOSURE: tuple[tuple[str, Callable[[Measures, Step], int | None]], ...] = (
    ("closed whenever seen", _closed_whenever_seen),
    ("eyes not seen open", _not_seen_open),
)
_LOST = "lost in a closure"


def _in_parts(m: Measures, step: Step) -> int | None:
    """Since when what is no single closure amounts to the same."""
    if m.closure_available:
        for _, condition in _WITHOUT_A_CLOSURE:
            if (since := condition(m, step)) is not None:
                return since
    return _lost_in_a_closure(m, step)


def closed(step: Step) -> When:
    def when(m: Measures) -> int | None:
        """Of one closure only a closed frame raises: what counts is how long it had lasted at the last one."""
        if m.eyes_now is EyeState.OPEN:
            return None
        since = m.closures.counted_from_ns
        if (
            m.eyes_now is EyeState.CLOSED
            and m.closure_available
            and m.closures.last_closed_ns - since >= ns(step.closed_s(m.settings))
        ):
            return since
        return _in_parts(m, step)

    return when


def unresponsive(m: Measures) -> int | None:
    s, t = m.settings, m.now_ns
    if m.eyes_now is EyeState.OPEN:
        return None
    if m.closure_available and m.closures.lasted_ns(t) >= ns(UNRESPONSIVE.closed_s(s)):
        return m.closures.counted_from_ns
    unanswered = m.unanswered_since_ns
    if unanswered is not None and t - unanswered >= ns(s.unresponsive_after_asleep_s):
        return unanswered
    return _in_parts(m, UNRESPONSIVE)


def eyes_open_for(open_s: Number) -> Until:
    return lambda m: m.eyes_open_for(ns(open_s(m.settings)))


def closure_evidence(step: Step) -> Callable[[Measures], Evidence]:
    def evidence(m: Measures) -> Evidence:
        lasted_ns = m.closures.lasted_ns(m.now_ns)
        found: Evidence = {"closed_s": seconds(lasted_ns), "eyes_open_s": seconds(m.closures.open_ns(m.now_ns))}
        if m.unanswered_since_ns is not None:
            found["unanswered_s"] = seconds(m.now_ns - m.unanswered_since_ns)
        return found if lasted_ns >= ns(step.closed_s(m.settings)) else found | _why(m, step)

    return evidence


def _why(m: Measures, step: Step) -> Evidence:
    """What raised without a closure that was long enough."""
    if (since := _lost_in_a_closure(m, step)) is not None:
        return {"why": _LOST, "lost_s": seconds(m.now_ns - since)}
    for why, condition in _WITHOUT_A_CLOSURE:
        if condition(m, step) is not None:
            unopened = m.unopened
            found: Evidence = {"why": why, "unopened_s": seconds(m.unopened_ns)}
            found["seen_closed_s"] = seconds(unopened.closed_ns)
            return found | ({"lowered_s": seconds(unopened.lowered_ns)} if unopened.lowered_ns else {})
    return {}
