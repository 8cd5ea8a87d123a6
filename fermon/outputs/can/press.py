"""When a signal that is 0 or 1 is a press of the acknowledge button. No I/O and no clock here."""

from __future__ import annotations

RELEASED_S = 0.1  # a button that was up for less than that was not let go


class Press:
    """A press is the change from 0 to 1 of a signal that was 0 for RELEASED_S; a 1 that never was 0 is one press.

    So a button that is stuck, and a bus that repeats a 1, count once, whatever the cycle time and the gaps.
    """

    def __init__(self) -> None:
        self._down: bool | None = None  # None: never heard
        self._up_since = 0.0

    def pressed(self, down: bool, now: float) -> bool:
        """Take the signal's value at `now` (s); return whether that is a press."""
        before, self._down = self._down, down
        if not down:
            if before is not False:
                self._up_since = now
            return False
        return before is None or (before is False and now - self._up_since >= RELEASED_S)
