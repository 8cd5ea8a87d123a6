"""The CAN output's settings."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Annotated

from fermon.errors import OutputError
from fermon.schema import Choice, Range


@dataclass(frozen=True, slots=True)
class CanSettings:
    enabled: bool = False
    interface: str = "socketcan"
    channel: str = "can0"
    bitrate: Annotated[int, Range(10_000, 1_000_000, "bit/s")] = 500_000
    options: tuple[str, ...] = ()
    dbc: str = ""
    speed: Annotated[str, Choice("none", "dbc", "j1939", "obd2")] = "none"
    speed_dbc: str = ""
    speed_signal: str = ""


def bus_options(options: Sequence[str]) -> dict[str, int | float | str]:
    """Return python-can's further arguments from "name=value" texts.

    >>> bus_options(["port=43113", "ttl=x"])
    {'port': 43113, 'ttl': 'x'}
    """
    result: dict[str, int | float | str] = {}
    for option in options:
        name, equals, text = option.partition("=")
        if not equals or not name.isidentifier():
            raise OutputError(
                "can: option of the bus", found=repr(option), expected="name=value as python-can's interface names it"
            )
        result[name] = _number(text)
    return result


def _number(text: str) -> int | float | str:
    for kind in (int, float):
        with suppress(ValueError):
            return kind(text)
    return text
