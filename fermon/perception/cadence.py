"""Which frames a network reads that need not read all of them."""

from __future__ import annotations

from fermon.domain import NS_PER_S

EVERY_FRAME_HZ = 1000.0  # faster than any camera


class Pace:
    """Says which frames are due at `rate_hz`: the first one of each period, counted from the first frame asked for.

    With 0 no frame is due. Rate and start may be changed at any time.

    >>> pace = Pace(5.0)
    >>> [pace.due(t_ns) for t_ns in range(0, 500_000_000, 66_666_667)]
    [True, False, False, True, False, False, True, False]
    """

    def __init__(self, rate_hz: float) -> None:
        self.rate_hz = rate_hz
        self._first_ns: int | None = None
        self._period = -1  # number of the period of the last due frame

    def due(self, t_ns: int) -> bool:
        """Whether the frame of time `t_ns` is due; each frame is asked for once."""
        if self.rate_hz <= 0:
            return False
        if self._first_ns is None:
            self._first_ns = t_ns
        period = int((t_ns - self._first_ns) * self.rate_hz // NS_PER_S)
        due = period != self._period
        self._period = period
        return due

    def restart(self) -> None:
        """Make the next frame due."""
        self._first_ns, self._period = None, -1
