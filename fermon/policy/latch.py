"""Whether an alert is on, by one rule."""

from __future__ import annotations

from fermon.domain import EyeState, Level
from fermon.policy.measures import Measures
from fermon.policy.row import Rule
from fermon.policy.settings import PolicySettings, ns


class Latch:
    """Whether one rule's alert is on. Times are ns since the first input."""

    __slots__ = (
        "cleared_ns",
        "gate_kmh",
        "gated_since_ns",
        "on",
        "pause_ns",
        "rule",
        "since_ns",
        "until_for_ns",
        "until_since_ns",
    )

    def __init__(self, rule: Rule, settings: PolicySettings) -> None:
        self.rule = rule
        self.gate_kmh = rule.gate_kmh(settings)
        self.pause_ns = ns(rule.pause_s(settings))
        self.until_for_ns = ns(rule.until_for_s(settings))
        self.on = False
        self.since_ns = 0
        self.until_since_ns: int | None = None
        self.cleared_ns: int | None = None
        self.gated_since_ns: int | None = None  # speed alone keeps it from being raised

    def raise_if_due(self, m: Measures) -> bool:
        """Turn on when the condition holds and nothing forbids it; return whether it did."""
        open_gate = m.speed.at_least(self.gate_kmh)
        if open_gate:
            self.gated_since_ns = None
        if self.pause_ns and self.cleared_ns is not None and m.now_ns - self.cleared_ns < self.pause_ns:
            return False
        since = self.rule.when(m)
        if not open_gate:
            if self.gated_since_ns is None:
                self.gated_since_ns = since
            elif since is None and self.rule.until(m):
                self.gated_since_ns = None
            return False
        if since is None:
            return False
        self.on, self.since_ns, self.until_since_ns = True, since, None
        return True

    def clear_if_due(self, m: Measures) -> bool:
        """Turn off when the clearing has been seen for long enough; return whether it did."""
        if not self.rule.until(m):
            self.until_since_ns = None
            return False
        if self.until_since_ns is None:
            self.until_since_ns = m.now_ns
        if m.now_ns - self.until_since_ns < self.until_for_ns:
            return False
        # Hiding does not clear: what is urgent stays on until its clearing is seen.
        if self.rule.level >= Level.WARNING and not self.rule.by_head and m.eyes_now is EyeState.UNKNOWN:
            return False
        self.off(m.now_ns)
        return True

    def off(self, now_ns: int) -> None:
        self.on, self.cleared_ns = False, now_ns
