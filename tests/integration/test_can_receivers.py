"""The example receivers of CAN: compiled and run, fed with real frames, damage, silence."""

from __future__ import annotations

import importlib.util
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest

from fermon.domain import Attention, Kind, Level, Status
from fermon.outputs.can.dbc import Encoder, load, shipped_dbc
from fermon.outputs.can.e2e import Check, Checker
from tests.outputs_kit import CRITICAL, NOTICE, SITUATIONS, WARNING, WELL, Adapter, alert, status, until

EXAMPLES = Path(__file__).resolve().parents[2] / "deploy" / "examples"
DBC = load(shipped_dbc())
STATE = DBC.get_message_by_name("FermonState")
DATA_ID = STATE.dbc.attributes["E2EDataId"].value


@pytest.fixture
def adapter(tmp_path: Path) -> Iterator[Adapter]:
    adapter = Adapter(tmp_path)
    adapter.plug_in()
    yield adapter
    adapter.pull_out()


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
        until(lambda: b"O\r" in adapter.read(), "the receiver to open its adapter")
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
        "dead none",
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
    log = "".join(f"({at:.6f}) can0 5D0#{data.hex().upper()}\n({at:.6f}) can0 123#00\n" for at, data in frames)
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
            f"latency {raw['Latency']} closure {raw['ClosureTime']} alarm {raw['Level']}"
        )
    assert [line.split(", ", 1)[1] for line in lines] == expected
    assert lines[0].startswith("dead, ")


HEADS = (
    status(),
    status(attention=Attention.ATTENTIVE, head_yaw_deg=1.0, head_pitch_deg=-2.0, away_30s=0.0),
    status(attention=Attention.AWAY, head_yaw_deg=-75.0, head_pitch_deg=20.0, away_s=2.3, away_30s=7.0, nods=3),
    status(alert(Kind.DISTRACTED, Level.WARNING), attention=Attention.DISTRACTED, away_s=30.0, away_30s=30.0),
)


def test_the_c_receiver_reads_where_the_head_points(c_receiver: Path) -> None:
    encoder, message = Encoder(DBC, "fermon.dbc"), DBC.get_message_by_name("FermonAttention")
    frames = [frame for shown in HEADS if (frame := encoder.attention_frame(shown)) is not None]
    damaged = frames[-1][:3] + bytes((frames[-1][3] ^ 1,)) + frames[-1][4:]
    log = "".join(f"({n * 0.2:.6f}) can0 5D3#{data.hex().upper()}\n" for n, data in enumerate([*frames, damaged]))
    lines = subprocess.run([c_receiver], input=log, capture_output=True, text=True, check=True).stdout.splitlines()
    expected = []
    for frame in frames:
        raw = message.decode(frame, decode_choices=False, scaling=False)
        expected.append(
            f"ok -> attention {raw['Attention']} level {raw['DistractedLevel']} yaw {raw['HeadYaw']} pitch "
            f"{raw['HeadPitch']} away {raw['AwayTime']} of 30 s {raw['Away30']} nods {raw['Nods']}"
        )
    assert lines == [*expected, expected[-1].replace("ok", "wrong crc")]


def test_the_python_receiver_prints_each_change_of_attention(adapter: Adapter) -> None:
    encoder = Encoder(DBC, "fermon.dbc")
    process = subprocess.Popen(
        [sys.executable, str(EXAMPLES / "receiver.py"), "slcan", str(adapter.port)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=EXAMPLES.parents[1],
        env={**os.environ, "PYTHONPATH": str(EXAMPLES.parents[1])},
    )
    try:
        until(lambda: b"O\r" in adapter.read(), "the receiver to open its adapter")
        for shown in HEADS:
            for _ in range(2):
                data = encoder.attention_frame(shown)
                assert data is not None
                os.write(adapter.far_end, b"t5D38" + data.hex().upper().encode() + b"\r")
        assert process.stdout is not None
        lines: list[str] = []
        while len(lines) < len(HEADS):
            line = process.stdout.readline().strip()
            if line.startswith("attention"):
                lines.append(line)
    finally:
        process.kill()
        process.communicate()
    assert lines == [
        "attention not determined not available not available",
        "attention attentive 1 -2",
        "attention away -75 20",
        "attention distracted not available not available",
    ]


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


@pytest.fixture(scope="module")
def receiver() -> ModuleType:
    spec = importlib.util.spec_from_file_location("receiver", EXAMPLES / "receiver.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("shown", "level", "held"),
    [(WELL, 0, False), (NOTICE, 1, False), (WARNING, 2, True), (CRITICAL, 3, True)],
)
def test_an_alarm_sounds_on_for_10_s_when_the_bus_goes_dead(
    c_receiver: Path, receiver: ModuleType, shown: Status, level: int, held: bool
) -> None:
    """In C and in Python; they show "dead" after 1 s all the same."""
    log = f"(100.0) can0 5D0#{frames_of(shown)[0].hex().upper()}\n"
    times = (100.9, 101.1, 110.9, 111.1, 4_000_000.0)
    rows = []
    for at in times:
        late = f"({at:.3f}) can0 5D0#00\n"  # a damaged frame: the program tells where it stands
        done = subprocess.run([c_receiver], input=log + late, capture_output=True, text=True, check=True)
        last = done.stdout.splitlines()[-1]
        rows.append((last.split(",")[0], int(last.split()[-1])))
    sounds = [level, *[level if held else 0] * 2, 0, 0]
    assert rows == list(zip(("monitoring", "dead", "dead", "dead", "dead"), sounds, strict=True))
    words = ("none", "notice", "warning", "critical")
    assert [receiver.alarm(words[level], at - 100.0) for at in times] == [words[s] for s in sounds]


def test_the_c_alarm_stays_silent_when_its_clock_comes_round(c_receiver: Path) -> None:
    """millis() overflows after 49.7 days: an alarm that ended does not sound anew."""
    log = f"(100.0) can0 5D0#{frames_of(CRITICAL)[0].hex().upper()}\n"
    times = [100.5, *range(101, 4_294_967 + 120, 3600), 4_294_967.296 + 100.5, 4_294_967.296 + 105]
    log += "".join(f"({at:.3f}) can0 123#00\n({at:.3f}) can0 5D0#00\n" for at in times)
    done = subprocess.run([c_receiver], input=log, capture_output=True, text=True, check=True)
    alarms = [int(line.split()[-1]) for line in done.stdout.splitlines() if "wrong crc" in line]
    assert alarms[:2] == [3, 3]
    assert set(alarms[3:]) == {0}


@pytest.mark.parametrize("shown", [WARNING, CRITICAL])
def test_a_fault_does_not_silence_the_receivers(c_receiver: Path, shown: Status) -> None:
    faulty = replace(shown, fault="loop stalled")
    line = hear(c_receiver, [(1.0, frames_of(faulty)[0])])[0]
    assert "-> fault " in line and line.endswith(f"alarm {shown.state.level}")
    signals = STATE.decode(frames_of(faulty)[0])
    assert (str(signals["Mode"]), str(signals["State"])) == ("fault", shown.wakefulness.words)
