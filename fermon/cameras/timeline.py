"""The times of a clip's pictures: from its own time stamps, or from a rate where it has none. Pure."""

from __future__ import annotations

import math

from fermon.domain import NS_PER_S

NS_PER_MS = 1_000_000
JUMP_NS = 2 * NS_PER_S  # a step of this or more between two pictures is told: a camera would count as lost
MOST_NS = 24 * 3600 * NS_PER_S  # a longer step is damage, and is not believed


class NoTimes(Exception):
    """Neither a time stamp nor a rate says when the next picture was taken."""


class Timeline:
    """Gives the pictures of a clip their times, in ns: the first has 0, and they strictly increase.

    With `steady` they are timed by `rate_hz` alone. Else by their time stamps, and the clip's own rate (None: it has
    none) only steps over a picture that has no stamp.
    """

    def __init__(self, rate_hz: float | None, *, steady: bool) -> None:
        self._rate_hz, self._steady = rate_hz, steady
        self._step_ns = round(NS_PER_S / rate_hz) if rate_hz else 0
        self._count = 0  # pictures that had their time, lost ones too
        self._own_ns: int | None = None  # the last stamp
        self._origin_ns = 0  # what the clip calls time 0
        self.t_ns = -1  # of the last picture
        self.jump = ""  # how the clip's time went astray at the last picture, in words

    @property
    def step_ns(self) -> int:
        """What lies between two pictures, by the rate or, without one, as seen last; 0 = not known yet."""
        return self._step_ns

    def next(self, stamp_ms: float | None, lost: int = 0) -> int | None:
        """Return the next picture's time; None: it comes again, or too late, after newer ones.

        `stamp_ms` None: it has no stamp; `lost`: pictures between it and the last. Raises NoTimes.
        """
        self.jump = ""
        if self._count:
            self._count += lost
        t_ns = self._by_rate() if self._steady else self._by_stamp(stamp_ms)
        if t_ns is not None:
            self.t_ns = t_ns
            self._count += 1
        return t_ns

    def _by_rate(self) -> int:
        if not self._rate_hz:
            raise NoTimes
        return round(self._count * NS_PER_S / self._rate_hz)

    def _by_stamp(self, stamp_ms: float | None) -> int | None:
        scaled = math.nan if stamp_ms is None else stamp_ms * NS_PER_MS
        own_ns = round(scaled) if math.isfinite(scaled) else None
        before_ns, self._own_ns = self._own_ns, self._own_ns if own_ns is None else own_ns
        if not self._count:
            self._origin_ns = own_ns or 0
            return 0
        if own_ns is None:
            return self._a_step_on()
        if before_ns is None:  # the first stamp comes late
            self._origin_ns = own_ns - self._a_step_on()
            return own_ns - self._origin_ns
        t_ns, step_ns = own_ns - self._origin_ns, own_ns - before_ns
        if not -JUMP_NS < step_ns < JUMP_NS:
            self.jump = f"from {self.t_ns / NS_PER_S:.3f} s to {t_ns / NS_PER_S:.3f} s"
            if step_ns > MOST_NS or t_ns <= self.t_ns:  # damage, or joined clips: differences hold from here on
                t_ns = self._a_step_on()
                self._origin_ns = own_ns - t_ns
                self.jump += f", taken as {t_ns / NS_PER_S:.3f} s"
            return t_ns
        if step_ns <= 0:
            self._own_ns = before_ns
            return None
        if not self._rate_hz:
            self._step_ns = step_ns
        return max(t_ns, self.t_ns + NS_PER_MS)  # after pictures without a stamp it may be a little late

    def _a_step_on(self) -> int:
        if not self._step_ns:
            raise NoTimes
        return self.t_ns + self._step_ns
