"""The frame rate, as a mean over the last seconds."""

from __future__ import annotations

from collections import deque

from fermon.domain import NS_PER_S

MAX_FRAMES = 1024  # kept at most; above 200 Hz the mean covers these frames only


class FrameRate:
    """Frames a second, mean over `window_ns`.

    The mean covers what there is since frames began to come: since the first one, since the camera came back, or
    since a gap that left the window empty. `hz` is None until there are two frames.
    """

    def __init__(self, window_ns: int, gap_ns: int) -> None:
        self._window_ns, self._gap_ns = window_ns, gap_ns
        self._times: deque[int] = deque(maxlen=MAX_FRAMES)  # those inside the window and the last one before it
        self._began_ns = 0
        self.hz: float | None = None

    def restart(self) -> None:
        """Begin anew: the camera came back."""
        self._times.clear()
        self.hz = None

    def observe(self, t_ns: int) -> None:
        """A frame came."""
        times = self._times
        if not times or t_ns - times[-1] >= self._window_ns:
            times.clear()
            self._began_ns = t_ns
        times.append(t_ns)
        begin = self._trim(t_ns)
        if len(times) < 2:
            self.hz = None
        elif times[0] >= begin:
            self.hz = (len(times) - 1) * NS_PER_S / (t_ns - times[0])
        else:  # the interval that reaches over the window's edge counts with its part inside
            part = (times[1] - begin) / (times[1] - times[0])
            self.hz = (len(times) - 2 + part) * NS_PER_S / self._window_ns

    def advance(self, t_ns: int) -> None:
        """Time passed without a frame: after a gap the emptiness since the last one counts too."""
        times = self._times
        if not times or t_ns - times[-1] <= self._gap_ns:
            return
        begin = self._trim(t_ns)
        age_ns = t_ns - self._began_ns
        if age_ns < self._window_ns:
            self.hz = (len(times) - 1) * NS_PER_S / age_ns
        else:
            inside = len(times) - (times[0] <= begin)
            self.hz = inside * NS_PER_S / self._window_ns

    def _trim(self, t_ns: int) -> int:
        """Drop what the window no longer needs; return where it begins."""
        begin = t_ns - self._window_ns
        while len(self._times) > 1 and self._times[1] <= begin:
            self._times.popleft()
        return begin
