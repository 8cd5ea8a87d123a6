"""Drives the rules: inputs in, alert lines out."""

from __future__ import annotations

from fermon.domain import (
    Ack,
    AckAnswer,
    AckOutcome,
    Alert,
    Attention,
    CameraChange,
    DriverState,
    Gated,
    Input,
    Kind,
    Level,
    Observation,
    Visibility,
)
from fermon.policy.latch import Latch
from fermon.policy.measures import Measures
from fermon.policy.order import InputOrder
from fermon.policy.row import Evidence
from fermon.policy.rules import RULES
from fermon.policy.settings import PolicySettings, ns, seconds

LEAST_URGENT_FIRST = (Kind.DISTRACTED, Kind.DROWSY, Kind.MICROSLEEP, Kind.ASLEEP, Kind.UNRESPONSIVE)


def urgency(kind: Kind, level: Level) -> tuple[int, int]:
    """Return what sorts alerts by urgency, the most urgent last: the level, then the kind."""
    return level, LEAST_URGENT_FIRST.index(kind) if kind in LEAST_URGENT_FIRST else -1


class Policy:
    """Turns inputs into alert lines. Pure: time is the inputs' own, and the same inputs give the same lines.

    `effect_ns` is when the last input took effect, on the inputs' clock and never decreasing; None when it was
    skipped. `answer` is the answer to it if it was an acknowledgement, else None.

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
        self._order = InputOrder(self.settings)
        self._gone = False
        self._visibility = Visibility.NO_FACE
        self.effect_ns: int | None = None
        self.answer: AckAnswer | None = None
        self._told_ns: int | None = None  # an acknowledgement was last told
        self._untold = 0

    def feed(self, item: Input) -> list[Alert]:
        """Take one input; return the alert lines that it causes. Never raises, whatever the values."""
        self.answer = self.effect_ns = None
        m, order = self._m, self._order
        t_ns = m.reader.time(item.t_ns)
        if t_ns is None:
            return []
        effect_ns = order.place(item, t_ns, m.now_ns, m.lost_since_ns is not None)
        if effect_ns is None:
            m.reader.not_used["time not increasing"] += 1
            return []
        self.effect_ns = effect_ns + (order.first_ns or 0)
        m.advance(effect_ns)
        lines: list[Alert] = []
        if isinstance(item, (CameraChange, Observation)) and m.lost_since_ns is not None:
            m.settle()
            lines = self._judge()  # what the camera's absence has caused by now
        m.take(item)
        m.settle()
        if isinstance(item, Ack):
            lines += self._acknowledge(item)
        return lines + self._judge()

    # Judging --------------------------------------------------------------------------------------------------------

    def _judge(self) -> list[Alert]:
        m = self._m
        if self._nobody():
            return self._clear_everything() if self._active else []
        changed: list[Latch] = []
        m.alarmed = False
        for latch in self._latches:
            if latch.on:
                if latch.clear_if_due(m):
                    changed.append(latch)
            elif latch.raise_if_due(m):
                changed.append(latch)
                if latch.rule.starts_answer_clock:
                    m.unanswered_since_ns = m.now_ns
            m.alarmed = m.alarmed or (latch.on and latch.rule.eyes_closed)
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
            for latch in self._latches:
                latch.gated_since_ns = None
        if self._gone and not gone and m.face:
            m.sight_since_ns = m.now_ns
        self._gone = gone
        return gone

    def _acknowledge(self, item: Ack) -> list[Alert]:
        """Take an acknowledgement if there is one to take: a button that is stuck must not keep an alarm away."""
        m = self._m
        latches = [latch for latch in self._latches if latch.on and latch.rule.acknowledged]
        if not latches:
            return self._answer(item, AckOutcome.NOTHING)
        if m.ack_counted_ns is not None:
            return self._answer(item, AckOutcome.EYES_NOT_OPEN)
        self._answer(item, AckOutcome.TAKEN)
        m.acknowledge()
        for latch in latches:
            latch.off(m.now_ns)
        return self._lines(latches, {"acknowledged": True})

    def _answer(self, item: Ack, outcome: AckOutcome) -> list[Alert]:
        """Answer an acknowledgement. One that is taken is always told, of the others one in `ack_told_s`."""
        told, now = self._told_ns, self._m.now_ns
        if outcome is AckOutcome.TAKEN or told is None or now - told >= ns(self.settings.ack_told_s):
            self.answer = AckAnswer(item.t_ns, outcome, True, self._untold)
            self._told_ns, self._untold = now, 0
        else:
            self._untold += 1
            self.answer = AckAnswer(item.t_ns, outcome, False, self._untold)
        return []

    def _clear_everything(self) -> list[Alert]:
        latches = [latch for latch in self._latches if latch.on]
        for latch in latches:
            latch.off(self._m.now_ns)
        self._m.alarmed = False
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
                assert self._order.first_ns is not None
                line = self._line(latch.rule.level, latch.since_ns + self._order.first_ns, True, changed, kind, why)
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
        return Alert(self._order.line_ns, kind, level, active, since_ns, evidence)

    # Showing --------------------------------------------------------------------------------------------------------

    @property
    def state(self) -> DriverState:
        """What is known now. Made anew on each access."""
        m = self._m
        t = m.now_ns
        available, blinks = m.perclos_available, m.blinks_available
        blind = Kind.UNAVAILABLE in self._active
        angles = m.head_angles
        return DriverState(
            t_ns=self._order.last_ns,
            expression=m.smoothing.values,
            eyes=m.eyes_now,
            closure_s=seconds(m.closures.lasted_ns(t), 3),
            perclos_60s=m.perclos.short if available else None,
            perclos_180s=m.perclos.long if available else None,
            blink_rate_per_min=m.blinks.per_minute if blinks else None,
            blink_duration_s=m.blinks.mean_s if blinks else None,
            long_blinks=m.blinks.long if blinks else None,
            yawns=m.yawns.count,
            attention=self._attention(),
            head_yaw_deg=None if angles is None else round(angles[0], 1),
            head_pitch_deg=None if angles is None else round(angles[1], 1),
            away_s=seconds(m.head.attention.away_ns, 3) if m.attention_available else 0.0,
            away_30s=seconds(m.head.attention.away_sum_ns, 3) if m.attention_available else None,
            nods=m.head.nods.count,
            lowered=m.head.lowered.on,
            coverage=m.perclos.coverage if self._order.first_ns is not None else None,
            rate_hz=m.rate.hz,
            speed_kmh=m.speed.kmh,
            visibility=self._visibility if blind else Visibility.OK if m.determined else m.blind_cause(),
            determined=m.determined and not blind,
            alerts=tuple(sorted(self._active.values(), key=lambda a: urgency(a.kind, a.level), reverse=True)),
            gated=self._gated(),
            not_used=dict(m.reader.not_used),
        )

    def _attention(self) -> Attention:
        """Where the head points; not determined under closed eyes, which attend to nothing wherever it points."""
        m = self._m
        if Kind.DISTRACTED in self._active:
            return Attention.DISTRACTED
        return Attention.NOT_DETERMINED if m.alarmed or not m.attention_available else m.head.attention.now

    def _gated(self) -> Gated | None:
        """The most urgent alert that speed alone keeps from being raised."""
        m = self._m
        gated = [latch for latch in self._latches if latch.gated_since_ns is not None]
        if not gated or m.speed.kmh is None or self._order.first_ns is None:
            return None
        latch = max(gated, key=lambda latch: urgency(latch.rule.kind, latch.rule.level))
        since = latch.gated_since_ns or 0
        return Gated(
            latch.rule.kind,
            latch.rule.level,
            since + self._order.first_ns,
            seconds(m.now_ns - since),
            latch.gate_kmh,
            m.speed.kmh,
            m.speed.source,
        )
