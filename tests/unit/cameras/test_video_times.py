"""When a clip's pictures were taken: its own word, the user's, or none; never a guess."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from fermon.cameras.playback import Pacer
from fermon.cameras.video import VideoCamera
from fermon.errors import CameraLost, CameraNotFound
from tests.clips_kit import Timing, bars, h264, jpegs, matroska, number_of, play, times_ms, write, y4m

TICKS = Timing(1, 30, fixed=False)  # what encoders write whose pictures come as they come

RAW = {
    "clip.h264": b"".join(h264(bars(12), TICKS)),
    "clip.264": b"".join(h264(bars(12), None, vui=False)),
    "clip.mjpeg": b"".join(jpegs(bars(12))),
    "clip.y4m": y4m(bars(12), "F0:0"),
    "named like a container.mp4": b"".join(h264(bars(12), TICKS)),
}


@pytest.mark.parametrize("name", RAW)
def test_a_clip_that_does_not_say_how_fast_it_goes_is_not_guessed_at(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(RAW[name])
    with pytest.raises(CameraNotFound, match="give their rate: --fps N") as refused:
        VideoCamera(path, Pacer("max"))
    assert str(refused.value).startswith(f"{path}: found ")
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("name", RAW)
def test_a_rate_that_is_given_times_it(tmp_path: Path, name: str, reports: list[str]) -> None:
    path = tmp_path / name
    path.write_bytes(RAW[name])
    frames, end = play(path, fps=8.0)
    assert times_ms(frames) == [125 * number for number in range(12)]
    assert [number_of(frame.gray) for frame in frames] == list(range(12))
    assert "end after 12 frames (1.5 s)" in end
    assert reports == [f"{path}: timed at 8 frames a second, as --fps says"]


def test_a_rate_in_the_header_that_need_not_be_kept_is_mentioned_but_not_used(tmp_path: Path) -> None:
    path = tmp_path / "clip.h264"
    path.write_bytes(RAW["clip.h264"])
    with pytest.raises(CameraNotFound, match="speaks of 15, which its pictures need not keep"):
        VideoCamera(path, Pacer("max"))


@pytest.mark.parametrize(
    ("name", "content"),
    [("clip.h264", b"".join(h264(bars(12), Timing(1, 20, fixed=True)))), ("clip.y4m", y4m(bars(12), "F10:1"))],
)
def test_a_stream_that_keeps_a_rate_of_its_own_is_timed_by_it(
    tmp_path: Path, reports: list[str], name: str, content: bytes
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    frames, _ = play(path)
    assert times_ms(frames) == [100 * number for number in range(12)]
    assert [number_of(frame.gray) for frame in frames] == list(range(12))
    assert len(reports) == 1
    assert "timed at the 10 frames a second that it says to keep" in reports[0]


def test_a_rate_that_is_given_goes_before_the_clips_own(tmp_path: Path) -> None:
    """A recorder may write one rate into its file and deliver another."""
    frames, _ = play(write(tmp_path / "clip.mp4", bars(10), "mp4v"), fps=10.0)
    assert times_ms(frames) == [100 * number for number in range(10)]


def test_a_stream_that_begins_in_the_middle_of_something_is_not_guessed_at(tmp_path: Path) -> None:
    """Not known by its first bytes: what ffmpeg assumes gives it away."""
    path = tmp_path / "clip.h264"
    path.write_bytes(b"\x11\x02\x33\x04" + b"".join(h264(bars(12), None)))
    with pytest.raises(CameraNotFound, match=r"found pictures without time stamps, .*give their rate: --fps N"):
        VideoCamera(path, Pacer("max"))
    frames, _ = play(path, fps=8.0)
    assert times_ms(frames) == [125 * number for number in range(12)]


def test_bright_y4m_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / "clip.y4m"
    path.write_bytes(y4m([np.full((48, 64), 90, np.uint8)] * 4, "F20:1"))
    assert len(play(path)[0]) == 4


# Time that jumps

STEADY = [50 * number for number in range(20)]


def stamped(path: Path, stamps_ms: list[int], step_ms: int = 50, end_ms: float = 0) -> Path:
    path.write_bytes(matroska(jpegs(bars(len(stamps_ms))), stamps_ms, step_ms=step_ms, end_ms=end_ms))
    return path


def test_a_first_time_stamp_of_25_hours_is_no_damage(tmp_path: Path, reports: list[str]) -> None:
    begin = 25 * 3_600_000
    path = stamped(tmp_path / "clip.mkv", [begin + time for time in STEADY], end_ms=begin + 1000)
    frames, end = play(path)
    assert times_ms(frames) == STEADY
    assert end == f"{path}: end after 20 frames (1.0 s)"
    assert reports == []


def test_25_a_second_without_a_duration_is_not_taken_for_what_ffmpeg_assumes(tmp_path: Path) -> None:
    stamps = [40 * number for number in range(12)]
    frames, _ = play(stamped(tmp_path / "cut off.mkv", stamps, step_ms=40))
    assert times_ms(frames) == stamps


def test_a_jump_of_the_clips_time_is_told_and_kept(tmp_path: Path, reports: list[str]) -> None:
    stamps = STEADY[:10] + [time + 3_600_000 for time in STEADY[10:]]
    path = stamped(tmp_path / "clip.mkv", stamps, end_ms=3_601_000)
    frames, end = play(path)
    assert times_ms(frames) == stamps
    assert reports == [f"{path}: its time jumps from 0.450 s to 3600.500 s"]
    assert end == f"{path}: end after 20 frames (3601.0 s)"


def test_nobody_waits_for_an_hour_without_a_picture(tmp_path: Path) -> None:
    path = stamped(tmp_path / "clip.mkv", STEADY[:10] + [time + 3_600_000 for time in STEADY[10:]])
    now = [0]

    def sleep(seconds: float) -> None:
        now[0] += round(seconds * 1e9)

    camera = VideoCamera(path, Pacer("real", clock=lambda: now[0], sleep=sleep))
    frames = [camera.read(5.0) for _ in range(20)]
    camera.close()
    assert None not in frames
    assert 0.8e9 < now[0] < 1.2e9


def test_clips_joined_end_to_end_go_on(tmp_path: Path, reports: list[str]) -> None:
    stamps = [400 * number for number in range(10)]
    path = stamped(tmp_path / "clip.mkv", stamps + stamps, step_ms=400)
    frames, _ = play(path)
    # The second clip's first stamp is 0, which OpenCV does not tell from none: its second one shows the jump.
    assert times_ms(frames) == [400 * number for number in range(20)]
    assert reports == [f"{path}: its time jumps from 4.000 s to 0.400 s, taken as 4.400 s"]


def test_a_step_of_years_is_not_believed(tmp_path: Path, reports: list[str]) -> None:
    path = stamped(tmp_path / "clip.mkv", STEADY[:10] + [time + 10**12 for time in STEADY[10:]])
    frames, _ = play(path)
    assert times_ms(frames) == STEADY
    assert reports == [f"{path}: its time jumps from 0.450 s to 1000000000.500 s, taken as 0.500 s"]


def test_pictures_that_come_again_are_left_out(tmp_path: Path, reports: list[str]) -> None:
    stamps = [*STEADY[:10], STEADY[8], STEADY[9], *STEADY[10:18]]
    path = stamped(tmp_path / "clip.mkv", stamps)
    frames, end = play(path)
    assert times_ms(frames) == STEADY[:18]
    assert "end after 18 frames (0.9 s); 2 more could not be used" in end
    assert len(reports) == 2


def test_many_jumps_are_told_a_few_times_and_counted(tmp_path: Path, reports: list[str]) -> None:
    path = stamped(tmp_path / "clip.mkv", [10_000 * number for number in range(20)], step_ms=50)
    frames, end = play(path)
    assert len(frames) == 20
    assert len(reports) == 6
    assert "its time jumped 19 times" in end


def test_a_container_without_stamps_and_rate_asks_for_one(tmp_path: Path) -> None:
    path = stamped(tmp_path / "clip.mkv", [0] * 20, step_ms=0)
    with pytest.raises(CameraLost, match=r"pictures without time stamps.*give their rate: --fps N"):
        play(path)
    frames, _ = play(path, fps=20.0)
    assert times_ms(frames) == STEADY
