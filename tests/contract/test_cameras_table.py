"""The table of cameras: which SOURCE means which, and what is said when it cannot be had."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

from fermon.cameras import CAMERAS, CameraSettings, entry, open_camera, reopen_delays
from fermon.errors import CameraNotFound

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        ("demo", "demo"),
        ("picamera", "picamera2"),
        ("picamera1", "picamera2"),
        ("0", "v4l2"),
        ("12", "v4l2"),
        ("/dev/video0", "v4l2"),
        ("/dev/v4l/by-id/usb-camera-index0", "v4l2"),
        ("drive.mp4", "video"),
        ("/home/anna/demo", "video"),
        ("./demo", "video"),
        ("2026-11-24.mkv", "video"),
        ("2026-11-24T10:00:00.mkv", "video"),
        ("rtsp://10.0.0.7/stream1", "address"),
        ("http://10.0.0.7/x.mp4", "address"),
    ],
)
def test_a_source_means_one_camera(source: str, kind: str) -> None:
    assert entry(source) is CAMERAS[kind]


def test_an_empty_source_lists_the_kinds() -> None:
    with pytest.raises(CameraNotFound, match="found '', expected '/dev/videoN', 'N', 'picamera', 'demo' or a video"):
        open_camera("", CameraSettings())


def test_what_there_is_at_a_path_decides(tmp_path: Path) -> None:
    (tmp_path / "clip.mp4").write_bytes(b"x")
    (tmp_path / "camera").symlink_to("/dev/null")  # a link to a device, as udev makes them
    assert entry(str(tmp_path / "clip.mp4")) is CAMERAS["video"]
    assert entry(str(tmp_path / "camera")) is CAMERAS["v4l2"]
    with pytest.raises(CameraNotFound, match="camera: a device, but no camera"):
        open_camera(str(tmp_path / "camera"), CameraSettings())


def test_home_folders_are_known_for_devices_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "camera").symlink_to("/dev/null")
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(CameraNotFound, match=f"{tmp_path}/camera: a device, but no camera"):
        open_camera("~/camera", CameraSettings())


def test_a_device_by_a_name_that_is_no_text_does_not_crash_opencv(tmp_path: Path) -> None:
    (tmp_path / "cam\udce9ra").symlink_to("/dev/null")
    program = "import sys; from fermon.cameras.v4l2 import cv2_capture; print(cv2_capture(sys.argv[1]).isOpened())"
    command = [sys.executable, "-c", program, tmp_path / "cam\udce9ra"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100, cwd=ROOT, check=False)
    assert (done.returncode, done.stdout) == (0, "False\n")


@pytest.mark.parametrize("source", ["demo", "/dev/video987", "0", "picamera"])
def test_a_rate_is_for_clips(source: str) -> None:
    with pytest.raises(CameraNotFound, match=f"{source}: has a clock of its own; --fps is for clips"):
        open_camera(source, CameraSettings(), "max", 15.0)


@pytest.mark.parametrize(
    "source",
    [
        ".", "/", "..", "\n", "a\0b", "~", "~nosuch/x.mp4", "x" * 300, "/dev/null", "/dev/zero", "/dev/tty", "/dev",
        "/dev/\udcff", "no\udcffsuch.mp4", "\ud800", "1" * 5000, "/proc/self/mem", "-", "file://", "://", "C:\\x.mp4",
        "/proc/1/root/x", "picamera\n", "0\n", "*" * 9, "demo ",
    ],
)  # fmt: skip
def test_whatever_is_given_gets_one_line(source: str) -> None:
    with pytest.raises(CameraNotFound) as refused:
        open_camera(source, CameraSettings())
    text = str(refused.value)
    assert text.isprintable()
    assert len(text) < 700
    assert refused.value.exit_code == 69


@pytest.mark.parametrize("source", ["/dev/video987", "987", "no such clip.mp4", "picamera"])
def test_what_cannot_be_opened_is_named(source: str) -> None:
    if source == "picamera" and importlib.util.find_spec("picamera2") is not None:
        pytest.skip("picamera2 is installed here")
    with pytest.raises(CameraNotFound) as error:
        open_camera(source, CameraSettings())
    assert source in str(error.value)


def test_reopening_waits_longer_and_longer() -> None:
    delay = reopen_delays(0.5, 3.0)
    assert [delay() for _ in range(5)] == [0.5, 1.0, 2.0, 3.0, 3.0]


def test_the_table_loads_without_any_camera_library() -> None:
    """`fermon --check-config` runs on any laptop."""
    program = "import sys, fermon.cameras; print(*sorted({'cv2', 'picamera2', 'libcamera'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=100, cwd=ROOT)
    assert done.stdout.strip() == ""
    assert done.returncode == 0
