"""All outputs together: one thread each, so that none can hold up the main loop or another output."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from fermon.domain import Received, Status
from fermon.outputs.contract import Output
from fermon.outputs.inbox import Inbox
from fermon.outputs.mode import told_at_once
from fermon.outputs.worker import Source, Worker

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Timing:
    """Times in seconds. The defaults are meant for the road; tests shorten them."""

    stale_s: float = 2.0  # the main loop has published nothing for so long: outputs show a fault
    boot_s: float = 60.0  # the same before its first state (a Pi loads models for some seconds)
    hang_s: float = 2.0  # a show, poll or close that is not back by then hangs
    open_hang_s: float = 10.0  # the same for open (an slcan adapter takes 2 s, a first import on a Pi 3 s)
    backoff_first_s: float = 0.5
    backoff_most_s: float = 30.0
    steady_s: float = 5.0  # so long without a failure before the back-off starts from the beginning
    watch_s: float = 0.1  # how often hangs are looked for


class Hub:
    """Brings the newest `Status` to every output, and what comes in over their wires back.

    `on_report` gets one line at each failure, hang and recovery of an output. It is called from the hub's threads,
    possibly from two at once, and must return soon.
    """

    def __init__(
        self, outputs: Sequence[Output], on_report: Callable[[str], None], timing: Timing | None = None
    ) -> None:
        self._timing = timing or Timing()
        self._source = Source(time.monotonic(), self._timing.stale_s, self._timing.boot_s)
        self._inbox = Inbox()
        self._on_report = on_report
        self._workers = [Worker(o, self._source, self._inbox, self._report, self._timing) for o in outputs]
        self._ending = threading.Event()
        self._watch = threading.Thread(target=self._watch_for_hangs, name="outputs-watch", daemon=True)
        for worker in self._workers:
            worker.start()
        self._watch.start()

    def publish(self, status: Status) -> None:
        """Hand over the newest state and return at once; call it at least once a second, on ticks too."""
        key = told_at_once(status)
        self._source.set(status, time.monotonic())
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

        Waits `timeout_s` at most, then abandons what hangs (its thread ends with the process) and reports it.
        """
        end = time.monotonic() + timeout_s
        for worker in self._workers:
            worker.end()
        abandoned = [worker.name for worker in self._workers if not worker.join(max(0.0, end - time.monotonic()))]
        self._ending.set()
        self._watch.join(max(0.0, end - time.monotonic()) + self._timing.watch_s)
        for name in abandoned:
            self._report(f"output {name}: not off within {timeout_s:g} s, abandoned; it may still show the last state")
        return abandoned

    def _watch_for_hangs(self) -> None:
        while not self._ending.wait(self._timing.watch_s):
            for worker in self._workers:
                worker.report_hang(time.monotonic())

    def _report(self, line: str) -> None:
        try:
            self._on_report(line)
        except Exception:
            log.exception("could not pass on: %s", line)
