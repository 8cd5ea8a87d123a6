"""What the tests of the outputs share: states to show, waiting, and a CAN bus with faults to inject."""

from __future__ import annotations

import os
import re
import time
import tty
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import can
from can.interfaces.virtual import VirtualBus
from gpiozero.pins.mock import MockFactory, MockPin

from fermon.domain import NS_PER_S, Alert, DriverState, Kind, Level, Status, Visibility

DEADLINE_S = 30.0  # for what takes milliseconds on an idle machine


def until(condition: Callable[[], Any], what: str, timeout_s: float = DEADLINE_S) -> Any:
    """Wait until `condition` returns something true, and return it; fail with `what` after `timeout_s`."""
    end = time.monotonic() + timeout_s
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() > end:
            raise AssertionError(f"not within {timeout_s:g} s: {what}")
        time.sleep(0.005)


def alert(kind: Kind, level: Level, **evidence: Any) -> Alert:
    return Alert(40 * NS_PER_S, kind, level, True, 38 * NS_PER_S, evidence)


def status(
    *alerts: Alert,
    determined: bool = True,
    visibility: Visibility = Visibility.OK,
    fault: str | None = None,
    uptime_ms: int = 41_000,
    **measures: Any,
) -> Status:
    state = DriverState(
        t_ns=41 * NS_PER_S, determined=determined, visibility=visibility, alerts=tuple(alerts), **measures
    )
    return Status(state, uptime_ms=uptime_ms, latency_ms=42.0, fault=fault)


UNSEEN = alert(Kind.UNAVAILABLE, Level.NOTICE, cause="no face")
BOOTING = status(determined=False)
WELL = status(coverage=0.9, perclos_60s=0.031)
BLIND = status(UNSEEN, determined=False, visibility=Visibility.NO_FACE)
NOTICE = status(alert(Kind.ANGER, Level.NOTICE, angry_expression=0.7))
WARNING = status(alert(Kind.MICROSLEEP, Level.WARNING, closed_s=1.5), closure_s=1.6)
CRITICAL = status(alert(Kind.ASLEEP, Level.CRITICAL, closed_s=3.0), closure_s=3.1)
FAULT = status(fault="loop stalled")
SITUATIONS = {
    "booting": BOOTING,
    "well": WELL,
    "blind": BLIND,
    "notice": NOTICE,
    "warning": WARNING,
    "critical": CRITICAL,
    "fault": FAULT,
}


class Cable:
    """A USB-serial adapter: a name that points to a port while it is plugged in, and what stands at its far end."""

    def __init__(self, folder: Path, name: str = "ttyUSB0") -> None:
        self.port = folder / name
        self.far_end = -1
        self.heard = b""

    def plug_in(self) -> None:
        self.far_end, near = os.openpty()
        tty.setraw(near)
        os.set_blocking(self.far_end, False)
        self.port.symlink_to(os.ttyname(near))
        os.close(near)

    def pull_out(self) -> None:
        self.port.unlink(missing_ok=True)
        if self.far_end >= 0:
            os.close(self.far_end)
        self.far_end, self.heard = -1, b""

    def read(self) -> bytes:
        """Everything heard since it was plugged in."""
        while True:
            try:
                self.heard += os.read(self.far_end, 1 << 16)
            except OSError:  # nothing there, or nobody at the near end
                return self.heard


class Adapter(Cable):
    """An slcan adapter behind a pty: keeps what the host writes, and can be pulled out."""

    FRAME = re.compile(rb"t5D08((?:[0-9A-F]{2}){8})\r")

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, "ttyACM0")

    def states(self) -> list[bytes]:
        """The data of every FermonState heard."""
        return [bytes.fromhex(m[1].decode()) for m in self.FRAME.finditer(self.read())]


class BreakablePin(MockPin):
    """A mock line that fails as that of an unplugged GPIO expander does."""

    def _set_state(self, value: float) -> None:
        self.factory.check()
        super()._set_state(value)


class BreakableLines(MockFactory):
    """gpiozero's mock lines; set `broken`, and they can neither be taken nor driven."""

    def __init__(self) -> None:
        super().__init__(pin_class=BreakablePin)
        self.broken = False

    def check(self) -> None:
        if self.broken:
            raise OSError(19, "No such device")


class FaultyBus(VirtualBus):
    """python-can's virtual bus, with Linux's errors: `FaultyBus.fault` = None, "bus-off", "no ack" or "down".

    The texts are those of python-can's socketcan on ENETDOWN and ENOBUFS. Register with `install_faulty_bus`.
    """

    fault: ClassVar[str | None] = None

    def __init__(self, channel: Any = None, **kwargs: Any) -> None:
        if self.fault == "down":
            raise can.CanInitializationError("Could not access SocketCAN device faulty0 [Error Code 19]")
        super().__init__(channel=channel, **kwargs)
        self.told = False

    def send(self, msg: can.Message, timeout: float | None = None) -> None:
        if self.fault == "down":
            raise can.CanOperationError("Failed to transmit: Network is down [Error Code 100]")
        if self.fault in ("no ack", "bus-off"):
            raise can.CanOperationError("Failed to transmit: No buffer space available [Error Code 105]")
        super().send(msg, timeout)

    def _recv_internal(self, timeout: float | None) -> tuple[can.Message | None, bool]:
        if self.fault == "down":
            raise can.CanOperationError("Error receiving: Network is down [Error Code 100]")
        if self.fault == "bus-off" and not self.told:  # the kernel says it once
            self.told = True
            return can.Message(arbitration_id=0x40, is_error_frame=True, is_extended_id=False, dlc=8), False
        return super()._recv_internal(timeout)


def install_faulty_bus(monkeypatch: Any) -> type[FaultyBus]:
    """Make interface "faulty" known to python-can for one test."""
    from can import interfaces

    monkeypatch.setitem(interfaces.BACKENDS, "faulty", (__name__, "FaultyBus"))
    monkeypatch.setattr(FaultyBus, "fault", None)
    return FaultyBus
