"""All measures together: what is known after the inputs so far.

Rules only read it. Inputs change it, and so does the policy where an alert bears on what is measured next: the clock
that ASLEEP starts, sight that begins anew, a driver to forget.
"""

from __future__ import annotations

from fermon.domain import NS_PER_S, Ack, CameraChange, EyeState, Input, Observation, Quality, Speed, Visibility
from fermon.policy.blinks import Blinks
from fermon.policy.closure import ClosureTracker, eye_state
from fermon.policy.expression import Smoothing, Yawns
from fermon.policy.perclos import Perclos
from fermon.policy.rate import FrameRate
from fermon.policy.reading import Reader
from fermon.policy.settings import PolicySettings, ns
from fermon.policy.speed import SpeedSignal

ROUNDING = 1.0 - 1e-6  # times are rounded to ns: 15 Hz may read 14.9999999


class Measures:
    """The measures after the last input. Times are ns since the first input; `now_ns` is the last input's."""

    def __init__(self, settings: PolicySettings) -> None:
        s = self.settings = settings
        self.now_ns = 0
        self.reader = Reader()
        self.rate = FrameRate(ns(s.rate_window_s), ns(s.frame_gap_s))
        self.speed = SpeedSignal(s)
        self.quality: Quality | None = None
        self.lost_since_ns: int | None = None  # the camera is lost
        self.slow_since_ns: int | None = 0  # the frame rate is too low, or not known yet
        self.sight_since_ns = 0  # sight is judged over what came since
        self.last_usable_ns = 0
        self.face_ns = 0  # when a face was last seen
        self.face = False  # in the last frame
        self.unanswered_since_ns: int | None = None  # ASLEEP was raised, and no open eyes were seen since
        self.determined = False
        self.forget_driver()

    def forget_driver(self) -> None:
        """Another driver may sit down: forget what was measured of this one."""
        s = self.settings
        self.closures = ClosureTracker(s)
        self.perclos = Perclos(s)
        self.perclos.advance(self.now_ns)
        self.blinks = Blinks(s)
        self.smoothing = Smoothing(s)
        self.smoothing.advance(self.now_ns)
        self.yawns = Yawns(s)
        self.unanswered_since_ns = None
        self.determined = False

    # Inputs ---------------------------------------------------------------------------------------------------------

    def advance(self, t_ns: int) -> None:
        """Let time pass up to `t_ns`, the next input's time."""
        self.now_ns = t_ns
        self.perclos.advance(t_ns)
        self.closures.advance(t_ns)
        self._closure_ended()
        self.blinks.advance(t_ns)
        self.smoothing.advance(t_ns)
        self.yawns.advance(t_ns)
        self.speed.advance(t_ns)
        self.rate.advance(t_ns)

    def take(self, item: Input) -> None:
        """Take the input whose time `advance` was told."""
        if isinstance(item, Observation):
            self._frame(item)
        elif isinstance(item, Speed):
            kmh = self.reader.speed(item.kmh, self.settings.speed_max_kmh)
            if kmh is not None:
                self.speed.read(self.now_ns, kmh)
        elif isinstance(item, Ack):
            self.closures.acknowledge(self.now_ns)
            self.unanswered_since_ns = None
        elif isinstance(item, CameraChange):
            self._camera(item.state)

    def settle(self) -> None:
        """Bring up to date what follows from several measures."""
        t = self.now_ns
        if self.closures.seen_open(t):
            self.unanswered_since_ns = None
        fast = self.rate.hz is not None and self.rate.hz >= self.settings.slow_hz * ROUNDING
        self.slow_since_ns = None if fast else t if self.slow_since_ns is None else self.slow_since_ns

    def _camera(self, state: object) -> None:
        if state == "lost":
            self.lost_since_ns = self.now_ns if self.lost_since_ns is None else self.lost_since_ns
        elif state == "ok":
            self._camera_back()
        else:
            self.reader.not_used["camera state"] += 1

    def _camera_back(self) -> None:
        if self.lost_since_ns is not None:
            self.lost_since_ns = None
            self.rate.restart()

    def _frame(self, item: Observation) -> None:
        t, closures = self.now_ns, self.closures
        if self.lost_since_ns is not None:  # a frame proves that the camera is there
            self._camera_back()
        self.rate.observe(t)
        state = self._eye_state(item)
        period_ns = round(NS_PER_S / self.rate.hz) if self.rate.hz else 0
        if closures.frame_ns is not None:
            closure_ns = 0 if closures.start_ns is None else closures.shown_until_ns(t, period_ns) - closures.start_ns
            self.perclos.count(closures.frame_ns, t, closures.state, closure_ns)
        closures.observe(t, state, period_ns)
        self._closure_ended()
        if state is not EyeState.UNKNOWN:
            self.last_usable_ns = t
        self.face = item.face is not None
        if self.face:
            self.face_ns = t
        self.smoothing.observe(t, self.reader.expression(item.expression))
        self.yawns.observe(t, self.reader.probability(item.mouth, "mouth"), self.smoothing.happy)
        self.quality = item.quality

    def _eye_state(self, item: Observation) -> EyeState:
        eyes = item.eyes
        if eyes is None or item.face is None:
            return EyeState.UNKNOWN
        left = self.reader.probability(eyes.left, "eye")
        right = self.reader.probability(eyes.right, "eye")
        return eye_state(left, right, self.settings.closed_probability)

    def _closure_ended(self) -> None:
        closure = self.closures.ended
        if closure is not None:
            self.closures.ended = None
            self.perclos.closure_ended(closure.end_ns - closure.start_ns)
            if self.blinks_available:
                self.blinks.closure_ended(closure)

    # What is available ----------------------------------------------------------------------------------------------

    def _rate_reaches(self, floor_hz: float) -> bool:
        return self.rate.hz is not None and self.rate.hz >= floor_hz * (1.0 - self.settings.floor_slack) * ROUNDING

    @property
    def closure_available(self) -> bool:
        """Whether frames come fast enough to time closures."""
        return self._rate_reaches(self.settings.closure_floor_hz)

    @property
    def blinks_available(self) -> bool:
        """Whether frames come fast enough to count blinks."""
        return self._rate_reaches(self.settings.blink_floor_hz)

    @property
    def perclos_available(self) -> bool:
        """Whether PERCLOS means something now."""
        return self.closure_available and self.perclos.available(self.now_ns)

    @property
    def eyes_now(self) -> EyeState:
        """The eyes at `now_ns`."""
        return self.closures.state_at(self.now_ns)

    @property
    def driver_gone_ns(self) -> int:
        """For how long there has been no face in a vehicle slow enough to get out; 0 when there is."""
        slow_since = self.speed.slow_since_ns
        return 0 if slow_since is None else self.now_ns - max(slow_since, self.face_ns)

    def blind_cause(self) -> Visibility:
        """Why the driver cannot be seen: the first cause that fits the last frame; OK when none does."""
        s, t = self.settings, self.now_ns
        if self.lost_since_ns is not None:
            return Visibility.LOST
        if self.slow_since_ns is not None and t - self.slow_since_ns >= ns(s.slow_s):
            return Visibility.SLOW
        if self.closures.state_at(t) is not EyeState.UNKNOWN:
            return Visibility.OK
        for name, limit, cause in (
            ("brightness", s.dark_brightness, Visibility.DARK),
            ("sharpness", s.blocked_sharpness, Visibility.BLOCKED),
            ("contrast", s.blocked_contrast, Visibility.BLOCKED),
        ):
            value = self.reader.quality(getattr(self.quality, name, None))
            if value is not None and value < limit:
                return cause
        return Visibility.EYES_UNREADABLE if self.face else Visibility.NO_FACE
