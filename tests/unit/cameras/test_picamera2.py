"""Pi cameras over a stand-in for picamera2.Picamera2."""

from __future__ import annotations

import importlib.util
import logging
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from fermon.cameras import CameraSettings, open_camera
from fermon.cameras.picamera2 import open_picamera, picamera2_class
from fermon.errors import CameraNotFound
from tests.camera_fakes import FakePicamera2, Script, picture

DEADLINE_S = 20.0
SETTINGS = CameraSettings(width=320, height=240, rate_hz=30.0, frozen_after_s=0.5, first_frame_s=10.0)


def test_the_gray_plane_is_cut_out_of_padded_rows() -> None:
    settings = CameraSettings(width=300, height=200, rate_hz=30.0)  # rows are padded to 320 bytes
    camera = open_picamera(0, settings, FakePicamera2.factory(Script()))
    frame = camera.read(DEADLINE_S)
    camera.close()
    assert frame is not None
    assert frame.gray.shape == (200, 300)
    assert frame.gray.flags.c_contiguous
    assert np.array_equal(frame.gray, picture(frame.seq, 300, 200))


def test_every_request_goes_back_to_the_camera() -> None:
    """The stand-in, like the real one, has four buffers: it stops when requests are kept."""
    factory = FakePicamera2.factory(Script())
    camera = open_picamera(0, SETTINGS, factory)
    until = time.monotonic() + DEADLINE_S
    seen = -1
    while seen < 12 and time.monotonic() < until:
        frame = camera.read(1.0)
        seen = frame.seq if frame is not None else seen
    camera.close()
    assert seen >= 12
    assert factory().made[0].held == 0
    assert factory().made[0].closed


def test_the_configuration_asks_for_gray_at_the_rate() -> None:
    factory = FakePicamera2.factory(Script())
    camera = open_picamera(0, SETTINGS, factory)
    config = factory().made[0].stream_configuration("main")
    controls = factory().made[0].configuration["controls"]
    camera.close()
    assert config == {"format": "YUV420", "size": (320, 240)}
    assert controls["FrameDurationLimits"] == (33333, 66666)


def test_another_size_than_asked_for_is_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        camera = open_picamera(0, CameraSettings(width=321, height=241), FakePicamera2.factory(Script()))
        camera.close()
    assert "picamera gives 320x240 px, asked for 321x241 px" in caplog.text


def test_a_camera_that_is_not_there_is_named() -> None:
    with pytest.raises(CameraNotFound, match=r"picamera1: no such camera: found 1 \(ov9281\); check the ribbon cable"):
        open_picamera(1, SETTINGS, FakePicamera2.factory(Script()))
    with pytest.raises(CameraNotFound, match=r"found 0 \(none\)"):
        open_picamera(0, SETTINGS, FakePicamera2.factory(Script(), models=()))


def test_a_camera_in_use_is_named() -> None:
    with pytest.raises(CameraNotFound, match=r"picamera: cannot be opened .* in use by another program"):
        open_picamera(0, SETTINGS, FakePicamera2.factory(Script(busy=True)))


@pytest.mark.skipif(importlib.util.find_spec("picamera2") is not None, reason="picamera2 is installed here")
def test_without_the_library_the_apt_command_is_named() -> None:
    with pytest.raises(CameraNotFound, match="sudo apt install python3-picamera2"):
        open_camera("picamera", SETTINGS)


@pytest.mark.parametrize(
    ("content", "found", "remedy"),
    [
        ("raise ValueError('numpy.dtype size changed')", "numpy.dtype size changed", "pip install 'numpy<2'"),
        # What picamera2 0.3.38 did beside another kms++ than it expects.
        ("import types; types.SimpleNamespace().NV12", "AttributeError: ", "sudo apt full-upgrade"),
    ],
)
def test_a_library_that_does_not_load_is_named_with_the_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str, found: str, remedy: str
) -> None:
    (tmp_path / "picamera2.py").write_text(content)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "picamera2", raising=False)
    with pytest.raises(CameraNotFound) as error:
        picamera2_class()
    assert found in str(error.value)
    assert remedy in str(error.value)
