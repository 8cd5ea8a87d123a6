"""NMEA-0183-style sentences over a serial port (UART, USB adapter, microcontroller), through pyserial."""

from __future__ import annotations

import logging
import os
import select
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Annotated, Any

from fermon.domain import Received, Status
from fermon.errors import OutputError, Problem
from fermon.outputs.serial.sentences import SOURCE, Reader, attention_sentence, status_sentence
from fermon.schema import Range, key

log = logging.getLogger(__name__)

MOST_BYTES_A_POLL = 4096  # 80 kB/s at 20 polls a second, 7 times what 115200 baud brings
STUCK_S = 5.0  # a sentence that waits longer than that for its port


@dataclass(frozen=True, slots=True)
class SerialSettings:
    """The port and how often something is sent."""

    enabled: bool = key(False, 'needs the extra "serial"')
    port: str = key("/dev/serial0", "device, for instance /dev/ttyUSB0 or /dev/serial/by-id/...")
    baud: Annotated[int, Range(1200, 4_000_000, "baud")] = key(115_200, "bit rate; 8N1, no flow control")
    heartbeat_s: Annotated[float, Range(0.1, 60, "s")] = key(1.0, "time between sentences while nothing changes")


def check(settings: SerialSettings) -> list[Problem]:
    """Return what keeps these settings from working on any machine: a port that is no path."""
    port = settings.port
    if port.startswith("/"):
        return []
    remedy = f"did you mean '/dev/{port}'?" if port.isalnum() else ""
    return [Problem("outputs.serial.port", repr(port), "the path of a port, such as '/dev/ttyUSB0'", remedy)]


class SerialOutput:
    """A pair of sentences at each change of state and every `heartbeat_s`; acknowledgements and speeds come back.

    Nothing here waits for the port. A pair that was begun is finished, so that the reader never sees two halves
    as one; of those not begun only the newest is kept.
    """

    name = SOURCE
    poll_s = 0.05

    def __init__(self, settings: SerialSettings, clock: Callable[[], float] = time.monotonic) -> None:
        self.heartbeat_s = settings.heartbeat_s
        self._settings = settings
        self._clock = clock
        self._port: Any = None
        self._hangup = select.poll()
        self._reader = Reader()
        self._told: set[str] = set()
        self._begun = b""  # rest of a pair that was begun
        self._next = b""  # newest pair, not begun
        self._waiting_since: float | None = None
        self._proven = False  # the port has taken something since it was opened

    def open(self) -> None:
        s = self._settings
        try:
            import serial
        except ImportError as error:
            raise OutputError(
                f"serial: {error}", remedy="install it: pip install 'fermon[serial]', or apt install python3-serial"
            ) from error
        try:
            self._port = serial.Serial(s.port, s.baud, timeout=0, exclusive=True)
            os.set_blocking(self._port.fileno(), False)
            self._hangup = select.poll()
            self._hangup.register(self._port.fileno(), 0)  # 0: hang-ups and errors only
        except (OSError, ValueError) as error:  # SerialException is an OSError
            raise OutputError(
                f"serial: cannot open {s.port} at {s.baud} baud: {error}",
                remedy="this user must be able to read and write it (group dialout), and no other program may use it",
            ) from error
        self._reader = Reader()
        self._begun = self._next = b""
        self._waiting_since = None
        self._proven = False

    def show(self, status: Status) -> None:
        self._next = status_sentence(status) + attention_sentence(status)
        self._write()
        if not self._proven:
            raise OutputError(
                f"serial: {self._settings.port} takes no data", remedy="is anybody reading, is flow control off?"
            )

    def poll(self) -> Sequence[Received]:
        self._write()
        try:
            if self._hangup.poll(0):
                raise OutputError(f"serial: {self._settings.port} was hung up", remedy="unplugged?")
            data = os.read(self._port.fileno(), MOST_BYTES_A_POLL)
        except BlockingIOError:
            return ()
        except (OSError, ValueError) as error:
            raise self._gone(error) from error
        received = self._reader.feed(data)
        self._tell_rejected()
        return received

    def close(self) -> None:
        port, self._port = self._port, None
        if port is None:
            return
        with suppress(Exception):
            port.reset_output_buffer()  # else close waits up to 30 s for a reader that does not read
        with suppress(Exception):
            port.close()

    def _write(self) -> None:
        try:
            while data := self._begun or self._next:
                taken = os.write(self._port.fileno(), data)
                if not self._begun:
                    self._next = b""
                self._begun = data[taken:]
                self._proven = True
                self._waiting_since = None
        except BlockingIOError:
            now = self._clock()
            self._waiting_since = now if self._waiting_since is None else self._waiting_since
            if now - self._waiting_since > STUCK_S:
                raise OutputError(
                    f"serial: {self._settings.port} has taken nothing for {STUCK_S:g} s", remedy="is the reader stuck?"
                ) from None
        except (OSError, ValueError) as error:
            raise self._gone(error) from error

    def _gone(self, error: Exception) -> OutputError:
        return OutputError(f"serial: {self._settings.port} is gone ({error})", remedy="unplugged?")

    def _tell_rejected(self) -> None:
        """Log each cause of rejection once for each time the port was opened: wiring faults come by the thousand."""
        for cause in self._reader.rejected.keys() - self._told:
            self._told.add(cause)
            log.warning(
                "serial: %s: incoming sentences are rejected (%s); further ones are skipped in silence",
                self._settings.port,
                cause,
            )
