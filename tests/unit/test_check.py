"""`fermon --check-config` finds what the run would find, all of it at once, and takes no device."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from fermon import check, outputs
from fermon.cli import main
from fermon.config import Config, load
from fermon.errors import ConfigError, Problem
from fermon.perception.network import models_dir


def told(tmp_path: Path, text: str, capsys: pytest.CaptureFixture[str], *more: str) -> list[str]:
    """Return what is said about a configuration, each line without the file's name."""
    path = tmp_path / "fermon.toml"
    path.write_text(text, encoding="utf-8")
    code = main(["--config", str(path), "--check-config", *more])
    out, err = capsys.readouterr()
    lines = err.splitlines()
    assert code == (78 if lines else 0)
    assert lines or out == f"{path}: the configuration is good\n"
    assert all(line.startswith(f"fermon: {path}: ") for line in lines)
    return [line.removeprefix(f"fermon: {path}: ") for line in lines]


def test_the_defaults_are_good(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--check-config"]) == 0
    assert capsys.readouterr().out == "defaults: the configuration is good\n"


def test_everything_is_told_at_once_with_file_and_key(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = told(
        tmp_path,
        f"""
        [camera]
        source = "clip missing.mp4"
        widht = 3
        [perception]
        models = "{tmp_path}/nowhere"
        [perception.face]
        detector = "yunet"
        [session]
        file = "{tmp_path}/none/x.jsonl"
        """,
        capsys,
    )
    assert [line.partition(":")[0] for line in lines] == [
        "camera.widht", "camera.source", "perception.models", "perception.face.yunet_model", "session.file"
    ]  # fmt: skip
    assert lines[1].startswith("camera.source: clip missing.mp4: no such file; give /dev/videoN, N, picamera, demo, or")
    assert lines[3] == "perception.face.yunet_model: found nothing, expected the path of a YuNet ONNX file"
    assert lines[4].endswith(f"expected a file that can be written; sudo mkdir -p {tmp_path}/none")


def test_devices_are_not_looked_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A vehicle's configuration is checked at the desk."""
    text = '[camera]\nsource = "/dev/video63"\n[outputs.serial]\nenabled = true\nport = "/dev/ttyNONE"\n'
    assert told(tmp_path, text + "[outputs.gpio]\nenabled = true\n", capsys) == []


@pytest.fixture
def models(tmp_path: Path) -> Path:
    return Path(shutil.copytree(models_dir(), tmp_path / "models", ignore=shutil.ignore_patterns("runs", "*.keras")))


def test_each_network_of_a_folder_is_looked_at(
    tmp_path: Path, models: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = f'[perception]\nmodels = "{models}"\n'
    assert told(tmp_path, text, capsys) == []
    (models / "eyes.tflite").write_bytes((models / "eyes.tflite").read_bytes()[:-1])
    (models / "mouth.json").unlink()
    manifest = json.loads((models / "expression.json").read_text())
    (models / "expression.json").write_text(json.dumps(manifest | {"temperature": float("nan")}))
    lines = told(tmp_path, text, capsys)
    assert len(lines) == 3 and all(line.startswith(f"perception.models: {models}/") for line in lines)
    for line, words in zip(lines, ("temperature: found nan", "damaged or replaced", "no such manifest"), strict=True):
        assert words in line


@pytest.mark.parametrize(
    ("file", "words"),
    [
        ("", None),
        ("new.jsonl", None),
        ("folder", "(a folder), expected a file that can be written; name a file, as session.jsonl"),
        ("pipe", "(no regular file)"),
        ("none/x.jsonl", "(there is no folder "),
        ("x" * 300, "(File name too long)"),
        ("a\\u0000b", ", expected a text without the character 0"),
        ("file/x.jsonl", "(Not a directory)"),
    ],
)
def test_where_a_session_goes(tmp_path: Path, capsys: pytest.CaptureFixture[str], file: str, words: str | None) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    os.mkfifo(tmp_path / "pipe")
    lines = told(tmp_path, f'[session]\nfile = "{tmp_path / file if file else ""}"\n', capsys)
    if words is None:
        assert lines == []
    else:
        [line] = lines
        assert line.startswith("session.file: found ") and words in line and line.isprintable()


def test_a_folder_that_this_user_may_not_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Root may write everywhere, so the system's answer is given here."""
    config = replace(Config(), session=replace(Config().session, file=str(tmp_path / "s.jsonl")))
    assert check.problems(config) == []
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path) != tmp_path)
    [problem] = check.problems(config)
    assert "may not write there" in problem.found and "sudo -u fermon" in problem.remedy


def test_home_folders_are_expanded(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, models: Path
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "clip.mp4").touch()
    text = '[camera]\nsource = "~/clip.mp4"\n[perception]\nmodels = "~/models"\n[session]\nfile = "~/s.jsonl"\n'
    assert told(tmp_path, text, capsys) == []
    lines = told(tmp_path, text.replace("~", "~nosuchuser"), capsys)
    assert [line.partition(":")[0] for line in lines] == ["camera.source", "perception.models", "session.file"]
    assert all("~nosuchuser" in line for line in lines)


def test_the_command_line_goes_before_the_file_here_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = '[camera]\nsource = "none.mp4"\n'
    assert told(tmp_path, text, capsys, "--camera", "demo") == []
    assert told(tmp_path, text, capsys, "--camera", "demo", "--record", str(tmp_path / "no" / "s.jsonl")) != []
    [line] = told(tmp_path, "", capsys, "--record", str(tmp_path / "fermon.toml"))
    assert "is also the configuration, which would be overwritten" in line


def test_what_an_output_finds_is_told_too(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        outputs, "check", lambda settings: [Problem("outputs.can.interface", repr(settings.can.interface))]
    )
    assert told(tmp_path, '[outputs.can]\ninterface = "sokketcan"\n', capsys) == [
        "outputs.can.interface: found 'sokketcan'"
    ]


def test_keys_that_are_good_alone_and_not_together(tmp_path: Path) -> None:
    path = tmp_path / "fermon.toml"
    path.write_text("[camera]\nrate_hz = 5\n")
    with pytest.raises(
        ConfigError, match=r"camera\.rate_hz: found 5, expected at least policy\.slow_hz = 8, below whi"
    ):
        load(path)
    path.write_text("[camera]\nrate_hz = 5\n[policy]\nslow_hz = 4\nclosure_floor_hz = 4\n")
    assert load(path).camera.rate_hz == 5
    path.write_text("[camera]\nrate_hz = 7.9\n")
    assert load(path).camera.rate_hz == 7.9, "within the slack that a nominal rate has"


def test_limits_of_the_policy_that_contradict_each_other_are_told_with_the_rest(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = f'[policy]\nmicrosleep_closed_s = 5\n[session]\nfile = "{tmp_path}"\n'
    first, *_, last = told(tmp_path, text, capsys)
    assert first == "policy.microsleep_closed_s: found 5, expected less than asleep_closed_s (3)"
    assert last.startswith("session.file: ")
    (tmp_path / "fermon.toml").write_text("[policy]\nmicrosleep_closed_s = 5\n")
    assert main(["--config", str(tmp_path / "fermon.toml"), "--camera", "demo"]) == 78


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("", "camera: found '', expected '/dev/videoN'"),
        ("rtsp://me:secret@1.2.3.4/x", "rtsp://...@1.2.3.4/x: an address, and fermon takes no pictures from a network"),
    ],
)
def test_what_can_be_no_camera_is_told_in_its_own_words(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], source: str, says: str
) -> None:
    [line] = told(tmp_path, f'[camera]\nsource = "{source}"\n', capsys)
    assert line.startswith(f"camera.source: {says}")


def test_an_output_s_interface_name_is_looked_at(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    [line] = told(tmp_path, '[outputs.can]\nenabled = true\ninterface = "sokketcan"\n', capsys)
    assert line.startswith("outputs.can.interface: found 'sokketcan', expected one that python-can knows: ")
    assert line.endswith("did you mean 'socketcan'?")
