"""Alerts, and the words for what is known: enumerations whose numbers go out on CAN and serial."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import Any


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
    DISTRACTED = "DISTRACTED"


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


class Attention(Spoken):
    """Where the driver's head points. Numbers as on CAN and serial."""

    NOT_DETERMINED = 0  # no face or pose, or not known yet where forward is
    ATTENTIVE = 1  # forward
    AWAY = 2
    DISTRACTED = 3  # away for so long, or so often, that the alert is on


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
