"""All outputs at once, one fault after another: what is broken is named once, everybody else goes on."""

from __future__ import annotations

import logging
import os
import tty
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import can
import pytest

from fermon.outputs.can.dbc import load, shipped_dbc
from fermon.outputs.can.output import CanOutput
from fermon.outputs.can.settings import CanSettings
from fermon.outputs.gpio.output import GpioOutput, GpioSettings
from fermon.outputs.hub import Hub
from fermon.outputs.log import LogOutput, LogSettings
from fermon.outputs.serial.output import SerialOutput, SerialSettings
from fermon.outputs.worker import Timing
from tests.output_fakes import HangingOutput, RaisingOutput, SlowOutput
from tests.outputs_kit import CRITICAL, WELL, BreakableLines, FaultyBus, install_faulty_bus, until

QUICK = Timing(backoff_first_s=0.02, backoff_most_s=0.1, stale_s=3600, hang_s=0.5)
OUTPUTS = ("log", "gpio", "serial", "can")
DBC = load(shipped_dbc())


@dataclass
class Vehicle:
    """A driver's surroundings: a log, a lamp and a buzzer, a microcontroller, a CAN bus."""

    port: Path
    bus: type[FaultyBus]
    caplog: pytest.LogCaptureFixture
    lines: BreakableLines = field(default_factory=BreakableLines)
    far_end: int = -1
    heard: bytes = b""
    hanging: HangingOutput = field(default_factory=HangingOutput)
    raising: RaisingOutput = field(default_factory=lambda: RaisingOutput(bug=True))

    def plug_in(self) -> None:
        self.far_end, near = os.openpty()
        tty.setraw(near)
        os.set_blocking(self.far_end, False)
        self.port.symlink_to(os.ttyname(near))
        os.close(near)
        self.heard = b""

    def pull_out(self) -> None:
        self.port.unlink(missing_ok=True)
        os.close(self.far_end)
        self.far_end = -1

    def shows(self, output: str, critical: bool) -> bool:
        """Whether a receiver behind `output` knows that the driver is (not) asleep."""
        return {"log": self._log, "gpio": self._gpio, "serial": self._serial, "can": self._can}[output](critical)

    def _log(self, critical: bool) -> bool:
        lines = [r.getMessage() for r in self.caplog.records if "ASLEEP" in r.getMessage()]
        return ("CRITICAL" in lines[-1].split()) is critical if lines else not critical

    def _gpio(self, critical: bool) -> bool:
        """The buzzer sounds 0.4 of each 0.5 s, or has been silent for longer than any of its pauses."""
        buzzer = self.lines.pin(18)
        if critical:
            return bool(buzzer.state)
        return not buzzer.state and self.lines.ticks() - buzzer._last_change > 0.3

    def _serial(self, critical: bool) -> bool:
        with suppress(OSError):  # nothing there, or nobody at the near end
            self.heard += os.read(self.far_end, 1 << 16)
        fields = [line.split(b",") for line in self.heard.split(b"\r\n") if line.startswith(b"$FERM,") and b"*" in line]
        return bool(fields) and (fields[-1][2] == b"4") is critical

    def _can(self, critical: bool) -> bool:
        while (frame := self.ears.recv(0)) is not None:
            if frame.arbitration_id == 0x5D0:
                self.last = str(DBC.decode_message(0x5D0, frame.data)["State"])
        return (self.last == "asleep") is critical

    def __post_init__(self) -> None:
        self.plug_in()
        self.ears: can.BusABC = FaultyBus(channel="vehicle")
        self.last = ""


@pytest.fixture
def vehicle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> Iterator[Vehicle]:
    caplog.set_level(logging.INFO, logger="fermon.alerts")
    vehicle = Vehicle(tmp_path / "ttyUSB0", install_faulty_bus(monkeypatch), caplog)
    yield vehicle
    vehicle.bus.fault = None
    vehicle.ears.shutdown()
    if vehicle.far_end >= 0:
        vehicle.pull_out()


@pytest.fixture
def hub(vehicle: Vehicle) -> Iterator[Hub]:
    hub = Hub(
        [
            LogOutput(LogSettings()),
            GpioOutput(GpioSettings(self_test=False), lambda: vehicle.lines),
            SerialOutput(SerialSettings(port=str(vehicle.port))),
            CanOutput(CanSettings(interface="faulty", channel="vehicle")),
            SlowOutput(0.1),
        ],
        QUICK,
    )
    yield hub
    hub.close(5.0)


def drive(hub: Hub, vehicle: Vehicle, outputs: tuple[str, ...]) -> None:
    """An alert comes and goes; each of these outputs must tell both."""
    for shown, critical in ((CRITICAL, True), (WELL, False)):
        hub.publish(shown)
        for output in outputs:
            until(lambda output=output, critical=critical: vehicle.shows(output, critical), f"{output}: {critical}")


def set_lines(vehicle: Vehicle, broken: bool) -> None:
    vehicle.lines.broken = broken


def set_bus(fault: str | None) -> Callable[[Vehicle], None]:
    def set_it(vehicle: Vehicle) -> None:
        vehicle.bus.fault = fault

    return set_it


FAULTS: dict[str, tuple[str, Callable[[Vehicle], None], Callable[[Vehicle], None]]] = {
    "GPIO lines gone": ("gpio", lambda v: set_lines(v, True), lambda v: set_lines(v, False)),
    "serial adapter unplugged": ("serial", Vehicle.pull_out, Vehicle.plug_in),
    "CAN bus-off": ("can", set_bus("bus-off"), set_bus(None)),
    "CAN without acknowledgement": ("can", set_bus("no ack"), set_bus(None)),
    "CAN interface down": ("can", set_bus("down"), set_bus(None)),
}


@pytest.mark.parametrize("name", FAULTS)
def test_one_fault_stays_one_output_s_fault(hub: Hub, vehicle: Vehicle, reports: list[str], name: str) -> None:
    broken, inject, mend = FAULTS[name]
    drive(hub, vehicle, OUTPUTS)
    inject(vehicle)
    until(lambda: reports, "a report")
    drive(hub, vehicle, tuple(output for output in OUTPUTS if output != broken))
    assert len(reports) == 1 and reports[0].startswith(f"output {broken}:")
    assert list(hub.broken()) == [broken]
    mend(vehicle)
    until(lambda: len(reports) == 2, "the recovery")
    drive(hub, vehicle, OUTPUTS)
    assert hub.broken() == {}


def test_all_outputs_are_off_after_close(hub: Hub, vehicle: Vehicle) -> None:
    hub.publish(CRITICAL)
    until(lambda: vehicle.shows("gpio", True), "the buzzer")
    buzzer, lamp = vehicle.lines.pin(18), vehicle.lines.pin(23)
    assert hub.close(20.0) == []
    assert not buzzer.state and not lamp.state
    for output in ("serial", "can"):
        vehicle.shows(output, True)  # reads what was sent until then
    heard = len(vehicle.heard)
    assert vehicle.ears.recv(0.5) is None  # silence: what receivers take for dead
    vehicle.shows("serial", True)
    assert len(vehicle.heard) == heard


def test_a_hanging_and_a_raising_output_beside_the_real_ones(vehicle: Vehicle, reports: list[str]) -> None:
    hub = Hub(
        [
            vehicle.hanging,
            vehicle.raising,
            LogOutput(LogSettings()),
            GpioOutput(GpioSettings(self_test=False), lambda: vehicle.lines),
            SerialOutput(SerialSettings(port=str(vehicle.port))),
            CanOutput(CanSettings(interface="faulty", channel="vehicle")),
        ],
        QUICK,
    )
    until(lambda: len(reports) == 2, "both reports")
    for _ in range(3):
        drive(hub, vehicle, OUTPUTS)
    assert len(reports) == 2
    assert sorted(hub.broken()) == ["hanging", "raising"]
    vehicle.hanging.release.set()
    assert hub.close(20.0) == []
