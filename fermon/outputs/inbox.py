"""What came in over the outputs' wires, until the main loop takes it."""

from __future__ import annotations

import threading
from collections.abc import Iterable

from fermon.domain import Acknowledged, Received, VehicleSpeed

MOST_ACKS = 16  # more presses than that between two turns of the main loop say nothing new


class Inbox:
    """A queue that cannot grow: of speeds that follow each other only the newest is kept."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._items: list[Received] = []
        self._acks = 0

    def put(self, items: Iterable[Received]) -> None:
        with self._lock:
            for item in items:
                if isinstance(item, Acknowledged):
                    if self._acks < MOST_ACKS:
                        self._acks += 1
                        self._items.append(item)
                elif self._items and isinstance(self._items[-1], VehicleSpeed):
                    self._items[-1] = item
                else:
                    self._items.append(item)

    def drain(self) -> list[Received]:
        """Return all, oldest first, and be empty."""
        with self._lock:
            items, self._items, self._acks = self._items, [], 0
        return items
