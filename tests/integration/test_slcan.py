"""The CAN output at an slcan adapter behind a pseudo terminal: noise, line ends, unplugging, a full port."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fermon.domain import Received, VehicleSpeed
from fermon.outputs.can.dbc import load, shipped_dbc
from fermon.outputs.can.output import GARBAGE_IN_A_ROW, CanOutput
from fermon.outputs.can.settings import CanSettings
from fermon.outputs.hub import Hub
from fermon.outputs.worker import Timing
from tests.output_fakes import MemoryOutput
from tests.outputs_kit import CRITICAL, WARNING, WELL, Adapter, until

QUICK = Timing(backoff_first_s=0.02, backoff_most_s=0.1, stale_s=3600)
STATE = load(shipped_dbc()).get_message_by_name("FermonState")
SPEED = b"t2578FF32000000000000"
DBC = 'BO_ 599 Wheel: 8 X\n SG_ Speed : 8|8@1+ (1,0) [0|255] "km/h" X\n'


@pytest.fixture
def run(reports: list[str]) -> Iterator[Callable[..., Hub]]:
    """A function that starts a hub with a CAN output of these settings, and perhaps others."""
    hubs: list[Hub] = []

    def start(settings: CanSettings, *others: MemoryOutput) -> Hub:
        hubs.append(Hub([CanOutput(settings), *others], QUICK))
        return hubs[-1]

    yield start
    for hub in hubs:
        hub.close(5.0)


@pytest.fixture
def adapter(tmp_path: Path) -> Iterator[Adapter]:
    adapter = Adapter(tmp_path)
    adapter.plug_in()
    yield adapter
    adapter.pull_out()


def state_of(adapter: Adapter) -> str | None:
    """The state that a receiver behind the adapter knows."""
    frames = adapter.states()
    return str(STATE.decode(frames[-1])["State"]) if frames else None


def slcan(adapter: Adapter, **speed: str) -> CanSettings:
    return CanSettings(interface="slcan", channel=str(adapter.port), options=("sleep_after_open=0",), **speed)


def test_slcan(run: Callable[..., Hub], adapter: Adapter) -> None:
    hub = run(slcan(adapter))
    for shown in (WELL, CRITICAL):
        hub.publish(shown)
        wanted = shown.wakefulness.name.lower()
        until(lambda wanted=wanted: state_of(adapter) == wanted, wanted)
    assert re.match(rb"C\r+S6\r+O\r", adapter.heard)  # closed, 500 kbit/s, open
    os.write(adapter.far_end, b"\r\rt5D2101\r")
    until(hub.received, "the acknowledgement")
    hub.close(5.0)
    until(lambda: adapter.read().endswith(b"C\r"), "the bus closed")


def test_an_adapter_pulled_out_and_plugged_in_again(
    run: Callable[..., Hub], adapter: Adapter, reports: list[str]
) -> None:
    hub = run(slcan(adapter))
    hub.publish(WELL)
    until(lambda: state_of(adapter) == "alert", "the first state")
    adapter.pull_out()
    until(lambda: reports, "a report")
    hub.publish(CRITICAL)
    adapter.plug_in()
    until(lambda: state_of(adapter) == "asleep", "the newest state")
    until(lambda: len(reports) == 2, "the recovery")


def test_an_adapter_that_takes_nothing_more_holds_nobody_up(
    run: Callable[..., Hub], adapter: Adapter, reports: list[str]
) -> None:
    """Nobody reads the pty: its buffer fills, sends fail, are reported once, and go on once there is room."""
    other = MemoryOutput("other", heartbeat_s=0.02)
    hub = run(slcan(adapter), other)
    number = 0

    def stuck() -> bool:
        nonlocal number
        number += 1
        shown = (WARNING, WELL)[number % 2]
        hub.publish(shown)
        until(lambda: other.shown[-1].state == shown.state, "the state at the other output")
        return bool(reports)

    until(stuck, "a full port", timeout_s=60)
    hub.publish(CRITICAL)
    until(lambda: state_of(adapter) == "asleep", "the newest state")
    until(lambda: len(reports) == 2, "the recovery")


def test_an_adapter_that_talks_garbage_is_reported(
    run: Callable[..., Hub], adapter: Adapter, reports: list[str]
) -> None:
    hub = run(slcan(adapter))
    hub.publish(WELL)
    until(lambda: state_of(adapter) == "alert", "the first state")
    os.write(adapter.far_end, b"tXYZ8\r" * 20)
    until(lambda: reports, "a report")
    assert "garbage" in reports[0]
    until(lambda: len(reports) == 2, "the recovery")


def speeds(hub: Hub, adapter: Adapter, bytes_in: bytes) -> set[float]:
    """Let the adapter send this until a speed comes; return all that came."""
    got: list[Received] = []

    def arrived() -> bool:
        os.write(adapter.far_end, bytes_in)
        got.extend(hub.received())
        return bool(got)

    until(arrived, "a speed")
    return {item.kmh for item in got if isinstance(item, VehicleSpeed)}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"", b"\r"),
        (b"", b"\r\n"),  # adapters that end lines as modems do
        (b"\xff", b"\r"),  # one bad byte between two frames
        (b"\x80\xfe\x00 ", b"\r\n"),
        (b"z\r\a\r", b"\r"),  # answers between
        (b"t2578FF\xc30A000000000000\r", b"\r"),  # a bad byte within a frame: that one is lost
        (b"t2578FF0A0000\r", b"\r"),  # a frame that lost some bytes says nothing
        (b"tXYZ8\rT12\rt\rt2\r", b"\r"),
        (b"t2579FF0A00000000000000\r", b"\r"),  # 9 bytes are no CAN frame
        (b"", b"A1B2\r"),  # with a time stamp
    ],
)
def test_a_speed_comes_through_noise(
    run: Callable[..., Hub], adapter: Adapter, reports: list[str], tmp_path: Path, before: bytes, after: bytes
) -> None:
    (tmp_path / "van.dbc").write_text(DBC)
    hub = run(slcan(adapter, speed="dbc", speed_dbc=str(tmp_path / "van.dbc"), speed_signal="Wheel.Speed"))
    hub.publish(WELL)
    until(lambda: state_of(adapter) == "alert", "the first state")
    assert speeds(hub, adapter, before + SPEED + after) == {50.0}
    assert reports == []


def test_bad_bytes_now_and_then_do_not_add_up(adapter: Adapter) -> None:
    """No other traffic, a bad byte every 5 s, in invented time: a hundred of them are skipped."""
    now = [0.0]
    output = CanOutput(slcan(adapter), lambda: now[0])
    output.open()
    for _ in range(10 * GARBAGE_IN_A_ROW):
        os.write(adapter.far_end, b"\xfft\r")
        assert output.poll() == []
        now[0] += 5.0
    output.close()


def test_garbage_coming_in_does_not_silence_an_alarm(
    adapter: Adapter, run: Callable[..., Hub], reports: list[str]
) -> None:
    """An adapter whose receiving side is noise still sends: that is given up only when no alarm needs it."""
    hub = run(slcan(adapter))
    hub.publish(CRITICAL)
    until(lambda: state_of(adapter) == "asleep", "the alarm")
    os.write(adapter.far_end, b"tXYZ8\r" * 50)
    os.write(adapter.far_end, b"t5D2101\r")
    until(hub.received, "the acknowledgement after the garbage")
    before = len(adapter.states())
    until(lambda: len(adapter.states()) > before + 3, "the alarm's cycle")
    assert reports == []
    hub.publish(WELL)
    until(lambda: state_of(adapter) == "alert", "the alarm's end")
    os.write(adapter.far_end, b"tXYZ8\r" * 50)
    until(lambda: reports, "a report")
    assert "garbage" in reports[0]


def test_a_write_that_went_through_on_a_busy_processor_is_no_failure(
    adapter: Adapter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The thread is off the processor for longer than a send may take, right after the port took the bytes."""
    output = CanOutput(slcan(adapter))
    output.open()
    late = 0.0
    real_write, real_time = os.write, time.monotonic

    def write(fd: int, data: bytes) -> int:
        nonlocal late
        late += 1.0
        return real_write(fd, data)

    monkeypatch.setattr(os, "write", write)
    for clock in ("time.monotonic", "serial.serialutil.Timeout.TIME"):
        monkeypatch.setattr(clock, staticmethod(lambda: real_time() + late))
    output.show(CRITICAL)
    monkeypatch.undo()
    assert late > 0
    assert state_of(adapter) == "asleep"
    output.close()
