"""python-can's slcan interface for lines as they come: noise, `\\r\\n`, damaged frames.

Imported only when an slcan adapter is opened. python-can 4.6 keeps a byte that is no ASCII in its buffer for ever, so
that each later line fails too; it takes a line that begins with a line feed for none, and a damaged frame for whole;
and pyserial reports a write that went through as failed when the processor was busy at that moment.
"""

from __future__ import annotations

import os
import re
import select
import time
from typing import Any

from can.exceptions import error_check  # noqa: TID253
from can.interfaces.slcan import slcanBus  # noqa: TID253
from can.util import CAN_FD_DLC  # noqa: TID253

ENDS = re.compile(rb"[\r\a]")  # done, and the adapter's "no"
LONGEST = 256  # bytes of a line; a CAN FD frame of 64 bytes has 143
HEX = "[0-9A-Fa-f]"
FRAME = re.compile(rf"([trdb]{HEX}{{3}}|[TxRDB]{HEX}{{8}})({HEX})({HEX}*)")
WRITE_S = 1.0  # longest wait for room for a command to the adapter
STAMPS = (0, 4, 8)  # digits of a time stamp behind the data, where the adapter adds one


class Lines:
    """Cuts a stream into lines; holds less than LONGEST bytes."""

    def __init__(self) -> None:
        self._rest = bytearray()

    def feed(self, data: bytes) -> None:
        self._rest += data

    def take(self) -> str | None:
        """Return the next whole line with its end, None when there is none yet.

        What is not printable before it is left out. Raises ValueError, that line forgotten, when it is neither a
        frame nor printable.
        """
        end = ENDS.search(self._rest)
        if end is None:
            if len(self._rest) >= LONGEST:
                self._rest.clear()
                raise ValueError("a line without end")
            return None
        line = bytes(self._rest[: end.end()])
        del self._rest[: end.end()]
        text = re.sub(rb"^[^!-~\r\a]+", b"", line).decode("ascii")  # UnicodeDecodeError is a ValueError
        if text[0] in "tTxrRdDbB" and not is_frame(text[:-1]):
            raise ValueError(f"no CAN frame: {text[:40]!r}")
        return text


def is_frame(text: str) -> bool:
    """Return whether this is a whole frame: a kind, an identifier, a length, and exactly so much data.

    >>> is_frame("t12320A0B"), is_frame("t12320A0"), is_frame("t12320A0B4F20")
    (True, False, True)
    """
    found = FRAME.fullmatch(text)
    if found is None:
        return False
    head, length, rest = found[1], int(found[2], 16), len(found[3])
    kind, can_id = head[0], int(head[1:], 16)
    if can_id > (0x7FF if kind in "trdb" else 0x1FFF_FFFF) or (kind in "tTxrR" and length > 8):
        return False
    size = 0 if kind in "rR" else CAN_FD_DLC[length]
    return rest - 2 * size in STAMPS


class SteadySlcanBus(slcanBus):
    """Raises ValueError from `recv` for each line that is no frame and no answer, and then goes on with the next."""

    def __init__(self, *words: Any, **named: Any) -> None:
        self._lines = Lines()
        super().__init__(*words, **named)

    def _read(self, timeout: float | None) -> str | None:
        end = None if timeout is None else time.monotonic() + timeout
        while True:
            if (line := self._lines.take()) is not None:
                return line
            with error_check("Could not read from serial device"):
                data = self.serialPortOrig.read(max(1, self.serialPortOrig.in_waiting))  # waits 1 ms for the first byte
            self._lines.feed(data)
            if not data and end is not None and time.monotonic() >= end:
                return None

    def _write(self, string: str) -> None:
        port = self.serialPortOrig
        fd = getattr(port, "fd", None)
        if fd is None:  # a port behind an address
            super()._write(string)
            return
        rest = string.encode("ascii") + self.LINE_TERMINATOR
        end = time.monotonic() + (WRITE_S if port.write_timeout is None else port.write_timeout)
        with error_check("Could not write to serial device"):
            while rest:
                try:
                    rest = rest[os.write(fd, rest) :]
                except BlockingIOError:
                    if time.monotonic() >= end:
                        raise TimeoutError("the port takes nothing more") from None
                    select.select([], [fd], [], max(0.0, end - time.monotonic()))

    def flush(self) -> None:
        self._lines = Lines()
        super().flush()
