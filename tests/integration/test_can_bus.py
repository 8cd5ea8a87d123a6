"""The CAN output on buses that exist on any machine: virtual, UDP multicast, an slcan adapter behind a pty."""

from __future__ import annotations

import random
import socket
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import can
import pytest

from fermon.domain import Acknowledged, Received, VehicleSpeed
from fermon.outputs.can.dbc import load, shipped_dbc
from fermon.outputs.can.e2e import Check, Checker
from fermon.outputs.can.output import CanOutput
from fermon.outputs.can.settings import CanSettings
from fermon.outputs.hub import Hub
from fermon.outputs.worker import Timing
from tests.output_fakes import MemoryOutput
from tests.outputs_kit import CRITICAL, SITUATIONS, WARNING, WELL, FaultyBus, install_faulty_bus, until

QUICK = Timing(backoff_first_s=0.02, backoff_most_s=0.1, stale_s=3600)
EXAMPLES = Path(__file__).resolve().parents[2] / "deploy" / "examples"
DBC = load(shipped_dbc())
STATE = DBC.get_message_by_name("FermonState")
DETAIL = DBC.get_message_by_name("FermonDetail")
ATTENTION = DBC.get_message_by_name("FermonAttention")
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
    checkers = {m.frame_id: Checker(m.dbc.attributes["E2EDataId"].value) for m in (STATE, DETAIL, ATTENTION)}
    results = [checkers[f.arbitration_id].check(bytes(f.data)) for f in ears.frames]
    assert set(results) == {Check.INITIAL, Check.OK}
    counts = Counter(f.arbitration_id for f in ears.frames)
    assert counts[ATTENTION.frame_id] == pytest.approx(counts[STATE.frame_id], abs=1)  # one with each
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
    assert got == [VehicleSpeed(kmh, "can"), Acknowledged()]
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


# The speed, the acknowledgement and the alarm, in invented time -----------------------------------------------------

VAN = 'VERSION ""\nBO_ 599 Wheel: 8 X\n SG_ Speed : 8|8@1+ (1,0) [0|255] "km/h" X\n'
FIFTY = bytes([0, 50])


class Bench:
    """A CanOutput on a virtual bus with a clock to turn, and a receiver."""

    def __init__(self, ears: Ears, channel: str, interface: str = "virtual", **settings: str) -> None:
        self.now = 100.0
        self.ears = ears
        own = CanSettings(interface=interface, channel=channel, **settings)  # type: ignore[arg-type]
        self.output = CanOutput(own, lambda: self.now)
        self.output.open()

    def after(self, seconds: float, *frames: tuple[int, bytes]) -> list[Received]:
        """Let time pass, then send these frames; return what came in."""
        self.now += seconds
        for can_id, data in frames:
            self.ears.send(can_id, data)
        return list(self.output.poll())


@pytest.mark.parametrize("interface", ["virtual", "socketcan"])
def test_a_missing_dbc_keeps_no_alarm_from_the_bus_and_is_found_when_it_appears(
    ears: Ears, channel: str, tmp_path: Path, reports: list[str], monkeypatch: pytest.MonkeyPatch, interface: str
) -> None:
    """The retry does the whole set-up: on socketcan the filters too, which let only wanted identifiers in."""
    monkeypatch.setitem(can.interfaces.BACKENDS, "socketcan", ("can.interfaces.virtual", "VirtualBus"))
    path = tmp_path / "van.dbc"
    settings = {"speed": "dbc", "speed_dbc": str(path), "speed_signal": "Wheel.Speed"}
    bench = Bench(ears, channel, interface, **settings)
    bench.output.show(CRITICAL)
    assert ears.last_state() == "asleep"
    for _ in range(20):
        assert bench.after(1.0, (599, FIFTY)) == []
        bench.output.show(CRITICAL)
    assert len(reports) == 1 and "van.dbc: no such file" in reports[0]
    path.write_text(VAN)
    assert bench.after(6.0) == []
    assert bench.after(0.1, (599, FIFTY)) == [VehicleSpeed(50.0, "can")]
    assert "speed received" in reports[-1]
    bench.output.close()
    bench.output.open()  # the bus was down for a moment: everything goes on
    assert bench.after(0.1, (599, FIFTY)) == [VehicleSpeed(50.0, "can")]
    bench.output.close()


def test_a_configured_speed_that_does_not_come_is_told(
    ears: Ears, channel: str, tmp_path: Path, reports: list[str]
) -> None:
    (tmp_path / "van.dbc").write_text(VAN)
    settings = {"speed": "dbc", "speed_dbc": str(tmp_path / "van.dbc"), "speed_signal": "Wheel.Speed"}
    bench = Bench(ears, channel, **settings)
    bench.after(4.9, (600, FIFTY))
    assert reports == []
    bench.after(0.2, (600, FIFTY))
    assert len(reports) == 1 and "no frame with Wheel.Speed of van.dbc has come" in reports[0]
    bench.after(3.0, (599, FIFTY))
    assert reports[1:] == ["can: speed received: Wheel.Speed of van.dbc says 50.0 km/h"]
    bench.output.close()
    bench.now += 60.0  # the bus was down: that is told as such, and the speed waited for anew
    bench.output.open()
    bench.after(4.9)
    assert len(reports) == 2
    bench.after(0.2)
    assert len(reports) == 3
    bench.output.close()


@pytest.mark.parametrize("cycle_s", [0.02, 0.1, 0.6, 5.0])
def test_a_stuck_button_counts_once_even_when_the_bus_is_opened_anew(ears: Ears, channel: str, cycle_s: float) -> None:
    bench = Bench(ears, channel)
    down, up, unreadable = (ACK.frame_id, b"\x01"), (ACK.frame_id, b"\x00"), (ACK.frame_id, b"")
    assert bench.after(0.0, down) == [Acknowledged()]  # a 1 that never was 0
    for _ in range(20):
        assert bench.after(cycle_s, down, unreadable) == []
        bench.output.close()
        bench.output.open()
    assert bench.after(1.0, up) == []
    assert bench.after(0.09, down) == []  # let go for less than 100 ms
    assert bench.after(1.0, up) == []
    assert bench.after(0.101, down) == [Acknowledged()]
    bench.output.close()


def test_udp_multicast(run: Callable[..., Hub], channel: str, reports: list[str]) -> None:
    """Real sockets between two buses (needs msgpack and a network that carries multicast); strangers' packets too."""
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
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
            for packet in (b"\x01", b"\xff\xff", b"\x80", b"\x90", b"\xa3abc", bytes(100), b"hello"):
                stranger.sendto(packet, ("239.74.163.2", port))
        ears.send(ACK.frame_id, b"\x01")
        until(hub.received, "the acknowledgement")
        assert reports == []
