"""V4L2 cameras over a stand-in for cv2.VideoCapture: what is asked for, what is made of the answer, what goes wrong."""

from __future__ import annotations

import os
import time
from pathlib import Path

import numpy as np
import pytest

from fermon.cameras import CameraSettings, nodes
from fermon.cameras.live import LiveCamera, plausible_ns
from fermon.cameras.v4l2 import Mode, V4l2Grabber, negotiate, open_v4l2, reduction, to_gray
from fermon.errors import CameraLost, CameraNotFound
from tests.camera_fakes import FakeCapture, Script, picture, raw

DEADLINE_S = 20.0
SETTINGS = CameraSettings(width=320, height=240, rate_hz=60.0, frozen_after_s=0.5, first_frame_s=10.0)


def fake(tmp_path: Path, script: Script, settings: CameraSettings = SETTINGS) -> tuple[LiveCamera, FakeCapture]:
    node = tmp_path / "video7"
    node.touch()
    capture = FakeCapture(str(node), script)
    return open_v4l2(str(node), settings, lambda _: capture, check_node=False), capture


def read_until_lost(camera: LiveCamera) -> str:
    until = time.monotonic() + DEADLINE_S
    with pytest.raises(CameraLost) as lost:
        while time.monotonic() < until:
            camera.read(0.5)
    return str(lost.value)


def test_unplugging_is_named_at_once(tmp_path: Path) -> None:
    camera, _ = fake(tmp_path, Script(width=320, height=240, unplugged_after=3))
    message = read_until_lost(camera)
    camera.close()
    assert "video7: gone (unplugged?)" in message
    assert "plug it in again" in message


def test_a_dead_device_is_lost_and_does_not_spin(tmp_path: Path) -> None:
    camera, capture = fake(tmp_path, Script(width=320, height=240, dead_after=3))
    message = read_until_lost(camera)
    camera.close()
    assert "no frame for" in message
    assert "Check its cable" in message
    # 0.5 s with a pause of 20 ms after each attempt; a spinning thread would make many thousands.
    assert capture.grabs < 200


def test_reading_a_lost_camera_again_says_the_same(tmp_path: Path) -> None:
    camera, _ = fake(tmp_path, Script(width=320, height=240, unplugged_after=1))
    assert read_until_lost(camera) == read_until_lost(camera)
    camera.close()


def test_a_camera_that_never_starts_is_given_longer(tmp_path: Path) -> None:
    settings = CameraSettings(width=320, height=240, frozen_after_s=0.5, first_frame_s=1.0)
    camera, _ = fake(tmp_path, Script(width=320, height=240, dead_after=0), settings)
    assert "no frame for 1." in read_until_lost(camera)
    camera.close()


def test_the_device_is_given_back_on_closing(tmp_path: Path) -> None:
    camera, capture = fake(tmp_path, Script(width=320, height=240))
    camera.close()
    until = time.monotonic() + DEADLINE_S
    while capture.isOpened() and time.monotonic() < until:
        time.sleep(0.01)
    assert not capture.isOpened()


def test_a_bug_in_the_reader_thread_reaches_whoever_reads(tmp_path: Path) -> None:
    class Broken(FakeCapture):
        def retrieve(self) -> tuple[bool, None]:
            raise ZeroDivisionError("a bug")

    node = tmp_path / "video7"
    node.touch()
    script = Script(width=320, height=240)
    camera = open_v4l2(str(node), SETTINGS, lambda device: Broken(device, script), check_node=False)
    with pytest.raises(ZeroDivisionError):
        for _ in range(100):
            camera.read(0.5)
    camera.close()


def test_upside_down_turns_the_picture(tmp_path: Path) -> None:
    settings = CameraSettings(width=320, height=240, rate_hz=60.0, upside_down=True)
    camera, _ = fake(tmp_path, Script(width=320, height=240), settings)
    frame = camera.read(DEADLINE_S)
    camera.close()
    assert frame is not None
    assert np.array_equal(frame.gray[::-1, ::-1][:, 300:], picture(frame.seq, 320, 240)[:, 300:])


def test_a_busy_camera_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(CameraNotFound, match="refused to open it"):
        fake(tmp_path, Script(busy=True))


def test_what_the_driver_gives_instead_is_a_warning(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    settings = CameraSettings(width=640, height=480, rate_hz=15.0, pixel_format="GREY")
    capture = FakeCapture(str(tmp_path), Script(width=320, height=240, pixel_format="YUYV", rate_hz=10.0))
    assert negotiate(capture, settings, "/dev/video7") == Mode("YUYV", 320, 240, 10.0)
    assert "/dev/video7 gives pixel format YUYV, asked for GREY" in caplog.text
    assert "320x240 px, asked for 640x480 px" in caplog.text
    assert "10 frames a second, asked for 15" in caplog.text


@pytest.mark.parametrize("pixel_format", ["YUYV", "GREY", "MJPG"])
def test_auto_takes_the_format_that_fits(tmp_path: Path, caplog: pytest.LogCaptureFixture, pixel_format: str) -> None:
    script = Script(width=320, height=240, pixel_format=pixel_format)
    assert negotiate(FakeCapture(str(tmp_path), script), SETTINGS, "/dev/video7").pixel_format == pixel_format
    assert "WARNING" not in caplog.text


def test_a_device_without_a_picture_size_is_no_camera(tmp_path: Path) -> None:
    with pytest.raises(CameraNotFound, match="0x0 px; is it a camera"):
        fake(tmp_path, Script(width=0, height=0))


@pytest.mark.parametrize("pixel_format", ["GREY", "YUYV", "UYVY", "NV12", "YU12", "BGR3", "RGB3"])
def test_the_gray_picture_is_cut_out_exactly(pixel_format: str) -> None:
    gray = picture(5, 64, 48)
    made = to_gray(raw(gray, pixel_format), Mode(pixel_format, 64, 48, 30.0))
    assert made is not None
    assert np.array_equal(made, gray)


@pytest.mark.parametrize("shrink", [1, 2, 4, 8])
def test_large_jpegs_are_decoded_smaller(shrink: int) -> None:
    made = to_gray(raw(picture(5, 640, 480), "MJPG"), Mode("MJPG", 640, 480, 30.0), shrink)
    assert made is not None
    assert made.shape == (480 // shrink, 640 // shrink)


def test_a_damaged_jpeg_is_no_picture() -> None:
    noise = np.frombuffer(b"\xff\xd8\xff\xe0 broken", dtype=np.uint8).reshape(1, -1)
    assert to_gray(noise, Mode("MJPG", 640, 480, 30.0)) is None


@pytest.mark.parametrize(
    ("width", "height", "expected"), [(640, 480, 1), (1280, 720, 1), (1280, 960, 2), (2592, 1944, 4), (5200, 4000, 8)]
)
def test_reduction_keeps_at_least_the_size_asked_for(width: int, height: int, expected: int) -> None:
    assert reduction(Mode("MJPG", width, height, 30.0), CameraSettings(width=640, height=480)) == expected


class Stepped(FakeCapture):
    """Frames at exact times on a clock of its own."""

    def __init__(self, times_ms: list[float]) -> None:
        super().__init__("none", Script(width=32, height=24, pixel_format="GREY"))
        self._times_ms = times_ms

    def grab(self) -> bool:
        if not self._times_ms:
            return False
        self._seq += 1
        self._stamp_ms = self._times_ms.pop(0)
        return True


@pytest.mark.parametrize(
    ("given_hz", "wanted_hz", "taken_hz"), [(30, 15, 15), (60, 15, 20), (20, 15, 20), (15, 15, 15), (10, 15, 10)]
)
def test_a_higher_rate_is_thinned_out(given_hz: int, wanted_hz: int, taken_hz: int) -> None:
    now_ms = time.monotonic_ns() / 1e6
    times = [now_ms - 800 + number * 1000 / given_hz for number in range(given_hz // 2)]  # half a second, all "fresh"
    settings = CameraSettings(width=32, height=24, rate_hz=float(wanted_hz))
    grabber = V4l2Grabber(__file__, Stepped(times), Mode("GREY", 32, 24, float(given_hz)), settings)
    taken = 0
    while grabber.grab() is not None:
        taken += 1
    assert taken == pytest.approx(taken_hz / 2, abs=1)


def test_only_stamps_of_the_monotonic_clock_are_believed() -> None:
    now = time.monotonic_ns()
    assert plausible_ns(now - 20_000_000) == now - 20_000_000
    for stamp in (0, now - 60_000_000_000, now + 60_000_000_000, time.time_ns()):
        assert now <= plausible_ns(stamp) <= time.monotonic_ns()


def test_a_missing_device_lists_what_there_is() -> None:
    with pytest.raises(CameraNotFound, match=r"/dev/video987: no such device; (cameras here|there is no V4L2 camera)"):
        open_v4l2("/dev/video987", SETTINGS)


def test_a_plain_file_is_no_device(tmp_path: Path) -> None:
    path = tmp_path / "video0"
    path.touch()
    assert "not a device node" in str(nodes.problem(str(path)))


def test_no_permission_names_the_group(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert "group 'video'" in str(nodes.problem("/dev/null"))


def test_a_device_that_is_no_camera_is_still_tried() -> None:
    assert nodes.describe("/dev/full") is None  # it does not answer VIDIOC_QUERYCAP
    assert not nodes.busy("/dev/full")
    with pytest.raises(CameraNotFound, match="refused to open it"):
        open_v4l2("/dev/full", SETTINGS)


def test_whoever_holds_a_device_is_found(tmp_path: Path) -> None:
    import subprocess
    import sys

    path = tmp_path / "held"
    path.touch()
    program = f"f = open({str(path)!r}); print('ready', flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "ready\n"
        assert any(f"(pid {holder.pid})" in who for who in nodes.holders(str(path)))
        assert "busy, in use by" in nodes.refused(str(path)).what
        holder.communicate("\n", timeout=60)
    assert nodes.holders(str(path)) == []
