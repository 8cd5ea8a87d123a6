"""End-to-end protection, against published figures and against every fault it is there to find."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fermon.outputs.can.e2e import COUNTERS, Check, Checker, Protector, checksum, crc8

FRAMES = st.binary(min_size=8, max_size=8)
DATA_IDS = st.integers(0, 0xFFFF)


def test_crc_has_the_catalogue_s_check_value() -> None:
    """CRC-8/SAE-J1850 (start 0xFF, final XOR 0xFF) of "123456789" is 0x4B: the same polynomial, the same bit order."""
    assert crc8(b"123456789", start=0xFF) ^ 0xFF == 0x4B


@pytest.mark.parametrize(("counter", "crc"), [(0, 0xCC), (1, 0x91)])
def test_published_vectors(counter: int, crc: int) -> None:
    """AUTOSAR's protocol example: profile 1, both-ID mode, data ID 0x123, all zeros."""
    assert checksum(bytes((0, counter, 0, 0, 0, 0, 0, 0)), 0x123) == crc


def test_sending_the_published_example() -> None:
    protector = Protector(0x123)
    assert protector.protect(bytes(8)).hex() == "cc00000000000000"
    assert protector.protect(bytes(8)).hex() == "9101000000000000"


def test_counter_runs_from_0_to_14_and_leaves_its_neighbour_alone() -> None:
    protector = Protector(0x123)
    sent = [protector.protect(bytes((0xFF, 0xAF, 1, 2, 3, 4, 5, 6))) for _ in range(31)]
    assert [frame[1] & 0x0F for frame in sent] == [*range(15), *range(15), 0]
    assert all(frame[1] & 0xF0 == 0xA0 and frame[2:] == bytes((1, 2, 3, 4, 5, 6)) for frame in sent)


@given(st.lists(FRAMES, min_size=2, max_size=40), DATA_IDS)
def test_what_is_sent_is_accepted(frames: list[bytes], data_id: int) -> None:
    protector, checker = Protector(data_id), Checker(data_id)
    results = [checker.check(protector.protect(frame)) for frame in frames]
    assert results == [Check.INITIAL] + [Check.OK] * (len(frames) - 1)


@given(FRAMES, DATA_IDS, st.integers(0, 63), st.integers(0, 63))
def test_one_or_two_flipped_bits_are_found(frame: bytes, data_id: int, first: int, second: int) -> None:
    sent = int.from_bytes(Protector(data_id).protect(frame), "big")
    damaged = sent ^ (1 << first) ^ ((1 << second) if second != first else 0)
    assert Checker(data_id).check(damaged.to_bytes(8, "big")) is Check.WRONG_CRC


@given(FRAMES, DATA_IDS, DATA_IDS)
def test_a_frame_of_another_data_id_is_rejected(frame: bytes, data_id: int, other: int) -> None:
    if crc8(bytes((data_id & 0xFF, data_id >> 8))) != crc8(bytes((other & 0xFF, other >> 8))):
        assert Checker(other).check(Protector(data_id).protect(frame)) is Check.WRONG_CRC


def test_repetition_loss_and_broken_sequence_are_told_apart() -> None:
    protector, checker = Protector(1), Checker(1, most_lost=3)
    frames = [protector.protect(bytes(8)) for _ in range(COUNTERS)]
    assert checker.check(frames[0]) is Check.INITIAL
    assert checker.check(frames[0]) is Check.REPEATED
    assert checker.check(frames[1]) is Check.OK
    assert checker.check(frames[5]) is Check.SOME_LOST  # 2, 3, 4 are missing
    assert checker.check(frames[10]) is Check.WRONG_SEQUENCE  # 6 to 9 are
    assert checker.check(frames[11]) is Check.OK
    assert checker.check(frames[9]) is Check.WRONG_SEQUENCE  # backwards
    assert [c for c in Check if c.usable] == [Check.OK, Check.INITIAL, Check.SOME_LOST]


@pytest.mark.parametrize("frame", [b"", b"\x00", b"\x00\x0f"])
def test_no_frame_of_ours(frame: bytes) -> None:
    assert Checker(1).check(frame) is Check.WRONG_CRC


def test_counter_15_is_never_right() -> None:
    frame = bytes((0, 15, 0, 0, 0, 0, 0, 0))
    assert Checker(1).check(bytes((checksum(frame, 1),)) + frame[1:]) is Check.WRONG_CRC
