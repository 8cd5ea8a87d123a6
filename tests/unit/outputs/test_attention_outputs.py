"""What outputs tell of attention: FermonAttention on CAN, $FERMD on serial, lamp and buzzer by the level."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fermon.domain import Attention, Kind, Level, Status, Wakefulness
from fermon.outputs.can.dbc import Encoder, load, shipped_dbc
from fermon.outputs.can.e2e import Check, Checker
from fermon.outputs.gpio.patterns import Signal, signal_of
from fermon.outputs.serial.sentences import MOST_CHARACTERS, attention_sentence, checksum, sentence
from fermon.outputs.worker import urgent_key
from tests.outputs_kit import alert, status

DBC = load(shipped_dbc())
MESSAGE = DBC.get_message_by_name("FermonAttention")
HEAD: dict[str, Any] = {
    "attention": Attention.AWAY,
    "head_yaw_deg": -41.6,
    "head_pitch_deg": 3.2,
    "away_s": 2.34,
    "away_30s": 7.0,
    "nods": 2,
}
AWAY = status(**HEAD)
WARNED = status(alert(Kind.DISTRACTED, Level.WARNING), **HEAD | {"attention": Attention.DISTRACTED})
NOTICED = status(alert(Kind.DISTRACTED, Level.NOTICE), **HEAD | {"attention": Attention.DISTRACTED})
UNKNOWN = status()
BROKEN = replace(AWAY, fault="the loop hangs")
BROKEN_WARNED = replace(WARNED, fault="the loop hangs")


def on_can(shown: Status) -> dict[str, Any]:
    frame = Encoder(DBC, "fermon.dbc").attention_frame(shown)
    assert frame is not None
    return {k: v if isinstance(v, int | float) else str(v) for k, v in MESSAGE.decode(frame).items()}


def test_the_message_is_as_agreed() -> None:
    assert (MESSAGE.frame_id, MESSAGE.cycle_time, MESSAGE.send_type) == (0x5D3, 200, "CyclicAndSpontaneous")
    attributes = {name: MESSAGE.dbc.attributes[name].value for name in ("E2EDataId", "GenMsgTimeoutTime")}
    assert attributes == {"E2EDataId": 65027, "GenMsgTimeoutTime": 1000}
    choices = MESSAGE.get_signal_by_name("Attention").choices
    assert {k: str(v) for k, v in choices.items()} == {int(a): a.words for a in Attention}


@pytest.mark.parametrize(
    ("shown", "attention", "level"),
    [
        (AWAY, "away", "none"),
        (WARNED, "distracted", "warning"),
        (NOTICED, "distracted", "notice"),
        (UNKNOWN, "not determined", "none"),
        (BROKEN, "not determined", "none"),
        (BROKEN_WARNED, "distracted", "warning"),
    ],
)
def test_attention_on_can(shown: Status, attention: str, level: str) -> None:
    signals = on_can(shown)
    assert (signals["Attention"], signals["DistractedLevel"]) == (attention, level)
    assert signals["Distracted"] == ("inactive" if level == "none" else "active")


def test_figures_on_can() -> None:
    signals = on_can(AWAY)
    assert (signals["HeadYaw"], signals["HeadPitch"], signals["Nods"]) == (-42, 3, 2)
    assert (signals["AwayTime"], signals["Away30"]) == (pytest.approx(2.3), pytest.approx(7.0))
    most = on_can(status(**HEAD | {"head_yaw_deg": 179.0, "away_s": 99.0, "nods": 99}))
    assert (most["HeadYaw"], most["AwayTime"], most["Nods"]) == (127, pytest.approx(25.4), 15)


@pytest.mark.parametrize("shown", [UNKNOWN, BROKEN, BROKEN_WARNED])
def test_what_is_not_known_is_not_available(shown: Status) -> None:
    signals = on_can(shown)
    assert {signals[name] for name in ("HeadYaw", "HeadPitch", "AwayTime", "Away30")} == {"not available"}


def test_it_is_sealed_with_its_own_data_id_and_counter() -> None:
    encoder, checker = Encoder(DBC, "fermon.dbc"), Checker(65027)
    for turn in range(20):
        encoder.state_frame(AWAY)
        frame = encoder.attention_frame(AWAY)
        assert frame is not None and checker.check(frame) is (Check.OK if turn else Check.INITIAL)
    assert checker.check(encoder.state_frame(AWAY)) is Check.WRONG_CRC


def test_a_copy_without_the_message_works_without_it(tmp_path: Path) -> None:
    text = shipped_dbc().read_text()
    kept = [block for block in text.split("\n\n") if not block.startswith("BO_ 1491")]
    older = "\n".join(line for line in "\n\n".join(kept).split("\n") if " 1491 " not in line)
    (tmp_path / "old.dbc").write_text(older)
    encoder = Encoder(load(tmp_path / "old.dbc"), "old.dbc")
    assert encoder.attention is None
    assert encoder.attention_frame(AWAY) is None
    assert len(encoder.state_frame(AWAY)) == 8


@pytest.mark.parametrize(
    ("shown", "fields"),
    [
        (AWAY, "41000,2,-42,3,2340,0"),
        (WARNED, "41000,3,-42,3,2340,2"),
        (NOTICED, "41000,3,-42,3,2340,1"),
        (UNKNOWN, "41000,0,,,,0"),
        (BROKEN, "41000,0,,,,0"),
        (BROKEN_WARNED, "41000,3,,,,2"),
        (status(**HEAD | {"head_yaw_deg": None, "head_pitch_deg": None}), "41000,2,,,2340,0"),
    ],
)
def test_attention_as_a_sentence(shown: Status, fields: str) -> None:
    assert attention_sentence(shown) == sentence(f"FERMD,{fields}")


anything = st.floats(allow_nan=True, allow_infinity=True)


@given(anything, anything, anything, st.integers(0, 2**70))
def test_no_figure_breaks_a_frame_or_a_sentence(yaw: float, away_s: float, sum_s: float, number: int) -> None:
    shown = status(
        attention=Attention.AWAY, head_yaw_deg=yaw, head_pitch_deg=yaw, away_s=away_s, away_30s=sum_s, nods=number
    )
    assert on_can(shown)["Attention"] == "away"
    text = attention_sentence(replace(shown, uptime_ms=number))
    body, _, digits = text[1:].strip().partition(b"*")
    assert int(digits, 16) == checksum(body.decode())
    assert (b",2,,," in body) == math.isnan(yaw)
    assert len(text) <= MOST_CHARACTERS


def test_a_change_of_attention_is_shown_at_once() -> None:
    ahead = status(**HEAD | {"attention": Attention.ATTENTIVE})
    assert urgent_key(AWAY) != urgent_key(ahead)
    assert urgent_key(AWAY) == urgent_key(status(**HEAD | {"away_s": 3.0}))


def test_lamp_and_buzzer_follow_the_level() -> None:
    assert [signal_of(s) for s in (AWAY, NOTICED, WARNED)] == [Signal.WELL, Signal.NOTICE, Signal.WARNING]


def test_the_ladder_and_the_old_messages_know_nothing_of_it() -> None:
    assert WARNED.wakefulness is Wakefulness.ALERT
    assert Encoder(DBC, "x").detail_frame(WARNED) == Encoder(DBC, "x").detail_frame(AWAY)
