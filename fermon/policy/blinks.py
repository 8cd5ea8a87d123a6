"""Blinks and long blinks of the last minute."""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

from fermon.domain import NS_PER_S
from fermon.policy.closure import Closure
from fermon.policy.settings import PolicySettings, ns

MAX_BLINKS = 512  # more than fit into a minute when open eyes last 0.15 s at least


class Blink(NamedTuple):
    end_ns: int
    lasted_ns: int


class Blinks:
    """Closures that ended inside the window: short ones (blinks) and long ones (long blinks)."""

    def __init__(self, settings: PolicySettings) -> None:
        self._window_ns = ns(settings.blink_window_s)
        self._long_ns, self._longest_ns = ns(settings.long_blink_min_s), ns(settings.long_blink_max_s)
        self._short: deque[Blink] = deque(maxlen=MAX_BLINKS)
        self._long: deque[Blink] = deque(maxlen=MAX_BLINKS)

    def advance(self, t_ns: int) -> None:
        """Forget what is older than the window."""
        for blinks in (self._short, self._long):
            while blinks and blinks[0].end_ns <= t_ns - self._window_ns:
                blinks.popleft()

    def closure_ended(self, closure: Closure) -> None:
        """Count a closure that ended, unless it was longer than any blink."""
        lasted_ns = closure.end_ns - closure.start_ns
        if lasted_ns < self._long_ns:
            self._short.append(Blink(closure.end_ns, lasted_ns))
        elif lasted_ns < self._longest_ns:
            self._long.append(Blink(closure.end_ns, lasted_ns))

    @property
    def long(self) -> int:
        """Number of long blinks."""
        return len(self._long)

    @property
    def per_minute(self) -> float:
        """Blinks of any length, a minute."""
        return (len(self._short) + len(self._long)) * 60 * NS_PER_S / self._window_ns

    @property
    def mean_s(self) -> float | None:
        """Mean duration in s; None without a blink."""
        count = len(self._short) + len(self._long)
        if not count:
            return None
        return sum(b.lasted_ns for blinks in (self._short, self._long) for b in blinks) / count / NS_PER_S
