"""Clips with pictures that cannot be decoded: the rest is used, at its own times, and the loss is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from fermon.cameras import EndOfFrames
from fermon.cameras.playback import Pacer
from fermon.cameras.video import VideoCamera
from fermon.errors import CameraNotFound
from tests.clips_kit import bars, h264, jpegs, matroska, number_of, play, times_ms, write


def damage_jpegs(path: Path, numbers: list[int]) -> None:
    """Overwrite the JPEGs of these numbers inside a container with zeros."""
    data = bytearray(path.read_bytes())
    starts = [at for at in range(len(data)) if data[at : at + 3] == b"\xff\xd8\xff"]
    for number in numbers:
        end = data.index(b"\xff\xd9", starts[number])
        data[starts[number] : end] = bytes(end - starts[number])
    path.write_bytes(data)


@pytest.mark.parametrize("ending", ["avi", "mkv"])
def test_damaged_pictures_do_not_end_a_clip(tmp_path: Path, reports: list[str], ending: str) -> None:
    path = write(tmp_path / f"clip.{ending}", bars(28), "MJPG")
    damage_jpegs(path, [9, 10, 17])
    frames, end = play(path)
    left = [number for number in range(28) if number not in (9, 10, 17)]
    assert [number_of(frame.gray) for frame in frames] == left
    assert [frame.seq for frame in frames] == list(range(25))
    assert times_ms(frames) == [50 * number for number in left]  # each at its own time, whatever is missing
    assert "end after 25 frames (1.4 s); 3 more could not be used" in end
    assert reports == [f"{path}: damaged near 0.6 s: what cannot be decoded is left out", end]


def test_a_lost_picture_takes_its_time_where_a_rate_times_the_clip(tmp_path: Path) -> None:
    units = h264(bars(20), None)
    units[2 + 7] = units[2 + 7][:5] + b"\xff" * 1000
    path = tmp_path / "clip.h264"
    path.write_bytes(b"".join(units))
    frames, end = play(path, fps=10.0)
    left = [number for number in range(20) if number != 7]
    assert [number_of(frame.gray) for frame in frames] == left
    assert times_ms(frames) == [100 * number for number in left]
    assert "; 1 more could not be used" in end


def test_pictures_that_are_missing_without_a_trace_are_told(tmp_path: Path, reports: list[str]) -> None:
    stamps = [*range(0, 500, 50), *range(1500, 2000, 50)]
    path = tmp_path / "clip.mkv"
    path.write_bytes(matroska(jpegs(bars(20)), stamps, step_ms=50, end_ms=2000))
    frames, end = play(path)
    assert times_ms(frames) == stamps
    assert end == f"{path}: end after 20 frames (2.0 s); 20 more could not be used"
    assert reports == [end]


def test_more_damage_than_a_clip_promises_pictures_ends_it(tmp_path: Path) -> None:
    path = write(tmp_path / "clip.avi", bars(28), "MJPG")
    damage_jpegs(path, list(range(10, 28)))
    frames, end = play(path)
    assert len(frames) == 10
    assert "ends early, after 10 of 28 frames (0.5 s)" in end


def test_the_end_is_told_once_and_stays(tmp_path: Path, reports: list[str]) -> None:
    path = write(tmp_path / "clip.avi", bars(20), "MJPG")
    damage_jpegs(path, [3])
    camera = VideoCamera(path, Pacer("max"))
    for _ in range(19):
        assert camera.read(1.0) is not None
    ends = []
    for _ in range(3):
        with pytest.raises(EndOfFrames) as end:
            camera.read(1.0)
        ends.append(str(end.value))
    camera.close()
    assert len(set(ends)) == 1
    assert reports.count(ends[0]) == 1


def test_nothing_that_can_be_decoded_is_no_clip(tmp_path: Path) -> None:
    path = write(tmp_path / "clip.avi", bars(20), "MJPG")
    damage_jpegs(path, list(range(20)))
    with pytest.raises(CameraNotFound, match=r"cannot be read as a video|no picture in it could be decoded"):
        VideoCamera(path, Pacer("max"))


def test_one_bad_packet_of_h264(shared: Path, reports: list[str]) -> None:
    """The decoder gives pictures that it held back after newer ones: they are put in order, none is late."""
    path = shared.parent / "field" / "one_bad_packet.mp4"
    if not path.is_file():
        pytest.skip(f"needs {path}")
    frames, end = play(path)
    assert len(frames) == 113
    assert {time % 100 for time in times_ms(frames)} == {0}
    assert times_ms(frames)[-1] == 11_900
    assert "end after 113 frames (12.0 s); 7 more could not be used" in end
    assert "damaged near 2.8 s" in reports[0]
