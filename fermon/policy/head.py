"""What the head tells, all together: attention, nods, and what lids and a lost face mean under it.

Recordings without a head's angles are judged as if none of this were here.
"""

from __future__ import annotations

from fermon.domain import Attention, EyeState, Observation
from fermon.policy.attention import AttentionTracker
from fermon.policy.closure import ClosureTracker
from fermon.policy.forward import Forward
from fermon.policy.lost import LostInClosure
from fermon.policy.lowered import Lowered
from fermon.policy.nods import Nods
from fermon.policy.reading import Reader
from fermon.policy.settings import PolicySettings, ns


class HeadMeasures:
    """Follows the head. Times are ns since the first input, angles degrees.

    Of each frame `look` is told first, `eyes` once what the lids alone look like is known, then `observe`.
    """

    def __init__(self, settings: PolicySettings, reader: Reader) -> None:
        s = settings
        self._reader = reader
        self._frame_gap_ns, self._new_driver_ns = ns(s.frame_gap_s), ns(s.new_driver_s)
        self.forward = Forward(s)
        self.attention = AttentionTracker(s)
        self.nods = Nods(s)
        self.lowered = Lowered(s)
        self.lost = LostInClosure(s)
        self.angles: tuple[float, float] | None = None  # yaw and pitch from forward, in the last frame
        self._used = False  # angles, or a face in profile, have been seen at all
        self._pose: tuple[float, float] | None = None  # yaw and pitch as the camera sees them
        self._closed_ns = 0  # time with closed eyes, of all time
        self._state, self._frame_ns = EyeState.UNKNOWN, 0

    def advance(self, t_ns: int) -> None:
        """Let time pass up to `t_ns`, with or without a frame."""
        self.attention.advance(t_ns)
        self.nods.advance(t_ns)

    def look(self, t_ns: int, item: Observation, face_ns: int) -> None:
        """A frame came; the last face before it was seen at `face_ns`."""
        face = item.face
        self._pose = None if face is None or item.head is None else self._reader.head(item.head)
        if self._pose is not None or (face is not None and face.profile is True):
            self._used = True
        if face is not None and t_ns - face_ns >= self._new_driver_ns:
            self.forward.restart()  # another driver, perhaps; nods stay, as yawns do: it may be the same one
        forward, pose = self.forward, self._pose
        self.angles = None
        if pose is not None and forward.yaw is not None and forward.pitch is not None:
            self.angles = turned(pose[0], forward.yaw), turned(pose[1], forward.pitch)

    def eyes(self, t_ns: int, state: EyeState, wide: bool, cause: str | None, closures: ClosureTracker) -> EyeState:
        """Return what the lids of the frame stand for: `state` is what they look like, `wide` = clearly open."""
        if not self._used:
            return state  # no head will ever tell
        level, pose = self.forward.level, self._pose
        head = None if pose is None or level is None else (pose[0], turned(pose[1], level))
        return self.lowered.judge(t_ns, state, wide, head, cause, closures)

    @property
    def _known(self) -> tuple[float, float] | None:
        """Yaw and pitch from this driver's own forward."""
        return self.angles if self.forward.known else None

    def observe(
        self, t_ns: int, item: Observation, state: EyeState, moving: bool, closures: ClosureTracker, period_ns: int
    ) -> None:
        """The frame's eyes were `state`; `closures` know it; `period_ns` is the usual time between frames."""
        held_ns = t_ns - self._frame_ns
        if held_ns > self._frame_gap_ns:
            held_ns = 0
        if self._state is EyeState.CLOSED:
            self._closed_ns += held_ns
        self._state, self._frame_ns = state, t_ns
        face, pose, profile = item.face, self._pose, False
        if face is None:
            self.lost.observe_none(t_ns)
        else:
            profile = face.profile is True and pose is None
            if profile:
                self.lost.turned_round()
            self.lost.observe_face(t_ns, state, self._known, pose is not None, closures, period_ns)
        self.attention.observe(t_ns, self._attention(profile), period_ns)
        if pose is None:
            return
        self.nods.observe(t_ns, pose[1], self._closed_ns)
        if state is EyeState.OPEN and moving:
            known = self.forward.known
            self.forward.observe(held_ns, *pose)
            if self.forward.known and not known:
                self.attention.restart()  # what was judged by another driver's forward

    def _attention(self, profile: bool) -> Attention:
        """The attention of the frame."""
        if (self.lowered.on or profile) and self.forward.yaw is not None:
            return Attention.AWAY
        return Attention.NOT_DETERMINED if self.angles is None else self.attention.look(*self.angles)


def turned(angle: float, forward: float) -> float:
    """Return `angle` as a difference from `forward`, -180 to 180 degrees.

    >>> turned(-170.0, 175.0)
    15.0
    """
    return (angle - forward + 180.0) % 360.0 - 180.0
