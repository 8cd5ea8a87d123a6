"""The last minutes, in rows of half a second: what the page draws as its timeline."""

from __future__ import annotations

from collections import deque
from typing import Any

from fermon.domain import NS_PER_S, DriverState, EyeState, Input

ROW_NS = NS_PER_S // 2
ROWS = 600  # five minutes

Row = list[
    Any
]  # [t s, closed share, unknown share, longest closure s, PERCLOS or None, visibility, 7 probabilities or None]


class Timeline:
    """Gathers inputs into rows. Times are seconds since `start_ns`."""

    def __init__(self) -> None:
        self.start_ns: int | None = None
        self._rows: deque[Row] = deque(maxlen=ROWS)
        self.count = 0  # rows ever made; the newest row's number
        self._end_ns = 0
        self._inputs = self._closed = self._unknown = 0
        self._closure_s = 0.0

    def seconds(self, t_ns: int) -> float:
        """Return `t_ns` as seconds since the first input."""
        return 0.0 if self.start_ns is None else (t_ns - self.start_ns) / NS_PER_S

    def add(self, item: Input, state: DriverState) -> None:
        """Take one input and the state after it."""
        if self.start_ns is None:
            self.start_ns, self._end_ns = item.t_ns, item.t_ns + ROW_NS
        self._inputs += 1
        self._closed += state.eyes is EyeState.CLOSED
        self._unknown += state.eyes is EyeState.UNKNOWN
        self._closure_s = max(self._closure_s, state.closure_s)
        if item.t_ns >= self._end_ns:
            self._finish(state)
            # After a gap the rows go on at the input's time; there is nothing to draw in between.
            self._end_ns = max(self._end_ns + ROW_NS, item.t_ns)

    def _finish(self, state: DriverState) -> None:
        self._rows.append(
            [
                round(self.seconds(state.t_ns), 2),
                round(self._closed / self._inputs, 2),
                round(self._unknown / self._inputs, 2),
                round(self._closure_s, 2),
                None if state.perclos_60s is None else round(state.perclos_60s, 3),
                state.visibility.name.lower(),
                None if state.expression is None else [round(p, 2) for p in state.expression],
            ]
        )
        self.count += 1
        self._inputs = self._closed = self._unknown = 0
        self._closure_s = 0.0

    def since(self, number: int) -> list[Row]:
        """Return the rows after row `number` that are still kept, oldest first."""
        missing = min(self.count - number, len(self._rows))
        return list(self._rows)[-missing:] if missing > 0 else []
