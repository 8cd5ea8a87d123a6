"""The frame rate, as a mean over the last seconds."""

from __future__ import annotations

from collections import deque

from fermon.domain import NS_PER_S

MAX_FRAMES = 1024  # kept at most; above 200 Hz the mean covers these frames only


class FrameRate:
    """Frames a second, mean over the intervals that end inside the last `window_ns`.

    Only intervals of at most `gap_ns` count: where frames are further apart, the time between is unknown, not a low
    rate. So the rate is known again with the second frame after any gap. `hz` is None while no interval is left.
    """

    def __init__(self, window_ns: int, gap_ns: int) -> None:
        self._window_ns, self._gap_ns = window_ns, gap_ns
        self._intervals: deque[tuple[int, int]] = deque()  # when each ended, and how long it was
        self._sum_ns = 0
        self._frame_ns: int | None = None
        self.hz: float | None = None

    def observe(self, t_ns: int) -> None:
        """A frame came."""
        if self._frame_ns is not None and 0 < t_ns - self._frame_ns <= self._gap_ns:
            if len(self._intervals) == MAX_FRAMES:
                self._sum_ns -= self._intervals.popleft()[1]
            self._intervals.append((t_ns, t_ns - self._frame_ns))
            self._sum_ns += t_ns - self._frame_ns
        self._frame_ns = t_ns
        self.advance(t_ns)

    def advance(self, t_ns: int) -> None:
        """Let time pass up to `t_ns`, with or without a frame."""
        intervals = self._intervals
        while intervals and intervals[0][0] <= t_ns - self._window_ns:
            self._sum_ns -= intervals.popleft()[1]
        self.hz = len(intervals) * NS_PER_S / self._sum_ns if intervals else None
