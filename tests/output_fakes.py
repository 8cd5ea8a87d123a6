"""Outputs that misbehave on purpose, for tests and for `fermon doctor`'s own rehearsal. They simulate no wire."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence

from fermon.domain import Received, Status
from fermon.errors import OutputError


class MemoryOutput:
    """Works; remembers what it showed. `incoming` is what `poll` returns next."""

    poll_s = 0.01

    def __init__(self, name: str = "memory", heartbeat_s: float = 0.05) -> None:
        self.name = name
        self.heartbeat_s = heartbeat_s
        self.shown: list[Status] = []
        self.incoming: list[Received] = []
        self.is_open = False
        self.opened = 0
        self.closed = 0

    def open(self) -> None:
        self.is_open = True
        self.opened += 1

    def show(self, status: Status) -> None:
        if not self.is_open:
            raise OutputError(f"{self.name}: not open")
        self.shown.append(status)

    def poll(self) -> Sequence[Received]:
        taken, self.incoming = self.incoming, []
        return taken

    def close(self) -> None:
        self.is_open = False
        self.closed += 1


class SlowOutput(MemoryOutput):
    """Takes `delay_s` for each show, as a congested wire would."""

    def __init__(self, delay_s: float = 0.2, name: str = "slow") -> None:
        super().__init__(name)
        self.delay_s = delay_s

    def show(self, status: Status) -> None:
        time.sleep(self.delay_s)
        super().show(status)


class RaisingOutput(MemoryOutput):
    """Opens, then fails at each show while `broken`; with `bug` not by OutputError but as a programming error does."""

    def __init__(self, name: str = "raising", bug: bool = False) -> None:
        super().__init__(name)
        self.broken = True
        self.bug = bug

    def show(self, status: Status) -> None:
        if self.broken and self.bug:
            raise ZeroDivisionError("a bug in an adapter")
        if self.broken:
            raise OutputError(f"{self.name}: the wire is broken")
        super().show(status)


class HangingOutput(MemoryOutput):
    """A show that does not come back until `release` is set."""

    def __init__(self, name: str = "hanging") -> None:
        super().__init__(name)
        self.release = threading.Event()

    def show(self, status: Status) -> None:
        self.release.wait()
        super().show(status)


class DisappearingOutput(MemoryOutput):
    """Works while `present`; unplugged otherwise: neither opens nor shows."""

    def __init__(self, name: str = "disappearing") -> None:
        super().__init__(name)
        self.present = True

    def open(self) -> None:
        if not self.present:
            raise OutputError(f"{self.name}: not plugged in")
        super().open()

    def show(self, status: Status) -> None:
        if not self.present:
            raise OutputError(f"{self.name}: unplugged")
        super().show(status)
