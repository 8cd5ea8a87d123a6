"""Nods: the head that falls with closed eyes, and is jerked up again."""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

from fermon.policy.settings import PolicySettings, ns

MAX_NODS = 256
MAX_HIGHEST = 256  # more frames than fit into a fall


class Moment(NamedTuple):
    """Where the head was, and for how long the eyes had been closed by then, of all time."""

    t_ns: int
    pitch: float  # degrees
    closed_ns: int


class Nods:
    """Counts nods of the last minutes. It needs no forward: a fall is a change. Times are ns since the first input."""

    def __init__(self, settings: PolicySettings) -> None:
        s = settings
        self._fall_deg, self._back_deg = s.nod_fall_deg, s.nod_back_deg
        self._fall_ns, self._closed_ns = ns(s.nod_fall_s), ns(s.nod_closed_s)
        self._back_ns, self._window_ns = ns(s.nod_back_s), ns(s.nod_window_s)
        self._highest: deque[Moment] = deque(maxlen=MAX_HIGHEST)  # pitch falls from each to the next
        self._top: Moment | None = None  # where the fall under way began
        self._times: deque[int] = deque(maxlen=MAX_NODS)

    def advance(self, t_ns: int) -> None:
        """Forget nods older than the window."""
        while self._times and self._times[0] <= t_ns - self._window_ns:
            self._times.popleft()

    def observe(self, t_ns: int, pitch: float, closed_ns: int) -> None:
        """The head is at `pitch`; the eyes have been closed for `closed_ns` so far, of all time."""
        top, highest = self._top, self._highest
        if top is not None:
            if t_ns - top.t_ns > self._back_ns:
                self._top = None
            elif pitch >= top.pitch - self._back_deg:
                if closed_ns - top.closed_ns >= self._closed_ns:
                    self._times.append(t_ns)
                self._top = None
        while highest and highest[-1].pitch <= pitch:
            highest.pop()
        highest.append(Moment(t_ns, pitch, closed_ns))
        while t_ns - highest[0].t_ns > self._fall_ns:
            highest.popleft()
        if self._top is None and highest[0].pitch - pitch >= self._fall_deg:
            self._top = highest[0]

    @property
    def count(self) -> int:
        """Nods inside the window."""
        return len(self._times)
