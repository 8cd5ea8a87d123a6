"""What lamp and buzzer do in each situation, as data.

A pattern is a row of times in s: on, off, on, off, ... Plain data, so that a workshop can change a rhythm without
reading code. All rhythms differ in the lamp alone, and none is "always on" or "always off": a lamp that does not
change is a dead monitor's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from fermon.domain import Level, Mode, Status


@dataclass(frozen=True, slots=True)
class Pattern:
    """`times_s`: on, off, on, off, ... each above 0; empty = off. `repeat` False: once, then off."""

    times_s: tuple[float, ...] = ()
    repeat: bool = True

    def on_at(self, seconds: float) -> bool:
        """Return whether it is on `seconds` after its start.

        >>> [Pattern((0.2, 0.3)).on_at(t) for t in (0.0, 0.1, 0.3, 0.6)]
        [True, True, False, True]
        """
        if not self.times_s:
            return False
        if self.repeat:
            seconds %= sum(self.times_s)
        for place, length in enumerate(self.times_s):
            if seconds < length:
                return place % 2 == 0
            seconds -= length
        return False


SILENT = Pattern()


class Signal(Enum):
    """The situations that lamp and buzzer tell apart."""

    BOOTING = "booting"
    WELL = "well"
    CANNOT_SEE = "cannot see"
    FAULT = "fault"
    NOTICE = "notice"
    WARNING = "warning"
    CRITICAL = "critical"


@dataclass(frozen=True, slots=True)
class Look:
    lamp: Pattern
    buzzer: Pattern


# More urgent = faster and more of it. Notice, cannot-see and fault sound once, when they begin: a buzzer that nags
# about what the driver cannot change gets its wire cut.
LOOKS: Mapping[Signal, Look] = {
    Signal.BOOTING: Look(Pattern((1.0, 1.0)), SILENT),
    Signal.WELL: Look(Pattern((0.1, 1.9)), SILENT),  # heartbeat
    Signal.CANNOT_SEE: Look(Pattern((0.15, 0.15, 0.15, 0.15, 0.15, 1.25)), Pattern((0.1, 0.1, 0.1, 0.1), repeat=False)),
    Signal.FAULT: Look(Pattern((1.5, 0.5)), Pattern((0.5, 0.3, 0.5, 0.3, 0.5, 0.3), repeat=False)),
    Signal.NOTICE: Look(Pattern((0.3, 0.3, 0.3, 1.1)), Pattern((0.15, 0.1), repeat=False)),
    Signal.WARNING: Look(Pattern((0.25, 0.25)), Pattern((0.2, 0.2, 0.2, 0.6))),
    Signal.CRITICAL: Look(Pattern((0.1, 0.1)), Pattern((0.4, 0.1))),
}
SELF_TEST = Look(Pattern((0.5, 0.3), repeat=False), Pattern((0.15, 0.1), repeat=False))
SELF_TEST_S = 0.8


def signal_of(status: Status) -> Signal:
    """Return the situation to signal: WARNING and CRITICAL, then a fault, then being blind, then the rest.

    A standing WARNING or CRITICAL goes on while the driver is hidden or the monitor itself is broken; a mere NOTICE
    gives way to "fault" and "cannot see".
    """
    mode = status.mode
    level = status.state.level
    if level >= Level.WARNING:
        return Signal.CRITICAL if level >= Level.CRITICAL else Signal.WARNING
    if mode is Mode.FAULT:
        return Signal.FAULT
    if mode is Mode.CANNOT_SEE:
        return Signal.CANNOT_SEE
    if level:
        return Signal.NOTICE
    return Signal.WELL if mode is Mode.MONITORING else Signal.BOOTING
