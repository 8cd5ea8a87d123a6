"""FermonState and FermonDetail on a CAN bus; acknowledgement and speed from it, through python-can."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from fermon.domain import Acknowledged, Received, Status, VehicleSpeed
from fermon.errors import OutputError
from fermon.outputs.can.dbc import Encoder, load, shipped_dbc
from fermon.outputs.can.speed import CanFilter, DbcSpeed, J1939Speed, ObdSpeed, SpeedReader
from fermon.schema import Choice, Range

SEND_S = 0.005  # longest wait for room in the send queue; 0 makes python-can's slcan spin when its port is full
POLL_BUDGET_S = 0.005  # longest time spent on incoming frames at once
ACK_SILENCE_S = 0.5  # see FermonAck's comment in the DBC
GARBAGE_IN_A_ROW = 10  # unreadable pieces from an adapter, before it counts as broken
ERROR_FRAMES_LOOKED_AT = 100
# linux/can/error.h: classes in an error frame's identifier
ERR_ACK, ERR_BUSOFF = 0x20, 0x40


@dataclass(frozen=True, slots=True)
class CanSettings:
    enabled: bool = False
    interface: str = "socketcan"
    channel: str = "can0"
    bitrate: Annotated[int, Range(10_000, 1_000_000, "bit/s")] = 500_000
    options: tuple[str, ...] = ()
    dbc: str = ""
    speed: Annotated[str, Choice("none", "dbc", "j1939", "obd2")] = "none"
    speed_dbc: str = ""
    speed_signal: str = ""


class AckEdge:
    """Tells presses in FermonAck frames: 0 to 1, or 1 after silence."""

    def __init__(self) -> None:
        self._down = False
        self._last = float("-inf")

    def pressed(self, down: bool, now: float) -> bool:
        fresh = down and (not self._down or now - self._last >= ACK_SILENCE_S)
        self._down, self._last = down, now
        return fresh


class CanOutput:
    """FermonState in its cycle and on each change, FermonDetail in its cycle."""

    name = "can"
    poll_s = 0.02

    def __init__(self, settings: CanSettings, clock: Callable[[], float] = time.monotonic) -> None:
        self.heartbeat_s = 0.2  # until `open` has read the DBC's cycle time
        self._settings = settings
        self._clock = clock
        self._bus: Any = None
        self._encoder: Encoder | None = None  # kept when the bus is opened anew: counters go on
        self._speed: SpeedReader | None = None
        self._ack = AckEdge()
        self._detail_due = float("-inf")
        self._request_due = float("-inf")
        self._garbage = 0

    def open(self) -> None:
        try:
            import can
        except ImportError as error:
            raise OutputError(f"can: {error}", remedy="install it: pip install 'fermon[can]'") from error
        s = self._settings
        if self._encoder is None:
            path = Path(s.dbc) if s.dbc else shipped_dbc()
            self._encoder = Encoder(load(path), str(path))
            self.heartbeat_s = self._encoder.state_cycle_s
            self._speed = speed_reader(s)
        arguments: dict[str, Any] = {"channel": s.channel, "bitrate": s.bitrate, **bus_options(s.options)}
        if s.interface == "socketcan":  # the kernel filters; other interfaces' filters make recv end early
            arguments["can_filters"] = self._filters()
        try:
            # ignore_config: no settings from ~/.canrc behind the user's back
            self._bus = can.Bus(interface=s.interface, ignore_config=True, **arguments)
        except Exception as error:  # python-can's own, and whatever its backends let through
            raise OutputError(
                f"can: cannot open {self._where()} at {s.bitrate} bit/s: {error}",
                expected=f"an interface that is up (ip link set {s.channel} up type can bitrate {s.bitrate} restart-ms "
                "100) or an adapter's port",
            ) from error
        self._ack = AckEdge()
        self._garbage = 0

    def show(self, status: Status) -> None:
        encoder = self._ready()
        self._send(encoder.state.frame_id, bool(encoder.state.is_extended_frame), encoder.state_frame(status))
        now = self._clock()
        if now >= self._detail_due:
            self._detail_due = now + encoder.detail_cycle_s - self.heartbeat_s / 2  # on the heartbeat that is nearest
            self._send(encoder.detail.frame_id, bool(encoder.detail.is_extended_frame), encoder.detail_frame(status))

    def poll(self) -> Sequence[Received]:
        self._ready()
        self._request_speed()
        found: list[Received] = []
        end = time.monotonic() + POLL_BUDGET_S
        while time.monotonic() < end:
            try:
                message = self._bus.recv(timeout=0)
            except ValueError:  # slcan: a line that is no frame
                self._count_garbage()
                continue
            except Exception as error:
                raise OutputError(f"can: {self._where()} stopped receiving: {error}") from error
            if message is None:
                break
            self._take(message, found)
        return found

    def close(self) -> None:
        bus, self._bus = self._bus, None
        if bus is not None:
            with suppress(Exception):
                bus.shutdown()

    def _take(self, message: Any, found: list[Received]) -> None:
        if message.is_error_frame:
            self._complain(message.arbitration_id)
            return
        if message.is_remote_frame:
            return
        self._garbage = 0
        can_id, extended, data = message.arbitration_id, bool(message.is_extended_id), bytes(message.data)
        ack = self._ready().ack
        if (can_id, extended) == (ack.frame_id, bool(ack.is_extended_frame)):
            if self._ack.pressed(self._ready().acknowledged(data), self._clock()):
                found.append(Acknowledged())
        elif self._speed is not None and (kmh := self._speed.kmh(can_id, extended, data)) is not None:
            found.append(VehicleSpeed(kmh=kmh))

    def _request_speed(self) -> None:
        request = self._speed.request if self._speed is not None else None
        now = self._clock()
        if request is not None and now >= self._request_due:
            self._request_due = now + request.period_s
            self._send(request.can_id, False, request.data)

    def _send(self, can_id: int, extended: bool, data: bytes) -> None:
        import can

        message = can.Message(arbitration_id=can_id, is_extended_id=extended, data=data)
        try:
            self._bus.send(message, timeout=SEND_S)
        except Exception as error:
            self._look_for_the_cause()
            raise OutputError(
                f"can: {self._where()} does not send: {error}",
                remedy="is the interface up, is another node there to acknowledge, are bit rate and termination right?",
            ) from error

    def _look_for_the_cause(self) -> None:
        """Raise OutputError when the controller has said why it does not send; what else came is of no use now."""
        for _ in range(ERROR_FRAMES_LOOKED_AT):
            try:
                message = self._bus.recv(timeout=0)
            except Exception:
                return
            if message is None:
                return
            if message.is_error_frame:
                self._complain(message.arbitration_id)

    def _complain(self, error_class: int) -> None:
        """Raise OutputError for an error frame that means that nothing gets through any more."""
        if error_class & ERR_BUSOFF:
            raise OutputError(
                f"can: {self._where()} is bus-off: too many errors",
                remedy="check bit rate, wiring and termination. It comes back by itself only with restart-ms set "
                "(ip link)",
            )
        if error_class & ERR_ACK:
            raise OutputError(f"can: {self._where()}: no other node acknowledges", remedy="is the bus connected?")

    def _count_garbage(self) -> None:
        self._garbage += 1
        if self._garbage >= GARBAGE_IN_A_ROW:
            raise OutputError(
                f"can: {self._where()} gives no CAN frames but garbage", remedy="wrong adapter or baud rate?"
            )

    def _filters(self) -> list[dict[str, int | bool]]:
        ack = self._ready_encoder().ack
        extended = bool(ack.is_extended_frame)
        wanted = [CanFilter(ack.frame_id, 0x1FFFFFFF if extended else 0x7FF, extended)]
        wanted += self._speed.filters if self._speed is not None else ()
        return [{"can_id": f.can_id, "can_mask": f.can_mask, "extended": f.extended} for f in wanted]

    def _ready(self) -> Encoder:
        if self._bus is None:
            raise OutputError(f"can: {self._where()} is not open")
        return self._ready_encoder()

    def _ready_encoder(self) -> Encoder:
        assert self._encoder is not None  # `open` makes it first
        return self._encoder

    def _where(self) -> str:
        return f"{self._settings.interface} {self._settings.channel}"


def speed_reader(settings: CanSettings) -> SpeedReader | None:
    """Return what finds the speed, None when nobody asked for it. Raises OutputError for an unusable DBC or signal."""
    if settings.speed == "dbc":
        return DbcSpeed(settings.speed_dbc, settings.speed_signal)
    return {"none": None, "j1939": J1939Speed(), "obd2": ObdSpeed()}[settings.speed]


def bus_options(options: Sequence[str]) -> dict[str, int | float | str]:
    """Return python-can's further arguments from "name=value" texts.

    >>> bus_options(["port=43113", "ttl=x"])
    {'port': 43113, 'ttl': 'x'}
    """
    result: dict[str, int | float | str] = {}
    for option in options:
        name, equals, text = option.partition("=")
        if not equals or not name.isidentifier():
            raise OutputError(
                "can: outputs.can.options", found=repr(option), expected="name=value as python-can's interface names it"
            )
        result[name] = _number(text)
    return result


def _number(text: str) -> int | float | str:
    for kind in (int, float):
        with suppress(ValueError):
            return kind(text)
    return text
