"""Every output, real or fake, keeps the contract of fermon/outputs/contract.py."""

from __future__ import annotations

import logging
import os
import time
import tty
from collections.abc import Callable, Hashable, Iterator
from contextlib import suppress
from pathlib import Path

import can
import pytest

from fermon.domain import Acknowledged, Received
from fermon.errors import OutputError
from fermon.outputs import OUTPUTS
from fermon.outputs.can.dbc import load, shipped_dbc
from fermon.outputs.can.output import CanOutput
from fermon.outputs.can.settings import CanSettings
from fermon.outputs.contract import Output
from fermon.outputs.gpio.output import GpioOutput, GpioSettings
from fermon.outputs.log import LogOutput, LogSettings
from fermon.outputs.serial.output import SerialOutput, SerialSettings
from fermon.outputs.serial.sentences import sentence
from tests import output_fakes
from tests.outputs_kit import SITUATIONS, WARNING, WELL, BreakableLines, FaultyBus, install_faulty_bus, until


class Rig:
    """An output and the world around it."""

    output: Output
    levels = True  # False: the world keeps events (a log), not a level
    listens = True  # has a wire on which something can come in
    can_break = True

    def outside(self) -> Hashable:
        """What a receiver makes of what it got since the last call, counters and times left out; empty = nothing."""
        raise NotImplementedError

    def acknowledged(self) -> list[Received]:
        """Let the driver acknowledge over this wire once; return all that the output says came in."""
        raise NotImplementedError

    def break_it(self) -> None:
        """Take the wire away."""

    def mend_it(self) -> None:
        """Give it back."""


class FakeRig(Rig):
    def __init__(self) -> None:
        self.output = self.fake = output_fakes.DisappearingOutput()

    def outside(self) -> Hashable:
        shown, self.fake.shown = self.fake.shown, []
        return repr(shown[-1].state) + repr(shown[-1].fault) if shown else ""

    def acknowledged(self) -> list[Received]:
        self.fake.incoming.append(Acknowledged())
        return list(self.fake.poll())

    def break_it(self) -> None:
        self.fake.present = False

    def mend_it(self) -> None:
        self.fake.present = True


class LogRig(Rig):
    levels = listens = can_break = False

    def __init__(self, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.INFO, logger="fermon")
        self.caplog = caplog
        self.output = LogOutput(LogSettings())

    def outside(self) -> Hashable:
        lines = tuple(record.getMessage() for record in self.caplog.records)
        self.caplog.clear()
        return lines


class GpioRig(Rig):
    """Time is invented: a tuple of (lamp, buzzer) every 50 ms of 4 s is what a driver perceives."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.lines = BreakableLines()
        settings = GpioSettings(self_test=False, debounce_s=0.04)
        self.output = GpioOutput(settings, lambda: self.lines, lambda: self.now)

    def outside(self) -> Hashable:
        rows = []
        for _ in range(80):  # the longest rhythm, twice
            with suppress(OutputError):
                self.output.poll()
            rows.append((self.lines.pin(23).state, self.lines.pin(18).state))
            self.now += 0.05
        return tuple(rows) if any(map(any, rows)) else ()

    def acknowledged(self) -> list[Received]:
        found: list[Received] = []
        for drive in ("drive_high", "drive_low", "drive_high"):
            getattr(self.lines.pin(24), drive)()
            for _ in range(5):
                found += self.output.poll()
                self.now += 0.02
        return found

    def break_it(self) -> None:
        self.lines.broken = True

    def mend_it(self) -> None:
        self.lines.broken = False


class SerialRig(Rig):
    def __init__(self, folder: Path) -> None:
        self.link = folder / "port"
        self.master = -1
        self.mend_it()
        self.output = SerialOutput(SerialSettings(port=str(self.link)))

    def outside(self) -> Hashable:
        try:
            lines = os.read(self.master, 1 << 16).decode().split()
        except OSError:  # nothing there, or nobody at the other end
            return ()
        told = [line.split("*")[0].split(",", 2) for line in lines[-2:]]  # a pair each time, with its time
        return tuple((words[0], words[-1]) for words in told)

    def acknowledged(self) -> list[Received]:
        os.write(self.master, sentence("FERMA"))
        return list(until(self.output.poll, "an acknowledgement"))

    def break_it(self) -> None:
        os.close(self.master)
        self.link.unlink()
        self.master = -1

    def mend_it(self) -> None:
        self.master, slave = os.openpty()
        tty.setraw(slave)
        os.set_blocking(self.master, False)
        self.link.symlink_to(os.ttyname(slave))
        os.close(slave)


class CanRig(Rig):
    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.faults = install_faulty_bus(monkeypatch)
        self.ears = FaultyBus(channel="contract")
        self.dbc = load(shipped_dbc())
        self.output = CanOutput(CanSettings(interface="faulty", channel="contract"))

    def outside(self) -> Hashable:
        last: tuple[tuple[str, str], ...] = ()
        while (frame := can.BusABC.recv(self.ears, 0)) is not None:
            message = self.dbc.get_message_by_frame_id(frame.arbitration_id)
            if message.name == "FermonState":
                signals = message.decode(frame.data)
                last = tuple((k, str(v)) for k, v in signals.items() if k not in ("Checksum", "AliveCounter"))
        return last

    def acknowledged(self) -> list[Received]:
        ack = self.dbc.get_message_by_name("FermonAck")
        data = ack.encode({"Acknowledge": "acknowledged"})
        self.ears.send(can.Message(arbitration_id=ack.frame_id, is_extended_id=False, data=data))
        return list(until(self.output.poll, "an acknowledgement"))

    def break_it(self) -> None:
        self.faults.fault = "down"

    def mend_it(self) -> None:
        self.faults.fault = None


RIGS = ("disappearing", "log", "gpio", "serial", "can")


@pytest.fixture(params=RIGS)
def make_rig(
    request: pytest.FixtureRequest,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> Iterator[Callable[[], Rig]]:
    """A function that makes a fresh rig of each kind, opened."""
    made: list[Rig] = []

    def make() -> Rig:
        folder = tmp_path / str(len(made))
        folder.mkdir()
        rig: Rig = {
            "disappearing": FakeRig,
            "log": lambda: LogRig(caplog),
            "gpio": GpioRig,
            "serial": lambda: SerialRig(folder),
            "can": lambda: CanRig(monkeypatch),
        }[request.param]()
        made.append(rig)
        rig.output.open()
        rig.outside()
        return rig

    yield make
    for rig in made:
        rig.output.close()
        if isinstance(rig, CanRig):
            rig.ears.shutdown()
        if isinstance(rig, SerialRig) and rig.master >= 0:
            os.close(rig.master)


def test_every_output_of_the_table_is_tried() -> None:
    assert set(OUTPUTS) <= set(RIGS)


def test_situations_look_different(make_rig: Callable[[], Rig]) -> None:
    seen: dict[Hashable, str] = {}
    for name, status in SITUATIONS.items():
        rig = make_rig()
        rig.output.show(status)
        looks = rig.outside()
        assert looks, f"{name} looks dead"
        assert looks not in seen, f"{name} looks like {seen.get(looks)}"
        seen[looks] = name


def test_what_was_shown_before_does_not_matter(make_rig: Callable[[], Rig]) -> None:
    rig = make_rig()
    if not rig.levels:
        pytest.skip("does not apply: keeps events, not a level")
    for name, status in SITUATIONS.items():
        fresh = make_rig()
        fresh.output.show(status)
        rig.output.show(status)
        assert rig.outside() == fresh.outside(), name


def test_showing_the_same_twice_changes_nothing(make_rig: Callable[[], Rig]) -> None:
    for status in SITUATIONS.values():
        once, twice = make_rig(), make_rig()
        once.output.show(status)
        one = once.outside()
        twice.output.show(status)
        twice.output.show(status)
        assert twice.outside() == one


def test_nothing_comes_in_by_itself(make_rig: Callable[[], Rig]) -> None:
    rig = make_rig()
    rig.output.show(WELL)
    assert list(rig.output.poll()) == []


def test_an_acknowledgement_comes_in_once(make_rig: Callable[[], Rig]) -> None:
    rig = make_rig()
    if not rig.listens:
        pytest.skip("does not apply: has no way in")
    assert rig.acknowledged() == [Acknowledged()]
    assert list(rig.output.poll()) == []


def test_close_leaves_nothing_on(make_rig: Callable[[], Rig]) -> None:
    rig = make_rig()
    rig.output.show(WARNING)
    rig.outside()
    rig.output.close()
    assert not rig.outside()
    rig.output.close()
    assert not rig.outside()


def test_can_be_opened_again_after_close(make_rig: Callable[[], Rig]) -> None:
    rig = make_rig()
    rig.output.close()
    rig.output.open()
    rig.output.show(WARNING)
    assert rig.outside()


def test_close_before_open_is_harmless(make_rig: Callable[[], Rig]) -> None:
    rig = make_rig()
    rig.output.close()
    rig.output.close()


def test_a_broken_wire_is_an_output_error_until_it_is_mended(make_rig: Callable[[], Rig]) -> None:
    rig = make_rig()
    if not rig.can_break:
        pytest.skip("does not apply: has no wire")
    rig.output.show(WELL)
    rig.break_it()
    with pytest.raises(OutputError, match=r"\w+: .+"):
        for _ in range(200):  # a kernel may swallow the first bytes
            rig.output.show(WARNING)
            rig.output.poll()
    rig.output.close()
    with pytest.raises(OutputError):
        rig.output.open()
        rig.output.show(WARNING)
    rig.output.close()
    rig.mend_it()
    rig.output.open()
    rig.outside()
    rig.output.show(WARNING)
    assert rig.outside()


def test_show_and_poll_are_quick(make_rig: Callable[[], Rig]) -> None:
    """The best of twenty: what a busy machine cannot spoil. A wire that makes callers wait would fail all twenty."""
    rig = make_rig()
    times = []
    for _ in range(20):
        began = time.perf_counter()
        rig.output.show(WARNING)
        rig.output.poll()
        times.append(time.perf_counter() - began)
    assert min(times) < 0.02
