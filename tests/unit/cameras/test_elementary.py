"""Streams without a container: which are known, and what their headers say about time."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fermon.cameras.elementary import Stream, sniff
from tests.clips_kit import Timing, bars, h264, jpegs, parameters, unit, write, y4m


@pytest.mark.parametrize("profile", [66, 100])
@given(units=st.integers(1, 2**32 - 1), scale=st.integers(1, 2**32 - 1), fixed=st.booleans())
def test_h264_names_its_rate_and_whether_it_keeps_it(profile: int, units: int, scale: int, fixed: bool) -> None:
    rate = scale / (2 * units)
    believed = rate if 0.1 <= rate <= 1000 else None
    found = sniff(parameters(640, 480, Timing(units, scale, fixed), profile=profile))
    assert found == Stream("raw H.264", believed if fixed else None, believed)


@pytest.mark.parametrize("vui", [True, False])
def test_h264_may_say_nothing_about_time(vui: bool) -> None:
    assert sniff(parameters(640, 480, None, vui=vui)) == Stream("raw H.264")


def test_other_units_may_come_before_the_parameters() -> None:
    delimiter, information = unit(0x09, b"\xf0"), unit(0x06, b"\x05\x04made\x80")
    stream = delimiter + information + parameters(64, 48, Timing(1, 50, fixed=True))
    assert sniff(stream) == Stream("raw H.264", 25.0, 25.0)


@given(cut=st.integers(4, 60))
def test_parameters_that_are_cut_off_say_nothing(cut: int) -> None:
    found = sniff(parameters(64, 48, Timing(1, 50, fixed=True))[:cut])
    assert found is None or found.kind in ("raw H.264", "raw video")


@given(
    head=st.binary(max_size=300),
    start=st.sampled_from([b"", b"\0\0\1", b"\0\0\0\1\x67", b"YUV4MPEG2 ", b"\xff\xd8\xff"]),
)
def test_any_bytes_have_an_answer(head: bytes, start: bytes) -> None:
    sniff(start + head)


@pytest.mark.parametrize(
    ("head", "stream"),
    [
        (b"".join(jpegs(bars(1))), Stream("JPEG pictures")),
        (y4m(bars(1), "F30000:1001"), Stream("Y4M", 30000 / 1001)),
        (y4m(bars(1), "F0:0"), Stream("Y4M")),
        (y4m(bars(1), ""), Stream("Y4M")),
        (bytes.fromhex("000001b3040030350fffe018"), Stream("raw MPEG video", 30.0)),
        (bytes.fromhex("000001b30400303f0fffe018"), Stream("raw MPEG video")),
        (bytes.fromhex("00000140010c01ffff"), Stream("raw H.265")),
        (bytes.fromhex("000001b001000001b58913"), Stream("raw video")),
        (bytes.fromhex("12000a0b00000002"), Stream("raw AV1")),
        (bytes.fromhex("000001ba4400040004"), None),  # a program stream: a container
        (b"\x1aE\xdf\xa3 Matroska", None),
        (b"", None),
    ],
)
def test_streams_are_known_by_their_first_bytes(head: bytes, stream: Stream | None) -> None:
    assert sniff(head) == stream


@pytest.mark.parametrize(("name", "codec"), [("a.mp4", "mp4v"), ("a.mkv", "MJPG"), ("a.avi", "MJPG"), ("a.ts", "mp4v")])
def test_containers_are_none(tmp_path_factory: pytest.TempPathFactory, name: str, codec: str) -> None:
    assert sniff(write(tmp_path_factory.mktemp("clips") / name, bars(3), codec).read_bytes()[:4096]) is None


def test_a_whole_stream_is_told_by_its_head() -> None:
    assert sniff(b"".join(h264(bars(2), Timing(1, 30, fixed=True)))[:4096]) == Stream("raw H.264", 15.0, 15.0)
