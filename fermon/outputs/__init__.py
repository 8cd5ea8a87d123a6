"""The world outside: which outputs there are, and their settings.

A new output is one file with its settings class, one field in `OutputsSettings` and one `register` line.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from fermon.errors import Problem
from fermon.outputs.can.output import CanOutput, CanSettings
from fermon.outputs.contract import Output
from fermon.outputs.gpio.output import GpioOutput, GpioSettings
from fermon.outputs.log import LogOutput, LogSettings
from fermon.outputs.serial.output import SerialOutput, SerialSettings

S = TypeVar("S")

OUTPUTS: dict[str, tuple[type[Any], Callable[[Any], Output]]] = {}


def register(name: str, settings: type[S], make: Callable[[S], Output]) -> None:
    """Enter an output in the table; mypy rejects a constructor that does not take these settings."""
    OUTPUTS[name] = (settings, make)


if TYPE_CHECKING:  # mypy must see the mismatch: warn_unused_ignores fails when the register accepts any pair
    register("mismatch", GpioSettings, SerialOutput)  # type: ignore[arg-type]


register("log", LogSettings, LogOutput)
register("gpio", GpioSettings, GpioOutput)
register("serial", SerialSettings, SerialOutput)
register("can", CanSettings, CanOutput)


@dataclass(frozen=True, slots=True)
class OutputsSettings:
    """One table for each output, named as in OUTPUTS; each has `enabled`."""

    log: LogSettings = field(default_factory=LogSettings)
    gpio: GpioSettings = field(default_factory=GpioSettings)
    serial: SerialSettings = field(default_factory=SerialSettings)
    can: CanSettings = field(default_factory=CanSettings)


def make_outputs(settings: OutputsSettings) -> list[Output]:
    """Return the enabled outputs, not opened yet: the Hub opens them. Takes no device and imports no library."""
    chosen = ((getattr(settings, name), make) for name, (_, make) in OUTPUTS.items())
    return [make(own) for own, make in chosen if own.enabled]


def check(settings: OutputsSettings) -> list[Problem]:
    """Return what an enabled output would find wrong with its settings; opens no device."""
    return []
