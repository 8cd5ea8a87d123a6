"""The Arduino example: its parser and its sketch, compiled and fed with what fermon sends."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from fermon.domain import Attention, Kind, Level, Status
from fermon.outputs.serial.sentences import attention_sentence, status_sentence
from tests.outputs_kit import CRITICAL, SITUATIONS, WELL, alert, status

EXAMPLES = Path(__file__).resolve().parents[2] / "deploy" / "examples"

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
static bool between(unsigned long from, unsigned long to) { return from <= now_ms && now_ms < to; }
// The button: stuck at the start, pressed at 12 s and bouncing when it is let go, stuck from 20 s on.
static int digitalRead(int) {
  bool down = between(0, 1500) || between(12000, 12300) || between(12340, 12380) || between(20000, 99000);
  return down ? LOW : 1;
}
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


PARSE_ATTENTION = """
#include "fermon_sentence.h"
int main(void) {
  char line[256];
  fermon_attention a;
  fermon_sentence s;
  while (fgets(line, sizeof line, stdin)) {
    if (fermon_parse_attention(line, &a))
      printf("%lu %d %d %d %ld %d\\n", a.ms, a.attention, a.yaw, a.pitch, a.away_ms, a.level);
    else
      printf(fermon_parse(line, &s) ? "other\\n" : "rejected\\n");
  }
  return 0;
}
"""


def test_the_example_parser_reads_attention_with_empty_fields(tmp_path: Path) -> None:
    program = compiled(tmp_path, "gcc", "attention.c", PARSE_ATTENTION, "-std=c99")
    away = status(attention=Attention.AWAY, head_yaw_deg=-42.0, head_pitch_deg=3.0, away_s=2.34, away_30s=7.0)
    sent = [attention_sentence(status()), attention_sentence(away), status_sentence(WELL)]
    damaged = [sent[1].replace(b"42", b"43"), b"$FERMD,1,2*5E\r\n", b"$FERMD*02\r\n"]
    done = subprocess.run([program], input=b"".join(sent + damaged), capture_output=True, check=True)
    assert done.stdout.decode().splitlines() == [
        "41000 0 -9999 -9999 -9999 0",
        "41000 2 -42 3 2340 0",
        "other",
        *["rejected"] * 3,
    ]


@pytest.fixture(scope="module")
def sketch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sketch on a board of some lines of C++."""
    return compiled(tmp_path_factory.mktemp("board"), "g++", "board.cpp", BOARD, "-std=c++11")


def board(sketch: Path, script: list[tuple[int, Status | None]]) -> tuple[list[tuple[int, int]], list[str]]:
    """Let sentences (None: something that is none) come at times in ms.

    Return percent of the time that (lamp, buzzer) were on up to each of these times, and what the board sent.
    """
    lines = [b"%d %s" % (at, status_sentence(shown) if shown else b"$silence\n") for at, shown in script]
    done = subprocess.run([sketch], input=b"".join(lines), capture_output=True, check=True)
    rows = [row for row in done.stdout.decode().split("\n") if row]
    shown = [tuple(map(int, row.split())) for row in rows if not row.startswith("sent")]
    return [(lamp, buzzer) for lamp, buzzer in shown], [row for row in rows if row.startswith("sent")]


def test_the_example_sketch_shows_fermon_s_state_and_notices_its_death(sketch: Path) -> None:
    names = ("well", "blind", "warning", "critical", "fault")
    script: list[tuple[int, Status | None]] = [(n * 1000, SITUATIONS[name]) for n, name in enumerate(names, 1)]
    (dead, well, blind, warning, critical, fault, silence), _ = board(sketch, [*script, (6000, None), (12000, None)])
    assert dead == (50, 0)  # before the first sentence
    assert well == (0, 0)
    assert blind == pytest.approx((50, 0), abs=2)
    assert warning == pytest.approx((100, 30), abs=3)
    assert critical == pytest.approx((100, 100), abs=2)
    assert fault == pytest.approx((50, 0), abs=2)
    assert silence == pytest.approx((50, 0), abs=5)  # dead, no buzzer


def test_the_example_sketch_acknowledges_once_a_press(sketch: Path) -> None:
    """Not at the start, not for a bounce, and once for a button that is stuck."""
    _, sent = board(sketch, [(1000, CRITICAL), (11000, None), (19000, None), (60000, None)])
    assert sent == ["sent $FERMA*5D\r"] * 2
    _, sent = board(sketch, [(1000, CRITICAL), (11900, None)])
    assert sent == []


@pytest.mark.parametrize(("name", "buzzer"), [("well", 0), ("notice", 0), ("warning", 30), ("critical", 100)])
def test_an_alarm_sounds_on_for_10_s_when_the_wire_goes_dead(sketch: Path, name: str, buzzer: int) -> None:
    """The last sentence comes at 1 s; the wire counts as dead from 4 s on, and the lamp shows it at once."""
    script: list[tuple[int, Status | None]] = [(1000, SITUATIONS[name]), *[(n * 1000, None) for n in range(2, 21)]]
    rows, _ = board(sketch, script)
    assert [row[1] for row in rows[1:14]] == pytest.approx([buzzer] * 13, abs=3)
    assert [row[1] for row in rows[15:]] == [0] * len(rows[15:])
    assert rows[5:] == [(pytest.approx(50, abs=2), row[1]) for row in rows[5:]]  # dead, all the time
    again, _ = board(sketch, [*script[:8], (9000, WELL), (10000, None), (11000, None)])
    assert again[9:11] == [(0, 0), (0, 0)]  # the wire is back, and all is well


def test_a_fault_does_not_silence_the_sketch(sketch: Path) -> None:
    """A WARNING outside the ladder beside a fault is state 6 and level 2; one of the ladder keeps its state."""
    other = replace(status(alert(Kind.ANGER, Level.WARNING)), fault="loop stalled")
    for shown, buzzer in ((other, 30), (replace(CRITICAL, fault="loop stalled"), 100)):
        rows, _ = board(sketch, [(1000, shown), (2000, None)])
        assert rows[1][1] == pytest.approx(buzzer, abs=3)
