"""A signal out of a vehicle's DBC, whatever else stands in the file."""

from __future__ import annotations

import itertools
import os
import random
import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fermon.errors import OutputError
from fermon.outputs.can.dbc import read_text
from fermon.outputs.can.speed import DbcSpeed
from fermon.outputs.can.vehicle import find_signal

HEAD = 'VERSION ""\n\nNS_ :\n\tCM_\n\tVAL_\n\nBS_:\n\nBU_: X\n\n'
COUNTER = ' SG_ Counter : 0|8@1+ (1,0) [0|255] "" X\n'
SPEED = ' SG_ Speed : 8|8@1+ (1,0) [0|255] "km/h" X\n'
WHEEL = f"BO_ 599 Wheel: 8 X\n{COUNTER}{SPEED}\n"
DATA = bytes.fromhex("0732000000000000")  # 50 km/h


def speed(folder: Path, text: str | bytes, name: str = "Wheel.Speed") -> DbcSpeed:
    path = folder / "van.dbc"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return DbcSpeed(str(path), name)


def kmh(folder: Path, text: str | bytes, data: bytes = DATA, name: str = "Wheel.Speed") -> float | None:
    reader = speed(folder, text, name)
    (own,) = reader.filters
    return reader.kmh(own.can_id, own.extended, data)


def signal(row: str, more: str = "", frame: str = "BO_ 599 Wheel: 8 X") -> str:
    return f"{HEAD}{frame}\n{COUNTER} SG_ Speed : {row} X\n\n{more}"


# The file ---------------------------------------------------------------------------------------------------------

FAULTS = {
    "nothing wrong": "",
    "signals that overlap": 'BO_ 1 A: 8 X\n SG_ P : 0|8@1+ (1,0) [0|1] "" X\n SG_ Q : 4|8@1+ (1,0) [0|1] "" X\n',
    "a signal that does not fit": 'BO_ 1 A: 1 X\n SG_ P : 60|16@1+ (1,0) [0|1] "" X\n',
    "a signal without length": 'BO_ 1 A: 8 X\n SG_ P : 0|0@1+ (1,0) [0|1] "" X\n',
    "a row that is cut off": "BO_ 1 A: 8 X\n SG_ P : 0|8@1+ (1,\n",
    "a row without limits": 'BO_ 1 A: 8 X\n SG_ P : 0|8@1+ (1,0) "" X\n',
    "a message that cannot be read": f"BO_ 1 A: 8 X\nBO_ 99999999999 B: 8 X\n{SPEED}",
    "a signal outside of messages": f'BO_ 1 A: 8 X\nCM_ "x";\n{SPEED}',
    "two messages of one identifier": f"BO_ 599 Wheel: 8 X\n{COUNTER}{SPEED}\n",
    "names with umlauts": 'BO_ 1 Lüfter: 8 Türgerät\n SG_ Drehzahl_Übersetzung : 0|8@1+ (1,0) [0|1] "°C" X\n',
    "an attribute that nobody defined": 'BA_ "Nowhere" BO_ 599 5;\n',
    "a type of a signal that is not there": "SIG_VALTYPE_ 1 Gone : 1;\n",
    "a comment of many lines": 'CM_ "first\nBO_ 599 Old: 8 X\n SG_ Speed : 0|8@1+ (1,0) [0|255] \\"mph\\" X\nlast";\n',
    "a comment without its end": 'CM_ SG_ 599 Speed "of the vehicle;\n',
    "a text of signs": 'CM_ "\\\\ \\" ; : BO_ 1 [";\n',
    "no such statement": "FOO_BAR_ 1 2 3;\n%%%\n",
    "signals on no message": f"BO_ 3221225472 VECTOR__INDEPENDENT_SIG_MSG: 0 Vector__XXX\n{SPEED}\n",
    "a comment line": "// BO_ 600 Wheel: 8 X\n",
    "tables": 'VAL_TABLE_ Speed 255 "far too fast" ;\nVAL_ Environment 50 "fifty" ;\nVAL_ 600 Speed 50 "fifty" ;\n',
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("name", ["Wheel.Speed", "Speed"])
def test_a_fault_elsewhere_does_not_matter(tmp_path: Path, fault: str, first: bool, name: str) -> None:
    text = HEAD + (FAULTS[fault] + WHEEL if first else WHEEL + FAULTS[fault])
    assert kmh(tmp_path, text, name=name) == 50.0


@pytest.mark.parametrize("rows", list(itertools.permutations([COUNTER, SPEED, SPEED.replace("Speed : 8", "Raw : 16")])))
def test_the_order_of_signals_does_not_matter(tmp_path: Path, rows: tuple[str, ...]) -> None:
    assert kmh(tmp_path, f"{HEAD}BO_ 599 Wheel: 8 X\n{''.join(rows)}") == 50.0


def test_faults_beside_it_in_the_message_do_not_matter(tmp_path: Path) -> None:
    rows = ' SG_ A : 0|64@1+ (1,0) [0|1] "" X\n SG_ B : 999|9@1+ (1,0) [0|1] "" X\n SG_ C : x|9@1+ [] "" X\n'
    assert kmh(tmp_path, f"{HEAD}BO_ 599 Wheel: 1 X\n{rows}{SPEED}") == 50.0


@pytest.mark.parametrize(
    "data",
    [
        (HEAD + WHEEL).encode("utf-8-sig"),
        (HEAD + WHEEL).encode("utf-16"),
        b"\xfe\xff" + (HEAD + WHEEL).encode("utf-16-be"),
        (HEAD + 'CM_ "Kühlwasser °C – warm";\n' + WHEEL).encode("cp1252"),
        (HEAD + 'CM_ "Kühlwasser °C – warm";\n' + WHEEL).encode("utf-8"),
        (HEAD + 'CM_ "\x81\x8d";\n' + WHEEL).encode("latin-1"),
        b"\xef\xbb\xbf" + (HEAD + 'CM_ "°";\n' + WHEEL).encode("cp1252"),
        (HEAD + 'CM_ "скорость 速度";\n' + WHEEL).encode("utf-8"),
        (HEAD + WHEEL).replace("\n", "\r\n").encode(),
        (HEAD + WHEEL).replace("\n", "\r\n").encode("utf-16"),
        WHEEL.encode(),
    ],
)
def test_windows_editors(tmp_path: Path, data: bytes) -> None:
    assert kmh(tmp_path, data) == 50.0


@pytest.mark.parametrize(
    ("make", "complaint"),
    [
        (lambda p: None, "no such file"),
        (lambda p: p.mkdir(), "found a folder, expected a DBC file"),
        (os.mkfifo, "found a pipe"),  # would hang
        (lambda p: p.write_bytes((HEAD + WHEEL).encode("utf-16-le")), "UTF-16 without its mark; save it as UTF-8"),
        (lambda p: p.write_bytes(bytes(1000)), "no text"),
        (lambda p: p.touch(), "no such signal"),
        (lambda p: p.touch() or os.truncate(p, 100 << 20), "larger than 65536 KiB"),
    ],
)
def test_what_is_no_dbc_is_named(tmp_path: Path, make: object, complaint: str) -> None:
    path = tmp_path / "van.dbc"
    make(path)  # type: ignore[operator]
    with pytest.raises(OutputError, match=complaint) as error:
        DbcSpeed(str(path), "Wheel.Speed")
    assert "van.dbc" in str(error.value)


def test_a_home_is_expanded_and_nobody_s_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "van.dbc").write_text(HEAD + WHEEL)
    assert DbcSpeed("~/van.dbc", "Wheel.Speed").kmh(599, False, DATA) == 50.0
    for path in ("~nosuchuser/van.dbc", "\0", "x" * 5000):
        with pytest.raises(OutputError):
            DbcSpeed(path, "Wheel.Speed")


# The signal -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("row", "data", "expected"),
    [
        ('8|16@1+ (0.01,0) [0|300] "km/h"', "00 88 13", 50.0),
        ('15|16@0+ (0.01,0) [0|300] "km/h"', "00 13 88", 50.0),  # Motorola
        ('12|13@0+ (0.1,0) [0|300] "km/h"', "00 01 F4", 50.0),  # Motorola, across bytes
        ('8|16@1- (0.01,0) [-300|300] "km/h"', "00 88 13", 50.0),
        ('8|16@1- (0.01,0) [-300|300] "km/h"', "00 78 EC", 50.0),  # backwards is as fast
        ('15|12@0- (0.1,0) [-100|100] "km/h"', "00 E0 C0", 50.0),  # -500
        ('8|8@1+ (1,-100) [-100|155] "km/h"', "00 96", 50.0),  # offset
        ('8|8@1+ (-1,255) [0|255] "km/h"', "00 CD", 50.0),  # counts downwards
        ('8|8@1+ (1E0,0) [0.|2.55E2] "km/h"', "00 32", 50.0),
        ('8|8@1+ (1,0) [0|0] "km/h"', "00 32", 50.0),  # no limits
        ('8|8@1+ (1,0) [255|0] "km/h"', "00 32", 50.0),  # limits that are none
        ('8|8@1+ (1,0) [|] "km/h"', "00 32", 50.0),
        ('8|8@1+ (1,0) "km/h"', "00 32", 50.0),
        ('8|8@1+(1,0)[0|255]"km/h"', "00 32", 50.0),
        ('8 | 8 @ 1 + ( 1 , 0 ) [ 0 | 255 ] "km/h"', "00 32", 50.0),
        ('8|8@1+ (1,0) [0|255] "mph"', "00 32", 80.4672),
        ('8|8@1+ (1,0) [0|255] "m/s"', "00 32", 180.0),
        ('8|8@1+ (1,0) [0|255] ""', "00 32", 50.0),
        ('8|16@1+ (0.00390625,0) [0|250.9] "km/h"', "00 E6 FA", 250.8984375),  # within what the file rounded
        ('8|16@1+ (0.01,0) [0|300] "km/h"', "00 31 75", None),  # 300.01: above
        ('8|8@1+ (1,0) [0|40] "km/h"', "00 32", None),
        ('8|8@1+ (1,0) [60|90] "km/h"', "00 32", None),
        ('8|16@1+ (1,0) [0|0] "km/h"', "00 F4 01", 500.0),
        ('8|16@1+ (1,0) [0|0] "km/h"', "00 F5 01", None),  # faster than any vehicle
        ('8|8@1+ (1,0) [0|255] "km/h"', "00", None),  # too short
        ('8|8@1+ (1,0) [0|255] "km/h"', "", None),
    ],
)
def test_places_and_scales(tmp_path: Path, row: str, data: str, expected: float | None) -> None:
    found = kmh(tmp_path, signal(row), bytes.fromhex(data))
    assert found == (None if expected is None else pytest.approx(expected))


@pytest.mark.parametrize(("code", "length", "kind"), [("<f", 32, 1), ("<d", 56, None), ("<d", 64, 2)])
def test_floating_point(tmp_path: Path, code: str, length: int, kind: int | None) -> None:
    text = f'{HEAD}BO_ 599 Wheel: 8 X\n SG_ Speed : 0|{length}@1- (1,0) [0|300] "km/h" X\n\n'
    text += f"SIG_VALTYPE_ 599 Speed : {kind};\n" if kind else ""
    data = struct.pack(code, 49.5)
    assert kmh(tmp_path, text, data) == (49.5 if kind else None)
    for wrong in (float("nan"), float("inf"), -float("inf"), 1e30 if length > 32 else 1e10):
        assert kmh(tmp_path, text, struct.pack(code, wrong)) is None


def test_words_of_the_value_table_are_no_speed_but_standing_still_is(tmp_path: Path) -> None:
    more = 'VAL_ 599 Speed 255 "not available" 254 "say \\"error\\"" 0 "Standstill" 1 "standing by" -1 "x" ;\n'
    text = signal('8|8@1+ (1,0) [0|255] "km/h"', more)
    assert [kmh(tmp_path, text, bytes([0, raw])) for raw in (255, 254, 253, 0, 1)] == [None, None, 253.0, 0.0, None]
    assert kmh(tmp_path, signal('8|8@1+ (1,0) [0|255] "km/h"', 'VAL_ 599 Speed 0 "invalid" ;\n'), bytes(2)) is None


def test_the_message_s_name_chooses_among_signals_of_one_name(tmp_path: Path) -> None:
    text = f"{HEAD}{WHEEL}BO_ 600 Axle: 8 X\n{SPEED.replace('(1,0)', '(2,0)')}BO_ 0 Speed: 8 X\n{COUNTER}"
    for name, expected in (("Wheel.Speed", 50.0), ("Axle.Speed", 100.0)):
        assert kmh(tmp_path, text, name=name) == expected


@pytest.mark.parametrize("number", [0, 599, 0x7FF])
def test_identifiers_of_11_bits(tmp_path: Path, number: int) -> None:
    reader = speed(tmp_path, signal('8|8@1+ (1,0) [0|255] "km/h"', frame=f"BO_ {number} Wheel: 8 X"))
    assert reader.kmh(number, False, DATA) == 50.0
    assert reader.kmh(number, True, DATA) is None
    assert [(f.can_id, f.can_mask, f.extended) for f in reader.filters] == [(number, 0x7FF, False)]


@pytest.mark.parametrize("number", [0x800, 0x98FEF1FE, 0x18FEF1FE, 599 | 0x80000000])
def test_extended_identifiers(tmp_path: Path, number: int) -> None:
    """With the DBC's mark, or without it where an 11-bit identifier cannot be meant."""
    reader = speed(tmp_path, signal('8|8@1+ (1,0) [0|255] "km/h"', frame=f"BO_ {number} Wheel: 8 X"))
    can_id = number & 0x1FFFFFFF
    assert reader.kmh(can_id, True, DATA) == 50.0
    assert reader.kmh(can_id, False, DATA) is None
    assert reader.kmh(can_id + 1, True, DATA) is None
    assert [(f.can_id, f.can_mask, f.extended) for f in reader.filters] == [(can_id, 0x1FFFFFFF, True)]


@pytest.mark.parametrize("format", ['"VFrameFormat" BO_ 2566844926 3;', '"VFrameFormat" BO_ 2566844926 "J1939PG";'])
def test_a_j1939_identifier_stands_for_its_group(tmp_path: Path, format: str) -> None:
    reader = speed(
        tmp_path, signal('8|8@1+ (1,0) [0|255] "km/h"', f"BA_ {format}\n", frame="BO_ 2566844926 Wheel: 8 X")
    )
    for can_id in (0x18FEF1FE, 0x0CFEF100, 0x18FEF127):
        assert reader.kmh(can_id, True, DATA) == 50.0
        (own,) = reader.filters
        assert can_id & own.can_mask == own.can_id & own.can_mask
    assert reader.kmh(0x18FEF200, True, DATA) is None
    assert reader.kmh(0x19FEF100, True, DATA) is None


@pytest.mark.parametrize(
    ("number", "same", "other"),
    [
        (0x18F0FFFE, (0x18F0FF00, 0x0CF0FF17), (0x18F0FE00, 0x18F1FF00)),  # the first group that goes to all
        (0x18EFFFFE, (0x18EF0000, 0x0CEF2117), (0x18F0FF00, 0x18EEFF00)),  # the last that goes to one address
    ],
)
def test_j1939_groups_to_all_and_to_one(
    tmp_path: Path, number: int, same: tuple[int, ...], other: tuple[int, ...]
) -> None:
    marked = number | 0x80000000
    more = f'BA_ "VFrameFormat" BO_ {marked} 3;\n'
    reader = speed(tmp_path, signal('8|8@1+ (1,0) [0|255] "km/h"', more, frame=f"BO_ {marked} Wheel: 8 X"))
    assert [reader.kmh(can_id, True, DATA) for can_id in same] == [50.0, 50.0]
    assert [reader.kmh(can_id, True, DATA) for can_id in other] == [None, None]


MULTIPLEXED = """BO_ 599 Wheel: 8 X
 SG_ Speed m2 : 8|8@1+ (1,0) [0|255] "km/h" X
 SG_ Mode M : 0|8@1+ (1,0) [0|255] "" X
 SG_ Other m1 : 8|8@1+ (1,0) [0|255] "" X
"""
EXTENDED = """BO_ 599 Wheel: 8 X
 SG_ Page M : 0|4@1+ (1,0) [0|15] "" X
 SG_ Part m1M : 4|4@1+ (1,0) [0|15] "" X
 SG_ Speed m3 : 8|8@1+ (1,0) [0|255] "km/h" X

SG_MUL_VAL_ 599 Part Page 1-1, 5-7;
SG_MUL_VAL_ 599 Speed Part 3-3,  9-4000000000;
SG_MUL_VAL_ 600 Speed Page 0-0;
"""


@pytest.mark.parametrize(
    ("text", "first", "expected"),
    [
        (MULTIPLEXED, 0x02, 50.0),
        (MULTIPLEXED, 0x01, None),
        (MULTIPLEXED, 0x00, None),
        (EXTENDED, 0x31, 50.0),
        (EXTENDED, 0x36, 50.0),
        (EXTENDED, 0xF1, 50.0),
        (EXTENDED.replace("3-3,  9-4000000000", ""), 0x31, 50.0),  # then what its own row says
        (EXTENDED, 0x32, None),  # another page
        (EXTENDED, 0x41, None),  # another part
    ],
)
def test_multiplexed(tmp_path: Path, text: str, first: int, expected: float | None) -> None:
    assert kmh(tmp_path, HEAD + text, bytes([first, 50, 0])) == expected
    assert kmh(tmp_path, HEAD + text, b"") is None


def test_long_names_of_the_attributes(tmp_path: Path) -> None:
    more = 'BA_ "SystemSignalLongSymbol" SG_ 599 Speed "Speed_of_the_vehicle_over_the_ground";\n'
    more += 'BA_ "SystemMessageLongSymbol" BO_ 599 "Wheel_speeds_and_what_follows_from_them";\n'
    long = "Wheel_speeds_and_what_follows_from_them.Speed_of_the_vehicle_over_the_ground"
    for name in (long, long.rpartition(".")[2], "Wheel.Speed", "Speed"):
        assert kmh(tmp_path, HEAD + WHEEL + more, name=name) == 50.0


@pytest.mark.parametrize(
    ("text", "name", "complaint"),
    [
        (WHEEL, "Wheel.Spede", "no such signal.*did you mean 'Wheel.Speed'"),
        (WHEEL, "wheel.speed", "no such signal.*did you mean 'Wheel.Speed'"),
        (WHEEL, "Zzzzzzzzzz", "signals with speed: Wheel.Speed"),
        (f"BO_ 599 Wheel: 8 X\n{COUNTER}", "Zzzzzzzzzz", "signals with speed: none"),
        (WHEEL, "", "no such signal"),
        (WHEEL, ".", "no such signal"),
        (f"{WHEEL}BO_ 600 Axle: 8 X\n{SPEED}", "Speed", "2 messages have it.*they are Wheel.Speed, Axle.Speed"),
        (signal('8|0@1+ (1,0) [0|255] "km/h"'), "Speed", "length of 0 bits"),
        (signal('600|8@1+ (1,0) [0|255] "km/h"'), "Speed", "behind the end of a frame"),
        (signal('8|8@1+ (0,0) [0|255] "km/h"'), "Speed", r"found \(0,0\), expected \(factor,offset\)"),
        (signal('8|8@1+ (nan,0) [0|255] "km/h"'), "Speed", "factor,offset"),
        (signal('8|8@1+ (1,inf) [0|255] "km/h"'), "Speed", "factor,offset"),
        (signal('8|8@1+ (0,1,0) [0|255] "km/h"'), "Speed", "found SG_ Speed : 8.*expected SG_ name : start"),
        (
            signal('8|8@1+ (1,0) [0|255] "rpm"'),
            "Speed",
            "unit of speed signal 'Wheel.Speed'.*found 'rpm'",
        ),
        (signal('8|8@1+ (1,0) [0|255] "km/h"', "SIG_VALTYPE_ 599 Speed : 1;"), "Speed", "number of 8 bits"),
        (MULTIPLEXED.replace(" M :", " :"), "Speed", "multiplexed, but by no signal"),
        (
            EXTENDED.replace("Part Page", "Part Speed").replace("SG_ Speed m3 ", "SG_ Speed m3M "),
            "Speed",
            "in a circle",
        ),
    ],
)
def test_what_cannot_be_used_is_named_with_the_file(tmp_path: Path, text: str, name: str, complaint: str) -> None:
    with pytest.raises(OutputError, match=complaint) as error:
        speed(tmp_path, text, name)
    assert "van.dbc" in str(error.value)


# Whatever comes -----------------------------------------------------------------------------------------------------


@given(st.text(alphabet='BO_SGVALMUCX 0123456789|@+-()[]",.:;\n\\km/h', max_size=300), st.text(max_size=12))
def test_any_text_is_read_or_refused(text: str, name: str) -> None:
    for body in (text, HEAD + WHEEL + text):
        try:
            find_signal(body, name)
        except OutputError as error:
            assert str(error)


def test_a_damaged_file_is_read_or_refused() -> None:
    """Three thousand copies with characters lost, doubled or changed."""
    chance = random.Random(18)
    whole = HEAD + EXTENDED + MULTIPLEXED.replace("599", "600") + 'VAL_ 599 Speed 255 "not available" ;\n'
    read = 0
    for _ in range(3000):
        text = list(whole)
        for _ in range(chance.randint(1, 4)):
            place = chance.randrange(len(text))
            text[place] = chance.choice(["", text[place] * 2, chr(chance.randrange(1, 300))])
        try:
            find_signal("".join(text), "Wheel.Speed")
            read += 1
        except OutputError as error:
            assert str(error)
    assert 0 < read < 3000


def test_the_field_s_own_files(shared: Path) -> None:
    """Swapped lines and a byte-order mark, as they were reported."""
    field = shared.parent / "field"
    if not field.is_dir():
        pytest.skip("needs the field's own inputs beside the data folder")
    for file in ("in_order.dbc", "out_of_order.dbc", "dbc_utf8_bom.dbc"):
        reader = DbcSpeed(str(field / file), "Wheel.Speed")
        assert reader.kmh(reader.filters[0].can_id, False, DATA) == 50.0, read_text(field / file)
