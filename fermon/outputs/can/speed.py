"""The vehicle's speed from CAN frames: a signal of the user's DBC, J1939, or OBD-II."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from fermon.errors import OutputError
from fermon.outputs.can.dbc import load

MOST_KMH = 500.0  # what is faster is no road vehicle's speed
KMH_PER = {"km/h": 1.0, "kmh": 1.0, "kph": 1.0, "kmph": 1.0, "m/s": 3.6, "mph": 1.609344, "mi/h": 1.609344}
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

    def kmh(self, can_id: int, extended: bool, data: bytes) -> float | None:
        """Return the speed in km/h, None when this frame says nothing valid about it."""


class J1939Speed:
    """PGN 65265 (FEF1, cruise control/vehicle speed), SPN 84: bytes 2-3, little endian, 1/256 km/h.

    From any source address, at any priority. Raw values above 0xFAFF are indicators, 0xFExx an error, 0xFFxx "not
    available" (J1939-71): no speed.
    """

    PGN = 65265
    filters: tuple[CanFilter, ...] = (CanFilter(PGN << 8, 0x03FFFF00, extended=True),)
    request: Request | None = None

    def kmh(self, can_id: int, extended: bool, data: bytes) -> float | None:
        if not extended or (can_id >> 8) & 0x3FFFF != self.PGN or len(data) < 3:
            return None
        raw = int.from_bytes(data[1:3], "little")
        return raw / 256 if raw <= 0xFAFF else None


class ObdSpeed:
    """OBD-II mode 01 PID 0x0D by request (11-bit): one byte, km/h, from any of the eight engine computers."""

    filters: tuple[CanFilter, ...] = (CanFilter(0x7E8, 0x7F8, extended=False),)
    request: Request | None = Request(0x7DF, bytes((2, 0x01, 0x0D, 0, 0, 0, 0, 0)), OBD_PERIOD_S)

    def kmh(self, can_id: int, extended: bool, data: bytes) -> float | None:
        if extended or can_id & 0x7F8 != 0x7E8 or len(data) < 4 or data[0] < 3 or data[0] > 7:
            return None
        return float(data[3]) if data[1:3] == b"\x41\x0d" else None


class DbcSpeed:
    """A signal of the user's DBC; its unit says how to get km/h, its limits and value table what is no speed."""

    filters: tuple[CanFilter, ...]
    request: Request | None = None

    def __init__(self, path: str, name: str) -> None:
        """`name` is "Message.Signal", or "Signal" when only one message has it. Raises OutputError."""
        database = load(Path(path))
        message_name, _, signal_name = name.rpartition(".")
        found = [
            (message, signal)
            for message in database.messages
            for signal in message.signals
            if signal.name == signal_name and message_name in ("", message.name)
        ]
        if len(found) != 1:
            what = "no such signal" if not found else f"{len(found)} messages have it: write Message.Signal"
            known = sorted(f"{m.name}.{s.name}" for m in database.messages for s in m.signals if "peed" in s.name)
            raise OutputError(
                f"can: speed signal {name!r} in {path}: {what}",
                remedy=f"signals with speed: {', '.join(known) or 'none'}",
            )
        self._message, self._signal = found[0]
        unit = (self._signal.unit or "km/h").strip().lower()
        if unit not in KMH_PER:
            raise OutputError(
                f"can: unit of speed signal {name!r}", found=repr(unit), expected=f"one of {', '.join(KMH_PER)}"
            )
        self._factor = KMH_PER[unit]
        extended = bool(self._message.is_extended_frame)
        mask = 0x1FFFFFFF if extended else 0x7FF
        self.filters = (CanFilter(self._message.frame_id, mask, extended),)

    def kmh(self, can_id: int, extended: bool, data: bytes) -> float | None:
        message = self._message
        if can_id != message.frame_id or extended != message.is_extended_frame:
            return None
        try:
            value: Any = message.decode(data, decode_choices=True, allow_truncated=True).get(self._signal.name)
        except Exception:  # too short, or another multiplexed part: nothing about the speed
            return None
        if isinstance(value, bool) or not isinstance(value, int | float):
            return None  # a word of the value table ("not available"), or not in this frame
        low, high = self._signal.minimum, self._signal.maximum
        if (low is not None and value < low) or (high is not None and value > high):
            return None
        kmh = float(value) * self._factor
        return kmh if 0 <= kmh <= MOST_KMH else None
