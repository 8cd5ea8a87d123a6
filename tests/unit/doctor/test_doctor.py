"""`fermon doctor` with faults planted on a machine that has no hardware."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from fermon import doctor
from fermon.cameras.contract import EndOfFrames
from fermon.cli import main
from fermon.config import Config
from fermon.doctor import camera as camera_checks
from fermon.doctor.finding import Verdict, ok
from fermon.domain import Frame
from fermon.perception.network import models_dir


def examine(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, list[dict[str, Any]]]:
    code = main(["doctor", "--json", *words])
    return code, json.loads(capsys.readouterr().out)["findings"]


def faults(findings: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [finding for finding in findings if finding["verdict"] == "fault"]


@pytest.fixture(autouse=True)
def machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that is well: these tests judge fermon, not the one they run on."""
    monkeypatch.setattr(doctor, "check_host", lambda config: iter([ok("machine", "well")]))


def test_the_demo_is_well(capsys: pytest.CaptureFixture[str]) -> None:
    code, findings = examine(capsys, "--camera", "demo")
    # How fast the networks are is said of the machine, which may be busy.
    assert code == 0 and not [f for f in findings if f["verdict"] != "ok" and "networks take" not in f["text"]]
    text = "\n".join(finding["text"] for finding in findings)
    for words in (
        "640x480 px, 15.0 frames a second",
        "face in ",
        "sha256 ",
        "face detector blazeface",
        "log: can be op",
    ):
        assert words in text
    assert [finding["area"] for finding in findings if finding["area"] != "models"] == [
        "config", "machine", "camera", "camera", "camera", "outputs", "outputs"
    ]  # fmt: skip


def test_nothing_but_findings_is_said() -> None:
    """TFLite announces itself on standard error when a network runs first, past Python."""
    words = [sys.executable, "-m", "fermon", "doctor", "--json", "--camera", "demo"]
    found = subprocess.run(words, capture_output=True, text=True, check=False)
    assert found.stderr == "" and json.loads(found.stdout)["findings"]


def test_a_missing_camera_is_a_fault_with_the_remedy(capsys: pytest.CaptureFixture[str]) -> None:
    code, findings = examine(capsys, "--camera", "/dev/video63")
    assert code == 69
    [found] = faults(findings)
    assert found["area"] == "camera" and "/dev/video63: no such device" in found["text"] and found["remedy"]


@pytest.fixture
def damaged_models(tmp_path: Path) -> Path:
    folder = tmp_path / "models"
    shutil.copytree(models_dir(), folder)
    content = bytearray((folder / "eyes.tflite").read_bytes())
    content[len(content) // 2] ^= 0xFF
    (folder / "eyes.tflite").write_bytes(content)
    return folder


def test_a_damaged_network_is_a_fault_with_the_remedy(
    damaged_models: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "fermon.toml"
    config.write_text(f'[perception]\nmodels = "{damaged_models}"\n', encoding="utf-8")
    code, findings = examine(capsys, "--camera", "demo", "--config", str(config))
    assert code == 78
    [found] = faults(findings)
    assert found["area"] == "models" and "eyes.tflite" in found["text"] and "manifest" in found["text"]
    assert "reinstall" in found["remedy"]
    assert any(f["verdict"] == "warning" and "face not searched" in f["text"] for f in findings)


def test_an_unreachable_serial_port_is_a_fault_with_the_remedy(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "fermon.toml"
    config.write_text(f'[outputs.serial]\nenabled = true\nport = "{tmp_path}/ttyNONE"\n', encoding="utf-8")
    code, findings = examine(capsys, "--camera", "demo", "--config", str(config))
    assert code == 69
    [found] = faults(findings)
    assert found["area"] == "outputs" and "ttyNONE" in found["text"] and "group dialout" in found["remedy"]


def test_a_missing_dbc_of_the_vehicle_is_a_fault_though_the_bus_can_be_opened(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "fermon.toml"
    config.write_text(
        '[outputs.can]\nenabled = true\ninterface = "virtual"\nspeed = "dbc"\n'
        f'speed_dbc = "{tmp_path}/van.dbc"\nspeed_signal = "Wheel.Speed"\n',
        encoding="utf-8",
    )
    code, findings = examine(capsys, "--camera", "demo", "--config", str(config))
    assert code == 69
    [found] = faults(findings)
    assert found["area"] == "outputs" and "outputs.can.speed_dbc" in found["text"] and "van.dbc" in found["text"]


def test_all_three_at_once_are_all_told(
    damaged_models: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "fermon.toml"
    config.write_text(
        f'[camera]\nsource = "/dev/video63"\n[perception]\nmodels = "{damaged_models}"\n'
        f'[outputs.serial]\nenabled = true\nport = "{tmp_path}/ttyNONE"\n',
        encoding="utf-8",
    )
    assert main(["doctor", "--config", str(config)]) == 78
    out = capsys.readouterr().out
    assert sum(line.startswith("FAULT") for line in out.splitlines()) == 3
    assert out.count("  -> ") >= 3, "each with its remedy"


def test_a_bad_configuration_does_not_stop_the_rest(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = tmp_path / "fermon.toml"
    config.write_text("[camera]\nwidht = 640\n", encoding="utf-8")
    code, findings = examine(capsys, "--camera", "demo", "--config", str(config))
    assert code == 78
    [found] = faults(findings)
    assert found["area"] == "config" and "widht" in found["text"] and "width" in found["remedy"]
    assert any(finding["area"] == "outputs" for finding in findings)


class Clip:
    """A camera of one picture, over and over."""

    name, live = "clip", False

    def __init__(self, level: int, rate_hz: float = 15.0, count: int = 30) -> None:
        self._level, self._rate_hz, self._count, self._seq, self.closed = level, rate_hz, count, 0, False

    def read(self, timeout_s: float) -> Frame | None:
        import numpy as np

        if self._seq >= self._count:
            raise EndOfFrames
        self._seq += 1
        picture = np.full((480, 640), self._level, np.uint8)
        return Frame(int(self._seq / self._rate_hz * 1e9), self._seq, picture)

    def close(self) -> None:
        self.closed = True


@pytest.mark.parametrize(
    ("clip", "words"),
    [
        (Clip(3), "too dark: mean brightness 0.01"),
        (Clip(120), "nothing in focus"),
        (Clip(120), "face in 0%"),
        (Clip(120, rate_hz=4), "4.0 frames a second, expected at least 8"),
        (Clip(120, count=0), "opens but gives no frame"),
    ],
)
def test_what_a_camera_lacks_is_told_with_the_remedy(monkeypatch: pytest.MonkeyPatch, clip: Clip, words: str) -> None:
    monkeypatch.setattr(camera_checks, "open_camera", lambda *_: clip)
    found = [finding for finding in camera_checks.check_camera(Config(), "clip") if finding.verdict is not Verdict.OK]
    assert any(words in finding.text and finding.remedy for finding in found), found
    assert clip.closed


def test_a_check_that_breaks_is_a_finding(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def broken(*_: object) -> object:
        raise ZeroDivisionError("planted")

    monkeypatch.setattr(camera_checks, "open_camera", broken)
    code, findings = examine(capsys, "--camera", "demo")
    assert code == 69 and "planted" in faults(findings)[0]["text"] and findings[-1]["area"] == "outputs"


def test_two_networks_exchanged_are_a_fault(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each is what its manifest says, so only who reads with them can tell."""
    folder = tmp_path / "models"
    shutil.copytree(models_dir(), folder, ignore=shutil.ignore_patterns("runs", "*.keras"))
    for ending in ("tflite", "json"):
        shutil.copy(models_dir() / f"mouth.{ending}", folder / f"eyes.{ending}")
    (tmp_path / "fermon.toml").write_text(f'[perception]\nmodels = "{folder}"\n', encoding="utf-8")
    code, findings = examine(capsys, "--camera", "demo", "--config", str(tmp_path / "fermon.toml"))
    assert code == 78
    [found] = faults(findings)
    assert found["area"] == "models" and "eyes.tflite" in found["text"] and "right network" in found["remedy"]
