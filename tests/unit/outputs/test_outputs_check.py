"""What `--check-config` says about the outputs: found without a device, and only for what is enabled."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from fermon.outputs import OutputsSettings, check
from fermon.outputs.can.dbc import shipped_dbc
from fermon.outputs.can.settings import CanSettings
from fermon.outputs.gpio.output import GpioSettings
from fermon.outputs.serial.output import SerialSettings

NOT_LAMPS = ("buzzer_line", "button_line")
DBC = 'BO_ 599 Wheel: 8 X\n SG_ Speed : 8|8@1+ (1,0) [0|200] "km/h" X\n SG_ Rpm : 8|8@1+ (1,0) [0|200] "rpm" X\n'


def can(**settings: object) -> OutputsSettings:
    return OutputsSettings(can=replace(CanSettings(enabled=True), **settings))  # type: ignore[arg-type]


@pytest.fixture
def van(tmp_path: Path) -> str:
    (tmp_path / "van.dbc").write_text(DBC)
    return str(tmp_path / "van.dbc")


def test_the_defaults_and_every_output_as_it_comes_are_good() -> None:
    assert check(OutputsSettings()) == []
    everything = OutputsSettings(
        can=CanSettings(enabled=True), serial=SerialSettings(enabled=True), gpio=GpioSettings(enabled=True)
    )
    assert check(everything) == []


def test_what_is_not_enabled_is_not_looked_at() -> None:
    wrong = OutputsSettings(
        can=CanSettings(interface="x", channel="", speed="dbc"),
        serial=SerialSettings(port=""),
        gpio=GpioSettings(lamp_line=0, buzzer_line=0),
    )
    assert check(wrong) == []


@pytest.mark.parametrize(
    ("settings", "texts"),
    [
        ({"interface": "sockecan"}, ["outputs.can.interface: found 'sockecan'", "did you mean 'socketcan'?"]),
        ({"interface": ""}, ["outputs.can.interface: found ''", "one that python-can knows", "slcan, socketcan"]),
        ({"channel": ""}, ["outputs.can.channel: found ''", "can0"]),
        ({"channel": "/dev/ttyACM0"}, ["outputs.can.channel: found '/dev/ttyACM0'", 'interface = "slcan"']),
        ({"channel": "a_name_that_is_too_long"}, ["1 to 15 characters"]),
        ({"interface": "slcan"}, ["outputs.can.channel: found 'can0'", "/dev/ttyACM0", 'interface = "socketcan"']),
        ({"interface": "slcan", "channel": "/dev/ttyACM0", "bitrate": 33_333}, ["outputs.can.bitrate: found 33333"]),
        ({"interface": "udp_multicast", "channel": "192.168.1.1"}, ["a multicast address"]),
        ({"interface": "udp_multicast", "channel": "can0"}, ["a multicast address"]),
        ({"interface": "virtual", "channel": " "}, ["outputs.can.channel"]),
        ({"options": ("port:1",)}, ["outputs.can.options", "found 'port:1'", "name=value"]),
        ({"dbc": "/nowhere/mine.dbc"}, ["outputs.can.dbc", "/nowhere/mine.dbc: no such file"]),
        ({"speed": "dbc"}, ["outputs.can.speed_dbc: found nothing", "outputs.can.speed_signal: found nothing"]),
        ({"speed": "dbc", "speed_signal": "A.B"}, ["outputs.can.speed_dbc: found nothing"]),
        (
            {"speed": "dbc", "speed_signal": "Wheel.Speed", "speed_dbc": "/nowhere/van.dbc"},
            ["outputs.can.speed_dbc", "/nowhere/van.dbc: no such file"],
        ),
        (
            {"interface": "sockecan", "channel": "", "speed": "dbc"},
            ["interface", "channel", "speed_dbc", "speed_signal"],
        ),
    ],
)
def test_each_mistake_is_named_with_its_key(settings: dict[str, object], texts: list[str]) -> None:
    problems = check(can(**settings))
    lines = "\n".join(map(str, problems))
    for text in texts:
        assert text in lines
    assert all(problem.what.startswith("outputs.can") for problem in problems)


@pytest.mark.parametrize(
    ("settings", "keys"),
    [
        ({"speed": "dbc"}, ["speed_dbc", "speed_signal"]),
        ({"speed": "dbc", "speed_signal": "A.B"}, ["speed_dbc"]),
        ({"speed": "dbc", "speed_dbc": "/nowhere"}, ["speed_signal"]),
        ({"speed": "dbc", "speed_dbc": "/nowhere", "speed_signal": "A.B"}, ["speed_dbc"]),
        ({"speed": "j1939"}, []),
        ({"bitrate": 33_333}, []),  # the system sets socketcan's
    ],
)
def test_each_mistake_is_told_once(settings: dict[str, object], keys: list[str]) -> None:
    assert [problem.what.split(":")[0] for problem in check(can(**settings))] == [f"outputs.can.{key}" for key in keys]


@pytest.mark.parametrize(
    ("interface", "channel"),
    [
        ("socketcan", "vcan0"),
        ("slcan", "/dev/serial/by-id/usb-CANable"),
        ("slcan", "COM8@115200"),
        ("slcan", "socket://10.0.0.1:3000"),
        ("udp_multicast", "239.74.163.2"),
        ("udp_multicast", "ff15:7079:7468:6f6e:6465:6d6f:6d63:6173"),
        ("virtual", "test"),
        ("pcan", "PCAN_USBBUS1"),
        ("kvaser", "0"),
    ],
)
def test_channels_that_may_exist(interface: str, channel: str) -> None:
    assert check(can(interface=interface, channel=channel)) == []


def test_the_vehicle_s_dbc_is_opened_and_its_signal_looked_up(van: str) -> None:
    assert check(can(speed="dbc", speed_dbc=van, speed_signal="Wheel.Speed")) == []
    (problem,) = check(can(speed="dbc", speed_dbc=van, speed_signal="Wheel.Spede"))
    assert (
        "outputs.can.speed_dbc" in str(problem)
        and "did you mean 'Wheel.Speed'?" in str(problem)
        and van in str(problem)
    )
    (problem,) = check(can(speed="dbc", speed_dbc=van, speed_signal="Wheel.Rpm"))
    assert "found 'rpm'" in str(problem)
    assert check(can(speed="none", speed_dbc="/nowhere", speed_signal="x")) == []


def test_the_own_dbc_is_opened(tmp_path: Path, van: str) -> None:
    copy = tmp_path / "mine.dbc"
    copy.write_bytes(b"\xef\xbb\xbf" + shipped_dbc().read_bytes())
    assert check(can(dbc=str(copy))) == []
    (problem,) = check(can(dbc=van))
    assert "lacks FermonState" in str(problem)


@pytest.mark.parametrize(
    ("port", "text"),
    [("", "the path of a port"), ("ttyUSB0", "did you mean '/dev/ttyUSB0'?"), ("COM3", "the path of a port")],
)
def test_serial_ports(port: str, text: str) -> None:
    (problem,) = check(OutputsSettings(serial=SerialSettings(enabled=True, port=port)))
    assert str(problem).startswith("outputs.serial.port") and text in str(problem)


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ({"buzzer_line": 23}, ["outputs.gpio.buzzer_line: found 23, expected a line of its own (23 is lamp_line)"]),
        ({"button_line": 18}, ["outputs.gpio.button_line: found 18, expected a line of its own (18 is buzzer_line)"]),
        (
            {"lamp_line": 5, "buzzer_line": 5, "button_line": 5},
            [
                f"outputs.gpio.{k}_line: found 5, expected a line of its own (5 is lamp_line)"
                for k in ("buzzer", "button")
            ],
        ),
        (
            {"lamp_line": 0, "buzzer_line": 0},
            ["outputs.gpio: neither a lamp nor a buzzer; give lamp_line or buzzer_line"],
        ),
        ({"lamp_line": 0, "button_line": 0}, []),
    ],
)
def test_gpio_lines(lines: dict[str, int], expected: list[str]) -> None:
    problems = check(OutputsSettings(gpio=replace(GpioSettings(enabled=True), **lines)))  # type: ignore[arg-type]
    assert list(map(str, problems)) == expected


def test_it_runs_without_any_hardware_library(van: str) -> None:
    """As on the laptop of whoever writes the configuration: nothing is installed, and the vehicle's DBC is read."""
    code = f"""
import sys
for name in ("can", "cantools", "serial", "gpiozero", "lgpio"):
    sys.modules[name] = None
from dataclasses import replace
from fermon.outputs import OutputsSettings, check
s = OutputsSettings()
s = replace(s, gpio=replace(s.gpio, enabled=True), serial=replace(s.serial, enabled=True))
s = replace(s, can=replace(s.can, enabled=True, speed="dbc", speed_dbc={van!r}, speed_signal="Wheel.Speed"))
assert check(s) == [], check(s)
assert "no such signal" in str(check(replace(s, can=replace(s.can, speed_signal="x", dbc={van!r})))[0])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
