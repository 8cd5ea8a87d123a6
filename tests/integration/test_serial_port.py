"""The serial output at a real (pseudo) terminal, through the hub: noise, stuck readers, unplugging, an Arduino."""

from __future__ import annotations

import os
import random
import re
import shutil
import subprocess
import threading
import tty
from collections.abc import Iterator
from pathlib import Path

import pytest

from fermon.domain import Acknowledged, Received, VehicleSpeed
from fermon.errors import OutputError
from fermon.outputs.hub import Hub
from fermon.outputs.serial.output import SerialOutput, SerialSettings
from fermon.outputs.serial.sentences import checksum, sentence, status_sentence
from fermon.outputs.worker import Timing
from tests.output_fakes import MemoryOutput
from tests.outputs_kit import CRITICAL, SITUATIONS, WARNING, WELL, until

QUICK = Timing(backoff_first_s=0.02, backoff_most_s=0.1, stale_s=3600)
SENTENCE = re.compile(rb"\$(FERM,\d+,(\d),[01],\d,(?:-1|\d+),\d+,([0-3]))\*([0-9A-F]{2})\r\n")
EXAMPLES = Path(__file__).resolve().parents[2] / "deploy" / "examples"


class Cable:
    """A USB-serial adapter: a name that points to a port while it is plugged in, and what stands at its far end."""

    def __init__(self, folder: Path) -> None:
        self.port = folder / "ttyUSB0"
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

    def states(self) -> list[int]:
        """The states of all valid sentences heard."""
        return [int(m[2]) for m in SENTENCE.finditer(self.read()) if int(m[4], 16) == checksum(m[1].decode())]

    def last_state(self) -> int | None:
        return (self.states() or [None])[-1]


@pytest.fixture
def cable(tmp_path: Path) -> Iterator[Cable]:
    cable = Cable(tmp_path)
    cable.plug_in()
    yield cable
    cable.pull_out()


@pytest.fixture
def other() -> MemoryOutput:
    return MemoryOutput("other")


@pytest.fixture
def hub(cable: Cable, other: MemoryOutput, reports: list[str]) -> Iterator[Hub]:
    serial = SerialOutput(SerialSettings(port=str(cable.port), heartbeat_s=0.1))
    hub = Hub([serial, other], QUICK)
    yield hub
    hub.close(5.0)


def test_changes_and_heartbeats_come_as_whole_sentences(hub: Hub, cable: Cable) -> None:
    for shown in SITUATIONS.values():
        hub.publish(shown)
        until(lambda shown=shown: cable.last_state() == int(shown.wakefulness), "the state")
    before = len(cable.states())
    until(lambda: len(cable.states()) > before + 3, "heartbeats")
    assert SENTENCE.sub(b"", cable.heard) == b""  # nothing but sentences


def test_acknowledgement_and_speed_come_in(hub: Hub, cable: Cable) -> None:
    until(lambda: cable.states(), "the port to be open")
    os.write(cable.far_end, b"noise" + sentence("FERMA") + b"$FERMV,1*00\r\n" + sentence("FERMV,63.5"))
    got: list[Received] = []
    until(lambda: got.extend(hub.received()) or len(got) >= 2, "both")
    assert got == [Acknowledged(), VehicleSpeed(kmh=63.5)]


def test_wrong_sentences_are_reported_once(hub: Hub, cable: Cable, caplog: pytest.LogCaptureFixture) -> None:
    until(lambda: cable.states(), "the port to be open")
    os.write(cable.far_end, b"$FERMA*00\r\n" * 50 + sentence("FERMA"))
    until(hub.received, "the good one after the bad ones")
    assert len([r for r in caplog.records if "rejected" in r.getMessage()]) == 1


def test_unplugged_and_plugged_in_again(hub: Hub, cable: Cable, other: MemoryOutput, reports: list[str]) -> None:
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
    hub: Hub, cable: Cable, other: MemoryOutput, reports: list[str]
) -> None:
    """The port takes some kB and then nothing; changes by the thousand go on; afterwards no sentence is torn."""
    hub.publish(WELL)
    until(lambda: other.shown, "the start")
    for number in range(2000):
        hub.publish((WELL, WARNING)[number % 2])
    hub.publish(CRITICAL)
    until(lambda: other.shown[-1].state == CRITICAL.state, "the newest state at the other output")
    until(lambda: cable.last_state() == 4, "the newest state, once somebody reads")
    assert SENTENCE.sub(b"", cable.heard) == b""


def test_a_full_port_is_waited_for_then_given_up(cable: Cable) -> None:
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
    assert SENTENCE.sub(b"", cable.heard) == b""
    for _ in range(5000):
        output.show(WELL)
    now[0] += 5.1
    with pytest.raises(OutputError, match="taken nothing for 5 s"):
        output.poll()
    output.close()
    output.open()
    output.show(CRITICAL)  # what nobody read was thrown away with the port
    output.close()


def test_binary_garbage_at_full_rate(hub: Hub, cable: Cable, other: MemoryOutput, reports: list[str]) -> None:
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


# The Arduino example ------------------------------------------------------------------------------------------------

PARSE = """
#include "fermon_sentence.h"
int main(void) {
  char line[256];
  fermon_sentence s;
  while (fgets(line, sizeof line, stdin)) {
    if (fermon_parse(line, &s))
      printf("%lu %d %d %d %d %ld %d\\n", s.ms, s.state, s.expression_alert, s.visibility, s.perclos, s.closure_ms,
             s.level);
    else
      printf("rejected\\n");
  }
  return 0;
}
"""

BOARD = """
#include <cstdio>
#include <cstring>
const int OUTPUT = 1, INPUT_PULLUP = 2, LOW = 0;
static unsigned long now_ms;
static int lines[32];
static const char *incoming = "";
static unsigned long millis() { return now_ms; }
static void pinMode(int, int) {}
static void digitalWrite(int pin, bool on) { lines[pin] = on; }
static int digitalRead(int) { return now_ms < 12000 || now_ms > 12300; }
struct Port {
  void begin(long) {}
  int available() { return strlen(incoming) > 0; }
  char read() { return *incoming++; }
  void print(const char *text) { printf("sent %s", text); }
};
static Port Serial1;
#include "fermon_serial.ino"
int main() {
  static char line[256];
  unsigned long at;
  setup();
  while (scanf("%lu %200s", &at, line) == 2) {
    strcat(line, "\\r\\n");
    int lamp = 0, buzzer = 0, turns = 0;
    for (; now_ms < at; now_ms += 10, turns++) { loop(); lamp += lines[LAMP]; buzzer += lines[BUZZER]; }
    if (turns) printf("%d %d\\n", 100 * lamp / turns, 100 * buzzer / turns);
    incoming = line;
    loop();
  }
}
"""


def compiled(folder: Path, compiler: str, name: str, source: str, *flags: str) -> Path:
    if shutil.which(compiler) is None:
        pytest.skip(f"needs {compiler}")
    (folder / name).write_text(source)
    program = folder / "program"
    include = EXAMPLES / "fermon_serial"
    subprocess.run(
        [compiler, *flags, "-Wall", "-Wextra", "-Werror", f"-I{include}", str(folder / name), "-o", str(program)],
        check=True,
    )
    return program


def test_the_example_parser_reads_what_fermon_sends(tmp_path: Path) -> None:
    program = compiled(tmp_path, "gcc", "parse.c", PARSE, "-std=c99")
    sent = [status_sentence(shown) for shown in SITUATIONS.values()]
    damaged = [b"$FERM,1,1,0,0,3,0,0*00\r\n", b"FERM\r\n", b"$FERM,1,1*3A\r\n", sent[0].replace(b"*", b"#"), b"$\r\n"]
    done = subprocess.run([program], input=b"".join(sent + damaged), capture_output=True, check=True)
    expected = [s[6 : s.index(b"*")].replace(b",", b" ").decode() for s in sent]
    assert done.stdout.decode().splitlines() == expected + ["rejected"] * len(damaged)


def test_the_example_sketch_shows_fermon_s_state_and_notices_its_death(tmp_path: Path) -> None:
    """The sketch on a board of eight lines of C++: percent of the time that lamp and buzzer were on, each second."""
    program = compiled(tmp_path, "g++", "board.cpp", BOARD, "-std=c++11")
    script = [
        (second * 1000, SITUATIONS[name])
        for second, name in enumerate(("well", "blind", "warning", "critical", "fault"), 1)
    ]
    text = b"".join(b"%d %s" % (at, status_sentence(shown)) for at, shown in script)
    text += b"6000 $silence\n12000 $silence\n13000 $silence\n"
    done = subprocess.run([program], input=text, capture_output=True, check=True)
    rows = done.stdout.decode().split("\n")
    shown = [tuple(map(int, row.split())) for row in rows if row and not row.startswith("sent")]
    dead, well, blind, warning, critical, fault = shown[:6]
    assert dead == (50, 0)  # before the first sentence
    assert well == (0, 0)
    assert blind == pytest.approx((50, 0), abs=2)
    assert warning == pytest.approx((100, 30), abs=3)
    assert critical == pytest.approx((100, 100), abs=2)
    assert fault == pytest.approx((50, 0), abs=2)
    assert shown[6] == pytest.approx((50, 0), abs=5)  # silence: dead, no buzzer
    assert [row for row in rows if row.startswith("sent")] == ["sent $FERMA*5D\r"]
