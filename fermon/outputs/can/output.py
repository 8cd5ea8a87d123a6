"""FermonState, FermonAttention and FermonDetail on a CAN bus; acknowledgement and speed from it, through python-can."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

from fermon.domain import Acknowledged, Level, Received, Status, VehicleSpeed
from fermon.errors import OutputError
from fermon.outputs.can.dbc import Encoder, load, shipped_dbc
from fermon.outputs.can.press import Press
from fermon.outputs.can.settings import CanSettings, bus_options
from fermon.outputs.can.speed import CanFilter
from fermon.outputs.can.speed_input import SpeedInput, speed_reader
from fermon.paths import expand

SEND_S = 0.005  # longest wait for room in the send queue; 0 makes python-can's slcan spin when its port is full
POLL_BUDGET_S = 0.005  # longest time spent on incoming frames at once
GARBAGE_IN_A_ROW = 10  # unreadable pieces from an adapter without a frame between, before it counts as broken ...
GARBAGE_APART_S = 1.0  # ... none of them further from the one before than this
ERROR_FRAMES_LOOKED_AT = 100
NO_FRAME = (ValueError, LookupError, TypeError, AttributeError)  # of python-can, when what came is no frame
# linux/can/error.h: classes in an error frame's identifier
ERR_ACK, ERR_BUSOFF = 0x20, 0x40


class CanOutput:
    """FermonState and FermonAttention in their cycle and on each change, FermonDetail in its cycle."""

    name = "can"
    poll_s = 0.02

    def __init__(self, settings: CanSettings, clock: Callable[[], float] = time.monotonic) -> None:
        self.heartbeat_s = 0.2  # until `open` has read the DBC's cycle time
        self._settings = settings
        self._clock = clock
        self._bus: Any = None
        self._encoder: Encoder | None = None  # kept when the bus is opened anew: counters go on
        self._speed = SpeedInput(partial(speed_reader, settings))
        self._press = Press()  # kept as well: a stuck button is no new press when the bus is
        self._urgent = False  # a WARNING or CRITICAL is shown
        self._detail_due = float("-inf")
        self._request_due = float("-inf")
        self._garbage = 0
        self._garbage_at = float("-inf")

    def open(self) -> None:
        try:
            import can
        except ImportError as error:
            raise OutputError(f"can: {error}", remedy="install it: pip install 'fermon[can]'") from error
        s = self._settings
        if self._encoder is None:
            path = expand(s.dbc) if s.dbc else shipped_dbc()
            self._encoder = Encoder(load(path), str(path))
            self.heartbeat_s = self._encoder.state_cycle_s
        self._speed.set_up(self._clock())
        arguments: dict[str, Any] = {"channel": s.channel, "bitrate": s.bitrate, **bus_options(s.options)}
        if s.interface == "socketcan":  # the kernel filters; other interfaces' filters make recv end early
            arguments["can_filters"] = self._filters()
        try:
            if s.interface == "slcan":
                from fermon.outputs.can.slcan import SteadySlcanBus

                self._bus = SteadySlcanBus(**arguments)
            else:  # ignore_config: no settings from ~/.canrc behind the user's back
                self._bus = can.Bus(interface=s.interface, ignore_config=True, **arguments)
        except Exception as error:  # python-can's own, and whatever its backends let through
            raise OutputError(
                f"can: cannot open {self._where()} at {s.bitrate} bit/s: {error}",
                expected=f"an interface that is up (ip link set {s.channel} up type can bitrate {s.bitrate} restart-ms "
                "100) or an adapter's port",
            ) from error
        self._garbage = 0
        self._speed.wait_from(self._clock())

    def show(self, status: Status) -> None:
        encoder = self._ready()
        self._urgent = status.state.level >= Level.WARNING
        self._send(encoder.state.frame_id, bool(encoder.state.is_extended_frame), encoder.state_frame(status))
        attention = encoder.attention
        if attention is not None and (data := encoder.attention_frame(status)) is not None:
            self._send(attention.frame_id, bool(attention.is_extended_frame), data)
        now = self._clock()
        if now >= self._detail_due:
            self._detail_due = now + encoder.detail_cycle_s - self.heartbeat_s / 2  # on the heartbeat that is nearest
            self._send(encoder.detail.frame_id, bool(encoder.detail.is_extended_frame), encoder.detail_frame(status))

    def poll(self) -> Sequence[Received]:
        self._ready()
        now = self._clock()
        if self._speed.set_up(now) and self._settings.interface == "socketcan":
            self._bus.set_filters(self._filters())
        self._request_speed(now)
        found: list[Received] = []
        end = time.monotonic() + POLL_BUDGET_S
        while time.monotonic() < end:
            try:
                message = self._bus.recv(timeout=0)
            except Exception as error:
                if isinstance(error, NO_FRAME) or isinstance(error.__cause__, NO_FRAME):
                    self._count_garbage(now)
                    continue
                raise OutputError(f"can: {self._where()} stopped receiving: {error}") from error
            if message is None:
                break
            self._take(message, found, now)
        self._speed.watch(now)
        return found

    def close(self) -> None:
        bus, self._bus = self._bus, None
        if bus is not None:
            with suppress(Exception):
                bus.shutdown()

    def _take(self, message: Any, found: list[Received], now: float) -> None:
        if message.is_error_frame:
            self._complain(message.arbitration_id)
            return
        if message.is_remote_frame:
            return
        self._garbage = 0
        can_id, extended, data = message.arbitration_id, bool(message.is_extended_id), bytes(message.data)
        encoder = self._ready()
        ack = encoder.ack
        if (can_id, extended) == (ack.frame_id, bool(ack.is_extended_frame)):
            down = encoder.acknowledged(data)
            if down is not None and self._press.pressed(down, now):
                found.append(Acknowledged())
        elif (kmh := self._speed.take(can_id, extended, data, now)) is not None:
            found.append(VehicleSpeed(kmh, self.name))

    def _request_speed(self, now: float) -> None:
        request = self._speed.request
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

    def _count_garbage(self, now: float) -> None:
        """Skip it; raise OutputError when nothing else comes, unless an alarm is on: that goes out all the same."""
        apart = now - self._garbage_at > GARBAGE_APART_S
        self._garbage, self._garbage_at = 1 if apart else self._garbage + 1, now
        if self._garbage >= GARBAGE_IN_A_ROW and not self._urgent:
            raise OutputError(
                f"can: {self._where()} sends garbage instead of CAN frames", remedy="wrong adapter or baud rate?"
            )

    def _filters(self) -> list[dict[str, int | bool]]:
        ack = self._ready_encoder().ack
        extended = bool(ack.is_extended_frame)
        wanted = [CanFilter(ack.frame_id, 0x1FFFFFFF if extended else 0x7FF, extended)]
        wanted += self._speed.filters
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
