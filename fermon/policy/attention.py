"""Turned away or forward: the attention of a frame, without a break, and summed over the last seconds."""

from __future__ import annotations

from fermon.domain import Attention
from fermon.policy.settings import PolicySettings, ns
from fermon.policy.windows import TimeBins

UNKNOWN, FORWARD, AWAY = Attention.NOT_DETERMINED, Attention.ATTENTIVE, Attention.AWAY


class AttentionTracker:
    """Follows where the head points through flicker, unknown frames and missing frames.

    A frame's attention holds until the next frame; where frames are more than `frame_gap_s` apart, the time between
    them is unknown. Times are ns since the first input, angles degrees from forward.
    """

    def __init__(self, settings: PolicySettings) -> None:
        s = self._settings = settings
        self._forward_gap_ns, self._unknown_gap_ns = ns(s.away_forward_gap_s), ns(s.away_unknown_gap_s)
        self._frame_gap_ns, self._empties_ns = ns(s.frame_gap_s), ns(s.distracted_notice_clear_s)
        self._window = TimeBins(ns(s.distracted_window_s))
        self._now_ns = 0
        self.restart()

    def restart(self) -> None:
        """Forget what was: forward is known from now on."""
        self.state = UNKNOWN  # of the last frame
        self._known = UNKNOWN  # of the last frame in which it was known, if that is not too long ago
        self._away_from_ns: int | None = None  # first away frame of what is under way
        self._last_away_ns = 0
        self._forward_from_ns: int | None = None
        self._unknown_from_ns: int | None = None
        self._frame_ns: int | None = None
        self._window.clear()

    def look(self, yaw: float, pitch: float) -> Attention:
        """Return the attention of a head that points there; between away and forward it stays what it was."""
        s = self._settings
        if abs(yaw) >= s.away_yaw_deg or pitch <= -s.away_down_deg or pitch >= s.away_up_deg:
            return AWAY
        if abs(yaw) < s.forward_yaw_deg and -s.forward_down_deg < pitch < s.forward_up_deg:
            return FORWARD
        return self._known

    def advance(self, t_ns: int) -> None:
        """Let time pass up to `t_ns`, with or without a frame."""
        self._now_ns = t_ns
        self._window.advance(t_ns)
        frame_ns = self._frame_ns
        if frame_ns is None:
            return
        if t_ns - frame_ns > self._frame_gap_ns and self._unknown_from_ns is None:
            self._unknown_from_ns = frame_ns
        if self._unknown_from_ns is not None and t_ns - self._unknown_from_ns >= self._unknown_gap_ns:
            self._known = UNKNOWN
            self._away_from_ns = self._forward_from_ns = None

    def observe(self, t_ns: int, state: Attention, period_ns: int) -> None:
        """A frame came, after `advance`; `period_ns` is the usual time between frames, for which it stands."""
        frame_ns, begins_ns = self._frame_ns, t_ns
        if self.state is AWAY and frame_ns is not None and t_ns - frame_ns <= self._frame_gap_ns:
            self._window.add(frame_ns, t_ns)
            if period_ns:
                begins_ns = min(t_ns, frame_ns + period_ns)  # frames dropped after it do not prolong it
        self.state, self._frame_ns = state, t_ns
        if state is UNKNOWN:
            if self._unknown_from_ns is None:
                self._unknown_from_ns = t_ns
            return
        self._unknown_from_ns, self._known = None, state
        if state is AWAY:
            if self._away_from_ns is None:
                self._away_from_ns = t_ns
            self._forward_from_ns, self._last_away_ns = None, t_ns
            return
        if self._forward_from_ns is None:
            self._forward_from_ns = begins_ns
        if t_ns - self._forward_from_ns + period_ns >= self._forward_gap_ns:
            self._away_from_ns = None
        if t_ns - self._forward_from_ns + period_ns >= self._empties_ns:
            self._window.clear()

    @property
    def now(self) -> Attention:
        """What it is now: short times without a pose belong to what was before them."""
        return self._known

    @property
    def away_ns(self) -> int:
        """For how long the head has been turned away without a break; 0 when it is not."""
        return 0 if self._away_from_ns is None else self._now_ns - self._away_from_ns

    @property
    def seen_away_ns(self) -> int:
        """The same up to the last away frame, and 0 unless that is the last one."""
        since = self._away_from_ns if self.state is AWAY else None
        return 0 if since is None else self._last_away_ns - since

    @property
    def away_sum_ns(self) -> int:
        """Time turned away inside the window."""
        return self._window.total(0)

    @property
    def forward_ns(self) -> int:
        """For how long the head has pointed forward without a break; 0 unless it does now."""
        if self._forward_from_ns is None or self._unknown_from_ns is not None:
            return 0
        return self._now_ns - self._forward_from_ns
