"""All outputs together: one thread each, so that none can hold up the main loop or another output."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence

from fermon.domain import Received, Status
from fermon.outputs.contract import Output
from fermon.outputs.inbox import Inbox
from fermon.outputs.worker import LatestStatus, Timing, Worker, urgent_key

log = logging.getLogger(__name__)


class Hub:
    """Brings the newest `Status` to every output, and what comes in over their wires back.

    Each failure, hang and recovery of an output is logged once.
    """

    def __init__(self, outputs: Sequence[Output], timing: Timing | None = None) -> None:
        self._timing = timing or Timing()
        self._latest = LatestStatus(time.monotonic(), self._timing.stale_s, self._timing.boot_s)
        self._inbox = Inbox()
        self._workers = [Worker(o, self._latest, self._inbox, self._timing) for o in outputs]
        self._ending = threading.Event()
        for worker in self._workers:
            worker.start()
        threading.Thread(target=self._watch_for_hangs, name="outputs-watch", daemon=True).start()

    def publish(self, status: Status) -> None:
        """Hand over the newest state and return at once; call it at least once a second, on ticks too."""
        key = urgent_key(status)
        self._latest.set(status, time.monotonic())
        for worker in self._workers:
            worker.notice(key)

    def received(self) -> list[Received]:
        """Return, and forget, what came in since the last call, oldest first."""
        return self._inbox.drain()

    def broken(self) -> dict[str, str]:
        """Return the outputs that do not work at the moment, by name, with what is wrong."""
        return {worker.name: wrong for worker in self._workers if (wrong := worker.wrong) is not None}

    def close(self, timeout_s: float = 2.0) -> list[str]:
        """Switch every output off and release it, all at the same time; return the names of those that hang.

        Waits `timeout_s` at most, then abandons what hangs (its thread ends with the process) and logs it.
        """
        end = time.monotonic() + timeout_s
        for worker in self._workers:
            worker.end()
        abandoned = [worker.name for worker in self._workers if not worker.join(max(0.0, end - time.monotonic()))]
        self._ending.set()
        for name in abandoned:
            log.error("output %s: not off within %g s, abandoned; it may still show the last state", name, timeout_s)
        return abandoned

    def _watch_for_hangs(self) -> None:
        while not self._ending.wait(self._timing.watch_s):
            for worker in self._workers:
                worker.report_hang(time.monotonic())
