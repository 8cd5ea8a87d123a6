"""A recording is never written over what the run reads, whoever names the one and the other."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from fermon.config import Config, SessionSettings
from fermon.errors import OutputError
from fermon.outputs.serial.output import SerialSettings
from fermon.watch import check_targets, watch
from tests.watch_kit import options_of


def configured(camera: object = "demo", session: object = "", port: object = None) -> Config:
    config = Config()
    serial = SerialSettings(enabled=port is not None, port=str(port or "/dev/null"))
    return replace(
        config,
        camera=replace(config.camera, source=str(camera)),
        session=SessionSettings(file=str(session)),
        outputs=replace(config.outputs, serial=serial),
    )


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "clip.mp4").write_bytes(b"pictures")
    (tmp_path / "fermon.toml").touch()
    return tmp_path


@pytest.mark.parametrize(
    ("config", "words", "what"),
    [
        (configured(), "--camera clip.mp4 --record clip.mp4", "the camera"),
        (configured(camera="~/clip.mp4"), "--record clip.mp4", "the camera"),
        (configured(session="~/clip.mp4"), "--camera clip.mp4", "the camera"),
        (configured(camera="clip.mp4", session="clip.mp4"), "", "the camera"),
        (configured(), "--config fermon.toml --record fermon.toml", "the configuration"),
        (configured(port="clip.mp4"), "--record clip.mp4", "the serial port"),
    ],
)
def test_it_is_refused_by_name(config: Config, words: str, what: str, home: Path) -> None:
    with pytest.raises(OutputError, match=rf": is also {what}, which would be overwritten; choose another file"):
        check_targets(config, options_of(*words.split()))
    with pytest.raises(OutputError, match=f"is also {what},"):
        watch(config, options_of(*words.split()))
    assert (home / "clip.mp4").read_bytes() == b"pictures"


@pytest.mark.parametrize(
    ("config", "words"),
    [
        (configured(), "--camera clip.mp4"),
        (configured(), "--camera clip.mp4 --record other.jsonl"),
        (configured(camera="clip.mp4"), "--camera other.mp4 --record clip.mp4"),  # the configured one is not read
        (configured(session="clip.mp4"), "--camera clip.mp4 --record other.jsonl"),  # nor is this one written
        (configured(), "--camera ."),  # nothing is recorded: nowhere, not here
        (configured(session="/dev/null"), ""),  # where the port is that nobody asked for
    ],
)
def test_what_is_not_read_may_be_written(config: Config, words: str, home: Path) -> None:
    check_targets(config, options_of(*words.split()))
