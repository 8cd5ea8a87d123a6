"""Says how far a long piece of work is and how long the rest takes, from its first second."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import TextIO

_TERMINAL_EVERY_S, _FILE_EVERY_S = 0.5, 30.0


def duration(seconds: float) -> str:
    """Say a time in two numbers at most.

    >>> duration(8), duration(200), duration(4000)
    ('8 s', '3 min', '1 h 7 min')
    """
    minutes = round(seconds / 60)
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


class Progress:
    """Counts work done against all of it, in a unit that takes about the same time everywhere.

    On a terminal one line is renewed twice a second; elsewhere (a log file) a line is written every half minute. The
    first piece of work counts no time: it is slower, as code is compiled and files are read.
    """

    def __init__(self, total: float, out: TextIO | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._total, self._out, self._clock = total, out or sys.stdout, clock
        self._live = self._out.isatty()
        self._began_s = self._counted_from_s = self._said_s = clock()
        self._done = self._uncounted = 0.0
        self._first = True

    def start(self, text: str) -> None:
        """Say what begins now."""
        self._out.write(f"{text}\n")
        self._say("the first step takes longest ...")

    def step(self, work: float, text: str) -> None:
        """Count `work` that was done since the last call; `text` says where that is."""
        self._done += work
        now = self._clock()
        first, self._first = self._first, False
        if first:
            self._counted_from_s, self._uncounted = now, self._done
        if first or now - self._said_s >= (_TERMINAL_EVERY_S if self._live else _FILE_EVERY_S):
            self._say(f"{text}, {self.left()}")

    def left(self) -> str:
        """How long the rest takes, in words."""
        rest_s = self.left_s()
        return f"about {duration(rest_s)} left" if rest_s is not None else "time left not known yet"

    def left_s(self) -> float | None:
        """Seconds that the rest takes; None before a second piece of work was done."""
        counted = self._done - self._uncounted
        if counted <= 0:
            return None
        return max(0.0, self._total - self._done) / counted * (self._clock() - self._counted_from_s)

    def line(self, text: str) -> None:
        """Write a line that stays."""
        self._clear()
        self._out.write(f"{text}\n")
        self._out.flush()

    def _say(self, text: str) -> None:
        self._said_s = self._clock()
        self._clear()
        self._out.write(text if self._live else f"{text}\n")
        self._out.flush()

    def _clear(self) -> None:
        if self._live:
            self._out.write("\r\x1b[K")
