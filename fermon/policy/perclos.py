"""PERCLOS: the share of usable time with closed eyes; and how much time was usable at all."""

from __future__ import annotations

from fermon.domain import EyeState
from fermon.policy.settings import PolicySettings, ns
from fermon.policy.windows import TimeBins


class Perclos:
    """Closed over usable time inside two windows, and usable time inside the windows of sight.

    Times are ns since the first input. Closures shorter than `perclos_ignored_closure_s` count as open; unknown time
    and time between frames more than `frame_gap_s` apart is in neither term.
    """

    def __init__(self, settings: PolicySettings) -> None:
        self._short_ns = ns(settings.perclos_short_window_s)
        self._start_ns = ns(settings.perclos_start_s)
        self._needed_ns = round(self._short_ns * settings.perclos_min_usable)
        self._ignored_ns = ns(settings.perclos_ignored_closure_s)
        self._frame_gap_ns = ns(settings.frame_gap_s)
        perclos_windows = (self._short_ns, ns(settings.perclos_long_window_s))
        self._closed = TimeBins(*perclos_windows)
        sight_windows = (
            settings.sight_window_s,
            settings.sight_clear_window_s,
            settings.seen_window_s,
            settings.seen_clear_window_s,
        )
        self._usable = TimeBins(*perclos_windows, *map(ns, sight_windows))
        self._pending: list[tuple[int, int]] = []  # closed time of a closure that may yet prove a blink

    def advance(self, t_ns: int) -> None:
        """Let time pass."""
        self._closed.advance(t_ns)
        self._usable.advance(t_ns)

    def count(self, from_ns: int, to_ns: int, state: EyeState, closure_ns: int) -> None:
        """Count the time between two frames, which belongs to the earlier one's `state`.

        `closure_ns` is how long the closure under way had lasted at `to_ns`.
        """
        if state is EyeState.UNKNOWN or to_ns - from_ns > self._frame_gap_ns:
            return
        self._usable.add(from_ns, to_ns)
        if state is EyeState.CLOSED:
            if self._pending and self._pending[-1][1] == from_ns:
                self._pending[-1] = (self._pending[-1][0], to_ns)
            else:
                self._pending.append((from_ns, to_ns))
            if closure_ns >= self._ignored_ns:
                self._commit()

    def closure_ended(self, lasted_ns: int) -> None:
        """The closure is over: what was too short to count is forgotten."""
        if lasted_ns >= self._ignored_ns:
            self._commit()
        self._pending.clear()

    def _commit(self) -> None:
        for from_ns, to_ns in self._pending:
            self._closed.add(from_ns, to_ns)
        self._pending.clear()

    def available(self, t_ns: int) -> bool:
        """Whether enough time has passed since the start, and enough of the last minute was usable."""
        return t_ns >= self._start_ns and self._usable.total(0) >= self._needed_ns > 0

    @property
    def short(self) -> float:
        """PERCLOS 0..1 over the short window; 0 when nothing was usable."""
        return self._closed.total(0) / max(1, self._usable.total(0))

    @property
    def long(self) -> float:
        """PERCLOS 0..1 over the long window, or what there is since the start."""
        return self._closed.total(1) / max(1, self._usable.total(1))

    @property
    def coverage(self) -> float:
        """Share 0..1 of the short window that was usable."""
        return min(1.0, self._usable.total(0) / self._short_ns)

    @property
    def sight_ns(self) -> int:
        """Usable time inside the window that decides about losing sight."""
        return self._usable.total(2)

    @property
    def recent_sight_ns(self) -> int:
        """Usable time inside the window that decides about having sight again."""
        return self._usable.total(3)

    @property
    def seen_ns(self) -> int:
        """Usable time inside the window that decides about being seen too little."""
        return self._usable.total(4)

    @property
    def recent_seen_ns(self) -> int:
        """Usable time inside the window that decides about being seen enough again."""
        return self._usable.total(5)
