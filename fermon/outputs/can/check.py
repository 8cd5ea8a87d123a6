"""What can be wrong with the CAN output's settings and the files they name; found without a bus."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterator
from importlib.util import find_spec

from fermon.errors import OutputError, Problem
from fermon.outputs.can.dbc import Encoder, load
from fermon.outputs.can.settings import CanSettings, bus_options
from fermon.outputs.can.speed_input import speed_reader
from fermon.paths import expand
from fermon.schema import near

SLCAN_BITRATES = (10_000, 20_000, 50_000, 83_300, 100_000, 125_000, 250_000, 500_000, 750_000, 1_000_000)
PORT = re.compile(r"/.+|COM\d+(@\d+)?|\w+://.+", re.IGNORECASE)
NETWORK_NAME = re.compile(r"[^\s/:]{1,15}")  # what Linux allows
HERE = "outputs.can"


def check(settings: CanSettings) -> list[Problem]:
    """Return everything that keeps these settings from working on any machine, in the order of the keys.

    What takes python-can or cantools is left out where they are not installed, as on the laptop of whoever writes the
    configuration; the doctor tells of them.
    """
    s = settings
    return [*_interface(s), *_channel(s), *_bitrate(s), *_files(s)]


def _interface(s: CanSettings) -> Iterator[Problem]:
    try:
        from can.interfaces import VALID_INTERFACES
    except ImportError:
        return
    if s.interface not in VALID_INTERFACES:
        names = sorted(VALID_INTERFACES)
        known = f"one that python-can knows: {', '.join(names)}"
        yield Problem(f"{HERE}.interface", repr(s.interface), known, near(s.interface, names))


def _channel(s: CanSettings) -> Iterator[Problem]:
    name, found = f"{HERE}.channel", repr(s.channel)
    if s.interface == "socketcan" and not NETWORK_NAME.fullmatch(s.channel):
        serial = PORT.fullmatch(s.channel) is not None
        remedy = 'for an adapter at a serial port: interface = "slcan"' if serial else ""
        yield Problem(name, found, "a network interface such as 'can0' (1 to 15 characters)", remedy)
    elif s.interface in ("slcan", "serial", "robotell", "seeedstudio") and not PORT.fullmatch(s.channel):
        network = re.fullmatch(r"[vs]?l?can\d+", s.channel) is not None
        remedy = 'for a network interface: interface = "socketcan"' if network else ""
        yield Problem(name, found, "a serial port such as '/dev/ttyACM0'", remedy)
    elif s.interface == "udp_multicast" and not _multicast(s.channel):
        yield Problem(name, found, "a multicast address, 224.0.0.0 to 239.255.255.255 or ff00::/8")
    elif not s.channel.strip():
        yield Problem(name, found, "the name of a channel of this interface")


def _multicast(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_multicast
    except ValueError:
        return False


def _bitrate(s: CanSettings) -> Iterator[Problem]:
    if s.interface == "slcan" and s.bitrate not in SLCAN_BITRATES:
        rates = ", ".join(map(str, SLCAN_BITRATES))
        yield Problem(f"{HERE}.bitrate", str(s.bitrate), f"one that slcan adapters have: {rates}")


def _files(s: CanSettings) -> Iterator[Problem]:
    yield from _tried("options", lambda: bus_options(s.options))
    if s.dbc and find_spec("cantools") is not None:
        yield from _tried("dbc", lambda: Encoder(load(expand(s.dbc)), s.dbc))
    if s.speed == "dbc":
        for key, value, expected in (
            ("speed_dbc", s.speed_dbc, "the path of the vehicle's DBC"),
            ("speed_signal", s.speed_signal, '"Message.Signal"'),
        ):
            if not value:
                yield Problem(f"{HERE}.{key}", "nothing", expected, 'speed = "dbc" needs it')
        if s.speed_dbc and s.speed_signal:
            yield from _tried("speed_dbc", lambda: speed_reader(s))


def _tried(key: str, use: Callable[[], object]) -> Iterator[Problem]:
    try:
        use()
    except OutputError as error:
        for problem in error.problems:
            yield problem.inside(f"{HERE}.{key}")
