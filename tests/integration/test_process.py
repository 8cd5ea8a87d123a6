"""The command as a process: interrupted, without docstrings, with a standard output that fails or knows few letters."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

START_S = 60.0
TOO_EARLY = 99
# Says when Python itself has started: what it says of an interruption before our first line is not ours.
STARTED = f"""
import sys, fermon.__main__ as command
try:
    print("started", flush=True)
    code = command.main()
except KeyboardInterrupt:
    code = {TOO_EARLY}
sys.exit(code)
"""


def test_ctrl_c_at_any_time_is_one_line_and_no_traceback() -> None:
    """Until the start it ends with a line that says so, afterwards it is the way to end a run."""
    seen: Counter[str] = Counter()
    delay_s = 0.0
    while not seen["ended"] and delay_s < START_S:
        words = [sys.executable, "-c", STARTED, "--camera", "demo"]
        process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        assert process.stdout is not None and process.stdout.readline() == "started\n"
        time.sleep(delay_s)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
        assert err in ("", "fermon: interrupted\n"), (delay_s, err)
        assert process.returncode in ((130,) if err else (0, TOO_EARLY)), (delay_s, err)
        seen["told" if err else "ended" if process.returncode == 0 else "too early"] += 1
        delay_s = delay_s * 1.4 + 0.02
    assert seen["told"] >= 1 and seen["ended"] == 1


def test_ctrl_c_is_told_while_a_library_has_the_standard_error() -> None:
    code = (
        "import os, signal, fermon.__main__ as command; command._leave_when_interrupted();"
        "os.dup2(os.open(os.devnull, os.O_WRONLY), 2); signal.raise_signal(signal.SIGINT)"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (found.returncode, found.stderr) == (130, "fermon: interrupted\n")


@pytest.mark.parametrize(
    "words", [["--version"], ["--help"], ["help", "replay"], ["--check-config"], ["--default-config"]]
)
def test_docstrings_may_be_stripped(words: list[str]) -> None:
    plain, stripped = (
        subprocess.run([sys.executable, *flags, "-m", "fermon", *words], capture_output=True, text=True, check=True)
        for flags in ([], ["-OO"])
    )
    assert stripped.stdout == plain.stdout != ""


def test_a_session_is_replayed_without_docstrings_and_asserts(tmp_path: Path) -> None:
    session = tmp_path / "s.jsonl"
    session.write_text('{"type":"session","version":1}\n')
    words = [sys.executable, "-OO", "-m", "fermon", "replay", str(session)]
    assert subprocess.run(words, capture_output=True, text=True, check=True).stdout == "0 alert lines\n"


def test_a_full_standard_output_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PYTHONUNBUFFERED", raising=False)  # then argparse itself keeps silent about it
    for words in (["--default-config"], ["--help"], ["--version"]):
        with open("/dev/full", "w") as full:  # noqa: PTH123
            found = subprocess.run(
                [sys.executable, "-m", "fermon", *words], stdout=full, stderr=subprocess.PIPE, text=True, check=False
            )
        assert found.stderr == f"fermon: standard output: {os.strerror(errno.ENOSPC)}\n"
        assert found.returncode == 69


def test_a_reader_who_goes_is_no_error() -> None:
    read, write = os.pipe()
    os.close(read)
    found = subprocess.run(
        [sys.executable, "-m", "fermon", "--default-config"], stdout=write, stderr=subprocess.PIPE, check=False
    )
    os.close(write)
    assert (found.returncode, found.stderr) == (0, b"")


@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "latin-1"])
def test_names_of_any_bytes_can_be_said(tmp_path: Path, encoding: str) -> None:
    path = os.fsencode(tmp_path) + b"/na\xffme.toml"
    Path(os.fsdecode(path)).write_text("")
    words: list[bytes | str] = [sys.executable, "-m", "fermon", "--check-config", "--config", path]
    found = subprocess.run(
        words, capture_output=True, check=False, env={**os.environ, "PYTHONIOENCODING": f"{encoding}:strict"}
    )
    assert found.returncode == 0 and found.stderr == b""
    assert b"name.toml" not in found.stdout and b"the configuration is good" in found.stdout
