"""The order of events between lids and head: who looks down, and who nods off."""

from __future__ import annotations

from fermon.domain import EyeState
from fermon.policy.closure import ClosureTracker
from fermon.policy.settings import PolicySettings, ns

CAUSE = "lowered"  # what the eye network says of lids that follow the gaze, where it can


class Lowered:
    """Lids that look shut under a head that was lowered before them follow the gaze: neither open nor closed.

    Eyes that close while the head is level, then sink with it, are a closure from the first closed frame on. Where both
    sink within `lowered_fall_s`, what began first tells: lids begin to shut where the eyes were last clearly open, some
    frames before they look shut (in hard light, when the head has come down already). A head that turns aside as well
    goes with a look, to a belt or a telephone: a chin that sinks in sleep goes straight down. Times are ns since the
    first input, pitch is degrees from forward, yaw is degrees as the camera sees it.
    """

    def __init__(self, settings: PolicySettings) -> None:
        s = settings
        self._down, self._level, self._dropped = -s.lowered_deg, -s.lowered_level_deg, -s.dropped_deg
        self._fall_ns, self._unknown_gap_ns = ns(s.lowered_fall_s), ns(s.closure_unknown_gap_s)
        self._open_gap_ns = ns(s.closure_open_gap_s)
        self._pose_ns = 0
        self._low_ns: int | None = None  # the head has been lowered since
        self._wide_ns: int | None = None  # the eyes have been clearly open since
        self._wide_low = False  # the head was lowered when they last were, for longer than flicker, and has been since
        self._turn = s.lowered_turn_deg
        self._wide_yaw, self._wide_yaw_ns = 0.0, -self._fall_ns - 1  # where it pointed when they last were, and when
        self.on = False  # in the last frame
        self.undecided = False  # the closure under way may yet turn out to be a look down

    def judge(
        self,
        t_ns: int,
        state: EyeState,
        wide: bool,
        head: tuple[float, float] | None,
        cause: str | None,
        closures: ClosureTracker,
    ) -> EyeState:
        """Return the state of a frame's eyes, with where the head is (yaw, pitch); None = not known.

        `wide` tells whether they are clearly open. A closure that has just begun is taken back when it turns out to be
        a look down.
        """
        self.undecided = False
        pitch = None if head is None else head[1]
        self._follow(t_ns, wide, head)
        if state is EyeState.OPEN:
            self.on = False
            return state
        if pitch is None:
            self.on = self.on and t_ns - self._pose_ns < self._unknown_gap_ns
        elif self.on:
            self.on = pitch <= self._level
        elif pitch <= self._down:
            look = cause == CAUSE or (state is EyeState.CLOSED and self._aside(t_ns, head))
            self.on = self._begins(t_ns, state, look, closures)
        if self.on:
            return EyeState.UNKNOWN
        if closures.start_ns is not None:
            self.undecided = (cause == CAUSE and t_ns - closures.start_ns <= self._fall_ns) or self._aside(t_ns, head)
            if pitch is not None and pitch <= self._dropped:
                return EyeState.CLOSED  # the chin sinks: the eyes can no longer be read, and the closure goes on
        return state

    def _follow(self, t_ns: int, wide: bool, head: tuple[float, float] | None) -> None:
        """Keep since when the head has been lowered, and how it was when the eyes were last clearly open."""
        if head is not None:
            yaw, pitch = head
            self._pose_ns = t_ns
            if pitch > self._level:
                self._low_ns, self._wide_low = None, False
            elif pitch <= self._down and self._low_ns is None:
                self._low_ns = t_ns
            if wide:
                self._wide_yaw, self._wide_yaw_ns = yaw, t_ns
        if not wide:
            self._wide_ns = None
            return
        if self._wide_ns is None:
            self._wide_ns = t_ns
        if t_ns - self._wide_ns >= self._open_gap_ns:
            self._wide_low = self._low_ns is not None

    def _aside(self, t_ns: int, head: tuple[float, float] | None) -> bool:
        """Whether the head has turned aside since the eyes were clearly open, `lowered_fall_s` ago at most."""
        recent = t_ns - self._wide_yaw_ns <= self._fall_ns
        return head is not None and recent and abs(head[0] - self._wide_yaw) >= self._turn

    def _begins(self, t_ns: int, state: EyeState, look: bool, closures: ClosureTracker) -> bool:
        """Whether lids that are not seen open are lowered, the head being so; `look`: all else says that they are."""
        if closures.start_ns is None:
            low_first = self._wide_low or (self._low_ns is not None and t_ns - self._low_ns > self._fall_ns)
            return look or (state is EyeState.CLOSED and low_first)
        if look and t_ns - closures.start_ns <= self._fall_ns:
            closures.drop()
            return True
        return False
