"""The world outside: which outputs there are, and their settings.

A new output is one file with its settings class, one field in `OutputsSettings` and one `register` line.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from fermon.errors import Problem
from fermon.outputs.can.check import check as check_can
from fermon.outputs.can.output import CanOutput
from fermon.outputs.can.settings import CanSettings
from fermon.outputs.contract import Output
from fermon.outputs.gpio.output import GpioOutput, GpioSettings
from fermon.outputs.gpio.output import check as check_gpio
from fermon.outputs.log import LogOutput, LogSettings
from fermon.outputs.serial.output import SerialOutput, SerialSettings
from fermon.outputs.serial.output import check as check_serial
from fermon.schema import table

S = TypeVar("S")

OUTPUTS: dict[str, tuple[type[Any], Callable[[Any], Output]]] = {}
CHECKS: dict[str, Callable[[Any], list[Problem]]] = {}


def register(
    name: str, settings: type[S], make: Callable[[S], Output], check: Callable[[S], list[Problem]] | None = None
) -> None:
    """Enter an output in the table; mypy rejects a constructor or a check that does not take these settings.

    `check` returns what keeps the settings from working on any machine; it takes no device.
    """
    OUTPUTS[name] = (settings, make)
    if check is not None:
        CHECKS[name] = check


if TYPE_CHECKING:  # mypy must see the mismatch: warn_unused_ignores fails when the register accepts any pair
    register("mismatch", GpioSettings, SerialOutput)  # type: ignore[arg-type]


register("log", LogSettings, LogOutput)
register("gpio", GpioSettings, GpioOutput, check_gpio)
register("serial", SerialSettings, SerialOutput, check_serial)
register("can", CanSettings, CanOutput, check_can)


@dataclass(frozen=True, slots=True)
class OutputsSettings:
    """One table for each output, named as in OUTPUTS; each has `enabled`."""

    log: LogSettings = table(LogSettings, "alert lines in the journal")
    gpio: GpioSettings = table(GpioSettings, "lamp, buzzer and acknowledge button")
    serial: SerialSettings = table(SerialSettings, "sentences after NMEA 0183")
    can: CanSettings = table(CanSettings, "frames of fermon.dbc")


def make_outputs(settings: OutputsSettings) -> list[Output]:
    """Return the enabled outputs, not opened yet: the Hub opens them. Takes no device and imports no library."""
    chosen = ((getattr(settings, name), make) for name, (_, make) in OUTPUTS.items())
    return [make(own) for own, make in chosen if own.enabled]


def check(settings: OutputsSettings) -> list[Problem]:
    """Return what keeps the enabled outputs from working on any machine, files that they read included.

    Takes no device; imports an output's library only when that output is enabled.
    """
    enabled = ((own, CHECKS[name]) for name in CHECKS if (own := getattr(settings, name)).enabled)
    return [problem for own, find in enabled for problem in find(own)]
