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
# Says when Python itself has started: what it says of an interruption before that is not ours.
STARTED = "import sys; import fermon.__main__ as m; print('started', flush=True); sys.exit(m.main())"


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
        # Python ends itself by the signal where it came while generated code ran; for a shell that is 130 too.
        assert process.returncode in ((130, -signal.SIGINT) if err else (0,)), (delay_s, err)
        seen["told" if err else "ended"] += 1
        delay_s = delay_s * 1.4 + 0.02
    assert seen["told"] >= 1 and seen["ended"] == 1


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
