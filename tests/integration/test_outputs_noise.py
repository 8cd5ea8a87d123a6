"""Whatever comes in over CAN and serial: no exception, and an alarm that is on stays on."""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import can
import pytest

from fermon.domain import Acknowledged, VehicleSpeed
from fermon.errors import OutputError
from fermon.outputs.can.dbc import load, shipped_dbc
from fermon.outputs.can.output import CanOutput
from fermon.outputs.can.settings import CanSettings
from fermon.outputs.inbox import MOST_ACKS, Inbox
from fermon.outputs.serial.output import SerialOutput, SerialSettings
from fermon.outputs.serial.sentences import sentence
from tests.outputs_kit import CRITICAL, Adapter, Cable

ROUNDS = int(os.environ.get("FERMON_NOISE_ROUNDS", "1500"))  # of each test; set it higher for a long run
STATE = load(shipped_dbc()).get_message_by_name("FermonState")
VAN = """VERSION ""
BO_ 599 Wheel: 8 X
 SG_ Page M : 0|4@1+ (1,0) [0|15] "" X
 SG_ Speed m3 : 12|13@0- (0.1,0) [-300|300] "mph" X
VAL_ 599 Speed 4095 "not available" ;
"""
FATAL = 0x20 | 0x40  # error frames that say that nothing gets through any more


@pytest.fixture
def van(tmp_path: Path) -> dict[str, str]:
    (tmp_path / "van.dbc").write_text(VAN)
    return {"speed": "dbc", "speed_dbc": str(tmp_path / "van.dbc"), "speed_signal": "Wheel.Speed"}


def any_frame(chance: random.Random) -> can.Message:
    """Any identifier, often one that means something; any length, up to CAN FD's; remote and error frames."""
    extended = chance.random() < 0.4
    known = (0x18FEF100, 0x5D2, 599) if extended else (0x5D0, 0x5D1, 0x5D2, 0x5D2, 599, 599, 0x7E8, 0x7DF)
    can_id = chance.choice(known) if chance.random() < 0.7 else chance.getrandbits(29 if extended else 11)
    kind = chance.choices(("data", "fd", "remote", "error"), (70, 15, 10, 5))[0]
    if kind == "remote":
        return can.Message(
            arbitration_id=can_id, is_extended_id=extended, is_remote_frame=True, dlc=chance.randint(0, 8)
        )
    if kind == "error":
        error = chance.getrandbits(29) & ~FATAL
        return can.Message(arbitration_id=error, is_error_frame=True, is_extended_id=False, data=bytes(8))
    size = chance.choice((12, 16, 20, 24, 32, 48, 64)) if kind == "fd" else chance.randint(0, 8)
    data = chance.choice((chance.randbytes(size), bytes([chance.getrandbits(1)]) * size, b"\x03\x41\x0d\x32"))
    return can.Message(arbitration_id=can_id, is_extended_id=extended, is_fd=kind == "fd", data=data)


def alarm_frames(frames: list[bytes]) -> int:
    """Count these FermonState frames; each must say that the driver is asleep."""
    assert {str(STATE.decode(frame)["State"]) for frame in frames} <= {"asleep"}
    assert {str(STATE.decode(frame)["Level"]) for frame in frames} <= {"critical"}
    return len(frames)


@pytest.mark.parametrize("speed", ["none", "dbc", "j1939", "obd2"])
def test_any_frames(van: dict[str, str], speed: str) -> None:
    chance, counts = random.Random(f"frames {speed}"), Counter[str]()
    channel = f"noise-{speed}"
    output = CanOutput(CanSettings(interface="virtual", channel=channel, **{**van, "speed": speed}))
    output.open()
    with can.Bus(interface="virtual", channel=channel, ignore_config=True) as ears:
        for _ in range(ROUNDS // 10):
            for _ in range(10):
                ears.send(any_frame(chance))
            counts["frames in"] += 10
            output.show(CRITICAL)
            for _ in range(10):  # a poll has its budget of time
                received = output.poll()
                counts["presses"] += sum(isinstance(item, Acknowledged) for item in received)
                fast = [item for item in received if isinstance(item, VehicleSpeed)]
                counts["speeds"] += len(fast)
                assert all(0 <= item.kmh <= 500 and item.source == "can" for item in fast)
            states = []
            while (frame := ears.recv(0)) is not None:
                if frame.arbitration_id == STATE.frame_id and not frame.is_extended_id:
                    states.append(bytes(frame.data))
            counts["alarms out"] += alarm_frames(states)
    output.close()
    print(dict(counts))
    assert counts["alarms out"] == ROUNDS // 10
    assert counts["presses"] <= counts["frames in"] / 4
    assert (counts["speeds"] > 0) == (speed != "none")


def test_any_bytes_from_an_slcan_adapter(van: dict[str, str], tmp_path: Path) -> None:
    """Noise, cut and damaged lines, answers, good frames between them; the alarm goes out all the time."""
    chance, counts = random.Random("slcan"), Counter[str]()
    adapter = Adapter(tmp_path)
    adapter.plug_in()
    settings = CanSettings(interface="slcan", channel=str(adapter.port), options=("sleep_after_open=0",), **van)
    output = CanOutput(settings)
    output.open()
    good = b"t2578" + b"0301F40000000000"  # 50 mph
    for _ in range(ROUNDS):
        output.show(CRITICAL)
        stream = b"".join(slcan_noise(chance, good) for _ in range(chance.randint(1, 6)))
        os.write(adapter.far_end, stream[:3000])
        counts["bytes in"] += len(stream)
        for item in output.poll():
            counts[type(item).__name__] += 1
        adapter.read()
    counts["alarms out"] = alarm_frames(adapter.states())
    output.close()
    adapter.pull_out()
    print(dict(counts))
    assert counts["alarms out"] == ROUNDS
    assert counts["VehicleSpeed"] > 0


def slcan_noise(chance: random.Random, good: bytes) -> bytes:
    match chance.randrange(6):
        case 0:
            return chance.randbytes(chance.randint(0, 40))
        case 1:
            return good[: chance.randint(0, len(good))] + b"\r"
        case 2:
            damaged = bytearray(good)
            damaged[chance.randrange(len(good))] = chance.getrandbits(8)
            return bytes(damaged) + b"\r\n"
        case 3:
            return chance.choice((b"\r", b"\a", b"z\r", b"F00\r", b"V1013\r", b"\n"))
        case 4:
            kind, hexadecimal = chance.choice(b"tTrRdDbBxX"), chance.randbytes(chance.randint(0, 80)).hex()
            return bytes([kind]) + hexadecimal.encode() + b"\r"
        case _:
            return good + b"\r"


def serial_streams(chance: random.Random) -> Iterator[bytes]:
    words = (b"FERMA", b"FERMV,63.5", b"FERMV,-1", b"FERMV,1e9", b"FERM,1,4,0,0,3,0,3", b"GPGGA,1", b"", b"FERMA,1")
    while True:
        parts = []
        for _ in range(chance.randint(1, 8)):
            good = sentence(chance.choice(words).decode())
            place = chance.randrange(len(good))
            parts.append(
                chance.choice(
                    (
                        good,
                        good[:place],
                        good[:place] + bytes([chance.getrandbits(8)]) + good[place + 1 :],
                        chance.randbytes(chance.randint(0, 60)),
                        b"$" * chance.randint(1, 200),
                        b"$FERMA" + b"*" * chance.randint(0, 90),
                    )
                )
            )
        yield b"".join(parts)


def test_any_bytes_on_the_serial_port(tmp_path: Path) -> None:
    """Through the real port: what comes in changes nothing of what goes out, and is bounded."""
    counts = Counter[str]()
    cable = Cable(tmp_path)
    cable.plug_in()
    output, inbox = SerialOutput(SerialSettings(port=str(cable.port))), Inbox()
    output.open()
    for _, stream in zip(range(ROUNDS), serial_streams(random.Random("serial")), strict=False):
        os.write(cable.far_end, stream)
        output.show(CRITICAL)
        inbox.put(output.poll())
        items = inbox.drain()
        assert len(items) <= 2 * MOST_ACKS + 1
        assert all(0 <= i.kmh <= 500 and i.source == "serial" for i in items if isinstance(i, VehicleSpeed))
        counts.update(type(item).__name__ for item in items)
        counts["bytes in"] += len(stream)
        cable.read()
    pairs = cable.read().split(b"\r\n")[:-1]
    sent, attention = pairs[::2], pairs[1::2]
    output.close()
    cable.pull_out()
    counts["alarms out"] = len(sent)
    print(dict(counts))
    assert len(sent) == len(attention) == ROUNDS
    assert all(line.startswith(b"$FERMD,") for line in attention)
    assert counts["Acknowledged"] > 0 and counts["VehicleSpeed"] > 0
    assert {(line.split(b",")[2], line.split(b",")[7][:1]) for line in sent} == {(b"4", b"3")}


@pytest.mark.parametrize("error", [0x20, 0x40, 0x60])
def test_only_error_frames_that_say_so_close_the_bus(error: int) -> None:
    output = CanOutput(CanSettings(interface="virtual", channel="fatal"))
    output.open()
    with can.Bus(interface="virtual", channel="fatal", ignore_config=True) as ears:
        ears.send(can.Message(arbitration_id=error, is_error_frame=True, is_extended_id=False, data=bytes(8)))
        with pytest.raises(OutputError):
            output.poll()
    output.close()
