"""What can be used of an observation. Whatever cannot is counted by its cause, and read as unknown."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

from fermon.domain import EXPRESSIONS

SUM_TOLERANCE = 0.1  # seven probabilities, each rounded to an int8 step or to two digits, miss 1 by less
MAX_ANGLE_DEG = 180.0
MAX_TIME_NS = 2**63 - 1  # what a 64-bit clock can show


def number(value: Any) -> float | None:
    """Return `value` as a finite float, or None when it is no such number."""
    if isinstance(value, bool):
        return None
    try:
        result = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return result if math.isfinite(result) else None


class Reader:
    """Reads values of any kind; `not_used` counts what could not be used, by cause."""

    def __init__(self) -> None:
        self.not_used: Counter[str] = Counter()

    def probability(self, value: Any, cause: str) -> float | None:
        """Return a probability 0..1, or None when it is not known or cannot be used."""
        if value is None:
            return None
        if type(value) is float and 0.0 <= value <= 1.0:  # the usual case, quickly
            return value
        result = number(value)
        if result is not None and 0.0 <= result <= 1.0:
            return result
        self.not_used[cause] += 1
        return None

    def head(self, value: Any) -> tuple[float, float] | None:
        """Return a head's yaw and pitch in degrees, or None when they cannot be used."""
        yaw, pitch = number(getattr(value, "yaw", None)), number(getattr(value, "pitch", None))
        if yaw is not None and pitch is not None and abs(yaw) <= MAX_ANGLE_DEG and abs(pitch) <= MAX_ANGLE_DEG:
            return yaw, pitch
        self.not_used["head"] += 1
        return None

    def expression(self, values: Any) -> tuple[float, ...] | None:
        """Return seven probabilities that add up to 1, or None when not known or not usable."""
        if values is None:
            return None
        try:
            found = tuple([float(v) for v in values])
        except (TypeError, ValueError, OverflowError):
            found = ()
        # A NaN fails the comparison with the sum.
        if len(found) == len(EXPRESSIONS) and min(found) >= 0.0 and abs(sum(found) - 1.0) <= SUM_TOLERANCE:
            return found
        self.not_used["expression"] += 1
        return None

    def quality(self, value: Any) -> float | None:
        """Return a figure of the picture's quality, or None."""
        if type(value) is float and value == value:
            return value
        return None if value is None else number(value)

    def speed(self, value: Any, max_kmh: float) -> float | None:
        """Return a speed in km/h, or None when it cannot be one."""
        kmh = number(value)
        if kmh is not None and 0.0 <= kmh <= max_kmh:
            return kmh
        self.not_used["speed"] += 1
        return None

    def time(self, value: Any) -> int | None:
        """Return a time in ns, or None when it cannot be one."""
        if isinstance(value, int) and not isinstance(value, bool) and abs(value) <= MAX_TIME_NS:
            return value
        self.not_used["time"] += 1
        return None
