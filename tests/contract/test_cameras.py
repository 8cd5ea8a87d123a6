"""One contract over every camera, the stand-ins included."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest

from fermon.cameras import Camera, CameraSettings, EndOfFrames, open_camera
from fermon.cameras.picamera2 import open_picamera
from fermon.cameras.playback import Pacer
from fermon.cameras.v4l2 import open_v4l2
from fermon.cameras.video import VideoCamera
from fermon.domain import Frame
from fermon.errors import CameraLost
from tests.camera_fakes import FakeCapture, FakePicamera2, Script, picture

DEADLINE_S = 20.0  # for what takes well under a second on an idle machine
QUICK = CameraSettings(width=320, height=240, rate_hz=120.0)
Make = Callable[[Script], Camera]


def write_clip(path: Path, frames: int = 20) -> Path:
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"mp4v"), 30.0, (320, 240))
    for seq in range(frames):
        writer.write(np.repeat(picture(seq, 320, 240)[:, :, None], 3, axis=2))
    writer.release()
    return path


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_clip(tmp_path_factory.mktemp("clips") / "clip.mp4")


def make_v4l2(tmp_path: Path, kind: str) -> Make:
    """`kind` is a pixel format, with "-row" where OpenCV gives the driver's buffer as one row."""
    pixel_format = kind.removesuffix("-row")

    def make(script: Script) -> Camera:
        node = tmp_path / "video7"
        node.touch()
        scripted = replace(script, pixel_format=pixel_format, one_row=kind.endswith("-row"))
        settings = CameraSettings(
            width=320, height=240, rate_hz=120.0, pixel_format=pixel_format, frozen_after_s=0.5, first_frame_s=10.0
        )
        return open_v4l2(str(node), settings, lambda device: FakeCapture(device, scripted), check_node=False)

    return make


def make_picamera(script: Script) -> Camera:
    settings = CameraSettings(width=320, height=240, rate_hz=120.0, frozen_after_s=0.5, first_frame_s=10.0)
    return open_picamera(0, settings, FakePicamera2.factory(script))


LIVE = ["v4l2-YUYV", "v4l2-GREY", "v4l2-MJPG", "v4l2-NV12", "v4l2-YUYV-row", "v4l2-NV12-row", "picamera2"]
OWN_TIME = ["video-real", "video-max", "demo-real", "demo-max"]


@pytest.fixture
def opened() -> Iterator[list[Camera]]:
    cameras: list[Camera] = []
    yield cameras
    for camera in cameras:
        camera.close()


def live_maker(kind: str, tmp_path: Path) -> Make:
    return make_picamera if kind == "picamera2" else make_v4l2(tmp_path, kind.removeprefix("v4l2-"))


@pytest.fixture(params=LIVE)
def live(request: pytest.FixtureRequest, tmp_path: Path, opened: list[Camera]) -> Make:
    maker = live_maker(request.param, tmp_path)

    def make(script: Script) -> Camera:
        opened.append(maker(script))
        return opened[-1]

    return make


@pytest.fixture(params=LIVE + OWN_TIME)
def camera(request: pytest.FixtureRequest, tmp_path: Path, clip: Path, opened: list[Camera]) -> Camera:
    kind: str = request.param
    if kind in LIVE:
        made = live_maker(kind, tmp_path)(Script(width=320, height=240))
    else:
        source, _, pace = kind.partition("-")
        made = open_camera("demo" if source == "demo" else str(clip), QUICK, pace)
    opened.append(made)
    return made


def next_frame(camera: Camera) -> Frame:
    """Return the next frame, however busy the machine."""
    until = time.monotonic() + DEADLINE_S
    while time.monotonic() < until:
        frame = camera.read(1.0)
        if frame is not None:
            return frame
    raise AssertionError(f"{camera.name}: no frame within {DEADLINE_S} s")


def test_frames_are_gray_read_only_and_of_one_size(camera: Camera) -> None:
    frames = [next_frame(camera) for _ in range(5)]
    for frame in frames:
        assert frame.gray.dtype == np.uint8
        assert frame.gray.ndim == 2
        assert frame.gray.shape == frames[0].gray.shape
        assert not frame.gray.flags.writeable
        with pytest.raises(ValueError, match="read-only"):
            frame.gray[0, 0] = 1


def test_times_and_numbers_strictly_increase(camera: Camera) -> None:
    frames = [next_frame(camera) for _ in range(12)]
    for before, after in pairwise(frames):
        assert after.t_ns > before.t_ns
        assert after.seq > before.seq


def test_frames_kept_by_the_reader_do_not_change(camera: Camera) -> None:
    first = next_frame(camera)
    kept = first.gray.copy()
    for _ in range(5):
        next_frame(camera)
    assert np.array_equal(first.gray, kept)


def test_live_frames_carry_the_monotonic_clock_and_others_begin_at_zero(camera: Camera) -> None:
    before = time.monotonic_ns()
    frame = next_frame(camera)
    if camera.live:
        assert before - 1_000_000_000 <= frame.t_ns <= time.monotonic_ns()
    else:
        assert frame.t_ns == 0
        assert frame.seq == 0


def test_closing_twice_is_harmless_and_reading_afterwards_says_so(camera: Camera) -> None:
    next_frame(camera)
    camera.close()
    camera.close()
    with pytest.raises(CameraLost, match="closed"):
        camera.read(0.1)


def test_the_name_is_what_messages_call_it(camera: Camera) -> None:
    assert camera.name


@pytest.mark.parametrize("kind", ["video", "demo"])
def test_own_time_ends_and_stays_ended(kind: str, clip: Path, opened: list[Camera]) -> None:
    camera = open_camera("demo" if kind == "demo" else str(clip), QUICK, "max")
    opened.append(camera)
    count = 0
    with pytest.raises(EndOfFrames):
        while camera.read(1.0) is not None:
            count += 1
    assert count >= 20
    with pytest.raises(EndOfFrames):
        camera.read(1.0)


@pytest.mark.parametrize("kind", ["video", "demo"])
def test_own_time_is_the_same_on_every_run(kind: str, clip: Path, opened: list[Camera]) -> None:
    runs = []
    for _ in range(2):
        camera = open_camera("demo" if kind == "demo" else str(clip), QUICK, "max")
        opened.append(camera)
        runs.append([next_frame(camera) for _ in range(20)])
    for one, other in zip(*runs, strict=True):
        assert (one.t_ns, one.seq) == (other.t_ns, other.seq)
        assert np.array_equal(one.gray, other.gray)


@pytest.mark.parametrize("kind", ["video", "demo"])
def test_real_pace_waits_for_each_frames_time_and_drops_for_a_slow_reader(kind: str, clip: Path) -> None:
    now = [50_000_000_000]

    def sleep(seconds: float) -> None:
        now[0] += round(seconds * 1e9)

    camera: Camera
    pacer = Pacer("real", clock=lambda: now[0], sleep=sleep)
    if kind == "demo":
        from fermon.cameras.demo.camera import DemoCamera

        camera = DemoCamera(pacer)
    else:
        camera = VideoCamera(clip, pacer)
    start = now[0]
    first, second = next_frame(camera), next_frame(camera)
    period = second.t_ns - first.t_ns
    assert now[0] - start == second.t_ns
    assert camera.read(period / 4e9) is None  # the third is not due yet
    assert now[0] - start == pytest.approx(second.t_ns + period / 4, abs=2)
    now[0] += 5 * period  # the reader is busy meanwhile
    late = next_frame(camera)
    assert late.seq > second.seq + 2
    assert 0 <= now[0] - start - late.t_ns <= period
    camera.close()


def test_nothing_within_the_timeout_is_none(live: Make) -> None:
    camera = live(Script(width=320, height=240, rate_hz=2.0))
    assert camera.read(0.0) is None
    assert next_frame(camera).seq == 0


def test_only_the_newest_frame_waits(live: Make) -> None:
    camera = live(Script(width=320, height=240, rate_hz=60.0))
    seen = next_frame(camera).seq
    until = time.monotonic() + DEADLINE_S
    while time.monotonic() < until:
        time.sleep(0.1)  # a slow reader
        frame = next_frame(camera)
        if frame.seq > seen + 1:
            return
        seen = frame.seq
    raise AssertionError("frames queue up")


def test_a_frozen_camera_is_lost(live: Make) -> None:
    camera = live(Script(width=320, height=240, frozen_after=3))
    with pytest.raises(CameraLost, match=r"no frame for 0\.\d s"):
        for _ in range(200):
            camera.read(0.5)


def test_a_camera_that_shows_the_same_picture_for_ever_is_lost(live: Make) -> None:
    camera = live(Script(width=320, height=240, repeats_after=3))
    seen = []
    with pytest.raises(CameraLost, match=r"the very same picture for 0\.\d s"):
        for _ in range(2000):
            frame = camera.read(0.5)
            if frame is not None:
                seen.append(frame)
    assert 1 <= len(seen) <= 4  # pictures 0 to 3; the mailbox keeps the newest only


def test_a_frozen_camera_can_be_closed(live: Make) -> None:
    camera = live(Script(width=320, height=240, frozen_after=1))
    next_frame(camera)
    camera.close()  # the test's own time limit is the assertion
    with pytest.raises(CameraLost):
        camera.read(0.1)


def test_frames_of_another_size_lose_the_camera(live: Make, request: pytest.FixtureRequest) -> None:
    camera = live(Script(width=320, height=240, resized_after=3))
    # One row tells no size; too few bytes of it are damage, like half a JPEG, and no frame.
    one_row = request.node.callspec.params["live"].endswith("-row")
    with pytest.raises(CameraLost, match="no frame for" if one_row else r"320x240 px to \d+x\d+ px"):
        for _ in range(200):
            camera.read(0.5)


def test_a_driver_without_time_stamps_gets_the_present(live: Make) -> None:
    camera = live(Script(width=320, height=240, stamps="none"))
    frames = [next_frame(camera) for _ in range(5)]
    assert all(frame.t_ns <= time.monotonic_ns() for frame in frames)
    assert all(after.t_ns > before.t_ns for before, after in pairwise(frames))


def test_the_gray_picture_is_the_drivers(live: Make) -> None:
    camera = live(Script(width=320, height=240))
    frame = next_frame(camera)
    difference = np.abs(frame.gray.astype(int) - picture(0, 320, 240).astype(int))
    columns = np.sort(difference.max(axis=0))
    assert columns[:280].max() <= 4  # all but where the bar stands, whichever picture it was (JPEG: near enough)
