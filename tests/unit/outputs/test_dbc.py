"""fermon.dbc and what is sent by it."""

from __future__ import annotations

from dataclasses import replace
from enum import IntEnum
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fermon.domain import DriverState, Level, Mode, Status, Visibility, Wakefulness
from fermon.errors import OutputError
from fermon.outputs.can.dbc import Encoder, load, shipped_dbc
from fermon.outputs.can.e2e import Check, Checker
from tests.outputs_kit import BLIND, BOOTING, CRITICAL, FAULT, NOTICE, SITUATIONS, WARNING, WELL, status

DBC = load(shipped_dbc())


def encoder() -> Encoder:
    return Encoder(DBC, "fermon.dbc")


def shown(s: Status) -> dict[str, str | float]:
    return {
        k: v if isinstance(v, int | float) else str(v)
        for k, v in DBC.decode_message("FermonState", encoder().state_frame(s)).items()
    }


@pytest.mark.parametrize(
    ("signal", "numbers"), [("State", Wakefulness), ("Visibility", Visibility), ("Mode", Mode), ("Level", Level)]
)
def test_value_tables_say_what_the_types_say(signal: str, numbers: type[IntEnum]) -> None:
    choices = DBC.get_message_by_name("FermonState").get_signal_by_name(signal).choices
    expected = {int(number): number.words for number in numbers}
    assert {k: str(v) for k, v in choices.items()} == ({0: "none"} | expected if signal == "Level" else expected)


@pytest.mark.parametrize("visibility", Visibility)
def test_every_cause_fits_its_signal(visibility: Visibility) -> None:
    assert shown(status(visibility=visibility))["Visibility"] == visibility.words


def test_every_message_tells_its_timing_and_protection() -> None:
    state, detail, ack = (DBC.get_message_by_name(name) for name in ("FermonState", "FermonDetail", "FermonAck"))
    assert (state.cycle_time, detail.cycle_time) == (200, 1000)
    assert (state.send_type, detail.send_type, ack.send_type) == ("CyclicAndSpontaneous", "Cyclic", "Spontaneous")
    data_ids = {m.dbc.attributes["E2EDataId"].value for m in (state, detail)}
    assert len(data_ids) == 2
    assert all(m.frame_id < 0x800 and not m.is_extended_frame and m.length <= 8 for m in DBC.messages)
    assert "1000 ms" in state.comment and "DEAD" in state.comment
    assert state.dbc.attributes["GenMsgTimeoutTime"].value == 1000


def test_every_situation_reads_back() -> None:
    for name, s in SITUATIONS.items():
        signals = shown(s)
        assert signals["Mode"] == s.mode.words, name
        assert signals["State"] == s.wakefulness.words, name
        assert signals["Visibility"] == s.state.visibility.words, name
        assert signals["Unavailable"] == ("active" if s is BLIND else "inactive")
        assert signals["ExpressionAlert"] == ("active" if s is NOTICE else "inactive")
        assert signals["Microsleep"] == ("active" if s is WARNING else "inactive")
        assert signals["Asleep"] == ("active" if s is CRITICAL else "inactive")
    assert {name: shown(s)["Mode"] for name, s in SITUATIONS.items() if s in (BOOTING, BLIND, FAULT, WELL)} == {
        "booting": "booting",
        "blind": "cannot see",
        "fault": "fault",
        "well": "monitoring",
    }


def test_measures_are_on_the_wire_as_they_are() -> None:
    s = status(perclos_60s=0.125, coverage=0.83, closure_s=1.6)
    signals = shown(replace(s, latency_ms=137.0))
    assert (signals["Perclos"], signals["Confidence"], signals["Latency"]) == (12.5, 83, 137)
    assert signals["ClosureTime"] == pytest.approx(1.6)


def test_what_is_not_known_is_not_available_and_never_zero() -> None:
    signals = shown(Status(DriverState(t_ns=0), uptime_ms=0))
    for name in ("Latency", "Perclos", "Confidence", "ClosureTime"):
        assert signals[name] == "not available"
    detail = DBC.decode_message("FermonDetail", encoder().detail_frame(Status(DriverState(t_ns=0), uptime_ms=0)))
    for name in ("PerclosLong", "BlinkRate", "FrameRate", "Speed"):
        assert str(detail[name]) == "not available"


def test_closed_eyes_are_told_even_while_the_driver_cannot_be_seen() -> None:
    assert shown(BLIND)["ClosureTime"] == "not available"
    assert shown(replace(BLIND, state=replace(BLIND.state, closure_s=0.7)))["ClosureTime"] == pytest.approx(0.7)


@given(
    st.floats(allow_nan=True, allow_infinity=True),
    st.floats(allow_nan=True, allow_infinity=True),
    st.integers(0, 2**70),
    st.sampled_from(list(SITUATIONS.values())),
)
def test_no_figure_breaks_a_frame(value: float, other: float, number: int, base: Status) -> None:
    state = replace(
        base.state,
        closure_s=value,
        perclos_60s=other,
        perclos_180s=value,
        coverage=value,
        rate_hz=other,
        speed_kmh=value,
        blink_rate_per_min=value,
        yawns=number,
    )
    coder = encoder()
    for frame in (
        coder.state_frame(replace(base, state=state, latency_ms=value)),
        coder.detail_frame(replace(base, state=state, uptime_ms=number)),
    ):
        assert len(frame) == 8
    assert shown(replace(base, state=state))["State"] == base.wakefulness.words


def test_limits_are_kept_where_figures_are_larger() -> None:
    signals = shown(replace(status(closure_s=3600.0, perclos_60s=1.2), latency_ms=1e6))
    assert signals["ClosureTime"] == pytest.approx(25.4)
    assert (signals["Perclos"], signals["Latency"]) == (100, 2046)


def test_messages_count_and_are_sealed_each_with_its_own_data_id() -> None:
    coder = encoder()
    state, detail = (
        Checker(coder.state.dbc.attributes["E2EDataId"].value),
        Checker(coder.detail.dbc.attributes["E2EDataId"].value),
    )
    for turn in range(20):
        expected = Check.OK if turn else Check.INITIAL
        assert state.check(coder.state_frame(WELL)) is expected
        assert detail.check(coder.detail_frame(WELL)) is expected
    assert state.check(coder.detail_frame(WELL)) is Check.WRONG_CRC


@pytest.mark.parametrize(("data", "pressed"), [(b"\x01", True), (b"\x00", False), (b"\xff", True), (b"", None)])
def test_acknowledge_frames(data: bytes, pressed: bool | None) -> None:
    assert encoder().acknowledged(data) is pressed


def test_identifiers_of_a_changed_copy_are_used(tmp_path: Path) -> None:
    text = shipped_dbc().read_text().replace("1488", "291").replace("65025", "7")
    (tmp_path / "mine.dbc").write_text(text)
    coder = Encoder(load(tmp_path / "mine.dbc"), "mine.dbc")
    assert coder.state.frame_id == 291
    assert Checker(7).check(coder.state_frame(WELL)) is Check.INITIAL


def test_what_else_stands_in_a_copy_and_how_it_was_saved_does_not_matter(tmp_path: Path) -> None:
    """Signals in another order, a vehicle's message with a fault, and what Windows editors make of the file."""
    blocks = shipped_dbc().read_text().split("\n\n")
    turned = []
    for block in blocks:
        head, *rows = block.strip("\n").split("\n")
        turned.append("\n".join([head, *(rows[::-1] if head.startswith("BO_ ") else rows)]))
    text = "\n\n".join(turned) + "\n"
    assert text.index("SG_ ClosureTime") < text.index("SG_ Checksum")
    other = 'BO_ 5 Van: 1 FERMON\n SG_ A : 0|8@1+ (1,0) [0|1] "" VEHICLE\n SG_ B : 4|8@1+ (1,0) [0|1] "" VEHICLE\n\n'
    text = text.replace("BO_ 1488 FermonState", f"{other}BO_ 1488 FermonState", 1)
    for data in (text.encode("utf-8-sig"), text.encode("utf-16"), text.replace("\n", "\r\n").encode("cp1252")):
        (tmp_path / "mine.dbc").write_bytes(data)
        coder = Encoder(load(tmp_path / "mine.dbc"), "mine.dbc")
        for shown in SITUATIONS.values():
            assert DBC.decode_message("FermonState", coder.state_frame(shown))["State"] == shown.wakefulness.words


def test_a_copy_made_for_an_older_fermon_still_works(tmp_path: Path) -> None:
    """A cause that has no word in it yet is the nearest one that has: it stays a reason not to trust the state."""
    text = shipped_dbc().read_text().replace(' 7 "too bright"', "").replace("(1,0) [0|7]", "(1,0) [0|6]")
    (tmp_path / "old.dbc").write_text(text)
    coder = Encoder(load(tmp_path / "old.dbc"), "old.dbc")
    dazzled = replace(BLIND, state=replace(BLIND.state, visibility=Visibility.TOO_BRIGHT))
    assert str(DBC.decode_message("FermonState", coder.state_frame(dazzled))["Visibility"]) == "slow"
    assert shown(dazzled)["Visibility"] == "too bright"


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (lambda text: text.replace("FermonDetail", "Other"), "lacks FermonDetail"),
        (lambda text: text.replace('"E2EDataId"', '"Elsewhere"'), "E2EDataId"),
        (lambda text: text.replace("AliveCounter : 8|4", "AliveCounter : 9|3"), "AliveCounter at 8|4"),
        (
            lambda text: text.replace(" SG_ Latency", " SG_ Lateness").replace("1488 Latency", "1488 Lateness"),
            "Lateness",
        ),
        (lambda text: text.replace('2047 "not available"', '2047 "unknown"'), "does not fit"),
        (lambda text: text.replace("Yawns : 12|4", "Yawns : 12|8"), "overlapping in message FermonDetail"),
        (lambda text: "this is no DBC", "no usable DBC"),
    ],
)
def test_a_copy_that_does_not_fit_is_refused_with_its_name(tmp_path: Path, change: object, complaint: str) -> None:
    path = tmp_path / "mine.dbc"
    path.write_text(change(shipped_dbc().read_text()))  # type: ignore[operator]
    with pytest.raises(OutputError, match=complaint.replace("|", r"\|")) as error:
        Encoder(load(path), str(path))
    assert "mine.dbc" in str(error.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"nowhere\.dbc"):
        load(tmp_path / "nowhere.dbc")
