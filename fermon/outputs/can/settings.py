"""The CAN output's settings."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Annotated

from fermon.errors import OutputError
from fermon.schema import Choice, Range, key


@dataclass(frozen=True, slots=True)
class CanSettings:
    """The bus, the messages on it, and where the vehicle's speed comes from."""

    enabled: bool = key(False, 'needs the extra "can"')
    interface: str = key("socketcan", "any interface of python-can: socketcan, slcan, virtual, ...")
    channel: str = key("can0", "interface or device name")
    bitrate: Annotated[int, Range(10_000, 1_000_000, "bit/s")] = key(
        500_000, "socketcan's is set by the system instead"
    )
    options: tuple[str, ...] = key((), 'further python-can options, as "name=value"')
    dbc: str = key("", 'another DBC with the same messages and signals; "" = the shipped fermon.dbc')
    speed: Annotated[str, Choice("none", "dbc", "j1939", "obd2")] = key("none", "source of the vehicle's speed")
    speed_dbc: str = key("", 'for speed = "dbc": path of the vehicle\'s DBC')
    speed_signal: str = key("", 'for speed = "dbc": "Message.Signal"')


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
