"""The serial output at a real (pseudo) terminal, through the hub: noise, stuck readers, unplugging."""

from __future__ import annotations

import os
import random
import re
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from fermon.domain import Acknowledged, Received, VehicleSpeed
from fermon.errors import OutputError
from fermon.outputs.hub import Hub
from fermon.outputs.serial.output import SerialOutput, SerialSettings
from fermon.outputs.serial.sentences import checksum, sentence
from fermon.outputs.worker import Timing
from tests.output_fakes import MemoryOutput
from tests.outputs_kit import CRITICAL, SITUATIONS, WARNING, WELL, Cable, until

QUICK = Timing(backoff_first_s=0.02, backoff_most_s=0.1, stale_s=3600)
SENTENCE = re.compile(rb"\$(FERM,\d+,(\d),[01],\d,(?:-1|\d+),\d+,([0-3]))\*([0-9A-F]{2})\r\n")

ATTENTION = re.compile(rb"\$(FERMD,\d+,[0-3],(?:-?\d+)?,(?:-?\d+)?,\d*,[0-2])\*([0-9A-F]{2})\r\n")


class Wire(Cable):
    """A cable with a microcontroller that understands sentences."""

    def states(self) -> list[int]:
        """The states of all valid sentences heard."""
        return [int(m[2]) for m in SENTENCE.finditer(self.read()) if int(m[4], 16) == checksum(m[1].decode())]

    def torn(self) -> bytes:
        """What was heard beside whole sentences."""
        return ATTENTION.sub(b"", SENTENCE.sub(b"", self.heard))

    def last_state(self) -> int | None:
        return (self.states() or [None])[-1]


@pytest.fixture
def cable(tmp_path: Path) -> Iterator[Wire]:
    cable = Wire(tmp_path)
    cable.plug_in()
    yield cable
    cable.pull_out()


@pytest.fixture
def other() -> MemoryOutput:
    return MemoryOutput("other")


@pytest.fixture
def hub(cable: Wire, other: MemoryOutput, reports: list[str]) -> Iterator[Hub]:
    serial = SerialOutput(SerialSettings(port=str(cable.port), heartbeat_s=0.1))
    hub = Hub([serial, other], QUICK)
    yield hub
    hub.close(5.0)


def test_changes_and_heartbeats_come_as_whole_sentences(hub: Hub, cable: Wire) -> None:
    for shown in SITUATIONS.values():
        hub.publish(shown)
        until(lambda shown=shown: cable.last_state() == int(shown.wakefulness), "the state")
    before = len(cable.states())
    until(lambda: len(cable.states()) > before + 3, "heartbeats")
    assert cable.torn() == b""  # nothing but sentences
    told = [m[0] for m in ATTENTION.finditer(cable.heard) if int(m[2], 16) == checksum(m[1].decode())]
    assert len(told) == pytest.approx(len(SENTENCE.findall(cable.heard)), abs=1)  # one with each


def test_acknowledgement_and_speed_come_in(hub: Hub, cable: Wire) -> None:
    until(lambda: cable.states(), "the port to be open")
    os.write(cable.far_end, b"noise" + sentence("FERMA") + b"$FERMV,1*00\r\n" + sentence("FERMV,63.5"))
    got: list[Received] = []
    until(lambda: got.extend(hub.received()) or len(got) >= 2, "both")
    assert got == [Acknowledged(), VehicleSpeed(63.5, "serial")]


def test_wrong_sentences_are_reported_once(hub: Hub, cable: Wire, caplog: pytest.LogCaptureFixture) -> None:
    until(lambda: cable.states(), "the port to be open")
    os.write(cable.far_end, b"$FERMA*00\r\n" * 50 + sentence("FERMA"))
    until(hub.received, "the good one after the bad ones")
    assert len([r for r in caplog.records if "rejected" in r.getMessage()]) == 1


def test_unplugged_and_plugged_in_again(hub: Hub, cable: Wire, other: MemoryOutput, reports: list[str]) -> None:
    hub.publish(WELL)
    until(lambda: cable.last_state() == 1, "the first state")
    cable.pull_out()
    until(lambda: reports, "a report")
    hub.publish(CRITICAL)
    until(lambda: other.shown[-1].state == CRITICAL.state, "the state at the other output")
    cable.plug_in()
    until(lambda: cable.last_state() == 4, "the newest state on the new port")
    until(lambda: len(reports) == 2, "the recovery")
    assert "output serial" in reports[0] and "works again" in reports[1]


def test_a_reader_that_does_not_read_holds_nobody_up(
    hub: Hub, cable: Wire, other: MemoryOutput, reports: list[str]
) -> None:
    """The port takes some kB and then nothing; changes by the thousand go on; afterwards no sentence is torn."""
    hub.publish(WELL)
    until(lambda: other.shown, "the start")
    for number in range(2000):
        hub.publish((WELL, WARNING)[number % 2])
    hub.publish(CRITICAL)
    until(lambda: other.shown[-1].state == CRITICAL.state, "the newest state at the other output")
    until(lambda: cable.last_state() == 4, "the newest state, once somebody reads")
    assert cable.torn() == b""


def test_a_full_port_is_waited_for_then_given_up(cable: Wire) -> None:
    """In invented time: what was begun is kept and finished, of the rest the newest; an error only after 5 s."""
    now = [100.0]
    output = SerialOutput(SerialSettings(port=str(cable.port)), lambda: now[0])
    output.open()
    for _ in range(5000):
        output.show(WELL)  # 100 kB into a port that holds a few
    now[0] += 4.9
    output.show(CRITICAL)
    assert cable.last_state() == 1
    output.poll()
    assert cable.last_state() == 4
    assert cable.torn() == b""
    for _ in range(5000):
        output.show(WELL)
    now[0] += 5.1
    with pytest.raises(OutputError, match="taken nothing for 5 s"):
        output.poll()
    output.close()
    output.open()
    output.show(CRITICAL)  # what nobody read was thrown away with the port
    output.close()


def test_binary_garbage_at_full_rate(hub: Hub, cable: Wire, other: MemoryOutput, reports: list[str]) -> None:
    """Two seconds of noise as fast as the port takes it, with acknowledgements in between."""
    hub.publish(WELL)
    until(lambda: cable.states(), "the port to be open")
    noise = bytes(b for b in random.Random(1).randbytes(3000) if b != ord("$"))
    sent, stop = [0], threading.Event()
    os.set_blocking(cable.far_end, True)

    def pour() -> None:
        while not stop.is_set():
            os.write(cable.far_end, noise + sentence("FERMA"))
            sent[0] += 1

    pourer = threading.Thread(target=pour, daemon=True)
    pourer.start()
    got = 0
    for number in range(20):
        hub.publish((WARNING, WELL)[number % 2])
        wanted = (WARNING, WELL)[number % 2].state
        until(lambda wanted=wanted: other.shown[-1].state == wanted, "the state at the other output")
        stop.wait(0.1)
        got += len(hub.received())
    stop.set()
    until(lambda: not pourer.is_alive(), "the end of the noise")
    assert got > 0, f"none of {sent[0]} acknowledgements came through"
    assert reports == []


def test_a_port_that_is_no_port_is_named(tmp_path: Path, reports: list[str]) -> None:
    (tmp_path / "file").write_text("text")
    for name in ("file", "nothing"):
        hub = Hub([SerialOutput(SerialSettings(port=str(tmp_path / name)))], QUICK)
        until(lambda name=name: any(name in line for line in reports), "a report")
        hub.close(5.0)
