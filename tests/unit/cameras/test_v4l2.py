"""V4L2 cameras over a stand-in for cv2.VideoCapture: what is asked for, what is made of the answer, what goes wrong."""

from __future__ import annotations

import errno
import fcntl
import os
import struct
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fermon.cameras import CameraSettings, nodes
from fermon.cameras.formats import READABLE, GrayReader, name_of
from fermon.cameras.live import LiveCamera, plausible_ns
from fermon.cameras.v4l2 import Mode, V4l2Grabber, negotiate, open_v4l2, reduction
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


@pytest.mark.parametrize(
    ("mounted", "quarters"), [({"upside_down": True}, 2), ({"rotation": 90}, 1), ({"rotation": 270}, 3)]
)
def test_the_picture_is_turned_upright(tmp_path: Path, mounted: dict[str, int], quarters: int) -> None:
    settings = replace(SETTINGS, **mounted)
    camera, _ = fake(tmp_path, Script(width=320, height=240), settings)
    frame = camera.read(DEADLINE_S)
    camera.close()
    assert frame is not None
    assert np.array_equal(np.rot90(frame.gray, quarters), picture(frame.seq, 320, 240))
    assert frame.gray.flags.c_contiguous


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


@pytest.mark.parametrize("pixel_format", ["H264", "Y10B", "pRAA"])
def test_a_format_that_cannot_be_read_is_refused_by_name(tmp_path: Path, pixel_format: str) -> None:
    with pytest.raises(
        CameraNotFound, match=rf"video7: no pixel format that can be read: found {pixel_format}, expect"
    ):
        fake(tmp_path, Script(width=320, height=240, pixel_format=pixel_format))


@pytest.mark.parametrize("asked", ["auto", "YUYV"])
@pytest.mark.parametrize("other", ["NV12", "Y10", "BGR3"])
def test_any_format_that_can_be_read_goes_before_one_that_cannot(tmp_path: Path, asked: str, other: str) -> None:
    settings = CameraSettings(width=320, height=240, rate_hz=60.0, pixel_format=asked)
    camera, _ = fake(tmp_path, Script(width=320, height=240, pixel_format="H264", others=(other,)), settings)
    frame = camera.read(DEADLINE_S)
    camera.close()
    assert frame is not None
    assert np.array_equal(frame.gray, picture(frame.seq, 320, 240))


def test_a_device_without_a_picture_size_is_no_camera(tmp_path: Path) -> None:
    with pytest.raises(CameraNotFound, match="0x0 px; is it a camera"):
        fake(tmp_path, Script(width=0, height=0))


@pytest.mark.parametrize("one_row", [False, True])
@pytest.mark.parametrize("pixel_format", ["GREY", "YUYV", "UYVY", "NV12", "YU12", "BGR3", "RGB3", "Y10", "Y12"])
def test_the_gray_picture_is_cut_out_exactly(pixel_format: str, one_row: bool) -> None:
    gray = picture(5, 64, 48)
    given = raw(gray, pixel_format)
    if one_row:
        given = given.reshape(-1).view(np.uint8).reshape(1, -1)
    made = GrayReader(pixel_format, 64, 48).read(given)
    assert made is not None
    assert made.dtype == np.uint8
    assert np.array_equal(made, gray)


@pytest.mark.parametrize("pixel_format", ["GREY", "YUYV", "NV12", "BGR3", "Y16"])
def test_a_row_of_too_few_bytes_is_no_picture(pixel_format: str) -> None:
    assert GrayReader(pixel_format, 64, 48).read(np.zeros((1, 64 * 47 + 1), np.uint8)) is None


def test_colours_are_weighed_in_their_order() -> None:
    red = np.zeros((48, 64, 3), np.uint8)
    red[:, :, 2] = 200
    made = [GrayReader(name, 64, 48).read(red.reshape(1, -1)) for name in ("BGR3", "RGB3")]
    assert [int(gray[0, 0]) for gray in made if gray is not None] == [60, 23]  # 0.299 of red, 0.114 of blue


def test_y16_is_scaled_by_the_bits_that_its_pictures_use() -> None:
    """A sensor's 10 or 12 bits stand in the low ones; the scale never falls back, or darkness would look like day."""
    reader = GrayReader("Y16", 64, 48)
    gray = picture(5, 64, 48).astype(np.uint16)
    seen = [reader.read(gray << shift) for shift in (2, 4, 8, 2)]
    assert [int(made.max()) for made in seen if made is not None] == [230, 230, 230, 3]


@pytest.mark.parametrize("shrink", [1, 2, 4, 8])
def test_large_jpegs_are_decoded_smaller(shrink: int) -> None:
    made = GrayReader("MJPG", 640, 480, shrink).read(raw(picture(5, 640, 480), "MJPG"))
    assert made is not None
    assert made.shape == (480 // shrink, 640 // shrink)


def test_a_damaged_jpeg_is_no_picture() -> None:
    noise = np.frombuffer(b"\xff\xd8\xff\xe0 broken", dtype=np.uint8).reshape(1, -1)
    assert GrayReader("MJPG", 640, 480).read(noise) is None


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
    with pytest.raises(CameraNotFound, match=r"/dev/video987: no such device; (cameras here|no V4L2 camera)"):
        open_v4l2("/dev/video987", SETTINGS)


def test_a_plain_file_is_no_device(tmp_path: Path) -> None:
    path = tmp_path / "video0"
    path.touch()
    assert "not a device node" in str(nodes.problem(str(path)))


def test_no_permission_names_the_group(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nodes, "_VIDEO_MAJOR", os.major(Path("/dev/null").stat().st_rdev))
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert "group 'video'" in str(nodes.problem("/dev/null"))


def test_a_device_that_is_no_camera_is_not_even_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    """To open a watchdog is to start it."""
    opened: list[object] = []
    real = os.open
    monkeypatch.setattr(os, "open", lambda path, *more, **named: opened.append(path) or real(path, *more, **named))
    with pytest.raises(CameraNotFound, match="/dev/full: a device, but no camera"):
        open_v4l2("/dev/full", SETTINGS)
    assert "/dev/full" not in opened


class Driver:
    """Answers VIDIOC_ENUM_FMT as a V4L2 driver does (struct v4l2_fmtdesc), and nothing else."""

    def __init__(self, *names: str) -> None:
        self._codes = [int.from_bytes(name.ljust(4).encode(), "little") for name in names]

    def ioctl(self, fd: int, request: int, data: bytes) -> bytes:
        index, kind = struct.unpack_from("II", data)
        if request != 0xC0405602 or kind != 1 or index >= len(self._codes):
            raise OSError(errno.EINVAL, "Invalid argument")
        assert len(data) == 64
        return data[:44] + struct.pack("I", self._codes[index]) + data[48:]


def test_what_a_camera_offers_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fcntl, "ioctl", Driver("H264", "Y16", "pRAA").ioctl)
    assert nodes.formats("/dev/null") == ["H264", "Y16", "pRAA"]
    monkeypatch.setattr(fcntl, "ioctl", Driver().ioctl)
    assert nodes.formats("/dev/null") == []
    assert nodes.formats("/nowhere") == []


@pytest.mark.parametrize(
    ("offered", "refused"), [(["H264", "Y10B"], True), (["H264", "YUYV"], False), (["Y16"], False), ([], False)]
)
def test_a_camera_that_offers_nothing_readable_is_refused_before_it_is_opened(
    monkeypatch: pytest.MonkeyPatch, offered: list[str], refused: bool
) -> None:
    monkeypatch.setattr(nodes, "_VIDEO_MAJOR", os.major(Path("/dev/null").stat().st_rdev))
    monkeypatch.setattr(fcntl, "ioctl", Driver(*offered).ioctl)
    problem = nodes.problem("/dev/null")
    assert (problem is not None) == refused
    if problem is not None:
        assert str(problem).startswith("/dev/null: no pixel format that can be read: found H264, Y10B, expected one of")
        assert all(name in problem.expected for name in READABLE)


def test_formats_have_the_names_that_v4l2_gives_them() -> None:
    assert [name_of(code) for code in (0x56595559, 0x20303159, 0x20363159, 0xA0363159)] == [
        "YUYV",
        "Y10",
        "Y16",
        "Y16 big-endian",
    ]


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
