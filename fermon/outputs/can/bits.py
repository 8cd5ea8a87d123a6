"""Where a signal's bits stand in a frame, as a DBC writes it: start|length@order and sign. No I/O here."""

from __future__ import annotations

import struct
from dataclasses import dataclass

FLOATS = {32: ">f", 64: ">d"}
MOST_BITS = 64
MOST_BYTES = 64  # of a CAN FD frame


@dataclass(frozen=True, slots=True)
class Bits:
    """`start` is the lowest bit of an Intel signal and the highest of a Motorola one (`big_endian`), as DBCs count."""

    start: int
    length: int
    big_endian: bool = False
    signed: bool = False
    floating: bool = False

    def problem(self) -> str | None:
        """Return what keeps these bits from being read out of any frame, or None."""
        if not 0 < self.length <= MOST_BITS:
            return f"a length of {self.length} bits (expected 1 to {MOST_BITS})"
        if self.floating and self.length not in FLOATS:
            return f"a floating-point number of {self.length} bits (expected 32 or 64)"
        if self._shift(MOST_BYTES) < 0:
            return f"a place behind the end of a frame (start {self.start}, length {self.length})"
        return None

    def raw(self, data: bytes) -> float | None:
        """Return the number in a frame's data, None when the frame is too short for it.

        >>> Bits(8, 16).raw(bytes([1, 0x10, 0x27])), Bits(7, 16, big_endian=True).raw(bytes([0x27, 0x10]))
        (10000, 10000)
        """
        shift = self._shift(len(data))
        if shift < 0:
            return None
        number = int.from_bytes(data, "big" if self.big_endian else "little") >> shift & (1 << self.length) - 1
        if self.floating:
            return float(struct.unpack(FLOATS[self.length], number.to_bytes(self.length // 8, "big"))[0])
        if self.signed and number >> self.length - 1:
            number -= 1 << self.length
        return number

    def _shift(self, size: int) -> int:
        """Return how far the number's lowest bit is from that of a frame of `size` bytes read as one number."""
        if not self.big_endian:
            return self.start if self.start + self.length <= 8 * size else -1
        highest = 8 * (self.start // 8) + 7 - self.start % 8  # counted from the frame's first bit on the wire
        return 8 * size - highest - self.length
