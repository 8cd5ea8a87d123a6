"""How much of the last N seconds had some property: sums over sliding windows in a fixed ring of time bins."""

from __future__ import annotations

BIN_NS = 100_000_000  # 0.1 s: the oldest bin of a window is taken in part, so a sum is off by less than half a bin


class TimeBins:
    """Durations, summed over one or more sliding windows that end now.

    Times are ns since the first input (>= 0, never decreasing). Memory is fixed by the longest window; the work is
    constant for each bin that passes, and bounded by the ring after a jump of any length.
    """

    def __init__(self, *windows_ns: int) -> None:
        self._widths = tuple(max(1, round(w / BIN_NS)) for w in windows_ns)
        self._shortest = min(self._widths)
        self._ring = [0] * (max(self._widths) + 1)
        self._sums = [0] * len(self._widths)
        self._head = 0
        self._inside_ns = 0  # how much of the newest bin has passed

    def advance(self, t_ns: int) -> None:
        """Let time pass up to `t_ns`."""
        head, self._inside_ns = divmod(t_ns, BIN_NS)
        ring, size = self._ring, len(self._ring)
        if head - self._head >= size:
            self._ring = [0] * size
            self._sums = [0] * len(self._widths)
        else:
            for index in range(self._head + 1, head + 1):
                for k, width in enumerate(self._widths):
                    self._sums[k] -= ring[(index - width) % size]
                ring[index % size] = 0
        self._head = head

    def add(self, start_ns: int, end_ns: int) -> None:
        """Count the time from `start_ns` to `end_ns`, not after now. What is older than any window is left out."""
        ring, size = self._ring, len(self._ring)
        if self._head - start_ns // BIN_NS >= self._shortest:
            return
        for k in range(len(self._sums)):
            self._sums[k] += end_ns - start_ns
        while start_ns < end_ns:
            index = start_ns // BIN_NS
            edge = min(end_ns, (index + 1) * BIN_NS)
            ring[index % size] += edge - start_ns
            start_ns = edge

    def clear(self) -> None:
        """Forget what was counted."""
        self._ring = [0] * len(self._ring)
        self._sums = [0] * len(self._sums)

    def total(self, window: int) -> int:
        """Return the ns counted inside the window of that position."""
        oldest = self._ring[(self._head - self._widths[window]) % len(self._ring)]
        return self._sums[window] + oldest * (BIN_NS - self._inside_ns) // BIN_NS
