"""One output's worker on an invented clock, with a lamp that does what a test says."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from fermon.domain import Received, Status
from fermon.outputs.inbox import Inbox
from fermon.outputs.worker import LatestStatus, Timing, Worker

Plan = tuple[float, Callable[[], object]]

MOST_EVENTS = 1000  # of a run that ends


class Endless(BaseException):
    """The worker goes round and round. No Exception: it would take that for a failure of its output."""


class Lamp:
    """An output that notes what is done to it and when, and does `then[what]` at each, which may raise or take time."""

    name = "lamp"

    def __init__(self, bench: Bench, heartbeat_s: float, poll_s: float) -> None:
        self.heartbeat_s, self.poll_s = heartbeat_s, poll_s
        self._bench = bench
        self.shown: list[Status] = []
        self.incoming: list[Received] = []
        self.then: dict[str, Callable[[], object]] = {}

    def _note(self, what: str) -> None:
        self._bench.happened.append((self._bench.s, what))
        self._bench.still_sane()
        self.then.get(what, int)()

    def open(self) -> None:
        self._note("open")

    def show(self, status: Status) -> None:
        self._note("show")
        self.shown.append(status)

    def poll(self) -> Sequence[Received]:
        self._note("poll")
        taken, self.incoming = self.incoming, []
        return taken

    def close(self) -> None:
        self._note("close")


class Waits(threading.Condition):
    """Waiting that takes invented time, in which the rest of the plan happens; ends early when notified."""

    def __init__(self, bench: Bench) -> None:
        super().__init__()
        self._bench = bench
        self.notified = False

    def notify(self, n: int = 1) -> None:
        super().notify(n)  # RuntimeError without the lock
        self.notified = True

    def wait(self, timeout: float | None = None) -> bool:
        super().wait(0)
        assert timeout is not None and timeout >= 0
        self._bench.waits.append(round(timeout, 6))
        self._bench.still_sane()
        self.notified = False
        self._bench.pass_time(timeout, self)
        return self.notified


class Bench:
    """A worker with its lamp. `plan` says what happens at which second; the run ends with it."""

    def __init__(self, heartbeat_s: float = 1.0, poll_s: float = 10.0, timing: Timing | None = None) -> None:
        self._start = self._now = 5_000.0  # time.monotonic starts anywhere
        self.happened: list[tuple[float, str]] = []
        self.waits: list[float] = []
        self._plan: list[Plan] = []
        self.lamp = Lamp(self, heartbeat_s, poll_s)
        self.latest, self.inbox = LatestStatus(self._now, 3600, 3600), Inbox()
        self.worker = Worker(self.lamp, self.latest, self.inbox, timing or Timing(), lambda: self._now, Waits(self))

    @property
    def s(self) -> float:
        """Seconds since the start."""
        return round(self._now - self._start, 6)

    def still_sane(self) -> None:
        if max(len(self.happened), len(self.waits)) > MOST_EVENTS:
            raise Endless

    def publish(self, status: Status, key: object = None) -> None:
        self.latest.set(status, self._now)
        self.worker.notice(key or status.state)

    def take(self, seconds: float) -> None:
        """Time passes inside a call."""
        self.pass_time(seconds)

    def pass_time(self, seconds: float, wake: Waits | None = None) -> None:
        end = self._now + seconds
        while self._plan and self._plan[0][0] + self._start <= end + 1e-9:
            at, happens = self._plan.pop(0)
            self._now = max(self._now, self._start + at)
            happens()
            if wake is not None and wake.notified:
                return
        self._now = max(self._now, end)

    def run(self, until_s: float, *plan: Plan) -> list[tuple[float, str]]:
        self._plan = [*plan, (until_s, self.worker.end)]
        self.worker.run()
        return self.happened

    def times(self, what: str) -> list[float]:
        return [at for at, event in self.happened if event == what]

    def report_hang(self, later_s: float) -> None:
        self.worker.report_hang(self._now + later_s)


def raising(error: Exception) -> Callable[[], object]:
    def fail() -> None:
        raise error

    return fail
