"""The types that flow through fermon: Frame -> Observation -> DriverState -> Alert -> Status.

All are frozen and slotted. Times are integer nanoseconds of one monotonic clock that starts anywhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

NS_PER_S = 1_000_000_000
EXPRESSIONS = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")  # FER2013's order


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One picture: `gray` is uint8 (height, width), read-only, 0 = black. `t_ns` is when it was captured."""

    t_ns: int
    seq: int
    gray: NDArray[np.uint8]


class Box(NamedTuple):
    """A rectangle in px of the frame: top left corner, width, height. It may reach over the frame's edges."""

    x: float
    y: float
    w: float
    h: float


class Points(NamedTuple):
    """Face points (x, y) in px of the frame; left and right as seen in the image."""

    eye_left: tuple[float, float]
    eye_right: tuple[float, float]
    nose: tuple[float, float]
    mouth: tuple[float, float]  # its centre


@dataclass(frozen=True, slots=True)
class Face:
    """The driver's face. `score` 0..1 is the detector's confidence. `points` is None when the detector gives none."""

    box: Box
    score: float
    points: Points | None = None


@dataclass(frozen=True, slots=True)
class Eyes:
    """Probability 0..1 that an eye is closed (lids at least 80 % shut); left and right as seen in the image.

    None = not readable: neither open nor closed. `cause` names why at least one eye is not readable ("glare",
    "off-axis", "too small", "blurred", "covered", "uncertain", ...), None when both are.
    """

    left: float | None
    right: float | None
    cause: str | None = None


@dataclass(frozen=True, slots=True)
class Quality:
    """Of the whole frame, each 0..1: mean brightness; sharpness (near 0 = nothing to focus on); contrast or None.

    `burnt_out` is the share of the face, or without one of the frame, that is as bright as the camera can tell;
    None = not measured.
    """

    brightness: float
    sharpness: float
    contrast: float | None = None
    burnt_out: float | None = None


@dataclass(frozen=True, slots=True)
class Observation:
    """What perception read from one frame.

    `face`, `expression` (seven probabilities in EXPRESSIONS' order), `eyes` and `mouth` (probability 0..1 of being
    wide open) are None when not readable.
    """

    t_ns: int
    seq: int
    face: Face | None
    expression: tuple[float, ...] | None
    eyes: Eyes | None
    mouth: float | None
    quality: Quality


@dataclass(frozen=True, slots=True)
class Tick:
    """Time passed without a frame."""

    t_ns: int


@dataclass(frozen=True, slots=True)
class Speed:
    """The vehicle's speed in km/h. `source` names who says so ("can", "serial"); of several the highest counts."""

    t_ns: int
    kmh: float
    source: str = ""


@dataclass(frozen=True, slots=True)
class Ack:
    """The driver acknowledged (button, CAN, serial)."""

    t_ns: int


@dataclass(frozen=True, slots=True)
class CameraChange:
    """The camera went ("lost") or came back ("ok")."""

    t_ns: int
    state: str


Input = Observation | Tick | Speed | Ack | CameraChange


class Spoken(IntEnum):
    """A number with a name that people and the DBC's value tables write in words."""

    @property
    def words(self) -> str:
        """The member's name in words.

        >>> Mode.CANNOT_SEE.words
        'cannot see'
        """
        return self.name.lower().replace("_", " ")


class Kind(StrEnum):
    """Kinds of alert."""

    ANGER = "ANGER"
    DROWSY = "DROWSY"
    MICROSLEEP = "MICROSLEEP"
    ASLEEP = "ASLEEP"
    UNRESPONSIVE = "UNRESPONSIVE"
    UNAVAILABLE = "UNAVAILABLE"


class Level(Spoken):
    """Urgency of an alert."""

    NOTICE = 1
    WARNING = 2
    CRITICAL = 3


class EyeState(StrEnum):
    """Both eyes of a frame together."""

    OPEN = "open"
    CLOSED = "closed"
    UNKNOWN = "unknown"


class Visibility(Spoken):
    """Whether the driver can be seen, and the first cause why not. Numbers as on CAN and serial."""

    OK = 0
    DARK = 1
    BLOCKED = 2
    NO_FACE = 3
    EYES_UNREADABLE = 4
    LOST = 5
    SLOW = 6
    TOO_BRIGHT = 7


class Wakefulness(Spoken):
    """The state ladder that outputs show. Numbers as on CAN and serial."""

    NOT_DETERMINED = 0
    ALERT = 1
    DROWSY = 2
    MICROSLEEP = 3
    ASLEEP = 4
    UNRESPONSIVE = 5
    FAULTY = 6


class Mode(Spoken):
    """Whether the monitor's word can be relied on. Numbers as on CAN. Dead is not here: it is silence."""

    BOOTING = 0  # nothing is known yet, neither good nor bad
    MONITORING = 1  # the driver is seen and judged
    CANNOT_SEE = 2  # works, but is blind: the cause is in `visibility`
    FAULT = 3  # the monitor itself is broken


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert line: raised, changed in level, or cleared (`active` False), by the input of time `t_ns`.

    `since_ns` is when the condition began; `evidence` holds the figures and times that caused it.
    """

    t_ns: int
    kind: Kind
    level: Level
    active: bool
    since_ns: int
    evidence: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Gated:
    """An alert that nothing but the vehicle's speed keeps from being raised.

    The condition has held for `lasted_s`, since `since_ns`; below `limit_kmh` the alert is not raised, and the
    vehicle does `speed_kmh` after `source` ("" = a source without a name).
    """

    kind: Kind
    level: Level
    since_ns: int
    lasted_s: float
    limit_kmh: float
    speed_kmh: float
    source: str = ""


class AckOutcome(StrEnum):
    """What became of an acknowledgement. Only one that is TAKEN changes anything."""

    TAKEN = "taken"
    NOTHING = "nothing to acknowledge"
    EYES_NOT_OPEN = "not taken: eyes not seen open since the last one"


@dataclass(frozen=True, slots=True)
class AckAnswer:
    """The answer to the acknowledgement of time `t_ns`.

    `tell` says whether people are to be told: a button that is stuck must not fill a log. `untold` is how many before
    it were not told since the last that was.
    """

    t_ns: int
    outcome: AckOutcome
    tell: bool
    untold: int = 0


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
