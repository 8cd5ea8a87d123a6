"""Eye state of a frame, and the closure that is under way."""

from __future__ import annotations

import math
from typing import NamedTuple

from fermon.domain import EyeState
from fermon.policy.settings import PolicySettings, ns

Eye = float | None  # probability of being closed; None = not readable
CLIP = 0.005  # a network that is surer than this knows no more


def eye_state(left: Eye, right: Eye, closed_probability: float, clearly_open_probability: float) -> EyeState:
    """Return the state of both eyes together; the only place where it is decided.

    Closed when the mean of the readable eyes' log-odds is at least that of `closed_probability` and none of them is
    clearly open; unknown when none is readable. So an eye that is seen badly cannot overrule one that is seen well,
    and a wink is open.

    >>> eye_state(0.95, 0.3, 0.5, 0.1).value, eye_state(0.95, 0.05, 0.5, 0.1).value
    ('closed', 'open')
    """
    left, right = right if left is None else left, left if right is None else right
    if left is None or right is None:
        return EyeState.UNKNOWN
    if left < clearly_open_probability or right < clearly_open_probability:
        return EyeState.OPEN
    mean = (_log_odds(left) + _log_odds(right)) / 2
    return EyeState.CLOSED if mean >= _log_odds(closed_probability) else EyeState.OPEN


def clearly_open(left: Eye, right: Eye, clearly_open_probability: float) -> bool:
    """Whether the readable eyes together (mean log-odds) are clearly open: lids that have not begun to shut.

    >>> clearly_open(0.05, None, 0.1), clearly_open(0.05, 0.4, 0.1)
    (True, False)
    """
    left, right = right if left is None else left, left if right is None else right
    if left is None or right is None:
        return False
    return (_log_odds(left) + _log_odds(right)) / 2 < _log_odds(clearly_open_probability)


def _log_odds(probability: float) -> float:
    p = min(max(probability, CLIP), 1.0 - CLIP)
    return math.log(p / (1.0 - p))


class Closure(NamedTuple):
    """A closure that ended."""

    start_ns: int
    end_ns: int


class ClosureTracker:
    """Follows closures through flicker, unknown frames and missing frames.

    A frame's state holds until the next frame; where frames are more than `frame_gap_s` apart, the time between them
    is unknown.
    """

    def __init__(self, settings: PolicySettings) -> None:
        self._open_gap_ns = ns(settings.closure_open_gap_s)
        self._unknown_gap_ns = ns(settings.closure_unknown_gap_s)
        self._frame_gap_ns = ns(settings.frame_gap_s)
        self._disturbing_ns = ns(settings.open_disturbing_closure_s)
        self.state = EyeState.UNKNOWN  # of the last frame
        self.frame_ns: int | None = None  # the last frame's time
        self.start_ns: int | None = None  # of the closure under way: its first closed frame
        self.counted_from_ns = 0  # the same, or the acknowledgement since
        self.last_closed_ns = 0
        self.open_from_ns: int | None = None  # first open frame since the last closed one or the last long unknown
        self._opened_ns = 0  # where the closure ends if they stay open
        self._unknown_from_ns: int | None = None
        self._undisturbed_ns = 0  # "eyes open" counts from here
        self.ended: Closure | None = None  # the closure that the last call ended

    def observe(self, t_ns: int, state: EyeState, period_ns: int) -> None:
        """A frame came; `period_ns` is the usual time between frames."""
        self.advance(t_ns)
        if self.frame_ns is None:
            self._undisturbed_ns = t_ns
        if state is EyeState.UNKNOWN:
            if self._unknown_from_ns is None:
                self._unknown_from_ns = t_ns
        else:
            self._known(t_ns, state, period_ns)
        self.state, self.frame_ns = state, t_ns

    def advance(self, t_ns: int) -> None:
        """Let time pass up to `t_ns`, with or without a frame."""
        self.ended = None
        if self.frame_ns is not None and t_ns - self.frame_ns > self._frame_gap_ns and self._unknown_from_ns is None:
            self._unknown_from_ns = self.frame_ns
        if self._unknown_from_ns is not None and t_ns - self._unknown_from_ns >= self._unknown_gap_ns:
            self.open_from_ns = None
            if self.start_ns is not None:
                self._end(self.last_closed_ns)

    def _known(self, t_ns: int, state: EyeState, period_ns: int) -> None:
        was_unknown = self._unknown_from_ns is not None
        if self._unknown_from_ns is not None:
            if t_ns - self._unknown_from_ns >= self._unknown_gap_ns:
                self._undisturbed_ns = t_ns
            self._unknown_from_ns = None
        if state is EyeState.CLOSED:
            if self.start_ns is None:
                self.start_ns = self.counted_from_ns = t_ns
            self.open_from_ns, self.last_closed_ns = None, t_ns
            return
        if self.open_from_ns is None:
            self.open_from_ns = t_ns
            self._opened_ns = t_ns if was_unknown else self.shown_until_ns(t_ns, period_ns)
        # A frame stands for its period: whatever the next one shows, they were open for that long.
        if self.start_ns is not None and t_ns - self.open_from_ns + period_ns >= self._open_gap_ns:
            self._end(self._opened_ns)

    def shown_until_ns(self, t_ns: int, period_ns: int) -> int:
        """Until when the last closed frame showed closed eyes, `t_ns` being the next frame.

        A frame stands for its period: frames dropped after it do not prolong a blink.
        """
        return min(t_ns, self.last_closed_ns + period_ns) if period_ns else t_ns

    def _end(self, end_ns: int) -> None:
        assert self.start_ns is not None
        if end_ns - self.start_ns >= self._disturbing_ns:
            self._undisturbed_ns = end_ns
        self.ended = Closure(self.start_ns, end_ns)
        self.start_ns = None

    def drop(self) -> None:
        """The closure under way was none: it leaves no trace."""
        self.start_ns = None

    def acknowledge(self, t_ns: int) -> None:
        """The closure's time starts anew."""
        self.counted_from_ns = t_ns

    def state_at(self, t_ns: int) -> EyeState:
        """The last frame's state, unknown once that frame is too old."""
        if self.frame_ns is None or t_ns - self.frame_ns > self._frame_gap_ns:
            return EyeState.UNKNOWN
        return self.state

    def lasted_ns(self, t_ns: int) -> int:
        """How long the closure under way has lasted, since the acknowledgement if there was one; 0 without one."""
        return 0 if self.start_ns is None else t_ns - self.counted_from_ns

    def open_ns(self, t_ns: int) -> int:
        """For how long the eyes have been open, blinks included; 0 unless they are open now."""
        if self.state_at(t_ns) is not EyeState.OPEN:
            return 0
        since = self._undisturbed_ns
        start, opened = self.start_ns, self.open_from_ns
        if start is not None and opened is not None and self._opened_ns - start >= self._disturbing_ns:
            since = opened  # so far for less than a flicker: the closure is not over yet
        return t_ns - since
