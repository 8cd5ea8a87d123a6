"""The real command: exit codes, what it prints and records, signals."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from fermon.cameras.demo.script import expected_alerts
from fermon.domain import NS_PER_S
from tests.conftest import Drive, record_demo

TIMEOUT_S = 300  # the demo drive takes seconds; a busy machine may need many times that


def fermon(*words: str | Path, **more: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "fermon", *map(str, words)], capture_output=True, text=True, timeout=TIMEOUT_S, **more
    )


@pytest.fixture(scope="module")
def again(tmp_path_factory: pytest.TempPathFactory) -> Drive:
    """The demo drive once more, with JSON lines on standard output."""
    return record_demo(tmp_path_factory.mktemp("again") / "again.jsonl", "--json")


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_version_and_help() -> None:
    assert fermon("--version").stdout.startswith("fermon ")
    text = fermon("--help").stdout
    for code in ("65", "69", "78"):
        assert code in text


def test_the_demo_raises_the_alerts_it_is_known_to_earn(demo_drive: Drive) -> None:
    records = demo_drive.records()
    assert records[0]["type"] == "session"
    assert records[0]["version"] == 1
    assert set(records[0]["models"]) >= {"expression", "eyes"}
    raised = [(r["kind"], r["level"], r["t_ns"]) for r in records if r["type"] == "alert" and r["active"]]
    expected = expected_alerts()
    assert [(kind, level) for kind, level, _ in raised] == [(e.kind.value, e.level.name) for e in expected]
    for (_, _, t_ns), known in zip(raised, expected, strict=True):
        assert known.raised_s[0] <= t_ns / NS_PER_S <= known.raised_s[1]
    for kind, level, t_ns in raised:
        assert f"{t_ns / NS_PER_S:6.1f} s  {level}  {kind}" in demo_drive.printed


def test_the_same_drive_twice_is_the_same_session_but_for_started(demo_drive: Drive, again: Drive) -> None:
    first, second = demo_drive.records(), again.records()
    assert first[0].pop("started")
    assert second[0].pop("started")
    assert first == second


def test_replay_of_a_recording_gives_the_recorded_alerts(demo_drive: Drive) -> None:
    result = fermon("replay", demo_drive.path, "--json")
    assert result.returncode == 0
    recorded = [r for r in demo_drive.records() if r["type"] == "alert"]
    assert [json.loads(line) for line in result.stdout.splitlines()] == recorded


def test_replay_for_people_counts_from_the_start_of_the_recording(demo_drive: Drive, tmp_path: Path) -> None:
    shifted = tmp_path / "shifted.jsonl"
    text = demo_drive.path.read_text(encoding="utf-8")
    shifted.write_text(re.sub(r'("(?:t|since)_ns":)(\d+)', lambda m: m[1] + str(int(m[2]) + 10**15), text))
    result = fermon("replay", shifted)
    assert result.returncode == 0
    printed = [line for line in demo_drive.printed.splitlines() if " s  " in line]
    assert result.stdout.splitlines()[: len(printed)] == printed


def test_json_lines_for_programs(again: Drive) -> None:
    records = [json.loads(line) for line in again.printed.splitlines()]
    assert records[0]["type"] == "start"
    assert records[-1]["type"] == "end"
    assert {"state", "alert"} <= {r["type"] for r in records}


def test_checking_a_configuration_needs_no_hardware_library() -> None:
    code = (
        "import sys; from fermon.cli import main; code = main(['--check-config']);"
        "heavy = {'cv2', 'can', 'cantools', 'serial', 'gpiozero', 'lgpio', 'picamera2', 'ai_edge_litert', 'systemd'};"
        "found = heavy & set(sys.modules); sys.exit(f'imported: {found}' if found else code)"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=TIMEOUT_S)
    assert result.returncode == 0, result.stderr
    assert "the configuration is good" in result.stdout


def test_a_bad_configuration_is_exit_78_with_every_problem(tmp_path: Path) -> None:
    path = tmp_path / "fermon.toml"
    path.write_text("[camera]\nwidht = 1\nheight = 'a'\n")
    result = fermon("--config", path, "--check-config")
    assert result.returncode == 78
    assert "widht" in result.stderr
    assert "height" in result.stderr
    assert "Traceback" not in result.stderr


def test_the_default_configuration_can_be_used_as_a_file(tmp_path: Path) -> None:
    path = tmp_path / "fermon.toml"
    path.write_text(fermon("--default-config").stdout)
    assert fermon("--config", path, "--check-config").returncode == 0


@pytest.mark.parametrize(
    ("source", "says"), [("/dev/video99", "/dev/video99"), ("missing.mp4", "missing.mp4"), ("text", "text.mp4")]
)
def test_what_is_no_camera_is_exit_69_in_one_line(tmp_path: Path, source: str, says: str) -> None:
    if source == "text":
        (tmp_path / "text.mp4").write_text("this is no video\n" * 100)
        source = str(tmp_path / "text.mp4")
    result = fermon("--camera", source)
    assert result.returncode == 69
    assert says in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert "Traceback" not in result.stderr


def test_a_session_that_is_none_is_exit_65(tmp_path: Path) -> None:
    (tmp_path / "s.jsonl").write_text("no session\n")
    result = fermon("replay", tmp_path / "s.jsonl", "--json")
    assert result.returncode == 65
    assert result.stdout == ""
    assert "s.jsonl" in result.stderr


def test_a_model_of_another_folder_that_is_damaged_is_exit_78(tmp_path: Path) -> None:
    (tmp_path / "expression.json").write_text("{}")
    config = tmp_path / "fermon.toml"
    config.write_text(f'[perception]\nmodels = "{tmp_path}"\n')
    result = fermon("--config", config, "--camera", "demo")
    assert result.returncode == 78
    assert "expression.json" in result.stderr


def test_a_recording_that_cannot_be_opened_is_exit_69(tmp_path: Path) -> None:
    result = fermon("--camera", "demo", "--record", tmp_path / "no" / "s.jsonl")
    assert result.returncode == 69
    assert "choose a writable path" in result.stderr


def test_what_is_read_is_never_written_over(demo_drive: Drive, tmp_path: Path) -> None:
    clip, config = tmp_path / "mine.mp4", tmp_path / "fermon.toml"
    clip.write_bytes(b"pictures")
    config.write_text("")
    for words in (
        ("--camera", clip, "--record", clip),
        ("--camera", "demo", "--config", config, "--record", config),
    ):
        result = fermon(*words)
        assert result.returncode == 69 and "would be overwritten" in result.stderr, result.stderr
    session = tmp_path / "S.html"
    session.write_bytes(demo_drive.path.read_bytes())
    result = fermon("report", session, "-o", session)
    assert result.returncode == 69 and "would be overwritten" in result.stderr, result.stderr
    assert session.read_bytes() == demo_drive.path.read_bytes()
    assert clip.read_bytes() == b"pictures" and config.read_bytes() == b""


@pytest.mark.parametrize("where", ["> /dev/full", ">&-"])
def test_watching_goes_on_without_a_standard_output(tmp_path: Path, where: str) -> None:
    session = tmp_path / "s.jsonl"
    command = f"{sys.executable} -m fermon --camera demo --pace max --record {session} {where}"
    result = subprocess.run(["sh", "-c", command], capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
    assert result.returncode == 0 and "Traceback" not in result.stderr
    told = "fermon: standard output: No space left on device; watching goes on without it\n"
    assert result.stderr == (told if "full" in where else "")
    assert any(line["type"] == "alert" for line in lines(session))


def test_a_full_disk_does_not_end_the_monitor() -> None:
    result = fermon("--camera", "demo", "--pace", "max", "--record", "/dev/full")
    assert result.returncode == 0
    assert result.stdout.count("recording stopped") == 1
    assert "MICROSLEEP" in result.stdout


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly(tmp_path: Path, number: signal.Signals) -> None:
    """As systemd runs it: READY and watchdog pings on the notify socket, STOPPING and exit 0 on a signal."""
    session, address = tmp_path / "s.jsonl", str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(address)
        manager.settimeout(60)
        process = subprocess.Popen(
            [sys.executable, "-m", "fermon", "--camera", "demo", "--record", str(session)],
            env={**os.environ, "NOTIFY_SOCKET": address, "WATCHDOG_USEC": "200000"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        heard: list[str] = []
        while "READY=1" not in heard or "WATCHDOG=1" not in heard:
            heard.append(manager.recv(4096).decode())
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
        manager.settimeout(1)
        while "STOPPING=1" not in heard:
            heard.append(manager.recv(4096).decode())
    assert process.returncode == 0, err
    assert "Traceback" not in err
    assert "frames in" in err + out
    assert lines(session)[0]["type"] == "session"  # whole lines only: json.loads did not complain


def test_a_missing_camera_may_be_waited_for(tmp_path: Path) -> None:
    config = tmp_path / "fermon.toml"
    config.write_text('[camera]\nsource = "/dev/video99"\nwait_for_camera = true\n')
    process = subprocess.Popen(
        [sys.executable, "-m", "fermon", "--config", str(config), "--json"], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    deadline = time.monotonic() + 60
    try:
        for line in process.stdout:
            record = json.loads(line)
            if record["type"] == "alert":
                assert (record["kind"], record["active"]) == ("UNAVAILABLE", True)
                break
            assert time.monotonic() < deadline, "no alert for a missing camera"
    finally:
        process.terminate()
        process.communicate(timeout=60)
    assert process.returncode == 0
