"""Lost in a closure: the driver who slumps out of the picture with closed eyes, or under a dropped head."""

from __future__ import annotations

from fermon.domain import EyeState
from fermon.policy.closure import ClosureTracker
from fermon.policy.settings import PolicySettings, ns


class LostInClosure:
    """Tells since when the driver has been lost that way. Times are ns since the first input, angles degrees."""

    def __init__(self, settings: PolicySettings) -> None:
        s = settings
        self._closed_ns, self._within_ns, self._again_ns = ns(s.lost_closed_s), ns(s.lost_within_s), ns(s.lost_again_s)
        self._turned, self._dropped = s.away_yaw_deg, -s.dropped_deg
        self._pose_ns: int | None = None  # the last frame with a pose
        self._sign_ns: int | None = None  # the last frame of a long enough closure, or of a dropped head
        self._face_from_ns: int | None = None  # a face has been seen without a break since
        self.since_ns: int | None = None  # lost, and not found again

    def observe_face(
        self,
        t_ns: int,
        state: EyeState,
        angles: tuple[float, float] | None,
        pose: bool,
        closures: ClosureTracker,
        period_ns: int,
    ) -> None:
        """A frame with the driver's face; `angles` are yaw and pitch from forward, None when not known.

        `pose` tells whether the head's angles are known at all, from forward or not.
        """
        if self._face_from_ns is None:
            self._face_from_ns = t_ns
        if t_ns - self._face_from_ns >= self._again_ns:
            self.since_ns = None  # what is seen of the face counts again
        if pose:
            self._pose_ns = t_ns
        if angles is not None and abs(angles[0]) >= self._turned:
            self._sign_ns = None  # who turns round and is lost does not sleep
        elif state is not EyeState.OPEN and angles is not None and angles[1] <= self._dropped:
            self._sign_ns = t_ns
        elif state is EyeState.CLOSED and self._pose_ns is not None and t_ns - self._pose_ns <= self._within_ns:
            start_ns = closures.start_ns
            if start_ns is not None and t_ns - start_ns + period_ns >= self._closed_ns:
                self._sign_ns = t_ns

    def turned_round(self) -> None:
        """The face is in profile."""
        self._sign_ns = None

    def observe_none(self, t_ns: int) -> None:
        """A frame without the driver's face."""
        self._face_from_ns = None
        if self._sign_ns is not None and self.since_ns is None and t_ns - self._sign_ns <= self._within_ns:
            self.since_ns = t_ns

    def opened(self) -> None:
        """The eyes were seen open."""
        self._sign_ns = self.since_ns = None

    def acknowledge(self, t_ns: int) -> None:
        """The time since starts anew."""
        if self.since_ns is not None:
            self.since_ns = t_ns
