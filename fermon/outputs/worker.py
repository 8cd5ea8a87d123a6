"""One output's thread: opens it, keeps it showing the newest state, and opens it anew after every failure."""

from __future__ import annotations

import dataclasses
import logging
import threading
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from fermon.domain import DriverState, Level, Status
from fermon.errors import OutputError
from fermon.outputs.contract import Output
from fermon.outputs.inbox import Inbox

T = TypeVar("T")

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
    backoff_alarm_s: float = 2.0  # the longest pause while a WARNING or CRITICAL waits to be shown
    steady_s: float = 5.0  # so long without a failure before the back-off starts from the beginning
    watch_s: float = 0.1  # how often hangs are looked for


def urgent_key(status: Status) -> Hashable:
    """Return the part of the state whose change is shown immediately instead of at the next heartbeat."""
    state = status.state
    return (
        status.mode,
        status.wakefulness,
        state.level,
        state.visibility,
        state.attention,
        status.fault,
        frozenset((alert.kind, alert.level, alert.since_ns) for alert in state.alerts),
    )


class LatestStatus:
    """Holds the last published Status; ages it on read, and turns it into a fault when the loop stops publishing."""

    def __init__(self, now: float, stale_s: float, boot_s: float) -> None:
        self._newest = (Status(DriverState(t_ns=0), uptime_ms=0), now)
        self._published = False
        self._stale_s = stale_s
        self._boot_s = boot_s

    def set(self, status: Status, now: float) -> None:
        self._published = True
        self._newest = (status, now)  # one assignment: readers in other threads see the old pair or the new one

    def get(self, now: float) -> Status:
        """Return the newest state as it stands at `now` (s, time.monotonic): its uptime and latency have grown."""
        status, since = self._newest
        age = max(0.0, now - since)
        fault = status.fault
        if age > (self._stale_s if self._published else self._boot_s):
            fault = "loop stalled" if self._published else f"no state within {self._boot_s:g} s of the start"
        age_ms = age * 1000
        latency_ms = None if status.latency_ms is None else status.latency_ms + age_ms
        return dataclasses.replace(status, uptime_ms=status.uptime_ms + int(age_ms), latency_ms=latency_ms, fault=fault)


class Worker:
    """Runs one output. Only `notice`, `end`, `join`, `report_hang` and `wrong` are for other threads.

    `clock` (s) and `wake` (what the thread waits on, up to a time limit) are the real ones unless a simulation brings
    its own; it calls `run` instead of `start`.
    """

    def __init__(
        self,
        output: Output,
        latest: LatestStatus,
        inbox: Inbox,
        timing: Timing,
        clock: Callable[[], float] = time.monotonic,
        wake: threading.Condition | None = None,
    ) -> None:
        self.name = output.name
        self.wrong: str | None = None  # what does not work at the moment, in words; for any thread
        self._output = output
        self._latest = latest
        self._inbox = inbox
        self._timing = timing
        self._clock = clock
        self._wake = wake or threading.Condition()
        self._ending = False
        self._news = False  # something was published that may differ from what is shown
        self._noticed: Hashable = None
        self._outage = threading.Lock()  # guards `wrong` and `_down_since`, which two threads set
        self._call: tuple[str, float, float] | None = None  # what is under way: its name, when it began, its limit in s
        self._down_since = 0.0
        self._backoff_s = timing.backoff_first_s
        self._thread = threading.Thread(target=self.run, name=f"output-{output.name}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def notice(self, key: Hashable) -> None:
        """Wake up when the state that was just published differs from what was shown."""
        if key != self._noticed:
            self._noticed = key
            with self._wake:
                self._news = True
                self._wake.notify()

    def end(self) -> None:
        with self._wake:
            self._ending = True
            self._wake.notify()

    def join(self, timeout_s: float) -> bool:
        """Wait for the end; False when it did not come."""
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def report_hang(self, now: float) -> None:
        """Report a call that has been under way for too long, once."""
        call = self._call
        if call is None:
            return
        what, began, limit_s = call
        if now - began > limit_s:
            self._down(f"{what} has not come back for {limit_s:g} s; the other outputs go on", began)

    # Everything below runs in the output's own thread.

    def run(self) -> None:
        """Keep the output showing the newest state until `end`, then switch it off."""
        while not self._ending:
            try:
                self._doing("open", self._output.open, self._timing.open_hang_s)
                self._serve()
            except Exception as error:
                self._failed(error)
                self._close()
                self._sleep(self._backoff_s)
                self._backoff_s = min(self._backoff_s * 2, self._timing.backoff_most_s)
        self._close()

    def _serve(self) -> None:
        """Show and poll until the end; leave with the first error."""
        opened = beat = self._clock()
        shown: Hashable = None
        while not self._ending:
            now = self._clock()
            self._news = False
            status = self._latest.get(now)
            key = urgent_key(status)
            if now >= beat or key != shown:
                self._doing("show", partial(self._output.show, status), self._timing.hang_s)
                shown = key
                beat = _next_beat(beat, self._clock(), self._output.heartbeat_s)
                self._up()
            if now - opened > self._timing.steady_s:
                self._backoff_s = self._timing.backoff_first_s
            self._inbox.put(self._doing("poll", self._output.poll, self._timing.hang_s))
            with self._wake:
                if not self._ending and not self._news:
                    self._wake.wait(max(0.0, min(self._output.poll_s, beat - self._clock())))

    def _doing(self, what: str, call: Callable[[], T], limit_s: float) -> T:
        self._call = (what, self._clock(), limit_s)
        try:
            return call()
        finally:
            self._call = None

    def _close(self) -> None:
        try:
            self._doing("close", self._output.close, self._timing.hang_s)
        except Exception:
            log.exception("output %s: close failed", self.name)

    def _sleep(self, seconds: float) -> None:
        """Pause before trying again; an alarm, on already or raised meanwhile, shortens it."""
        began = self._clock()
        with self._wake:
            while not self._ending:
                now = self._clock()
                alarm = self._latest.get(now).state.level >= Level.WARNING
                left = began + (min(seconds, self._timing.backoff_alarm_s) if alarm else seconds) - now
                if left <= 0:
                    return
                self._wake.wait(left)

    def _failed(self, error: Exception) -> None:
        # A bug in the adapter deserves its traceback, once an outage: a log of days must not fill up with it.
        bug = None if isinstance(error, OutputError) else error
        self._down(f"{str(error) or type(error).__name__}; trying again", self._clock(), bug)

    def _down(self, text: str, since: float, bug: Exception | None = None) -> None:
        with self._outage:
            if self.wrong is not None:
                return  # reported once an outage: what else goes wrong meanwhile belongs to the same one
            self.wrong, self._down_since = text, since
        log.log(logging.ERROR if bug else logging.WARNING, "output %s: %s", self.name, text, exc_info=bug)

    def _up(self) -> None:
        with self._outage:
            if self.wrong is None:
                return
            self.wrong, lasted_s = None, self._clock() - self._down_since
        log.info("output %s: works again after %.1f s", self.name, lasted_s)


def _next_beat(last: float, now: float, heartbeat_s: float) -> float:
    """Return when to show next: on the grid while it is kept, else a full heartbeat from now on."""
    following = last + heartbeat_s
    return min(following, now + heartbeat_s) if following > now else now + heartbeat_s
