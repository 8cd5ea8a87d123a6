"""Lamp, buzzer and acknowledge button on GPIO lines, through gpiozero (lgpio on the Pi; elsewhere see mock.py).

Wiring: lamp and buzzer through a transistor or a driver chip, never straight from a line (16 mA at most); the button
between its line and ground (the line is pulled up). Give lamp and buzzer a resistor towards "off", so that they are
silent while nobody drives the line: before fermon starts, and after it ended.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from fermon.domain import Acknowledged, Kind, Received, Status
from fermon.errors import OutputError, Problem
from fermon.outputs.gpio.mock import mock_lines
from fermon.outputs.gpio.patterns import LOOKS, SELF_TEST, SELF_TEST_S, Signal, signal_of
from fermon.schema import Range, key

PI_4B = 0xC03111  # whose line numbers are taken for a board that names no Pi revision
NO_LINE = 0  # BCM 0 belongs to the Pi's HAT identification memory, so it can mean "not connected"
Line = Annotated[int, Range(0, 63, "(BCM number, 0 = none)")]


@dataclass(frozen=True, slots=True)
class GpioSettings:
    """Which lines lamp, buzzer and button are on, and which level means on."""

    enabled: bool = key(False, 'needs the extra "gpio"')
    chip: Annotated[int, Range(-1, 63, "(/dev/gpiochipN; -1 = the Pi's own)")] = key(
        -1, "the chip that has these lines"
    )
    lamp_line: Line = key(23, "lamp")
    lamp_active_high: bool = key(True, "false: the line is low while the lamp is lit")
    buzzer_line: Line = key(18, "buzzer")
    buzzer_active_high: bool = key(True, "false: the line is low while the buzzer sounds")
    button_line: Line = key(24, "acknowledge button")
    button_to_ground: bool = key(True, "the button pulls the line to ground; false: to 3.3 V")
    debounce_s: Annotated[float, Range(0.0, 1.0, "s")] = key(0.05, "a press must last this long")
    self_test: bool = key(True, "short beep and flash at start")


def check(settings: GpioSettings) -> list[Problem]:
    """Return what keeps these settings from working on any machine: no line at all, one line for two purposes."""
    s = settings
    problems: list[Problem] = []
    taken: dict[int, str] = {}
    for name, line in (("lamp_line", s.lamp_line), ("buzzer_line", s.buzzer_line), ("button_line", s.button_line)):
        if line in taken:
            expected = f"a line of its own ({line} is {taken[line]})"
            problems.append(Problem(f"outputs.gpio.{name}", str(line), expected))
        if line != NO_LINE:
            taken.setdefault(line, name)
    if s.lamp_line == s.buzzer_line == NO_LINE:
        problems.append(Problem("outputs.gpio: neither a lamp nor a buzzer", remedy="give lamp_line or buzzer_line"))
    return problems


class Debounce:
    """Counts presses of a bouncing button. One held down at the start counts only after it was let go."""

    def __init__(self, hold_s: float) -> None:
        self._hold_s = hold_s
        self._stable = True
        self._level = True
        self._since = float("-inf")

    def pressed(self, level: bool, now: float) -> bool:
        """Take the button's level (True = down) at `now` (s); return True once for each press that held `hold_s`."""
        if level != self._level:
            self._level, self._since = level, now
        if level == self._stable or now - self._since < self._hold_s:
            return False
        self._stable = level
        return level


@contextmanager
def _writable_folder() -> Iterator[None]:
    """Let lgpio be imported where the current folder is read-only, as under systemd: it leaves a pipe there.

    LG_WD names another folder, to which lgpio moves the whole process; afterwards the process is where it was.
    """
    try:
        tempfile.TemporaryFile(dir=".").close()
    except OSError:
        os.environ.setdefault("LG_WD", os.environ.get("RUNTIME_DIRECTORY") or tempfile.gettempdir())
    here = Path.cwd()
    try:
        yield
    finally:
        if Path.cwd() != here:
            os.chdir(here)


def lines_factory(chip: int) -> Any:
    """Return gpiozero's factory of lines over lgpio; chip -1 lets gpiozero choose the Pi's own.

    Never gpiozero's global default: that falls back to other libraries, silently. On a board that is no Pi the
    numbers are those of the chip's lines, as they are on a Pi. GPIOZERO_PIN_FACTORY=mock, as gpiozero knows it, gives
    lines that are only logged.
    """
    if os.environ.get("GPIOZERO_PIN_FACTORY") == "mock":
        return mock_lines()
    from gpiozero.exc import PinUnknownPi

    with _writable_folder():
        from gpiozero.pins.lgpio import LGPIOFactory

    class Factory(LGPIOFactory):  # type: ignore[misc]
        def _get_revision(self) -> int:
            try:
                return int(super()._get_revision())
            except PinUnknownPi:
                return PI_4B

    return Factory() if chip < 0 else Factory(chip=chip)


class GpioOutput:
    """Blinks and beeps by `patterns.LOOKS`; rhythms advance in `poll`, so a hanging line is found by the hub."""

    name = "gpio"
    heartbeat_s = 1.0
    poll_s = 0.02

    def __init__(
        self,
        settings: GpioSettings,
        factory: Callable[[], Any] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`factory` makes a gpiozero pin factory (None: lgpio's); `clock` gives seconds."""
        self._settings = settings
        self._make_factory = factory or (lambda: lines_factory(settings.chip))
        self._clock = clock
        self._factory: Any = None
        self._lamp: Any = None
        self._buzzer: Any = None
        self._button: Any = None
        self._debounce = Debounce(settings.debounce_s)
        self._signal = Signal.BOOTING
        self._kinds: frozenset[Kind] = frozenset()
        self._signal_began = 0.0
        self._test_began = float("-inf")

    def open(self) -> None:
        s = self._settings
        try:
            self._factory = self._make_factory()
            self._lamp = self._output(s.lamp_line, s.lamp_active_high)
            self._buzzer = self._output(s.buzzer_line, s.buzzer_active_high)
            self._button = self._input(s.button_line)
        except ImportError as error:
            raise OutputError(
                f"gpio: {error}",
                remedy="install what drives the lines: pip install 'fermon[gpio]', or apt install python3-gpiozero "
                "python3-lgpio",
            ) from error
        except Exception as error:  # lgpio.error is a bare Exception, gpiozero has a tree of its own
            self.close()
            raise OutputError(
                f"gpio: cannot take lines {self._named()}: {error}",
                remedy=f"/dev/gpiochip{max(s.chip, 0)} must exist and be readable by this user (group gpio), and the "
                "lines must be free (see gpioinfo)",
            ) from error
        self._debounce = Debounce(s.debounce_s)
        self._kinds = frozenset()
        self._signal_began = self._clock()
        self._test_began = self._clock() if s.self_test else float("-inf")

    def show(self, status: Status) -> None:
        signal = signal_of(status)
        kinds = frozenset(alert.kind for alert in status.state.alerts)
        if signal is not self._signal or kinds - self._kinds:  # a further alert of the same level sounds anew
            self._signal, self._signal_began = signal, self._clock()
        self._kinds = kinds
        self._drive()

    def poll(self) -> Sequence[Received]:
        self._drive()
        if self._button is None:
            return ()
        try:
            down = bool(self._button.is_active)
        except Exception as error:
            raise OutputError(f"gpio: cannot read the button on line {self._settings.button_line}: {error}") from error
        return (Acknowledged(),) if self._debounce.pressed(down, self._clock()) else ()

    def close(self) -> None:
        for device in (self._buzzer, self._lamp):  # first all off, then all released
            with suppress(Exception):
                if device is not None:
                    device.off()
        for device in (self._buzzer, self._lamp, self._button, self._factory):
            with suppress(Exception):
                if device is not None:
                    device.close()
        self._buzzer = self._lamp = self._button = self._factory = None

    def _drive(self) -> None:
        now = self._clock()
        testing = now - self._test_began < SELF_TEST_S and self._signal in (Signal.BOOTING, Signal.WELL)
        look, began = (SELF_TEST, self._test_began) if testing else (LOOKS[self._signal], self._signal_began)
        try:
            for device, pattern in ((self._lamp, look.lamp), (self._buzzer, look.buzzer)):
                if device is not None:
                    device.value = pattern.on_at(now - began)
        except Exception as error:
            raise OutputError(f"gpio: cannot drive lines {self._named()}: {error}") from error

    def _output(self, line: int, active_high: bool) -> Any:
        from gpiozero import DigitalOutputDevice

        if line == NO_LINE:
            return None
        return DigitalOutputDevice(line, active_high=active_high, initial_value=False, pin_factory=self._factory)

    def _input(self, line: int) -> Any:
        from gpiozero import DigitalInputDevice

        if line == NO_LINE:
            return None
        return DigitalInputDevice(line, pull_up=self._settings.button_to_ground, pin_factory=self._factory)

    def _named(self) -> str:
        s = self._settings
        named = (("lamp", s.lamp_line), ("buzzer", s.buzzer_line), ("button", s.button_line))
        return ", ".join(f"{line} ({what})" for what, line in named if line != NO_LINE)


def silence(settings: GpioSettings, factory: Callable[[], Any] | None = None) -> None:
    """Drive lamp and buzzer off and release them, whoever drove them before. Raises OutputError when it cannot."""
    from dataclasses import replace

    output = GpioOutput(replace(settings, button_line=NO_LINE, self_test=False), factory)
    output.open()  # lines are taken in their off state
    output.close()
