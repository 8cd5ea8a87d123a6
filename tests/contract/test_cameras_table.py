"""The table of cameras: which SOURCE means which, and what is said when it cannot be had."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

from fermon.cameras import CAMERAS, CameraSettings, entry, open_camera, reopen_delays
from fermon.errors import CameraNotFound


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
    ],
)
def test_a_source_means_one_camera(source: str, kind: str) -> None:
    assert entry(source) is CAMERAS[kind]


def test_an_empty_source_lists_the_kinds() -> None:
    with pytest.raises(ValueError, match="expected '/dev/videoN', 'N', 'picamera', 'demo' or a video file"):
        entry("")


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
    root = Path(__file__).resolve().parents[2]
    program = "import sys, fermon.cameras; print(*sorted({'cv2', 'picamera2', 'libcamera'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=100, cwd=root)
    assert done.stdout.strip() == ""
    assert done.returncode == 0
