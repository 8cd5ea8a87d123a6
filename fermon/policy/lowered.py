"""The order of events between lids and head: who looks down, and who nods off."""

from __future__ import annotations

from fermon.domain import EyeState
from fermon.policy.closure import ClosureTracker
from fermon.policy.settings import PolicySettings, ns

CAUSE = "lowered"  # what the eye network says of lids that follow the gaze, where it can


class Lowered:
    """Lids that look shut under a head that was lowered before them follow the gaze: neither open nor closed.

    Eyes that close while the head is level, then sink with it, are a closure from the first closed frame on. Times
    are ns since the first input, pitch is degrees from forward.
    """

    def __init__(self, settings: PolicySettings) -> None:
        s = settings
        self._down, self._level, self._dropped = -s.lowered_deg, -s.lowered_level_deg, -s.dropped_deg
        self._fall_ns, self._unknown_gap_ns = ns(s.lowered_fall_s), ns(s.closure_unknown_gap_s)
        self._pose_ns = 0
        self.on = False  # in the last frame
        self.undecided = False  # the closure under way may yet turn out to be a look down

    def judge(
        self, t_ns: int, state: EyeState, pitch: float | None, cause: str | None, closures: ClosureTracker
    ) -> EyeState:
        """Return the state of a frame's eyes, with where the head is; `pitch` None = not known.

        A closure that has just begun is taken back when it turns out to be a look down.
        """
        self.undecided = False
        if pitch is not None:
            self._pose_ns = t_ns
        if state is EyeState.OPEN:
            self.on = False
            return state
        if pitch is None:
            self.on = self.on and t_ns - self._pose_ns < self._unknown_gap_ns
        elif self.on:
            self.on = pitch <= self._level
        elif pitch <= self._down:
            self.on = self._begins(t_ns, state, cause == CAUSE, closures)
        if self.on:
            return EyeState.UNKNOWN
        if closures.start_ns is not None:
            self.undecided = cause == CAUSE and t_ns - closures.start_ns <= self._fall_ns
            if pitch is not None and pitch <= self._dropped:
                return EyeState.CLOSED  # the chin sinks: the eyes can no longer be read, and the closure goes on
        return state

    def _begins(self, t_ns: int, state: EyeState, lids_follow: bool, closures: ClosureTracker) -> bool:
        """Whether lids that are not seen open are lowered, the head being so."""
        if closures.start_ns is None:
            return state is EyeState.CLOSED or lids_follow
        if lids_follow and t_ns - closures.start_ns <= self._fall_ns:
            closures.drop()
            return True
        return False
