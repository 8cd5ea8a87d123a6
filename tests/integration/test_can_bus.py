"""The CAN output on buses that exist on any machine: virtual, UDP multicast, an slcan adapter behind a pty."""

from __future__ import annotations

import os
import random
import re
import shutil
import subprocess
import sys
import tty
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import can
import pytest

from fermon.domain import Acknowledged, Received, Status, VehicleSpeed
from fermon.outputs.can.dbc import Encoder, load, shipped_dbc
from fermon.outputs.can.e2e import Check, Checker
from fermon.outputs.can.output import CanOutput, CanSettings
from fermon.outputs.hub import Hub
from fermon.outputs.worker import Timing
from tests.output_fakes import MemoryOutput
from tests.outputs_kit import CRITICAL, SITUATIONS, WARNING, WELL, FaultyBus, install_faulty_bus, until

QUICK = Timing(backoff_first_s=0.02, backoff_most_s=0.1, stale_s=3600)
EXAMPLES = Path(__file__).resolve().parents[2] / "deploy" / "examples"
DBC = load(shipped_dbc())
STATE = DBC.get_message_by_name("FermonState")
DETAIL = DBC.get_message_by_name("FermonDetail")
ACK = DBC.get_message_by_name("FermonAck")
DATA_ID = STATE.dbc.attributes["E2EDataId"].value


class Ears:
    """A receiver on the bus that keeps everything."""

    def __init__(self, bus: can.BusABC) -> None:
        self.bus = bus
        self.frames: list[can.Message] = []

    def listen(self) -> list[can.Message]:
        while (frame := self.bus.recv(0)) is not None:
            self.frames.append(frame)
        return self.frames

    def states(self) -> list[str]:
        return [str(STATE.decode(f.data)["State"]) for f in self.listen() if f.arbitration_id == STATE.frame_id]

    def last_state(self) -> str | None:
        return (self.states() or [None])[-1]

    def send(self, can_id: int, data: bytes, extended: bool = False) -> None:
        self.bus.send(can.Message(arbitration_id=can_id, data=data, is_extended_id=extended))


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
def channel() -> str:
    return f"test-{uuid.uuid4()}"


@pytest.fixture
def ears(channel: str) -> Iterator[Ears]:
    with can.Bus(interface="virtual", channel=channel, ignore_config=True) as bus:
        yield Ears(bus)


def test_every_change_and_a_steady_cycle(run: Callable[..., Hub], ears: Ears, channel: str) -> None:
    hub = run(CanSettings(interface="virtual", channel=channel))
    for shown in SITUATIONS.values():
        hub.publish(shown)
        wanted = shown.wakefulness.words
        until(lambda wanted=wanted: ears.last_state() == wanted, f"state {wanted}")
    before = len(ears.states())
    until(lambda: len(ears.states()) >= before + 6, "the cycle without changes")
    until(lambda: len([f for f in ears.listen() if f.arbitration_id == DETAIL.frame_id]) >= 2, "FermonDetail")
    checkers = {STATE.frame_id: Checker(DATA_ID), DETAIL.frame_id: Checker(DETAIL.dbc.attributes["E2EDataId"].value)}
    results = [checkers[f.arbitration_id].check(bytes(f.data)) for f in ears.frames]
    assert set(results) == {Check.INITIAL, Check.OK}
    assert all(not f.is_extended_id and f.dlc == 8 for f in ears.frames)


@pytest.mark.parametrize(
    ("settings", "can_id", "extended", "data", "kmh"),
    [
        ({"speed": "j1939"}, 0x18FEF100, True, "ff0050ffffffffff", 80.0),
        ({"speed": "obd2"}, 0x7E8, False, "03410d3faaaaaaaa", 63.0),
        ({"speed": "dbc", "speed_signal": "Van.Speed"}, 0x123, False, "1027", 100.0),
    ],
)
def test_speed_and_acknowledgement_come_in(
    run: Callable[..., Hub],
    ears: Ears,
    channel: str,
    tmp_path: Path,
    settings: dict[str, str],
    can_id: int,
    extended: bool,
    data: str,
    kmh: float,
) -> None:
    (tmp_path / "van.dbc").write_text(
        'VERSION ""\nNS_ :\nBS_:\nBU_: A\nBO_ 291 Van: 2 A\n SG_ Speed : 0|16@1+ (0.01,0) [0|655] "km/h" A\n'
    )
    hub = run(CanSettings(interface="virtual", channel=channel, speed_dbc=str(tmp_path / "van.dbc"), **settings))  # type: ignore[arg-type]
    hub.publish(WELL)
    until(lambda: ears.states(), "the bus to be open")
    for number in range(300):  # traffic that is not for us
        ears.send(0x100 + number % 16, bytes(8))
    ears.send(can_id, bytes.fromhex(data), extended)
    ears.send(ACK.frame_id, ACK.encode({"Acknowledge": 1}))
    got: list[Received] = []
    until(lambda: got.extend(hub.received()) or len(got) >= 2, "both")
    assert got == [VehicleSpeed(kmh=kmh), Acknowledged()]
    if settings["speed"] == "obd2":
        asked = [f for f in ears.frames if f.arbitration_id == 0x7DF]
        assert asked and bytes(asked[0].data) == bytes.fromhex("02010d0000000000")


@pytest.mark.parametrize(
    ("fault", "words"),
    [("bus-off", "is bus-off"), ("no ack", "another node there to acknowledge"), ("down", "Network is down")],
)
def test_faults_of_the_bus_are_reported_once_and_survived(
    run: Callable[..., Hub], reports: list[str], monkeypatch: pytest.MonkeyPatch, channel: str, fault: str, words: str
) -> None:
    bus = install_faulty_bus(monkeypatch)
    other = MemoryOutput("other")
    ears = Ears(FaultyBus(channel=channel))
    hub = run(CanSettings(interface="faulty", channel=channel), other)
    hub.publish(WELL)
    until(lambda: ears.last_state() == "alert", "the first state")
    bus.fault = fault
    until(lambda: reports, "a report")
    for shown in (WARNING, WELL, CRITICAL):
        hub.publish(shown)
        until(lambda shown=shown: other.shown[-1].state == shown.state, "the state at the other output")
    assert len(reports) == 1
    assert "can: faulty" in reports[0] and words in reports[0]
    bus.fault = None
    until(lambda: ears.last_state() == "asleep", "the newest state after the fault")
    until(lambda: len(reports) == 2, "the recovery")
    assert "works again" in reports[1]
    checker = Checker(DATA_ID, most_lost=13)
    assert all(checker.check(bytes(f.data)).usable for f in ears.frames if f.arbitration_id == STATE.frame_id)
    ears.bus.shutdown()


def test_an_unknown_interface_is_named(run: Callable[..., Hub], reports: list[str]) -> None:
    run(CanSettings(interface="sockecan"))
    until(lambda: reports, "a report")
    assert "sockecan" in reports[0]


def test_a_bus_that_does_not_exist_is_named(run: Callable[..., Hub], reports: list[str]) -> None:
    run(CanSettings(channel="can9"))
    until(lambda: reports, "a report")
    assert "socketcan can9" in reports[0] and "ip link set can9 up" in reports[0]


def test_udp_multicast(run: Callable[..., Hub], channel: str) -> None:
    """Real sockets between two buses (needs msgpack and a network that carries multicast)."""
    pytest.importorskip("msgpack")
    port = random.Random(channel).randint(20_000, 60_000)
    try:
        bus = can.Bus(interface="udp_multicast", channel="239.74.163.2", port=port, fd=False, ignore_config=True)
        probe = can.Bus(interface="udp_multicast", channel="239.74.163.2", port=port, fd=False, ignore_config=True)
        with probe:
            probe.send(can.Message(arbitration_id=1, is_extended_id=False))
        if bus.recv(5.0) is None:
            raise OSError("nothing came through")
    except (OSError, can.CanError) as error:
        pytest.skip(f"no multicast here: {error}")
    with bus:
        ears = Ears(bus)
        options = (f"port={port}", "fd=0")
        hub = run(CanSettings(interface="udp_multicast", channel="239.74.163.2", options=options))
        hub.publish(CRITICAL)
        until(lambda: ears.last_state() == "asleep", "the state")
        ears.send(ACK.frame_id, b"\x01")
        until(hub.received, "the acknowledgement")


# A serial CAN adapter -----------------------------------------------------------------------------------------------


class Adapter:
    """An slcan adapter behind a pty: keeps what the host writes, and can be pulled out."""

    FRAME = re.compile(rb"t([0-9A-F]{3})([0-8])((?:[0-9A-F]{2})*)\r")

    def __init__(self, folder: Path) -> None:
        self.port = folder / "ttyACM0"
        self.far_end = -1
        self.heard = b""

    def plug_in(self) -> None:
        self.far_end, near = os.openpty()
        tty.setraw(near)
        os.set_blocking(self.far_end, False)
        self.port.symlink_to(os.ttyname(near))
        os.close(near)
        self.heard = b""

    def pull_out(self) -> None:
        self.port.unlink(missing_ok=True)
        if self.far_end >= 0:
            os.close(self.far_end)
        self.far_end = -1

    def listen(self) -> bytes:
        try:
            while data := os.read(self.far_end, 1 << 16):
                self.heard += data
        except OSError:  # nothing there, or nobody at the near end
            pass
        return self.heard

    def last_state(self) -> str | None:
        frames = [bytes.fromhex(m[3].decode()) for m in self.FRAME.finditer(self.listen()) if int(m[1], 16) == 0x5D0]
        return str(STATE.decode(frames[-1])["State"]) if frames else None


@pytest.fixture
def adapter(tmp_path: Path) -> Iterator[Adapter]:
    adapter = Adapter(tmp_path)
    adapter.plug_in()
    yield adapter
    adapter.pull_out()


def slcan(adapter: Adapter) -> CanSettings:
    return CanSettings(interface="slcan", channel=str(adapter.port), options=("sleep_after_open=0",))


def test_slcan(run: Callable[..., Hub], adapter: Adapter) -> None:
    hub = run(slcan(adapter))
    for shown in (WELL, CRITICAL):
        hub.publish(shown)
        wanted = shown.wakefulness.name.lower()
        until(lambda wanted=wanted: adapter.last_state() == wanted, wanted)
    assert re.match(rb"C\r+S6\r+O\r", adapter.heard)  # closed, 500 kbit/s, open
    os.write(adapter.far_end, b"\r\rt5D2101\r")
    until(hub.received, "the acknowledgement")
    hub.close(5.0)
    until(lambda: adapter.listen().endswith(b"C\r"), "the bus closed")


def test_an_adapter_pulled_out_and_plugged_in_again(
    run: Callable[..., Hub], adapter: Adapter, reports: list[str]
) -> None:
    hub = run(slcan(adapter))
    hub.publish(WELL)
    until(lambda: adapter.last_state() == "alert", "the first state")
    adapter.pull_out()
    until(lambda: reports, "a report")
    hub.publish(CRITICAL)
    adapter.plug_in()
    until(lambda: adapter.last_state() == "asleep", "the newest state")
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
    until(lambda: adapter.last_state() == "asleep", "the newest state")
    until(lambda: len(reports) == 2, "the recovery")


def test_an_adapter_that_talks_garbage_is_reported(
    run: Callable[..., Hub], adapter: Adapter, reports: list[str]
) -> None:
    hub = run(slcan(adapter))
    hub.publish(WELL)
    until(lambda: adapter.last_state() == "alert", "the first state")
    os.write(adapter.far_end, b"tXYZ8\r" * 20)
    until(lambda: reports, "a report")
    assert "garbage" in reports[0]
    until(lambda: len(reports) == 2, "the recovery")


# Receivers ----------------------------------------------------------------------------------------------------------


def frames_of(*shown: Status) -> list[bytes]:
    encoder = Encoder(DBC, "fermon.dbc")
    return [encoder.state_frame(s) for s in shown]


def test_the_python_receiver_prints_states_and_notices_death(adapter: Adapter) -> None:
    """The real program, fed over slcan with real frames, damaged ones between them."""
    process = subprocess.Popen(
        [sys.executable, str(EXAMPLES / "receiver.py"), "slcan", str(adapter.port)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=EXAMPLES.parents[1],
        env={**os.environ, "PYTHONPATH": str(EXAMPLES.parents[1])},
    )
    try:
        until(lambda: b"O\r" in adapter.listen(), "the receiver to open its adapter")
        for frame in frames_of(*SITUATIONS.values()):
            damaged = bytes((frame[0] ^ 1,)) + frame[1:]
            for data in (frame, frame, damaged):
                os.write(adapter.far_end, b"t5D08" + data.hex().upper().encode() + b"\r")
        assert process.stdout is not None
        lines = [process.stdout.readline().strip() for _ in range(len(SITUATIONS) + 1)]
    finally:
        process.kill()
        process.communicate()
    assert lines == [
        "booting not determined none ok",
        "monitoring alert none ok",
        "cannot see not determined notice no face",
        "monitoring alert notice ok",
        "monitoring microsleep warning ok",
        "monitoring asleep critical ok",
        "fault faulty none ok",
        "dead",
    ]


@pytest.fixture(scope="module")
def c_receiver(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if shutil.which("gcc") is None:
        pytest.skip("needs gcc")
    program = tmp_path_factory.mktemp("c") / "receiver"
    strict = ["-std=c99", "-Wall", "-Wextra", "-Wconversion", "-Werror", "-O2"]
    subprocess.run(["gcc", *strict, "-o", str(program), str(EXAMPLES / "receiver.c")], check=True)
    return program


def hear(program: Path, frames: list[tuple[float, bytes]]) -> list[str]:
    """Return what the C receiver prints for frames at times in s, given as candump writes them."""
    log = "".join(f"({at:.6f}) can0 5D0#{data.hex().upper()}\n(0.0) can0 123#00\n" for at, data in frames)
    return subprocess.run([program], input=log, capture_output=True, text=True, check=True).stdout.splitlines()


def test_the_c_receiver_reads_what_the_dbc_says(c_receiver: Path) -> None:
    shown = list(SITUATIONS.values())
    lines = hear(c_receiver, [(n * 0.2, frame) for n, frame in enumerate(frames_of(*shown))])
    expected = []
    for frame in frames_of(*shown):
        raw = STATE.decode(frame, decode_choices=False, scaling=False)
        mode = str(STATE.decode(frame)["Mode"])
        expected.append(
            f"ok -> {mode} state {raw['State']} level {raw['Level']} visibility {raw['Visibility']} "
            f"latency {raw['Latency']} closure {raw['ClosureTime']}"
        )
    assert [line.split(", ", 1)[1] for line in lines] == expected
    assert lines[0].startswith("dead, ")


def test_the_c_receiver_finds_lost_repeated_corrupted_and_late_frames(c_receiver: Path) -> None:
    good = frames_of(*[WELL] * 40)
    corrupted = good[2][:5] + bytes((good[2][5] ^ 0x10,)) + good[2][6:]
    script = [
        (0.0, good[0], "dead, ok"),
        (0.2, good[1], "monitoring, ok"),
        (0.4, corrupted, "monitoring, wrong crc"),
        (0.4, good[2], "monitoring, ok"),
        (0.6, good[2], "monitoring, repeated"),
        (0.8, good[3], "monitoring, ok"),
        (1.4, good[7], "monitoring, ok"),  # three lost
        (2.3, good[12], "monitoring, wrong sequence"),  # four lost
        (2.5, good[13], "dead, ok"),  # more than 1 s since the last one that could be used
        (3.6, good[14], "dead, ok"),  # late
        (3.8, good[14][:7], "monitoring, wrong crc"),  # too short
        (4.7, good[14], "dead, repeated"),
    ]
    lines = hear(c_receiver, [(at, data) for at, data, _ in script])
    assert [line.split(" -> ")[0] for line in lines] == [expected for _, _, expected in script]
    assert " -> dead " in lines[-1]


def test_both_receivers_agree_on_a_disturbed_bus(c_receiver: Path) -> None:
    """Two thousand frames, a third of them lost, repeated or with flipped bits: Python and C judge each alike."""
    chance = random.Random(7)
    encoder = Encoder(DBC, "fermon.dbc")
    sent: list[bytes] = []
    for _ in range(2000):
        frame = encoder.state_frame(chance.choice(list(SITUATIONS.values())))
        fate = chance.random()
        if fate < 0.1:
            continue
        if fate < 0.2:
            sent.append(frame)
        if fate > 0.85:
            frame = bytearray(frame)
            for _ in range(chance.randint(1, 3)):
                bit = chance.randrange(64)
                frame[bit // 8] ^= 1 << bit % 8
        sent.append(bytes(frame))
    checker = Checker(DATA_ID, most_lost=3)
    names = {Check.REPEATED: "repeated", Check.WRONG_SEQUENCE: "wrong sequence", Check.WRONG_CRC: "wrong crc"}
    judged = [names.get(checker.check(frame), "ok") for frame in sent]
    lines = hear(c_receiver, [(n * 0.001, frame) for n, frame in enumerate(sent)])
    assert [line.split(", ")[1].split(" -> ")[0] for line in lines] == judged
    assert {"ok", "repeated", "wrong crc"} <= set(judged)
