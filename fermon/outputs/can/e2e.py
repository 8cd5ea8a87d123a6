"""AUTOSAR E2E profile 1, both-ID mode: CRC-8 in byte 0, counter 0..14 in the low half of byte 1. No I/O here.

Source: AUTOSAR FO PRS E2EProtocol, "E2E Profile 1"; its example: data ID 0x123, seven zero bytes, counter 0 -> CRC
0xCC, counter 1 -> 0x91.
"""

from __future__ import annotations

from enum import Enum

POLYNOMIAL = 0x1D  # SAE J1850; in profile 1 with start 0x00 and no final XOR
COUNTERS = 15  # 0..14; 15 is invalid


def _table() -> tuple[int, ...]:
    rows = []
    for value in range(256):
        for _ in range(8):
            value = (value << 1) ^ (POLYNOMIAL if value & 0x80 else 0)
        rows.append(value & 0xFF)
    return tuple(rows)


TABLE = _table()


def crc8(data: bytes, start: int = 0x00) -> int:
    """Return the CRC-8 with polynomial 0x1D over `data`, without final XOR."""
    for byte in data:
        start = TABLE[start ^ byte]
    return start


def checksum(frame: bytes, data_id: int) -> int:
    """Return byte 0 of `frame`: the CRC over the data ID (low byte, high byte) and bytes 1 to the end.

    >>> hex(checksum(bytes(8), 0x123)), hex(checksum(bytes([0, 1, 0, 0, 0, 0, 0, 0]), 0x123))
    ('0xcc', '0x91')
    """
    return crc8(bytes((data_id & 0xFF, data_id >> 8)) + frame[1:])


class Protector:
    """The sending side: counts, and seals frames."""

    def __init__(self, data_id: int) -> None:
        self._data_id = data_id
        self._counter = 0

    def protect(self, frame: bytes) -> bytes:
        """Return `frame` (2 bytes or more) with the counter and the checksum filled in; the next one counts on."""
        counted = bytes((0, (frame[1] & 0xF0) | self._counter)) + frame[2:]
        self._counter = (self._counter + 1) % COUNTERS
        return bytes((checksum(counted, self._data_id),)) + counted[1:]


class Check(Enum):
    """What the receiving side finds."""

    OK = "ok"
    INITIAL = "first frame"  # valid, with nothing to compare its counter with
    SOME_LOST = "frames lost before this one"  # valid and new
    REPEATED = "repeated"
    WRONG_SEQUENCE = "more frames lost than allowed"
    WRONG_CRC = "checksum wrong"

    @property
    def usable(self) -> bool:
        """Whether the frame's content is new and intact."""
        return self in (Check.OK, Check.INITIAL, Check.SOME_LOST)


class Checker:
    """The receiving side. Lateness it cannot see: that takes a timeout, see GenMsgTimeoutTime in the DBC."""

    def __init__(self, data_id: int, most_lost: int = 3) -> None:
        """`most_lost`: so many frames in a row may be missing before the sequence counts as broken, 0 to 13."""
        self._data_id = data_id
        self._most_lost = most_lost
        self._last: int | None = None

    def check(self, frame: bytes) -> Check:
        """Return what is wrong with `frame`, if anything, and remember its counter when the checksum is right."""
        if len(frame) < 2 or frame[0] != checksum(frame, self._data_id) or frame[1] & 0x0F >= COUNTERS:
            return Check.WRONG_CRC
        counter, last = frame[1] & 0x0F, self._last
        if last is None:
            self._last = counter
            return Check.INITIAL
        step = (counter - last) % COUNTERS
        self._last = counter
        if step == 0:
            return Check.REPEATED
        if step == 1:
            return Check.OK
        return Check.SOME_LOST if step - 1 <= self._most_lost else Check.WRONG_SEQUENCE
