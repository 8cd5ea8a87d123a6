"""Why there was no sight: unusable time by its cause, over the last seconds."""

from __future__ import annotations

from collections import Counter, deque

from fermon.domain import Visibility
from fermon.policy.settings import PolicySettings, ns

MAX_SPANS = 1024  # more than fit into the window at 30 frames a second, with an open eye between any two


class Unseen:
    """Sums the time in which the eyes were not seen, by cause. Times are ns since the first input."""

    def __init__(self, settings: PolicySettings) -> None:
        self._window_ns = ns(settings.seen_window_s)
        self._spans: deque[tuple[int, int, Visibility]] = deque(maxlen=MAX_SPANS)

    def add(self, from_ns: int, to_ns: int, cause: Visibility) -> None:
        """Count the time between two frames; what is older than the window is forgotten."""
        spans = self._spans
        while spans and spans[0][1] <= to_ns - self._window_ns:
            spans.popleft()
        if spans and spans[-1][1:] == (from_ns, cause):
            from_ns = spans.pop()[0]
        spans.append((from_ns, to_ns, cause))

    def main_cause(self, since_ns: int, t_ns: int, now: Visibility) -> Visibility:
        """Return the cause that took most of the time in the window up to `t_ns`; OK when there was none.

        What is not added yet, since `since_ns`, had the cause `now`.
        """
        begin, total = t_ns - self._window_ns, Counter[Visibility]()
        for from_ns, to_ns, cause in (*self._spans, (since_ns, t_ns, now)):
            total[cause] += max(0, to_ns - max(from_ns, begin))
        return max(total, key=lambda cause: total[cause], default=Visibility.OK)
