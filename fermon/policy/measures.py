"""All measures together: what is known after the inputs so far.

Rules only read it. Inputs change it, and so does the policy where an alert bears on what is measured next: the clock
that ASLEEP starts, an acknowledgement that counts, sight that begins anew, a driver to forget.
"""

from __future__ import annotations

from fermon.domain import NS_PER_S, CameraChange, EyeState, Input, Observation, Quality, Speed, Visibility
from fermon.policy.blinks import Blinks
from fermon.policy.closure import ClosureTracker, Eye, clearly_open, eye_state
from fermon.policy.expression import Smoothing, Yawns
from fermon.policy.head import HeadMeasures
from fermon.policy.perclos import Perclos
from fermon.policy.rate import FrameRate
from fermon.policy.reading import Reader
from fermon.policy.settings import PolicySettings, ns
from fermon.policy.speed import SpeedSignal
from fermon.policy.unopened import Unopened
from fermon.policy.unseen import Unseen

ROUNDING = 1.0 - 1e-6  # times are rounded to ns: 15 Hz may read 14.9999999


class Measures:
    """The measures after the last input. Times are ns since the first input; `now_ns` is the last input's."""

    def __init__(self, settings: PolicySettings) -> None:
        s = self.settings = settings
        self.now_ns = 0
        self.reader = Reader()
        self.rate = FrameRate(ns(s.rate_window_s), ns(s.frame_gap_s))
        self.speed = SpeedSignal(s)
        self.lost_since_ns: int | None = None  # the camera is lost
        self.was_lost = False  # since the last frame
        self.slow_since_ns: int | None = None  # the frame rate is too low
        self.fast_since_ns: int | None = None  # it is high enough
        self.slow = False  # it has been too low for too long, and is not back yet
        self.sight_since_ns = 0  # sight is judged over what came since
        self.last_usable_ns = 0
        self.face_ns = 0  # when a face was last seen
        self.face = False  # in the last frame
        self.cause = Visibility.NO_FACE  # why the eyes were not seen in the last frame; OK when they were
        self.alarmed = False  # an alert about closed eyes is on
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
        self.unopened = Unopened(s)
        self.unseen = Unseen(s)
        self.head = HeadMeasures(s, self.reader)
        self.head.advance(self.now_ns)
        self.seen_little = False  # too little of the last half minute was usable
        self.seen_again = False  # it was, and enough has been seen since
        self.outage_ns = 0, 0  # the last time without any sight that was long enough to be told for itself
        self.ack_counted_ns: int | None = None  # an acknowledgement counted, and the eyes were not open since
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
        self.head.advance(t_ns)
        self.speed.advance(t_ns)
        self.rate.advance(t_ns)

    def take(self, item: Input) -> None:
        """Take the input whose time `advance` was told."""
        if isinstance(item, Observation):
            self._frame(item)
        elif isinstance(item, Speed):
            kmh = self.reader.speed(item.kmh, self.settings.speed_max_kmh)
            if kmh is not None:
                self.speed.read(self.now_ns, kmh, item.source if isinstance(item.source, str) else "")
        elif isinstance(item, CameraChange):
            self._camera(item.state)

    def settle(self) -> None:
        """Bring up to date what follows from several measures."""
        s, t = self.settings, self.now_ns
        opened = self.unopened.seen_open_ns
        if self.unanswered_since_ns is not None and opened is not None and opened > self.unanswered_since_ns:
            self.unanswered_since_ns = None
        if opened == t:
            self.head.lost.opened()
        if self.ack_counted_ns is not None:
            again_ns = ns(s.ack_again_open_s)
            if t - self.ack_counted_ns >= again_ns and self.eyes_open_for(again_ns):
                self.ack_counted_ns = None
        self._settle_rate()
        self._settle_sight()

    def _settle_rate(self) -> None:
        s, t = self.settings, self.now_ns
        if self.rate.hz is None:
            return  # no frames tell of no rate
        if self._rate_reaches(s.slow_hz):
            self.fast_since_ns = t if self.fast_since_ns is None else self.fast_since_ns
            self.slow_since_ns = None
            self.slow = self.slow and t - self.fast_since_ns < ns(s.slow_clear_s)
        else:
            self.slow_since_ns = t if self.slow_since_ns is None else self.slow_since_ns
            self.fast_since_ns = None
            self.slow = self.slow or t - self.slow_since_ns >= ns(s.slow_s)

    def _settle_sight(self) -> None:
        """Decide whether the driver is seen too little, in parts only.

        One outage that is long enough to be told for itself is left out of the judgement: before and after it the
        driver may be seen well. Once enough is seen again, it takes clearly less, or another half minute, to say so
        anew.
        """
        s, t = self.settings, self.now_ns
        window_ns, recent_ns = ns(s.seen_window_s), self.perclos.recent_seen_ns
        self._note_outage()
        if self.seen_little:
            self.seen_little = recent_ns < ns(s.seen_clear_usable_s)
            self.seen_again = not self.seen_little
            return
        told_ns = max(0, self.outage_ns[1] - max(self.outage_ns[0], t - window_ns))
        if self.perclos.seen_ns >= s.seen_min_share * (window_ns - told_ns):
            self.seen_again = False
        elif t - self.sight_since_ns >= window_ns and self.speed.at_least(s.moving_kmh):
            least_s = s.seen_min_share * s.seen_clear_window_s if self.seen_again else s.seen_clear_usable_s
            self.seen_little = recent_ns < ns(least_s)

    def _note_outage(self) -> None:
        if self.now_ns - self.last_usable_ns >= ns(self.settings.sight_window_s):
            self.outage_ns = self.last_usable_ns, self.now_ns

    def acknowledge(self) -> None:
        """An acknowledgement counts: what it answers is timed anew."""
        self.closures.acknowledge(self.now_ns)
        self.unopened.restart(self.now_ns)
        self.head.lost.acknowledge(self.now_ns)
        self.unanswered_since_ns = None
        self.ack_counted_ns = self.now_ns

    def _camera(self, state: object) -> None:
        if state == "lost":
            self.lost_since_ns = self.now_ns if self.lost_since_ns is None else self.lost_since_ns
            self.was_lost = True
        elif state == "ok":
            self._camera_back()
        else:
            self.reader.not_used["camera state"] += 1

    def _camera_back(self) -> None:
        if self.lost_since_ns is not None:
            lost_ns = self.now_ns - self.lost_since_ns
            if lost_ns >= ns(self.settings.camera_lost_s):  # shorter ones are time in which the eyes were not seen
                self.unopened.pause(lost_ns)
            self.lost_since_ns = None

    def _frame(self, item: Observation) -> None:
        t, closures = self.now_ns, self.closures
        if self.lost_since_ns is not None:  # a frame proves that the camera is there
            self._camera_back()
        self.rate.observe(t)
        self.head.look(t, item, self.face_ns)
        in_closure = closures.start_ns is not None
        left, right = self._eyes(item)
        shown = eye_state(left, right, self.settings.closed_probability, self.settings.clearly_open_probability)
        wide = clearly_open(left, right, self.settings.clearly_open_probability)
        state = self.head.eyes(t, shown, wide, None if item.eyes is None else item.eyes.cause, closures)
        period_ns = round(NS_PER_S / self.rate.hz) if self.rate.hz else 0
        if closures.frame_ns is not None:
            timed = closures.start_ns is not None and not self.head.lowered.undecided
            closure_ns = closures.shown_until_ns(t, period_ns) - (closures.start_ns or 0) if timed else 0
            self.perclos.count(closures.frame_ns, t, closures.state, closure_ns)
            if in_closure and closures.start_ns is None:
                self.perclos.closure_ended(0)  # it was a look down
            cause = self._cause_between(closures.frame_ns)
            if cause is not Visibility.OK:
                self.unseen.add(closures.frame_ns, t, cause)
        closures.observe(t, state, period_ns)
        self._closure_ended()
        self.face = item.face is not None
        self.unopened.observe(t, state, period_ns, self.face, self.head.lowered.on)
        self.head.observe(t, item, state, self.speed.at_least(self.settings.moving_kmh), closures, period_ns)
        if self.face:
            self.face_ns = t
        if state is not EyeState.UNKNOWN:
            self._note_outage()
            self.last_usable_ns = t
            self.cause = Visibility.OK
        else:
            self.cause = self._cause(item.quality)
        self.was_lost = False
        self.smoothing.observe(t, self.reader.expression(item.expression))
        self.yawns.observe(t, self.reader.probability(item.mouth, "mouth"), self.smoothing.happy)

    def _eyes(self, item: Observation) -> tuple[Eye, Eye]:
        """Return each eye's closed probability, None where it cannot be used."""
        eyes = item.eyes
        if eyes is None or item.face is None:
            return None, None
        return self.reader.probability(eyes.left, "eye"), self.reader.probability(eyes.right, "eye")

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
    def attention_available(self) -> bool:
        """Whether it is known where this driver's forward is, and frames come often enough to follow the head."""
        return self.head.forward.known and self._rate_reaches(self.settings.attention_floor_hz)

    @property
    def head_angles(self) -> tuple[float, float] | None:
        """Yaw and pitch from forward in degrees, in the last frame; None when not known, or too long ago."""
        frame_ns = self.closures.frame_ns
        stale = frame_ns is None or self.now_ns - frame_ns > ns(self.settings.frame_gap_s)
        return None if stale or not self.head.forward.known else self.head.angles

    @property
    def eyes_now(self) -> EyeState:
        """The eyes at `now_ns`."""
        return self.closures.state_at(self.now_ns)

    def eyes_open_for(self, duration_ns: int) -> bool:
        """Whether the eyes have been open for so long, blinks included, and were seen open at all in that time."""
        t, seen = self.now_ns, self.unopened.seen_open_ns
        if seen is None or t - seen > duration_ns or not self.closure_available:
            return False
        return self.closures.open_ns(t) >= duration_ns

    @property
    def unopened_ns(self) -> int:
        """For how long the eyes have not been seen open, at most since the driver was first seen."""
        since = self.unopened.since_ns
        if since is None:
            return 0
        lost, t = self.lost_since_ns, self.now_ns
        return (t if lost is None or t - lost < ns(self.settings.camera_lost_s) else lost) - since

    @property
    def driver_gone_ns(self) -> int:
        """For how long there has been no face in a vehicle slow enough to get out; 0 when there is."""
        slow_since = self.speed.slow_since_ns
        return 0 if slow_since is None else self.now_ns - max(slow_since, self.face_ns)

    # Sight -------------------------------------------------------------------------------------------------------

    @property
    def sight_lost(self) -> bool:
        """Whether the last seconds hold next to nothing that is usable."""
        s = self.settings
        long_enough = self.now_ns - self.sight_since_ns >= ns(s.sight_window_s)
        return long_enough and self.perclos.sight_ns < ns(s.sight_min_usable_s)

    @property
    def never_open_since_ns(self) -> int | None:
        """Since when a moving vehicle's driver has shown no open eye, for too long and without an alert about it."""
        s = self.settings
        if self.alarmed or not self.speed.at_least(s.moving_kmh):
            return None
        since = max(self.sight_since_ns, self.unopened.open_frame_ns or 0)
        return since if self.now_ns - since >= ns(s.sight_window_s) else None

    def blind_cause(self) -> Visibility:
        """Why the driver cannot be seen: the first cause that fits now; OK when none does."""
        if self.lost_since_ns is not None:
            return Visibility.LOST
        if self.slow:
            return Visibility.SLOW
        frame_ns = self.closures.frame_ns
        now = self.cause if frame_ns is None else self._cause_between(frame_ns)
        if now is not Visibility.OK and (self.sight_lost or not self.seen_little):
            return now
        if self.seen_little or self.sight_lost or self.never_open_since_ns is not None:
            # Closed eyes in full view that raise nothing: frames come too slowly to time them.
            return self.unseen.main_cause(frame_ns or 0, self.now_ns, now) or Visibility.SLOW
        return Visibility.OK

    def _cause_between(self, frame_ns: int) -> Visibility:
        """Why the eyes were not seen from the last frame, at `frame_ns`, to now; OK when they were."""
        if self.now_ns - frame_ns <= ns(self.settings.frame_gap_s):
            return self.cause
        return Visibility.LOST if self.was_lost else Visibility.SLOW

    def _cause(self, quality: Quality) -> Visibility:
        """Why the eyes are not seen in a picture of that quality."""
        s, read = self.settings, self.reader.quality
        brightness, burnt_out = read(quality.brightness), read(quality.burnt_out)
        sharpness, contrast = read(quality.sharpness), read(quality.contrast)
        if brightness is not None and brightness < s.dark_brightness:
            return Visibility.DARK
        if burnt_out is not None and burnt_out >= s.too_bright_share:
            return Visibility.TOO_BRIGHT
        if sharpness is not None and sharpness < s.blocked_sharpness:
            return Visibility.BLOCKED
        if contrast is not None and contrast < s.blocked_contrast:
            return Visibility.BLOCKED
        return Visibility.EYES_UNREADABLE if self.face else Visibility.NO_FACE
