"""Video files: what they give, and what is said about those that cannot be played."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from fermon.cameras import CameraSettings, open_camera
from fermon.cameras.playback import Pacer
from fermon.cameras.video import VideoCamera
from fermon.errors import CameraNotFound
from tests import clips_kit
from tests.clips_kit import jpegs, play

WIDTH, HEIGHT, RATE_HZ = 64, 48, 20.0


def pictures(count: int, height: int = HEIGHT, width: int = WIDTH) -> list[np.ndarray]:
    """Left half bright, right half dark, the lower left quarter growing brighter."""
    made = []
    for number in range(count):
        picture = np.zeros((height, width), np.uint8)
        picture[:, : width // 2] = 200
        picture[height // 2 :, : width // 2] = 4 * number
        made.append(picture)
    return made


def write(path: Path, frames: list[np.ndarray], codec: str = "mp4v") -> Path:
    return clips_kit.write(path, frames, codec, RATE_HZ)


def test_every_frame_comes_with_its_own_time(tmp_path: Path) -> None:
    frames, end = play(write(tmp_path / "clip.mp4", pictures(30)))
    assert [frame.seq for frame in frames] == list(range(30))
    assert [frame.t_ns for frame in frames] == pytest.approx([number * 50_000_000 for number in range(30)], abs=1000)
    assert frames[0].gray.shape == (HEIGHT, WIDTH)
    assert "end after 30 frames (1.5 s)" in end


def test_frame_times_may_vary(tmp_path: Path) -> None:
    path = write(tmp_path / "clip.mp4", pictures(12))
    stretch_sample_times(path, every=3)
    frames, _ = play(path)
    steps = np.diff([frame.t_ns for frame in frames])
    assert len(frames) == 12
    assert steps.min() > 0
    assert len({round(step / 1e6) for step in steps}) == 2  # two lengths of frames, as written


def stretch_sample_times(path: Path, every: int) -> None:
    """Rewrite the MP4's table of sample durations (stts): one entry of n equal ones becomes two of unequal ones."""
    data = bytearray(path.read_bytes())
    at = data.index(b"stts")
    count = int.from_bytes(data[at + 8 : at + 12], "big")
    assert count == 1
    samples = int.from_bytes(data[at + 12 : at + 16], "big")
    length = int.from_bytes(data[at + 16 : at + 20], "big")
    # There is room for one entry only: the table grows by 8 bytes, and so does every box around it.
    first = samples // every
    table = b"".join(v.to_bytes(4, "big") for v in (2, first, length, samples - first, 2 * length))
    data[at + 8 : at + 20] = table
    for box in (b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stts"):
        where = data.index(box) - 4
        size = int.from_bytes(data[where : where + 4], "big") + 8
        data[where : where + 4] = size.to_bytes(4, "big")
    at = data.index(b"edts")  # the edit list would cut what is now longer than the clip was
    data[at : at + 4] = b"free"
    assert data.index(b"mdat") < data.index(b"moov")  # so that the samples' places stay true
    path.write_bytes(data)


def test_rotation_metadata_is_honoured(tmp_path: Path) -> None:
    path = write(tmp_path / "clip.mp4", pictures(5))
    data = bytearray(path.read_bytes())
    matrix = data.index(b"tkhd") + 4 + 40
    one, minus = (1 << 16).to_bytes(4, "big"), (-(1 << 16)).to_bytes(4, "big", signed=True)
    zero, last = bytes(4), (1 << 30).to_bytes(4, "big")
    assert data[matrix : matrix + 4] == one
    data[matrix : matrix + 36] = zero + one + zero + minus + zero + zero + zero + zero + last  # a quarter turn
    path.write_bytes(data)
    frames, _ = play(path)
    assert frames[0].gray.shape == (WIDTH, HEIGHT)


def test_frames_of_another_size_in_mid_stream_are_scaled_to_the_first(tmp_path: Path) -> None:
    path = tmp_path / "clip.mjpeg"
    both = pictures(4) + pictures(4, height=96, width=128)
    path.write_bytes(b"".join(jpegs(both)))
    frames, _ = play(path, fps=RATE_HZ)
    assert len(frames) == 8
    assert {frame.gray.shape for frame in frames} == {(HEIGHT, WIDTH)}
    assert frames[-1].gray[5, 5] == pytest.approx(200, abs=12)  # the same picture, only scaled
    assert frames[-1].gray[5, -5] == pytest.approx(0, abs=12)


def test_a_clip_cut_off_plays_as_far_as_it_goes_and_says_so(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = write(tmp_path / "clip.avi", pictures(40), "MJPG")
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) * 6 // 10])
    frames, end = play(path)
    assert 10 <= len(frames) < 36
    assert "ends early" in end
    assert f"after {len(frames)} of 40 frames" in end
    assert "ends early" in caplog.text


def test_an_mp4_cut_off_has_no_index(tmp_path: Path) -> None:
    path = write(tmp_path / "clip.mp4", pictures(40))
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) * 6 // 10])
    with pytest.raises(CameraNotFound, match=r"clip\.mp4: cannot be read as a video .* cut off"):
        VideoCamera(path, Pacer("max"))


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("notes.txt", b"a shopping list\n" * 50, "a text file, expected a video"),
        ("clip.mp4", b"not a video\n", "a text file, expected a video"),
        ("empty.mp4", b"", r"found an empty file \(0 bytes\)"),
        ("noise.mp4", bytes(range(256)) * 20, "cannot be read as a video"),
    ],
)
def test_what_is_no_video_is_named(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(CameraNotFound, match=message) as error:
        VideoCamera(path, Pacer("max"))
    assert str(path) in str(error.value)


def test_a_missing_file_names_its_neighbour(tmp_path: Path) -> None:
    write(tmp_path / "drive_home.mp4", pictures(3))
    with pytest.raises(CameraNotFound, match=r"no such file; did you mean 'drive_home\.mp4'"):
        VideoCamera(tmp_path / "drive_hom.mp4", Pacer("max"))
    with pytest.raises(CameraNotFound, match="no such folder"):
        VideoCamera(tmp_path / "nowhere" / "clip.mp4", Pacer("max"))
    with pytest.raises(CameraNotFound, match="found a folder, expected a video"):
        VideoCamera(tmp_path, Pacer("max"))


@pytest.mark.parametrize(
    ("settings", "quarters"),
    [
        (CameraSettings(), 0),
        (CameraSettings(upside_down=True), 2),
        (CameraSettings(rotation=90), 1),
        (CameraSettings(rotation=180, upside_down=True), 2),
        (CameraSettings(rotation=270), 3),
    ],
)
def test_a_clip_is_turned_as_the_camera_is(tmp_path: Path, settings: CameraSettings, quarters: int) -> None:
    path = write(tmp_path / "clip.avi", pictures(4), "MJPG")
    upright = play(path)[0][0].gray
    camera = open_camera(str(path), settings, "max")
    frame = camera.read(1.0)
    camera.close()
    assert frame is not None
    assert np.array_equal(frame.gray, np.rot90(upright, -quarters))
    assert frame.gray.flags.c_contiguous


def test_nothing_but_our_own_words_reach_stderr(tmp_path: Path) -> None:
    """OpenCV's and ffmpeg's complaints about a broken clip are silenced, in a fresh process."""
    path = tmp_path / "clip.mp4"
    path.write_bytes(write(tmp_path / "whole.mp4", pictures(40)).read_bytes()[:500] + bytes(400))
    program = (
        "import sys; from pathlib import Path\n"
        "from fermon.cameras.video import VideoCamera; from fermon.cameras.playback import Pacer\n"
        "from fermon.errors import CameraNotFound\n"
        "try: VideoCamera(Path(sys.argv[1]), Pacer('max'))\n"
        "except CameraNotFound as error: print(error)\n"
    )
    root = Path(__file__).resolve().parents[3]
    done = subprocess.run(
        [sys.executable, "-c", program, str(path)],
        capture_output=True,
        text=True,
        timeout=100,
        env={**os.environ, "PYTHONPATH": str(root)},
        check=True,
    )
    assert "cannot be read as a video" in done.stdout
    assert done.stderr == ""
