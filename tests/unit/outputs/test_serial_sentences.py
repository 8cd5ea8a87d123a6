"""Sentences out and in; nothing that stands between them, and no damage to them, gets through."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fermon.domain import Acknowledged, DriverState, Received, Status, VehicleSpeed, Visibility
from fermon.outputs.serial.sentences import MOST_CHARACTERS, Reader, checksum, sentence, status_sentence
from tests.outputs_kit import BLIND, BOOTING, CRITICAL, FAULT, NOTICE, SITUATIONS, WARNING, WELL, status

FORM = re.compile(rb"\$FERM,(\d+),(\d),([01]),(\d),(-1|\d+),(\d+),([0-3])\*([0-9A-F]{2})\r\n")
ACK = b"$FERMA*5D\r\n"


def test_checksum_of_a_known_nmea_sentence() -> None:
    """GPGGA of the NMEA 0183 literature: checksum 47."""
    assert checksum("GPGGA,123519,4807.038,N,01131.000,E,1,08,0.9,545.4,M,46.9,M,,") == 0x47


@pytest.mark.parametrize(
    ("shown", "fields"),
    [
        (BOOTING, "41000,0,0,0,-1,0,0"),
        (WELL, "41000,1,0,0,3,0,0"),
        (BLIND, "41000,0,0,3,-1,0,1"),
        (NOTICE, "41000,1,1,0,-1,0,1"),
        (WARNING, "41000,3,0,0,-1,1600,2"),
        (CRITICAL, "41000,4,0,0,-1,3100,3"),
        (FAULT, "41000,6,0,0,-1,0,0"),
        (status(perclos_60s=0.125, visibility=Visibility.SLOW), "41000,1,0,6,12,0,0"),
    ],
)
def test_each_situation_as_a_sentence(shown: Status, fields: str) -> None:
    assert status_sentence(shown) == sentence(f"FERM,{fields}")


@given(
    st.floats(allow_nan=True, allow_infinity=True),
    st.floats(allow_nan=True, allow_infinity=True),
    st.integers(0, 2**70),
)
def test_no_figure_breaks_a_sentence(closure_s: float, perclos: float, uptime_ms: int) -> None:
    state = DriverState(t_ns=0, closure_s=closure_s, perclos_60s=perclos)
    text = status_sentence(Status(state, uptime_ms=uptime_ms))
    found = FORM.fullmatch(text)
    assert found and len(text) <= MOST_CHARACTERS
    assert int(found[8], 16) == checksum(text[1 : text.index(b"*")].decode())


def test_sentences_differ_between_situations() -> None:
    assert len({status_sentence(s) for s in SITUATIONS.values()}) == len(SITUATIONS)
    assert status_sentence(replace(WELL, uptime_ms=2**32 + 5)).startswith(b"$FERM,5,")


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (ACK, [Acknowledged()]),
        (b"$FERMA*5d\n", [Acknowledged()]),
        (b"$FERMA*5D$FERMA*5D", [Acknowledged(), Acknowledged()]),  # no line ends at all
        (sentence("FERMV,63.5"), [VehicleSpeed(63.5, "serial")]),
        (sentence("FERMV,0"), [VehicleSpeed(0.0, "serial")]),
        (sentence("FERMV,500"), [VehicleSpeed(500.0, "serial")]),
        (b"\x00\xff$$$noise*00\r\n" + ACK, [Acknowledged()]),
        (b"$FER" + ACK, [Acknowledged()]),  # a sentence cut off by the next one
        (b"$" + b"A" * 5000 + ACK, [Acknowledged()]),
    ],
)
def test_what_is_understood(data: bytes, expected: list[Received]) -> None:
    assert Reader().feed(data) == expected


@pytest.mark.parametrize(
    ("data", "cause"),
    [
        (b"$FERMA*5E\r\n", "checksum"),
        (b"$FERMA*5\r\n", "checksum"),
        (b"$FERMA*zz\r\n", "checksum"),
        (b"$FERMA*+5\r\n", "checksum"),
        (b"$FERMA\r\n", "garbage"),  # no checksum: not taken
        (b"$FER\x80A*5D\r\n", "garbage"),
        (b"$FERMA" + b" " * 100, "oversized"),
        (sentence("GPGGA,1,2,3"), "unknown"),
        (sentence("FERMA,1"), "unknown"),
        (sentence("FERMV"), "value"),
        (sentence("FERMV,"), "value"),
        (sentence("FERMV,-1"), "value"),
        (sentence("FERMV,nan"), "value"),
        (sentence("FERMV,inf"), "value"),
        (sentence("FERMV,1e2"), "value"),
        (sentence("FERMV,501"), "value"),
        (sentence("FERMV,12,3"), "value"),
        (sentence("FERMV, 12"), "value"),
    ],
)
def test_what_is_not_and_why(data: bytes, cause: str) -> None:
    reader = Reader()
    assert reader.feed(data) == []
    assert reader.rejected == {cause: 1}
    assert reader.feed(ACK) == [Acknowledged()]  # it spoils nothing that follows


@given(st.lists(st.binary(max_size=60).filter(lambda b: b"$" not in b), max_size=8), st.integers(1, 9), st.data())
def test_every_sentence_is_found_in_garbage_cut_anywhere(parts: list[bytes], step: int, data: st.DataObject) -> None:
    """Bytes without `$` between sentences, the whole stream delivered in pieces: every sentence comes through."""
    stream = b"".join(part + ACK for part in parts)
    reader = Reader()
    found: list[Received] = []
    while stream:
        size = data.draw(st.integers(1, step))
        found += reader.feed(stream[:size])
        stream = stream[size:]
    assert found == [Acknowledged()] * len(parts)


@given(st.lists(st.binary(max_size=300), max_size=30))
def test_binary_garbage_is_never_an_error_and_never_kept(pieces: list[bytes]) -> None:
    reader = Reader()
    for piece in pieces:
        reader.feed(piece)
        assert len(reader._text or b"") <= MOST_CHARACTERS


@given(st.integers(1, 8), st.integers(1, 255))
def test_a_damaged_sentence_is_not_believed(place: int, bits: int) -> None:
    """Any one character changed, `$` and line end apart: never an acknowledgement, unless only its case changed."""
    damaged = bytearray(ACK)
    damaged[place] ^= bits
    if damaged.upper() != ACK:
        assert Acknowledged() not in Reader().feed(bytes(damaged))
