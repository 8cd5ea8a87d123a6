"""The driver's own open-eye level: narrow eyes, heavy lids and a steep camera look half shut and are not.

What the network says of the lids' *opening* (1 = as people usually have them, 0 = shut) is learned for each eye while
it is seen; this driver's usual opening then is his own 100 %:

    own opening = opening / level

The closed probability is moved by what that changes. Along the opening its log-odds fall on a line of slope -SLOPE, so

    log-odds of the own = log-odds - SLOPE * (own opening - opening)

A shut eye (opening near 0) stays shut whatever the level.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

from fermon.domain import NS_PER_S, Eyes

# Log-odds of "closed" over the opening, of drawn people left out of training (`python -m eyes.evaluate` in tools).
SLOPE = 9.4
_BINS, _MOST = 50, 1.25  # of the opening
_LEARN_S = 20.0  # readable time before the first level is taken; nothing is shaped before
_MEMORY_S = 180.0  # readable time after which older openings have faded to 1/e
_QUANTILE = 0.75  # of the openings: above it are wide eyes, far below blinks and closures
# Below this the "open" eyes are rather shut: a driver who falls asleep at once must not become the norm.
_LEAST_LEVEL = 0.4
_LEAST_OF_FIRST = 0.9  # tired eyes open less: policy.md
_NEW_DRIVER_S = 10.0  # without a face: another driver may sit there (policy)
_LONGEST_GAP_S = 0.5  # between frames that counts as seen time
_EDGE = 0.0002  # probabilities nearer to 0 or 1 say no more


@dataclass(slots=True)
class _Level:
    """One eye's histogram of openings, in seconds, and the level taken from it (1.0 until learned)."""

    seconds: list[float] = field(default_factory=lambda: [0.0] * _BINS)
    learned_s: float = 0.0
    first: float | None = None
    level: float = 1.0

    def update(self, opening: float, dt_s: float) -> None:
        fade = max(0.0, 1 - dt_s / _MEMORY_S)
        self.seconds = [s * fade for s in self.seconds]
        self.seconds[min(_BINS - 1, int(opening / _MOST * _BINS))] += dt_s
        self.learned_s += dt_s
        if self.learned_s < _LEARN_S:
            return
        level = min(1.0, max(_LEAST_LEVEL, self._quantile()))
        if self.first is None:
            self.first = level
        self.level = max(level, _LEAST_OF_FIRST * self.first)

    def _quantile(self) -> float:
        """Opening below which _QUANTILE of the time lies: the upper edge of the bin."""
        left = _QUANTILE * sum(self.seconds)
        for index, seconds in enumerate(self.seconds):
            left -= seconds
            if left <= 0:
                return (index + 1) * _MOST / _BINS
        return _MOST

    def shape(self, closed: float, opening: float) -> tuple[float, float]:
        """Return closed probability and opening of this driver's own."""
        if self.level == 1.0:
            return closed, opening
        own = opening / self.level
        p = min(1 - _EDGE, max(_EDGE, closed))
        odds = math.log(p / (1 - p)) - SLOPE * (own - opening)
        return round(1 / (1 + math.exp(-odds)), 4), round(min(_MOST, own), 3)


class Baseline:
    """Learns each eye's open level and shapes closed probabilities with it. Pure: time comes with every call.

    The level is first taken after 20 s of readable eyes; it then may rise, never falls below 0.9 of its first value,
    and starts anew when there has been no face in the driver's seat for 10 s. It is at most 1: wide eyes are open eyes.
    """

    def __init__(self) -> None:
        self._left, self._right = _Level(), _Level()
        self._last_ns: int | None = None
        self._face_ns: int | None = None

    @property
    def levels(self) -> tuple[float, float]:
        """Open level of the left and right eye (in the image), 0.4..1; 1 until learned."""
        return self._left.level, self._right.level

    def update(self, t_ns: int, eyes: Eyes | None) -> Eyes:
        """Take one frame's raw reading (None = no face) and return it shaped; unknown stays unknown."""
        if eyes is None:
            self._last_ns = t_ns
            return Eyes(None, None, "no face")
        if self._face_ns is not None and t_ns - self._face_ns >= _NEW_DRIVER_S * NS_PER_S:
            self._left, self._right = _Level(), _Level()
        dt_s = 0.0 if self._last_ns is None else min(_LONGEST_GAP_S, max(0.0, (t_ns - self._last_ns) / NS_PER_S))
        self._last_ns = self._face_ns = t_ns
        left, left_opening = _next(self._left, eyes.left, eyes.opening[0], dt_s)
        right, right_opening = _next(self._right, eyes.right, eyes.opening[1], dt_s)
        return replace(eyes, left=left, right=right, opening=(left_opening, right_opening))


def _next(level: _Level, closed: float | None, opening: float | None, dt_s: float) -> tuple[float | None, float | None]:
    if closed is None or opening is None:
        return closed, opening
    level.update(opening, dt_s)
    return level.shape(closed, opening)
