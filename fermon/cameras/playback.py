"""Playing frames that have a time of their own, as a camera would or as fast as possible."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from fermon.domain import NS_PER_S

PACES = ("real", "max")


@dataclass(frozen=True, slots=True)
class Playback:
    """How what is not live is played. `fps` times a clip's frames by itself; None: by what the clip says."""

    pace: str = "real"
    fps: float | None = None


class Pacer:
    """Says when the frame of time `t_ns` is due. With "max" every frame is due at once.

    With "real" the first frame asked for is due at once, and each later one as long after it as their times differ.
    `clock` returns monotonic nanoseconds, `sleep` takes seconds.
    """

    def __init__(
        self,
        pace: str,
        clock: Callable[[], int] = time.monotonic_ns,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        if pace not in PACES:
            raise ValueError(f"pace: found {pace!r}, expected one of {PACES}")
        self._real = pace == "real"
        self._clock = clock
        self._sleep = sleep
        self._start_ns: int | None = None  # on the clock, of time 0

    def restart(self) -> None:
        """Make the frame asked for next due at once."""
        self._start_ns = None

    def late_ns(self, t_ns: int) -> int:
        """Return how long ago the frame of time `t_ns` was due; negative while it is still to come."""
        if not self._real:
            return 0
        now = self._clock()
        if self._start_ns is None:
            self._start_ns = now - t_ns
        return now - self._start_ns - t_ns

    def wait(self, t_ns: int, timeout_s: float) -> bool:
        """Wait until the frame of time `t_ns` is due, at most `timeout_s`. False: it is not due yet."""
        to_come = -self.late_ns(t_ns) / NS_PER_S
        if to_come > timeout_s:
            self._sleep(max(0.0, timeout_s))
            return False
        if to_come > 0:
            self._sleep(to_come)
        return True
