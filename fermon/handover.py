"""A thread that does what may stall (a disk, a terminal, a pipe), behind a bounded queue: the loop only hands over."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")

log = logging.getLogger(__name__)


class Handover(Generic[T]):
    """Does `work(item)` for each item that is put, in their order, in a thread called `name`.

    At most `size` items wait. When they are that many, `put` waits `patience_s` for room and then drops its item: 0 for
    what must never hold up the loop, more for runs without a clock, which may be slow but must be whole.
    """

    def __init__(self, name: str, work: Callable[[T], None], size: int, patience_s: float = 0.0) -> None:
        self._work = work
        self._patience_s = patience_s
        self._items: queue.Queue[T | None] = queue.Queue(size)
        # A daemon thread: one that hangs must not keep the process alive.
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def put(self, item: T) -> bool:
        """Hand `item` over; False when it was dropped."""
        try:
            self._items.put(item, timeout=self._patience_s) if self._patience_s else self._items.put_nowait(item)
        except queue.Full:
            return False
        return True

    @property
    def idle(self) -> bool:
        """Whether nothing waits."""
        return self._items.empty()

    def finish(self, timeout_s: float) -> bool:
        """Let the thread do what waits, then end it; False when it is not through within `timeout_s`."""
        end = time.monotonic() + timeout_s
        try:
            self._items.put(None, timeout=timeout_s)
        except queue.Full:
            return False
        self._thread.join(max(0.0, end - time.monotonic()))
        return not self._thread.is_alive()

    def _run(self) -> None:
        told = False
        while (item := self._items.get()) is not None:
            try:
                self._work(item)
            except Exception:  # a bug: the next item may do better
                if not told:  # only once: what is logged may come back here as the next item
                    told = True
                    log.exception("%s: unexpected", self._thread.name)
