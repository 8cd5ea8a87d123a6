"""What the page is fed with: the newest input, the timeline, the log; between the loop and the pages' threads."""

from __future__ import annotations

import secrets
import threading
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from fermon.domain import Alert, DriverState, Frame, Input
from fermon.views.fields import alert_fields
from fermon.views.preview.timeline import Row, Timeline

LOG_ENTRIES = 200
LONGEST_LINE = 500  # characters of a report
WATCHERS = 4  # pages at the same time


class News(NamedTuple):
    """The newest input: its number, the input, its frame while a page watches, the state after it, its time in s."""

    number: int
    item: Input
    frame: Frame | None
    state: DriverState
    t_s: float


class Feed:
    """Every method returns at once, except those that say that they wait. For any thread."""

    def __init__(self) -> None:
        self.facts: Mapping[str, Any] = {}  # camera, detector, runtime; empty before the start (a page may be faster)
        self.fault: str | None = None  # of the monitor itself
        # Called whenever there is something to send, from the thread that brought it; must return at once.
        self.on_news: Callable[[], None] = lambda: None
        self._run = secrets.token_hex(8)  # the page tells a restart by it
        self._lock = threading.Lock()  # guards everything below; held for microseconds
        self._came = threading.Condition(self._lock)  # an input, or the end
        self._left = threading.Condition(self._lock)  # the last page has
        self._timeline = Timeline()
        self._newest: tuple[Input, Frame | None, DriverState] | None = None
        self._news = 0  # inputs taken
        self._message = b""  # the newest moment, ready to be sent
        self._number = 0  # of that message
        self._log: deque[dict[str, Any]] = deque(maxlen=LOG_ENTRIES)
        self._logged = 0
        self._watchers = 0
        self._ended = False

    # From the loop, and the log ---------------------------------------------------------------------------------------

    def input(self, item: Input, frame: Frame | None, state: DriverState) -> None:
        with self._lock:
            self._timeline.add(item, state)
            # Nobody watches: no picture is kept, not even for a moment.
            self._newest = (item, frame if self._watchers else None, state)
            self._news += 1
            if self._watchers:
                self._came.notify()

    def alert(self, alert: Alert) -> None:
        with self._lock:
            # An alert may come with the very first input, before `input` has set the start.
            start_ns = self._timeline.start_ns if self._timeline.start_ns is not None else alert.t_ns
            self._note(alert_fields(alert, start_ns))

    def report(self, line: str) -> None:
        with self._lock:
            self._note({"t": None if self._newest is None else self._now_s(), "text": line[:LONGEST_LINE]})

    def end(self, timeout_s: float) -> None:
        """Tell everybody that it is over; waits `timeout_s` at most for the pages to leave."""
        with self._lock:
            self._ended = True
            self._came.notify_all()
            self.on_news()
            self._left.wait_for(lambda: not self._watchers, timeout_s)

    def _now_s(self) -> float:
        return 0.0 if self._newest is None else round(self._timeline.seconds(self._newest[2].t_ns), 2)

    def _note(self, entry: dict[str, Any]) -> None:
        self._logged += 1
        self._log.append({"n": self._logged, **entry})
        self.on_news()

    # For the encoder --------------------------------------------------------------------------------------------------

    def news(self, taken: int) -> News | None:
        """Wait for an input after number `taken` while a page watches; None at the end."""
        with self._lock:
            while not self._ended and not (self._watchers and self._news > taken):
                self._came.wait()
            if self._ended or self._newest is None:
                return None
            return News(self._news, *self._newest, self._now_s())

    def put_moment(self, message: bytes) -> None:
        """Make `message` (JSON) the newest moment; forgotten when every page has left meanwhile."""
        with self._lock:
            if self._watchers:
                self._message, self._number = message, self._number + 1
                self.on_news()

    # For the thread that serves pages ---------------------------------------------------------------------------------

    def join(self) -> bool:
        """Enter one more page; False when there are too many."""
        with self._lock:
            if self._watchers >= WATCHERS or self._ended:
                return False
            self._watchers += 1
            return True

    def leave(self) -> None:
        with self._lock:
            self._watchers -= 1
            if not self._watchers:
                self._message = b""  # the next page begins with a picture of its own time
                self._left.notify_all()

    def hello(self) -> dict[str, Any]:
        """Return what tells this run from others."""
        return {"run": self._run}

    @property
    def ended(self) -> bool:
        return self._ended

    def moment(self) -> tuple[int, bytes]:
        """Return the number and the JSON of the newest moment; b"" before the first one."""
        with self._lock:
            return self._number, self._message

    def rows(self, number: int) -> tuple[int, list[Row]]:
        """Return the number of the newest row of the timeline, and the rows after row `number`."""
        with self._lock:
            return self._timeline.count, self._timeline.since(number)

    def log(self, number: int) -> list[dict[str, Any]]:
        """Return the alerts and reports after entry `number`, oldest first."""
        with self._lock:
            return [entry for entry in self._log if entry["n"] > number]
