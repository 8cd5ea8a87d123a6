"""What came in over the outputs' wires, until the main loop takes it."""

from __future__ import annotations

import threading
from collections.abc import Iterable

from fermon.domain import Received, VehicleSpeed

MOST_ACKS = 16  # more presses than that between two turns of the main loop say nothing new


class Inbox:
    """A queue that cannot grow: of speeds that follow each other only each source's newest is kept."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._items: list[Received] = []
        self._acks = 0

    def put(self, items: Iterable[Received]) -> None:
        with self._lock:
            for item in items:
                if isinstance(item, VehicleSpeed):
                    self._forget_older(item.source)
                    self._items.append(item)
                elif self._acks < MOST_ACKS:
                    self._acks += 1
                    self._items.append(item)

    def drain(self) -> list[Received]:
        """Return all, oldest first, and be empty."""
        with self._lock:
            items, self._items, self._acks = self._items, [], 0
        return items

    def _forget_older(self, source: str) -> None:
        """Drop this source's speed from those since the last press."""
        for place in range(len(self._items) - 1, -1, -1):
            item = self._items[place]
            if not isinstance(item, VehicleSpeed):
                return
            if item.source == source:
                del self._items[place]
                return
