"""Bits of a frame, held against cantools."""

from __future__ import annotations

import struct

import cantools
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fermon.outputs.can.bits import Bits


@given(st.integers(0, 63), st.integers(1, 64), st.booleans(), st.booleans(), st.binary(max_size=12))
def test_every_place_reads_as_cantools_reads_it(start: int, length: int, big: bool, signed: bool, data: bytes) -> None:
    """Both byte orders, signed or not, in frames of 0 to 12 bytes."""
    bits = Bits(start, length, big, signed)
    row = f'SG_ S : {start}|{length}@{0 if big else 1}{"-" if signed else "+"} (1,0) [0|0] "" X'
    database = cantools.database.load_string(f"BO_ 1 M: 64 X\n {row}\n", "dbc", strict=False)
    expected = database.messages[0].decode(data, scaling=False, allow_truncated=True).get("S")
    assert bits.raw(data) == expected


@given(st.floats(width=32, allow_nan=False), st.floats(allow_nan=False), st.booleans())
def test_floats(single: float, double: float, big: bool) -> None:
    order = ">" if big else "<"
    assert Bits(7 if big else 0, 32, big, True, True).raw(struct.pack(f"{order}f", single)) == single
    assert Bits(15 if big else 8, 64, big, True, True).raw(b"\x00" + struct.pack(f"{order}d", double)) == double


@pytest.mark.parametrize(
    ("bits", "problem"),
    [
        (Bits(0, 8), None),
        (Bits(448, 64), None),
        (Bits(455, 64, big_endian=True), None),
        (Bits(0, 32, floating=True), None),
        (Bits(0, 0), "a length of 0 bits"),
        (Bits(0, 65), "a length of 65 bits"),
        (Bits(505, 8), "behind the end"),
        (Bits(510, 8, big_endian=True), "behind the end"),
        (Bits(9999, 8, big_endian=True), "behind the end"),
        (Bits(0, 16, floating=True), "16 bits"),
    ],
)
def test_what_cannot_be_read(bits: Bits, problem: str | None) -> None:
    found = bits.problem()
    assert found is None if problem is None else found is not None and problem in found
