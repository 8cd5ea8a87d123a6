"""What is known after an input, and what outputs are asked to show of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from fermon.domain.alerts import (
    Alert,
    Attention,
    EyeState,
    Gated,
    Kind,
    Mode,
    Visibility,
    Wakefulness,
)


@dataclass(frozen=True, slots=True)
class DriverState:
    """What policy knows after an input. A measure that is not available is None, never zero."""

    t_ns: int
    expression: tuple[float, ...] | None = None  # smoothed, EXPRESSIONS' order
    eyes: EyeState = EyeState.UNKNOWN
    closure_s: float = 0.0  # of the closure that is under way; 0.0 = none
    perclos_60s: float | None = None  # 0..1
    perclos_180s: float | None = None
    blink_rate_per_min: float | None = None
    blink_duration_s: float | None = None  # mean of the last minute's
    long_blinks: int | None = None  # in the last minute
    yawns: int = 0  # in the last 5 minutes
    attention: Attention = Attention.NOT_DETERMINED
    head_yaw_deg: float | None = None  # of the last frame, difference from forward; + = the driver's own left
    head_pitch_deg: float | None = None  # likewise; + = up
    away_s: float = 0.0  # turned away without a break, under way; 0.0 = not
    away_30s: float | None = None  # s turned away of the last 30 s; None while forward is not known
    nods: int = 0  # in the last 5 minutes
    lowered: bool = False  # lids that look shut under a lowered head: neither open nor closed
    coverage: float | None = None  # share 0..1 of the last 60 s that is usable
    rate_hz: float | None = None  # mean over 5 s
    speed_kmh: float | None = None  # None = no signal, taken as moving fast
    visibility: Visibility = Visibility.OK
    determined: bool = False  # False until the driver has been seen well enough, and while UNAVAILABLE
    alerts: tuple[Alert, ...] = ()  # active now, most urgent first
    gated: Gated | None = None  # the most urgent alert that speed alone keeps from being raised
    not_used: Mapping[str, int] = field(default_factory=dict)  # inputs that could not be used, by cause

    @property
    def level(self) -> int:
        """0 without an alert, else the highest Level."""
        return max((alert.level for alert in self.alerts), default=0)

    @property
    def wakefulness(self) -> Wakefulness:
        """The ladder's highest step among the active alerts; NOT_DETERMINED while the driver cannot be seen."""
        active = {alert.kind for alert in self.alerts}
        for kind in (Kind.UNRESPONSIVE, Kind.ASLEEP, Kind.MICROSLEEP, Kind.DROWSY):
            if kind in active:
                return Wakefulness[kind.name]
        return Wakefulness.ALERT if self.determined else Wakefulness.NOT_DETERMINED


@dataclass(frozen=True, slots=True)
class Status:
    """What an output is asked to show: level-set, the whole truth each time.

    `fault` names what is broken in the monitor itself (None = nothing). `latency_ms` is the time from the capture of
    the frame behind `state` to now, None without one. `uptime_ms` counts from the daemon's start.
    """

    state: DriverState
    uptime_ms: int
    latency_ms: float | None = None
    fault: str | None = None
    start_ns: int = 0  # what the times in lines for people count from, on the clock of `state.t_ns`

    @property
    def wakefulness(self) -> Wakefulness:
        """The state ladder's step; FAULTY only while no alert of the ladder is on, which a fault must not silence."""
        step = self.state.wakefulness
        return step if not self.fault or step > Wakefulness.ALERT else Wakefulness.FAULTY

    @property
    def mode(self) -> Mode:
        """What the state stands for.

        While an alert of the driver's stands and the driver is hidden, it is CANNOT_SEE and the alert stays on.
        """
        if self.fault:
            return Mode.FAULT
        kinds = {alert.kind for alert in self.state.alerts}
        if Kind.UNAVAILABLE in kinds:
            return Mode.CANNOT_SEE
        return Mode.MONITORING if self.state.determined or kinds else Mode.BOOTING


@dataclass(frozen=True, slots=True)
class RunFacts:
    """What a run is made of: fermon's version, the camera's name, the detector's, the TFLite runtime's."""

    fermon: str
    camera: str
    detector: str
    runtime: str


@dataclass(frozen=True, slots=True)
class RunSummary:
    """What a run came to. `face` and `eyes` are shares 0..1 of the frames; `alerts` counts raised lines by kind."""

    frames: int
    seconds: float
    fps: float
    face: float
    eyes: float
    alerts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """The driver acknowledged over an output's wire: button, CAN, serial."""


@dataclass(frozen=True, slots=True)
class VehicleSpeed:
    """The vehicle's speed in km/h, as an output's wire gave it. `source` is that output's name."""

    kmh: float
    source: str = ""


Received = Acknowledged | VehicleSpeed
