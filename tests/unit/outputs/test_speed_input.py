"""The configured speed: set up until it works, missed aloud, told when it comes; in invented time."""

from __future__ import annotations

from pathlib import Path

import pytest

from fermon.outputs.can.settings import CanSettings
from fermon.outputs.can.speed_input import MISSING_S, RETRY_S, SpeedInput, speed_reader

DBC = 'BO_ 599 Wheel: 8 X\n SG_ Speed : 8|8@1+ (1,0) [0|200] "{unit}" X\n'
FIFTY = (599, False, bytes([0, 50]))


def dbc_input(path: Path) -> SpeedInput:
    return SpeedInput(lambda: speed_reader(CanSettings(speed="dbc", speed_dbc=str(path), speed_signal="Wheel.Speed")))


@pytest.fixture
def ready(tmp_path: Path) -> SpeedInput:
    (tmp_path / "van.dbc").write_text(DBC.format(unit="km/h"))
    speed = dbc_input(tmp_path / "van.dbc")
    assert speed.set_up(0.0)
    speed.wait_from(0.0)
    return speed


def test_a_file_that_appears_later_is_found_by_the_retry(tmp_path: Path, reports: list[str]) -> None:
    path = tmp_path / "later.dbc"
    speed = dbc_input(path)
    for tenth in range(300):
        assert not speed.set_up(tenth / 10)
        assert speed.take(*FIFTY, tenth / 10) is None
        speed.watch(tenth / 10)
    assert len(reports) == 1 and "later.dbc: no such file" in reports[0] and "trying again" in reports[0]
    path.write_text("half of a file")
    assert not speed.set_up(30.0)
    path.write_text(DBC.format(unit="km/h"))
    assert not speed.set_up(30.0 + RETRY_S - 0.1)  # not due
    assert speed.set_up(30.0 + RETRY_S)
    assert not speed.set_up(99.0)  # once
    assert [(f.can_id, f.extended) for f in speed.filters] == [(599, False)]
    assert speed.take(*FIFTY, 36.0) == 50.0
    assert reports[1:] == [
        "can: speed: found Wheel.Speed of later.dbc",
        "can: speed received: Wheel.Speed of later.dbc says 50.0 km/h",
    ]


def test_a_speed_that_does_not_come_is_told_and_told_when_it_comes(ready: SpeedInput, reports: list[str]) -> None:
    ready.watch(MISSING_S - 0.1)
    assert reports == []
    for tenth in range(100):
        ready.watch(MISSING_S + tenth / 10)
    assert reports == [
        "can: no speed for 5 s: no frame with Wheel.Speed of van.dbc has come; the vehicle counts as moving fast",
    ]
    assert ready.take(*FIFTY, 20.0) == 50.0
    assert reports[1:] == ["can: speed received: Wheel.Speed of van.dbc says 50.0 km/h"]
    ready.take(*FIFTY, 21.0)
    ready.watch(25.9)
    assert len(reports) == 2
    ready.watch(26.0)  # it stopped
    assert len(reports) == 3 and "no speed for 5 s" in reports[2]


def test_a_speed_that_comes_at_once_is_no_news(ready: SpeedInput, reports: list[str]) -> None:
    for second in range(60):
        assert ready.take(*FIFTY, float(second)) == 50.0
        ready.watch(second + 0.5)
    assert reports == []


@pytest.mark.parametrize(
    ("data", "why"),
    [(bytes([0, 250]), "250 is outside its limits of 0 to 200 km/h"), (b"\x00", "too short (1 bytes)")],
)
def test_why_it_does_not_come_is_told(ready: SpeedInput, reports: list[str], data: bytes, why: str) -> None:
    assert ready.take(599, False, data, 1.0) is None
    ready.watch(6.0)
    assert len(reports) == 1 and why in reports[0]
    assert ready.take(*FIFTY, 7.0) == 50.0
    ready.watch(12.0)
    assert "no frame with Wheel.Speed" in reports[-1]  # what was wrong before is no reason any more


@pytest.mark.parametrize(
    ("speed", "frame", "why"),
    [
        ("j1939", (0x18FEF100, True, bytes.fromhex("ffffffffffffffff")), "it says 0xFFFF, which is no speed"),
        ("j1939", None, "no frame with PGN 65265"),
        ("obd2", (0x7E8, False, bytes.fromhex("037f011200000000")), "0x7E8 refuses (0x12)"),
        ("obd2", None, "no frame with an answer to OBD-II's PID 0x0D"),
    ],
)
def test_the_other_sources_tell_it_too(
    speed: str, frame: tuple[int, bool, bytes] | None, why: str, reports: list[str]
) -> None:
    source = SpeedInput(lambda: speed_reader(CanSettings(speed=speed)))
    assert source.set_up(0.0)
    if frame is not None:
        assert source.take(*frame, 1.0) is None
    source.watch(5.0)
    assert len(reports) == 1 and why in reports[0]


def test_the_time_the_bus_was_closed_does_not_count(ready: SpeedInput, reports: list[str]) -> None:
    ready.wait_from(100.0)
    ready.watch(104.9)
    assert reports == []


def test_a_unit_that_is_not_there_is_assumed_aloud(tmp_path: Path, reports: list[str]) -> None:
    (tmp_path / "van.dbc").write_text(DBC.format(unit=""))
    speed = dbc_input(tmp_path / "van.dbc")
    assert speed.set_up(0.0)
    assert reports == ["can: speed: Wheel.Speed of van.dbc names no unit: taken for km/h"]
    assert speed.take(*FIFTY, 0.0) == 50.0


def test_no_speed_is_asked_for_none_is_missed(reports: list[str]) -> None:
    speed = SpeedInput(lambda: speed_reader(CanSettings()))
    assert not speed.set_up(0.0)
    speed.watch(100.0)
    assert (speed.filters, speed.request, reports) == ((), None, [])
