"""Lamp, buzzer and button: patterns as data, on gpiozero's mock lines, in invented time."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fermon.domain import Kind, Level, Received
from fermon.errors import ConfigError, OutputError
from fermon.outputs.gpio.output import Debounce, GpioOutput, GpioSettings, silence
from fermon.outputs.gpio.patterns import LOOKS, SELF_TEST, SELF_TEST_S, Pattern, Signal, signal_of
from fermon.outputs.gpio.silence import gpio_settings, main
from tests.outputs_kit import (
    BLIND,
    BOOTING,
    CRITICAL,
    FAULT,
    NOTICE,
    SITUATIONS,
    UNSEEN,
    WARNING,
    WELL,
    BreakableLines,
    alert,
    status,
)

LAMP, BUZZER, BUTTON = 23, 18, 24
STEP_S = 0.01


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """lgpio leaves a pipe in the current folder when it is imported."""
    monkeypatch.chdir(tmp_path)


class Bench:
    """A GpioOutput with its lines and a clock to turn."""

    def __init__(self, **settings: object) -> None:
        self.now = 500.0
        self.lines = BreakableLines()
        own = replace(GpioSettings(self_test=False), **settings)  # type: ignore[arg-type]
        self.output = GpioOutput(own, lambda: self.lines, lambda: self.now)
        self.output.open()

    def state(self, line: int) -> bool:
        return bool(self.lines.pin(line).state)

    def run(self, seconds: float) -> list[tuple[bool, bool, list[Received]]]:
        """Let time pass; return (lamp, buzzer, what came in) for each 10 ms."""
        rows = []
        for _ in range(round(seconds / STEP_S)):
            came = list(self.output.poll())
            rows.append((self.state(LAMP), self.state(BUZZER), came))
            self.now += STEP_S
        return rows

    def presses(self, seconds: float) -> int:
        return sum(len(came) for _, _, came in self.run(seconds))


def share(pattern: Pattern) -> float:
    """Part of the time that a repeated pattern is on."""
    on, whole = sum(pattern.times_s[::2]), sum(pattern.times_s)
    return on / whole if whole and pattern.repeat else 0.0


def test_every_signal_has_a_look_and_all_lamps_differ() -> None:
    assert set(LOOKS) == set(Signal)
    rhythms = [tuple(look.lamp.on_at(t * STEP_S) for t in range(1000)) for look in LOOKS.values()]
    assert all(a != b for a, b in itertools.combinations(rhythms, 2))


def test_no_lamp_looks_dead() -> None:
    """Neither always on nor always off within 3 s, whatever the situation."""
    for look in LOOKS.values():
        assert {look.lamp.on_at(t * STEP_S) for t in range(300)} == {True, False}
        assert look.lamp.repeat


def test_patterns_are_sound() -> None:
    for look in (*LOOKS.values(), SELF_TEST):
        for pattern in (look.lamp, look.buzzer):
            assert all(t > 0 for t in pattern.times_s)
            assert len(pattern.times_s) % 2 == 0  # ends with a pause: the next round's begin is seen
            assert all(t >= 0.1 for t in pattern.times_s)  # several polls long


def test_more_urgent_is_more_insistent() -> None:
    buzz = [share(LOOKS[s].buzzer) for s in (Signal.NOTICE, Signal.WARNING, Signal.CRITICAL)]
    assert buzz[0] == 0 < buzz[1] < buzz[2]
    for quiet in (Signal.WELL, Signal.BOOTING):
        assert not any(LOOKS[quiet].buzzer.on_at(t / 10) for t in range(100))


@given(st.floats(0, 1e6))
def test_a_pattern_once_ends(seconds: float) -> None:
    assert Pattern((0.1, 0.1, 0.1, 0.1), repeat=False).on_at(seconds + 0.4) is False


@pytest.mark.parametrize(
    ("shown", "signal"),
    [
        (BOOTING, Signal.BOOTING),
        (WELL, Signal.WELL),
        (BLIND, Signal.CANNOT_SEE),
        (NOTICE, Signal.NOTICE),
        (WARNING, Signal.WARNING),
        (CRITICAL, Signal.CRITICAL),
        (FAULT, Signal.FAULT),
        (replace(CRITICAL, fault="loop stalled"), Signal.CRITICAL),
        (status(UNSEEN, alert(Kind.DROWSY, Level.NOTICE), determined=False), Signal.CANNOT_SEE),
        (status(UNSEEN, alert(Kind.ASLEEP, Level.CRITICAL), determined=False), Signal.CRITICAL),
    ],
)
def test_which_signal_wins(shown: object, signal: Signal) -> None:
    assert signal_of(shown) is signal  # type: ignore[arg-type]


@pytest.mark.parametrize("name", SITUATIONS)
def test_lines_follow_their_pattern(name: str) -> None:
    bench = Bench()
    bench.output.show(SITUATIONS[name])
    began = bench.now
    look = LOOKS[signal_of(SITUATIONS[name])]
    for step, (lamp, buzzer, _) in enumerate(bench.run(6.0)):
        seconds = began + step * STEP_S - began
        edge = 2 * STEP_S  # rounding of the turned clock
        assert lamp in {
            look.lamp.on_at(seconds),
            look.lamp.on_at(seconds + edge),
            look.lamp.on_at(max(0, seconds - edge)),
        }
        assert buzzer in {
            look.buzzer.on_at(seconds),
            look.buzzer.on_at(seconds + edge),
            look.buzzer.on_at(max(0, seconds - edge)),
        }


def test_a_heartbeat_does_not_disturb_the_rhythm() -> None:
    steady, repeated = Bench(), Bench()
    steady.output.show(WARNING)
    repeated.output.show(WARNING)
    rows = []
    for _ in range(100):
        rows += repeated.run(0.05)
        repeated.output.show(WARNING)
    assert [r[:2] for r in rows] == [r[:2] for r in steady.run(5.0)]


def test_a_further_alert_of_the_same_level_sounds_again() -> None:
    bench = Bench()
    bench.output.show(NOTICE)
    assert any(buzzer for _, buzzer, _ in bench.run(1.0))
    assert not any(buzzer for _, buzzer, _ in bench.run(5.0))
    both = status(*NOTICE.state.alerts, alert(Kind.DROWSY, Level.NOTICE))
    bench.output.show(both)
    assert any(buzzer for _, buzzer, _ in bench.run(1.0))
    bench.output.show(NOTICE)  # one of them cleared: no reason to beep
    assert not any(buzzer for _, buzzer, _ in bench.run(1.0))


@pytest.mark.parametrize(("lamp_high", "buzzer_high"), list(itertools.product((True, False), repeat=2)))
def test_active_low_wiring(lamp_high: bool, buzzer_high: bool) -> None:
    bench = Bench(lamp_active_high=lamp_high, buzzer_active_high=buzzer_high)
    assert (bench.state(LAMP), bench.state(BUZZER)) == (not lamp_high, not buzzer_high)  # off from the first moment
    bench.output.show(CRITICAL)
    assert (bench.state(LAMP), bench.state(BUZZER)) == (lamp_high, buzzer_high)


def test_lines_are_off_and_released_after_close() -> None:
    bench = Bench()
    bench.output.show(CRITICAL)
    lamp, buzzer = bench.lines.pin(LAMP), bench.lines.pin(BUZZER)
    assert buzzer.state
    buzzer.clear_states()
    bench.output.close()
    assert not lamp.state and not buzzer.state
    assert {lamp.function, buzzer.function} == {"input"}
    assert [state.state for state in buzzer.states] == [True, False]


def test_self_test_beeps_and_blinks_once_at_the_start() -> None:
    bench = Bench(self_test=True)
    bench.output.show(BOOTING)
    rows = bench.run(SELF_TEST_S)
    assert sum(lamp for lamp, _, _ in rows) == pytest.approx(50, abs=2)
    assert sum(buzzer for _, buzzer, _ in rows) == pytest.approx(15, abs=2)
    assert not any(buzzer for _, buzzer, _ in bench.run(5.0))


def test_an_alert_does_not_wait_for_the_self_test() -> None:
    bench = Bench(self_test=True)
    bench.output.show(BOOTING)
    bench.run(0.3)
    bench.output.show(CRITICAL)
    assert bench.state(BUZZER)


def test_lines_that_are_not_connected_are_left_alone() -> None:
    bench = Bench(lamp_line=0, button_line=0)
    bench.output.show(CRITICAL)
    bench.run(1.0)
    assert {pin.info.name for pin in bench.lines.pins.values() if pin.function == "output"} == {"GPIO18"}


def test_button_press_with_bouncing_contacts() -> None:
    bench = Bench()
    pin = bench.lines.pin(BUTTON)
    assert bench.presses(0.5) == 0
    for _ in range(4):  # 20 ms of bouncing on the way down
        pin.drive_low()
        assert bench.presses(0.01) == 0
        pin.drive_high()
        assert bench.presses(0.01) == 0
    pin.drive_low()
    assert bench.presses(3.0) == 1  # however long it is held
    pin.drive_high()
    assert bench.presses(0.5) == 0
    pin.drive_low()
    assert bench.presses(0.5) == 1


def test_button_to_the_supply() -> None:
    bench = Bench(button_to_ground=False)
    pin = bench.lines.pin(BUTTON)
    assert bench.presses(0.5) == 0
    pin.drive_high()
    assert bench.presses(0.5) == 1


def test_a_button_held_or_shorted_at_the_start_is_no_press() -> None:
    debounce = Debounce(0.05)
    assert not any(debounce.pressed(True, t / 100) for t in range(500))
    assert not any(debounce.pressed(False, 5 + t / 100) for t in range(100))
    assert sum(debounce.pressed(True, 6 + t / 100) for t in range(100)) == 1


def test_a_stuck_button_counts_once_even_when_the_lines_are_taken_anew() -> None:
    bench = Bench()
    bench.lines.pin(BUTTON).drive_low()
    assert bench.presses(5.0) == 0  # stuck from the start: none
    bench.lines.pin(BUTTON).drive_high()
    bench.presses(1.0)
    bench.lines.pin(BUTTON).drive_low()
    assert bench.presses(60.0) == 1
    for _ in range(5):
        bench.output.close()
        bench.output.open()
        bench.lines.pin(BUTTON).drive_low()
        assert bench.presses(5.0) == 0


@given(st.lists(st.booleans(), max_size=300))
def test_debounce_never_counts_faster_than_it_may(levels: list[bool]) -> None:
    debounce = Debounce(0.05)
    times = [n * 0.01 for n, level in enumerate(levels) if debounce.pressed(level, n * 0.01)]
    assert all(later - earlier >= 0.1 - 1e-9 for earlier, later in itertools.pairwise(times))


def test_no_lines_at_all_is_an_output_error_that_says_what_to_do() -> None:
    """On this machine, with the real factory and no such chip."""
    output = GpioOutput(GpioSettings(chip=63))
    with pytest.raises(OutputError, match=r"23 \(lamp\), 18 \(buzzer\), 24 \(button\).*gpiochip63"):
        output.open()


def test_silence_takes_the_lines_switches_them_off_and_lets_go() -> None:
    lines = BreakableLines()
    buzzer, lamp = lines.pin(BUZZER), lines.pin(LAMP)
    for pin in (buzzer, lamp):  # as a killed process left them
        pin.function = "output"
        pin.state = True
    silence(GpioSettings(), lambda: lines)
    assert not buzzer.state and not lamp.state


def test_silence_reads_its_own_table_only(tmp_path: Path) -> None:
    path = tmp_path / "fermon.toml"
    path.write_text('nonsense = 1\n[outputs.serial]\nbaud = "x"\n[outputs.gpio]\nenabled = true\nlamp_line = 5\n')
    assert gpio_settings(path) == GpioSettings(enabled=True, lamp_line=5)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[outputs.gpio]\nlamp = 5\n", "outputs.gpio.lamp: no such key"),
        ("[outputs.gpio]\nlamp_line = 99\n", "0 to 63"),
        ("not toml", "not TOML"),
        ("outputs = 3", r"outputs: found 3, expected a table \[outputs\]"),
    ],
)
def test_silence_names_a_wrong_file(tmp_path: Path, text: str, complaint: str) -> None:
    path = tmp_path / "fermon.toml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=complaint):
        gpio_settings(path)
    assert main(["--config", str(path)]) == 78


def test_silence_leaves_lines_alone_that_are_not_fermon_s(tmp_path: Path) -> None:
    path = tmp_path / "fermon.toml"
    path.write_text("[outputs.gpio]\nchip = 63\n")
    assert main(["--config", str(path)]) == 0
    path.write_text("[outputs.gpio]\nenabled = true\nchip = 63\n")
    assert main(["--config", str(path)]) == 69
