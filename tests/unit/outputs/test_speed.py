"""Speed from CAN frames: J1939, OBD-II, a signal of a user's DBC."""

from __future__ import annotations

from pathlib import Path

import pytest

from fermon.errors import OutputError
from fermon.outputs.can.settings import CanSettings, bus_options
from fermon.outputs.can.speed import DbcSpeed, J1939Speed, ObdSpeed
from fermon.outputs.can.speed_input import speed_reader

CCVS = 0x18FEF100  # PGN 65265 at priority 6 from source address 0

USERS_DBC = """VERSION ""
NS_ :
BS_:
BU_: ABS
BO_ 660 WheelData: 8 ABS
 SG_ Mux M : 0|8@1+ (1,0) [0|255] "" ABS
 SG_ VehicleSpeed m1 : 8|16@1+ (0.01,0) [0|300] "km/h" ABS
 SG_ Other m2 : 8|16@1+ (1,0) [0|0] "" ABS
BO_ 661 Cluster: 4 ABS
 SG_ SpeedMph : 7|8@0+ (1,0) [0|254] "mph" ABS
 SG_ SpeedMs : 8|16@1- (0.1,0) [-100|100] "m/s" ABS
 SG_ SpeedKnots : 24|8@1+ (1,0) [0|254] "kn" ABS
BO_ 2566844832 Truck: 8 ABS
 SG_ TruckSpeed : 0|16@1+ (0.00390625,0) [0|250.996] "km/h" ABS
 SG_ SpeedMph : 16|8@1+ (1,0) [0|254] "mph" ABS
VAL_ 661 SpeedMph 255 "not available" 254 "error" ;
"""


@pytest.fixture
def dbc(tmp_path: Path) -> str:
    (tmp_path / "van.dbc").write_text(USERS_DBC)
    return str(tmp_path / "van.dbc")


@pytest.mark.parametrize(
    ("can_id", "extended", "data", "kmh"),
    [
        (CCVS, True, "ff 00 50 ff ff ff ff ff", 80.0),  # 0x5000 / 256
        (CCVS, True, "ff 80 3f ff ff ff ff ff", 63.5),
        (0x0CFEF117, True, "ff 00 00 ff ff ff ff ff", 0.0),  # another priority, another source
        (CCVS, True, "ff ff fa ff ff ff ff ff", 0xFAFF / 256),  # the largest valid one
        (CCVS, True, "ff 00 fb ff ff ff ff ff", None),  # indicator
        (CCVS, True, "ff 00 fe ff ff ff ff ff", None),  # error
        (CCVS, True, "ff ff ff ff ff ff ff ff", None),  # not available
        (CCVS, True, "ff 00 50", 80.0),
        (CCVS, True, "ff 00", None),  # too short
        (CCVS, False, "ff 00 50 ff ff ff ff ff", None),
        (0x18FEF200, True, "ff 00 50 ff ff ff ff ff", None),  # another group
        (0x19FEF100, True, "ff 00 50 ff ff ff ff ff", None),  # data page 1
        (0x6F1, False, "ff 00 50 ff ff ff ff ff", None),
    ],
)
def test_j1939(can_id: int, extended: bool, data: str, kmh: float | None) -> None:
    reader = J1939Speed()
    assert reader.kmh(can_id, extended, bytes.fromhex(data)) == kmh
    accepted = all((can_id & f.can_mask) == (f.can_id & f.can_mask) and f.extended == extended for f in reader.filters)
    assert accepted or kmh is None


@pytest.mark.parametrize(
    ("can_id", "extended", "data", "kmh"),
    [
        (0x7E8, False, "03 41 0d 3f aa aa aa aa", 63.0),
        (0x7EF, False, "03 41 0d 00", 0.0),
        (0x7E8, False, "03 41 0c 3f aa aa aa aa", None),  # engine speed
        (0x7E8, False, "03 7f 01 12", None),  # refused
        (0x7E8, False, "07 41 0d 3f 00 00 00 00", 63.0),
        (0x7E8, False, "02 41 0d", None),
        (0x7E8, False, "03 41 0d", None),
        (0x7E8, False, "02 41 0d 3f", None),
        (0x7E8, False, "08 41 0d 3f", None),
        (0x7E8, False, "10 41 0d 3f", None),  # first part of something longer
        (0x7E8, True, "03 41 0d 3f", None),
        (0x7F0, False, "03 41 0d 3f", None),
    ],
)
def test_obd2(can_id: int, extended: bool, data: str, kmh: float | None) -> None:
    assert ObdSpeed().kmh(can_id, extended, bytes.fromhex(data)) == kmh


def test_obd2_asks_for_mode_1_pid_13() -> None:
    request = ObdSpeed.request
    assert request is not None
    assert (request.can_id, request.data) == (0x7DF, bytes.fromhex("02010d0000000000"))
    assert request.period_s <= 1.0  # policy forgets a speed after 2 s


@pytest.mark.parametrize(
    ("signal", "can_id", "extended", "data", "kmh"),
    [
        ("WheelData.VehicleSpeed", 660, False, "01 10 27 00 00 00 00 00", 100.0),
        ("VehicleSpeed", 660, False, "01 10 27 00 00 00 00 00", 100.0),
        ("VehicleSpeed", 660, False, "02 10 27 00 00 00 00 00", None),  # another multiplexed part
        ("VehicleSpeed", 660, False, "07 10 27 00 00 00 00 00", None),
        ("VehicleSpeed", 660, False, "01 ff ff 00 00 00 00 00", None),  # above its limit
        ("VehicleSpeed", 660, False, "01", None),
        ("VehicleSpeed", 660, True, "01 10 27 00 00 00 00 00", None),
        ("VehicleSpeed", 661, False, "01 10 27 00 00 00 00 00", None),
        ("Cluster.SpeedMph", 661, False, "0a 00 00 00", 16.09344),
        ("Cluster.SpeedMph", 661, False, "ff 00 00 00", None),  # "not available" in the value table
        ("Cluster.SpeedMph", 661, False, "fe 00 00 00", None),
        ("SpeedMs", 661, False, "00 64 00 00", 36.0),
        ("SpeedMs", 661, False, "00 9c ff 00", 36.0),  # backwards
        ("TruckSpeed", 0x18FEF1A0, True, "00 50", 80.0),
    ],
)
def test_dbc_signal(dbc: str, signal: str, can_id: int, extended: bool, data: str, kmh: float | None) -> None:
    found = DbcSpeed(dbc, signal).kmh(can_id, extended, bytes.fromhex(data))
    assert found == (None if kmh is None else pytest.approx(kmh))


@pytest.mark.parametrize(
    ("signal", "complaint"),
    [
        ("Speed", "no such signal"),
        ("SpeedMph", "2 messages have it"),
        ("Cluster.SpeedKnots", "unit of speed signal .*: found 'kn'"),
        ("", "no such signal"),
    ],
)
def test_unusable_signals_are_named(dbc: str, signal: str, complaint: str) -> None:
    with pytest.raises(OutputError, match=complaint):
        DbcSpeed(dbc, signal)


def test_the_settings_choose(dbc: str) -> None:
    assert speed_reader(CanSettings()) is None
    assert isinstance(speed_reader(CanSettings(speed="j1939")), J1939Speed)
    assert isinstance(speed_reader(CanSettings(speed="obd2")), ObdSpeed)
    assert isinstance(speed_reader(CanSettings(speed="dbc", speed_dbc=dbc, speed_signal="TruckSpeed")), DbcSpeed)


def test_bus_options_are_checked() -> None:
    assert bus_options(["port=43113", "ttl=0.5", "name=x=y"]) == {"port": 43113, "ttl": 0.5, "name": "x=y"}
    for wrong in ("port", "=3", "a b=1"):
        with pytest.raises(OutputError, match="name=value"):
            bus_options([wrong])
