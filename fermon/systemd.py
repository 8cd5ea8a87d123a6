"""Sends READY, STATUS, WATCHDOG and STOPPING to systemd (sd_notify(3)), and gives the journal its priorities."""

from __future__ import annotations

import contextlib
import logging
import os
import socket
import sys
from collections.abc import Callable, Mapping

from fermon.handover import Handover


def _sender(address: str) -> Callable[[str], object]:
    """systemd-python's notify where it is installed, else the same datagram by hand (sd_notify(3))."""
    try:
        from systemd import daemon
    except ImportError:

        def send(text: str) -> None:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as datagram:
                datagram.sendto(text.encode(), "\0" + address[1:] if address.startswith("@") else address)

        return send
    return lambda text: daemon.notify(text)


_PRIORITIES = ((logging.CRITICAL, 2), (logging.ERROR, 3), (logging.WARNING, 4), (logging.INFO, 6))
_DEBUG = 7
JOURNAL_WAITING = 1000  # lines
JOURNAL_CLOSE_S = 2.0


class JournalFormatter(logging.Formatter):
    """Gives every line its priority, `<N>` as in sd-daemon(3), those of a traceback too; the journal adds the time.

    >>> JournalFormatter().format(logging.LogRecord("x", logging.WARNING, "", 0, "one\\ntwo", None, None))
    '<4>one\\n<4>two'
    """

    def format(self, record: logging.LogRecord) -> str:
        priority = next((number for level, number in _PRIORITIES if record.levelno >= level), _DEBUG)
        return "\n".join(f"<{priority}>{line}" for line in super().format(record).splitlines())


class JournalHandler(logging.Handler):
    """Writes log records to standard error as the journal takes them; a journal that stalls holds nobody up."""

    def __init__(self) -> None:
        super().__init__()
        self.setFormatter(JournalFormatter())
        self._handover: Handover[str] = Handover("journal", _to_stderr, JOURNAL_WAITING)

    def emit(self, record: logging.LogRecord) -> None:
        self._handover.put(self.format(record) + "\n")

    def close(self) -> None:
        """Let out what waits."""
        self._handover.finish(JOURNAL_CLOSE_S)
        super().close()


def _to_stderr(text: str) -> None:
    with contextlib.suppress(OSError, ValueError, AttributeError):  # broken or closed: there is nobody left to tell
        sys.stderr.write(text)
        sys.stderr.flush()


class Systemd:
    """`environment` is the process's; NOTIFY_SOCKET and WATCHDOG_USEC are read from it."""

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        address = environment.get("NOTIFY_SOCKET", "")
        self.present = bool(address)
        self._send = _sender(address) if address else None
        microseconds = environment.get("WATCHDOG_USEC", "")
        # Half of the limit, as sd_watchdog_enabled(3) recommends.
        self._ping_every_ns = int(microseconds) * 500 if microseconds.isdigit() else 0
        self._pinged_ns: int | None = None
        self._status = ""

    def _notify(self, text: str) -> None:
        if self._send is None:
            return
        with contextlib.suppress(OSError):  # the manager is gone or its queue is full; the watchdog decides
            self._send(text)

    def ready(self) -> None:
        self._notify("READY=1")

    def status(self, text: str) -> None:
        """Show one line in `systemctl status`; sent only when it changes."""
        if text != self._status:
            self._status = text
            self._notify(f"STATUS={text}")

    def progress(self, now_ns: int) -> None:
        """Call after each turn of the loop that brought a frame or a tick; pings at most at half of WATCHDOG_USEC."""
        if self._ping_every_ns and (self._pinged_ns is None or now_ns - self._pinged_ns >= self._ping_every_ns):
            self._pinged_ns = now_ns
            self._notify("WATCHDOG=1")

    def stopping(self) -> None:
        self._notify("STOPPING=1")
