"""Where this driver's head usually points: what counts as forward."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import deque

from fermon.domain import NS_PER_S
from fermon.policy.settings import PolicySettings, ns

SLOT_NS = NS_PER_S // 2  # the medians are of means over so much time, so that their memory and work are bounded


class Median:
    """The median of the last `size` values."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._values: deque[float] = deque()
        self._sorted: list[float] = []

    def add(self, value: float) -> float:
        """Take a value; return the median with it."""
        values, ordered = self._values, self._sorted
        if len(values) == self._size:
            del ordered[bisect_left(ordered, values.popleft())]
        values.append(value)
        insort(ordered, value)
        middle = len(ordered) // 2
        return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


class Forward:
    """The median head direction over the time in which the eyes are open and the vehicle moves.

    `known` is False until `forward_first_s` of such time have come. `yaw` and `pitch` (degrees, as the camera sees
    them) are then forward; after `restart`, they are the last driver's until this one's are known. `level` is the pitch
    from which a lowered head is told: forward's, and before that, from `lowered_first_s` on, the median so far; None
    before. A look down in the first seconds of a drive is no sleep either.
    """

    def __init__(self, settings: PolicySettings) -> None:
        self._first_ns, self._level_ns = ns(settings.forward_first_s), ns(settings.lowered_first_s)
        self._slots = max(1, ns(settings.forward_memory_s) // SLOT_NS)
        self._step = settings.forward_max_deg_per_s * SLOT_NS / NS_PER_S
        self.yaw: float | None = None
        self.pitch: float | None = None
        self.restart()

    def restart(self) -> None:
        """Learn anew: another driver."""
        self.known = False
        self.level: float | None = None
        self._yaws, self._pitches = Median(self._slots), Median(self._slots)
        self._yaw_sum = self._pitch_sum = 0.0  # degrees times ns, of the slot under way
        self._slot_ns = self._total_ns = 0

    def observe(self, held_ns: int, yaw: float, pitch: float) -> None:
        """The head pointed there for `held_ns`, with open eyes in a vehicle that moved."""
        self._yaw_sum += yaw * held_ns
        self._pitch_sum += pitch * held_ns
        self._slot_ns += held_ns
        if self._slot_ns < SLOT_NS:
            return
        yaw = self._yaws.add(self._yaw_sum / self._slot_ns)
        pitch = self._pitches.add(self._pitch_sum / self._slot_ns)
        self._total_ns += self._slot_ns
        self._yaw_sum = self._pitch_sum = 0.0
        self._slot_ns = 0
        if self.known and self.yaw is not None and self.pitch is not None:
            self.yaw += max(-self._step, min(yaw - self.yaw, self._step))
            self.pitch += max(-self._step, min(pitch - self.pitch, self._step))
        elif self._total_ns >= self._first_ns:
            self.yaw, self.pitch, self.known = yaw, pitch, True
        if self._total_ns >= self._level_ns:
            self.level = self.pitch if self.known else pitch
