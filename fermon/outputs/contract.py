"""What every output is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from fermon.domain import Received, Status


class Output(Protocol):
    """One way to tell the world. Made by its table entry in `outputs/__init__.py`; each runs in a thread of its own.

    Level-set and idempotent: `show` gets the whole truth each time, on every change and again every
    `heartbeat_s`, and showing the same twice changes nothing outside but a counter. All methods are called from
    that one thread only; none may wait for its wire for more than a few milliseconds, `open` apart.
    """

    name: str
    heartbeat_s: float
    poll_s: float
    """Longest time between two calls of `poll`; what an output does by itself in time (blinking) is done there."""

    def open(self) -> None:
        """Take the device. Raises OutputError when it cannot be had; may be called again after a failure."""

    def show(self, status: Status) -> None:
        """Show this state. Raises OutputError when it could not be shown; the hub then closes, waits and opens anew."""

    def poll(self) -> Sequence[Received]:
        """Return what came in over this wire since the last call, at once; empty when nothing did or can.

        Raises OutputError when the wire turns out to be gone.
        """

    def close(self) -> None:
        """Silence: buzzer off, lines low, device released. Never raises; may be called twice, and before `open`."""
