"""Drives the rules: inputs in, alert lines out."""

from __future__ import annotations

from fermon.domain import Ack, Alert, CameraChange, DriverState, EyeState, Input, Kind, Level, Observation, Visibility
from fermon.policy.measures import Measures
from fermon.policy.rules import RULES, Evidence, Rule
from fermon.policy.settings import PolicySettings, ns, seconds


class Latch:
    """Whether one rule's alert is on. Times are ns since the first input."""

    __slots__ = ("cleared_ns", "gate_kmh", "on", "pause_ns", "rule", "since_ns", "until_for_ns", "until_since_ns")

    def __init__(self, rule: Rule, settings: PolicySettings) -> None:
        self.rule = rule
        self.gate_kmh = rule.gate_kmh(settings)
        self.pause_ns = ns(rule.pause_s(settings))
        self.until_for_ns = ns(rule.until_for_s(settings))
        self.on = False
        self.since_ns = 0
        self.until_since_ns: int | None = None
        self.cleared_ns: int | None = None

    def raise_if_due(self, m: Measures) -> bool:
        """Turn on when the condition holds and nothing forbids it; return whether it did."""
        if not m.speed.at_least(self.gate_kmh):
            return False
        if self.pause_ns and self.cleared_ns is not None and m.now_ns - self.cleared_ns < self.pause_ns:
            return False
        since = self.rule.when(m)
        if since is None:
            return False
        self.on, self.since_ns, self.until_since_ns = True, since, None
        return True

    def clear_if_due(self, m: Measures) -> bool:
        """Turn off when the clearing has been seen for long enough; return whether it did."""
        if not self.rule.until(m):
            self.until_since_ns = None
            return False
        if self.until_since_ns is None:
            self.until_since_ns = m.now_ns
        if m.now_ns - self.until_since_ns < self.until_for_ns:
            return False
        # Hiding does not clear: what is urgent stays on until its clearing is seen.
        if self.rule.level >= Level.WARNING and m.eyes_now is EyeState.UNKNOWN:
            return False
        self.off(m.now_ns)
        return True

    def off(self, now_ns: int) -> None:
        self.on, self.cleared_ns = False, now_ns


class Policy:
    """Turns inputs into alert lines. Pure: time is the inputs' own, and the same inputs give the same lines.

    >>> from fermon.domain import Tick
    >>> policy = Policy(PolicySettings())
    >>> policy.feed(Tick(0))
    []
    >>> [line.kind.value for line in policy.feed(Tick(10_000_000_000))]
    ['UNAVAILABLE']
    """

    def __init__(self, settings: PolicySettings | None = None) -> None:
        self.settings = settings or PolicySettings()
        self._m = Measures(self.settings)
        emotion = self.settings.profile != "fleet"
        self._latches = tuple(Latch(rule, self.settings) for rule in RULES if emotion or not rule.emotion)
        self._active: dict[Kind, Alert] = {}
        self._first_ns: int | None = None
        self._last_ns = 0
        self._types_now: set[type] = set()  # of the inputs that carried the last time
        self._gone = False
        self._visibility = Visibility.NO_FACE

    def feed(self, item: Input) -> list[Alert]:
        """Take one input; return the alert lines that it causes. Never raises, whatever the values."""
        t_ns = self._time(item)
        if t_ns is None:
            return []
        m = self._m
        m.advance(t_ns)
        lines: list[Alert] = []
        if isinstance(item, (CameraChange, Observation)) and m.lost_since_ns is not None:
            m.settle()
            lines = self._judge()  # what the camera's absence has caused by now
        m.take(item)
        m.settle()
        if isinstance(item, Ack):
            lines += self._acknowledge()
        return lines + self._judge()

    def _time(self, item: Input) -> int | None:
        """Return the input's time since the first one, or None when it has to be skipped.

        Inputs of different kinds may carry the same time; anything else has to increase.
        """
        reader = self._m.reader
        t_ns = reader.time(item.t_ns)
        if t_ns is None:
            return None
        if self._first_ns is None:
            self._first_ns = t_ns
        elif t_ns < self._last_ns or (t_ns == self._last_ns and type(item) in self._types_now):
            reader.not_used["time not increasing"] += 1
            return None
        if t_ns != self._last_ns:
            self._types_now.clear()
        self._types_now.add(type(item))
        self._last_ns = t_ns
        return t_ns - self._first_ns

    # Judging --------------------------------------------------------------------------------------------------------

    def _judge(self) -> list[Alert]:
        m = self._m
        if self._nobody():
            return self._clear_everything() if self._active else []
        changed: list[Latch] = []
        for latch in self._latches:
            if latch.on:
                if latch.clear_if_due(m):
                    changed.append(latch)
            elif latch.raise_if_due(m):
                changed.append(latch)
                if latch.rule.starts_answer_clock:
                    m.unanswered_since_ns = m.now_ns
        lines = self._lines(changed, {}) if changed else []
        blind = Kind.UNAVAILABLE in self._active
        if blind:
            cause = m.blind_cause()
            self._visibility = cause or self._visibility
            m.determined = False
        elif not m.determined:
            m.determined = m.perclos.recent_sight_ns >= ns(self.settings.sight_clear_usable_s)
        return lines

    def _nobody(self) -> bool:
        """Whether the driver got out; sight and measures begin anew when that is over."""
        m = self._m
        gone = m.driver_gone_ns >= ns(self.settings.driver_gone_s)
        if gone and not self._gone:
            m.forget_driver()
        if self._gone and not gone and m.face:
            m.sight_since_ns = m.now_ns
        self._gone = gone
        return gone

    def _acknowledge(self) -> list[Alert]:
        latches = [latch for latch in self._latches if latch.on and latch.rule.acknowledged]
        for latch in latches:
            latch.off(self._m.now_ns)
        return self._lines(latches, {"acknowledged": True})

    def _clear_everything(self) -> list[Alert]:
        latches = [latch for latch in self._latches if latch.on]
        for latch in latches:
            latch.off(self._m.now_ns)
        return self._lines(latches, {"no_face_s": seconds(self._m.driver_gone_ns)})

    def _lines(self, changed: list[Latch], why: Evidence) -> list[Alert]:
        """Return a line for each kind whose level changed, and keep what is active."""
        lines = []
        for kind in dict.fromkeys(latch.rule.kind for latch in changed):
            before = self._active.get(kind)
            latch = max(
                (latch for latch in self._latches if latch.on and latch.rule.kind is kind),
                key=lambda latch: latch.rule.level,
                default=None,
            )
            if latch is None:
                if before is None:
                    continue
                del self._active[kind]
                lines.append(self._line(before.level, before.since_ns, False, changed, kind, why))
            elif before is None or before.level != latch.rule.level:
                assert self._first_ns is not None
                line = self._line(latch.rule.level, latch.since_ns + self._first_ns, True, changed, kind, why)
                self._active[kind] = line
                lines.append(line)
        return lines

    def _line(
        self, level: Level, since_ns: int, active: bool, changed: list[Latch], kind: Kind, why: Evidence
    ) -> Alert:
        m = self._m
        rule = next(latch.rule for latch in changed if latch.rule.kind is kind)
        evidence = rule.evidence(m) | why
        evidence["fps"] = None if m.rate.hz is None else round(m.rate.hz, 1)
        evidence["speed_kmh"] = m.speed.kmh
        return Alert(self._last_ns, kind, level, active, since_ns, evidence)

    # Showing --------------------------------------------------------------------------------------------------------

    @property
    def state(self) -> DriverState:
        """What is known now. Made anew on each access."""
        m = self._m
        t = m.now_ns
        available, blinks = m.perclos_available, m.blinks_available
        blind = Kind.UNAVAILABLE in self._active
        return DriverState(
            t_ns=self._last_ns,
            expression=m.smoothing.values,
            eyes=m.eyes_now,
            closure_s=seconds(m.closures.lasted_ns(t), 3),
            perclos_60s=m.perclos.short if available else None,
            perclos_180s=m.perclos.long if available else None,
            blink_rate_per_min=m.blinks.per_minute if blinks else None,
            blink_duration_s=m.blinks.mean_s if blinks else None,
            long_blinks=m.blinks.long if blinks else None,
            yawns=m.yawns.count,
            coverage=m.perclos.coverage if self._first_ns is not None else None,
            rate_hz=m.rate.hz,
            speed_kmh=m.speed.kmh,
            visibility=self._visibility if blind else Visibility.OK if m.determined else m.blind_cause(),
            determined=m.determined and not blind,
            alerts=tuple(sorted(self._active.values(), key=lambda alert: -alert.level)),
            not_used=dict(m.reader.not_used),
        )
