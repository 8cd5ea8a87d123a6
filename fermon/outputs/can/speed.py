"""The vehicle's speed from CAN frames: a signal of the user's DBC, J1939, or OBD-II."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Protocol

from fermon.errors import OutputError
from fermon.outputs.can.dbc import read_text
from fermon.outputs.can.units import UNITS, is_none, kmh_per
from fermon.outputs.can.vehicle import find_signal
from fermon.paths import expand, shown

MOST_KMH = 500.0  # what is faster is no road vehicle's speed
PDU1_MASK, PDU2_MASK = 0x03FF_0000, 0x03FF_FF00  # a J1939 parameter group in an identifier: to one address, to all
OBD_PERIOD_S = 0.5  # policy takes a speed that is 2 s old for none: three answers may get lost


@dataclass(frozen=True, slots=True)
class CanFilter:
    """Which identifiers to let in: those equal to `can_id` in the bits of `can_mask`."""

    can_id: int
    can_mask: int
    extended: bool


@dataclass(frozen=True, slots=True)
class Request:
    """A frame that asks for the speed, to be sent every `period_s`."""

    can_id: int
    data: bytes
    period_s: float


class SpeedReader(Protocol):
    """Finds the speed in frames."""

    filters: tuple[CanFilter, ...]
    request: Request | None
    name: str  # what it looks for, in words
    unusable: str  # why the last frame that might have told it did not; "" = there was none
    assumed: bool  # the file names no unit: taken for km/h

    def kmh(self, can_id: int, extended: bool, data: bytes) -> float | None:
        """Return the speed in km/h, None when this frame says nothing valid about it."""


class J1939Speed:
    """PGN 65265 (FEF1, cruise control/vehicle speed), SPN 84: bytes 2-3, little endian, 1/256 km/h.

    From any source address, at any priority. Raw values above 0xFAFF are indicators, 0xFExx an error, 0xFFxx "not
    available" (J1939-71): no speed.
    """

    PGN = 65265
    filters: tuple[CanFilter, ...] = (CanFilter(PGN << 8, PDU2_MASK, extended=True),)
    request: Request | None = None
    name = "PGN 65265 (J1939)"
    assumed = False

    def __init__(self) -> None:
        self.unusable = ""

    def kmh(self, can_id: int, extended: bool, data: bytes) -> float | None:
        if not extended or (can_id >> 8) & 0x3FFFF != self.PGN or len(data) < 3:
            return None
        raw = int.from_bytes(data[1:3], "little")
        if raw <= 0xFAFF:
            return raw / 256
        self.unusable = f"it says 0x{raw:04X}, which is no speed (J1939-71)"
        return None


class ObdSpeed:
    """OBD-II mode 01 PID 0x0D by request (11-bit): one byte, km/h, from any of the eight engine computers."""

    filters: tuple[CanFilter, ...] = (CanFilter(0x7E8, 0x7F8, extended=False),)
    request: Request | None = Request(0x7DF, bytes((2, 0x01, 0x0D, 0, 0, 0, 0, 0)), OBD_PERIOD_S)
    name = "an answer to OBD-II's PID 0x0D"
    assumed = False

    def __init__(self) -> None:
        self.unusable = ""

    def kmh(self, can_id: int, extended: bool, data: bytes) -> float | None:
        if extended or can_id & 0x7F8 != 0x7E8 or len(data) < 4 or data[0] < 3 or data[0] > 7:
            return None
        if data[1:3] == b"\x41\x0d":
            return float(data[3])
        if data[1:3] == b"\x7f\x01":
            self.unusable = f"0x{can_id:X} refuses (0x{data[3]:02X})"
        return None


class DbcSpeed:
    """A signal of the vehicle's DBC; its unit says how to get km/h, its limits and value table what is no speed.

    A signed speed tells the direction: backwards is as fast as forwards.
    """

    filters: tuple[CanFilter, ...]
    request: Request | None = None

    def __init__(self, path: str, name: str) -> None:
        """`name` is "Message.Signal", or "Signal" when only one message has it. Raises OutputError."""
        file = expand(path)
        try:
            self._signal = signal = find_signal(read_text(file), name)
        except OutputError as error:
            where = shown(file)
            named = [p if where in p.what else replace(p, what=f"{p.what} (in {where})") for p in error.problems]
            raise OutputError.of(named) from error
        per = 1.0 if is_none(signal.unit) else kmh_per(signal.unit)
        if per is None:
            raise OutputError(
                f"can: unit of speed signal {signal.name!r} in {shown(file)}", found=repr(signal.unit), expected=UNITS
            )
        self.assumed = is_none(signal.unit)
        self._kmh_per = per
        mask = 0x7FF
        if signal.extended:
            mask = 0x1FFF_FFFF if not signal.j1939 else PDU2_MASK if signal.can_id >> 16 & 0xFF >= 240 else PDU1_MASK
        self.filters = (CanFilter(signal.can_id & mask, mask, signal.extended),)
        self.name = f"{signal.name} of {file.name}"
        self.unusable = ""

    def kmh(self, can_id: int, extended: bool, data: bytes) -> float | None:
        signal, (own,) = self._signal, self.filters
        if extended != own.extended or can_id & own.can_mask != own.can_id:
            return None
        if not all(selector.selects(data) for selector in signal.selectors):
            return self._no("its frames carry other multiplexed signals")
        raw = signal.bits.raw(data)
        if raw is None:
            return self._no(f"its frames are too short ({len(data)} bytes)")
        value = raw * signal.factor + signal.offset
        word = signal.words.get(int(raw)) if math.isfinite(raw) else None
        if word is not None and not (value == 0 and "stand" in word.lower()):  # "standstill" is a speed
            return self._no(f"it says {word!r}")
        slack = abs(signal.factor) / 2  # files round their limits
        low, high = signal.low, signal.high
        if low is not None and high is not None and not low - slack <= value <= high + slack:
            return self._no(f"{value:g} is outside its limits of {low:g} to {high:g} {signal.unit}".rstrip())
        kmh = abs(value) * self._kmh_per
        return kmh if kmh <= MOST_KMH else self._no(f"{kmh:g} km/h is no vehicle's speed")

    def _no(self, why: str) -> float | None:
        self.unusable = why
        return None
