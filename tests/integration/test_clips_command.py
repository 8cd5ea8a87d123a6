"""Clips through the real command: what is refused, what is told, and that a sleeping driver is found in them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from fermon.cameras import CameraSettings, open_camera
from tests.clips_kit import bars, jpegs, write

BEGIN_S, END_S = 10.0, 17.0  # of the demo: the driver's eyes are shut from 12 to 14 s


@pytest.fixture(scope="module")
def drive() -> list[np.ndarray]:
    """The demo's pictures around its microsleep, 15 a second."""
    camera, found = open_camera("demo", CameraSettings(), "max"), []
    while (frame := camera.read(1.0)) is not None and frame.t_ns < END_S * 1e9:
        if frame.t_ns >= BEGIN_S * 1e9:
            found.append(np.array(frame.gray))
    camera.close()
    return found


def fermon(*words: str | bytes | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "fermon", *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)


def alerts(result: subprocess.CompletedProcess[str]) -> list[tuple[str, float]]:
    """Return kind and time in s of the alerts raised in a --json run."""
    records = [json.loads(line) for line in result.stdout.splitlines()]
    return [(r["kind"], r["t_ns"] / 1e9) for r in records if r["type"] == "alert" and r["active"]]


def test_a_microsleep_in_a_clip_without_time_stamps(tmp_path: Path, drive: list[np.ndarray]) -> None:
    path = tmp_path / "drive.mjpeg"
    path.write_bytes(b"".join(jpegs(drive)))
    refused = fermon("--camera", path, "--pace", "max")
    assert refused.returncode == 69
    assert refused.stdout == ""
    assert "give their rate: --fps N" in refused.stderr
    assert len(refused.stderr.splitlines()) == 1
    timed = fermon("--camera", path, "--pace", "max", "--fps", "15", "--json")
    assert timed.returncode == 0, timed.stderr
    ((kind, at_s),) = alerts(timed)
    assert kind == "MICROSLEEP"
    assert at_s == pytest.approx(12.0 + 1.5 - BEGIN_S, abs=0.3)


@pytest.mark.parametrize("words", [["--fps", "0"], ["--fps", "nan"], ["--fps", "fast"], ["--fps", "1e9"]])
def test_a_rate_that_is_none_is_wrong_usage(words: list[str]) -> None:
    result = fermon("--camera", "x.mjpeg", *words)
    assert result.returncode == 2
    assert "expected 0.1 to 1000 frames a second" in result.stderr


def test_a_camera_that_hangs_on_its_side_is_turned_upright(tmp_path: Path, drive: list[np.ndarray]) -> None:
    lying = [np.ascontiguousarray(cv2.rotate(picture, cv2.ROTATE_90_COUNTERCLOCKWISE)) for picture in drive]
    path = write(tmp_path / "lying.avi", lying, "MJPG", 15.0)
    config = tmp_path / "fermon.toml"
    config.write_text("[camera]\nrotation = 90\n")
    result = fermon("--camera", path, "--config", config, "--pace", "max", "--json")
    assert [kind for kind, _ in alerts(result)] == ["MICROSLEEP"]


def test_a_rotation_of_other_angles_is_none(tmp_path: Path) -> None:
    config = tmp_path / "fermon.toml"
    config.write_text("[camera]\nrotation = 45\n")
    result = fermon("--config", config, "--check-config")
    assert result.returncode == 78
    assert "camera.rotation: found 45, expected one of 0, 90, 180, 270" in result.stderr


def test_a_clip_whose_name_is_no_text(tmp_path: Path) -> None:
    name = bytes(tmp_path) + b"/caf\xe9.avi"
    write(tmp_path / "clip.avi", bars(5), "MJPG").rename(os.fsdecode(name))
    for words in ([], ["--json"]):
        result = fermon("--camera", name, "--pace", "max", "--record", tmp_path / "s.jsonl", *words)
        assert result.returncode == 0, result.stderr
        assert r"caf\xe9.avi" in result.stdout.replace(r"\\", "\\")
    missing = fermon("--camera", name + b"x")
    assert missing.returncode == 69
    assert len(missing.stderr.splitlines()) == 1


def test_no_source_at_all_is_named(tmp_path: Path) -> None:
    config = tmp_path / "fermon.toml"
    config.write_text('[camera]\nsource = ""\n')
    result = fermon("--config", config)
    assert result.returncode == 69
    assert result.stderr.startswith("fermon: camera: found '', expected '/dev/videoN'")
    assert len(result.stderr.splitlines()) == 1


def test_damage_is_told_to_people(tmp_path: Path) -> None:
    path = write(tmp_path / "clip.avi", bars(20), "MJPG")
    data = bytearray(path.read_bytes())
    at = data.index(b"\xff\xd8\xff", len(data) // 2)
    end = data.index(b"\xff\xd9", at)
    data[at:end] = bytes(end - at)
    path.write_bytes(data)
    result = fermon("--camera", path, "--pace", "max")
    assert result.returncode == 0
    assert "what cannot be decoded is left out" in result.stdout
    assert "end after 19 frames (1.0 s); 1 more could not be used" in result.stdout
