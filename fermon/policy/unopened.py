"""Eyes that are never seen open: the time since they were, and how much of it they were seen closed."""

from __future__ import annotations

from fermon.domain import EyeState
from fermon.policy.settings import PolicySettings, ns


class Unopened:
    """Follows a driver who is seen in parts only, where no single closure gets long enough.

    Eyes are *seen open* after `closure_open_gap_s` of open frames without a closed one among them; unknown up to
    `frame_gap_s` in between does not end that stretch, it only does not count. Times are ns since the first input.
    """

    def __init__(self, settings: PolicySettings) -> None:
        self._open_gap_ns = ns(settings.closure_open_gap_s)
        self._frame_gap_ns = ns(settings.frame_gap_s)
        self.since_ns: int | None = None  # last seen open, or the driver first seen; None = not seen yet
        self.seen_open_ns: int | None = None  # last seen open
        self.open_frame_ns: int | None = None  # the last open frame, seen open or not
        self.closed_ns = 0  # closed time since
        self.stretches = 0  # in so many stretches
        self.lowered_ns = 0  # time since with lids that look shut under a lowered head
        self._run_ns = 0  # open time of the stretch of open frames under way
        self._frame_ns = 0
        self._state = EyeState.UNKNOWN  # of the last frame
        self._lowered = False  # in the last frame

    def observe(self, t_ns: int, state: EyeState, period_ns: int, face: bool, lowered: bool) -> None:
        """A frame came; `period_ns` is the usual time between frames, for which it stands."""
        if face and self.since_ns is None:
            self.since_ns = t_ns
        held_ns = t_ns - self._frame_ns
        before = self._state if held_ns <= self._frame_gap_ns else EyeState.UNKNOWN
        if self._lowered and held_ns <= self._frame_gap_ns:
            self.lowered_ns += held_ns
        self._frame_ns, self._state, self._lowered = t_ns, state, lowered
        if before is EyeState.CLOSED:
            self.closed_ns += held_ns
        elif before is EyeState.OPEN:
            self._run_ns += held_ns
        if state is EyeState.CLOSED:
            self._run_ns = 0
            self.stretches += before is not EyeState.CLOSED
        elif state is EyeState.OPEN:
            if self.open_frame_ns is None or t_ns - self.open_frame_ns > self._frame_gap_ns:
                self._run_ns = 0
            self.open_frame_ns = t_ns
            if self._run_ns + period_ns >= self._open_gap_ns:
                self.seen_open_ns = t_ns
                self.restart(t_ns)

    def restart(self, t_ns: int) -> None:
        """Count anew from `t_ns`: seen open, or acknowledged. Eyes that are closed then are in a stretch already."""
        self.since_ns, self.closed_ns, self.stretches = t_ns, 0, int(self._state is EyeState.CLOSED)
        self.lowered_ns = 0

    def pause(self, duration_ns: int) -> None:
        """Leave out a time in which there was no camera."""
        if self.since_ns is not None:
            self.since_ns += duration_ns
