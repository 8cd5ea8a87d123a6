"""No picture of the driver reaches a disk or a socket unless a flag asked for it.

The whole demo drive runs in a process of its own under two watches: Python's audit hook, which sees every file and
socket that Python opens, and strace, which sees those of C libraries too.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

WATCHED = """
import json, os, sys
seen = open(sys.argv[1], "w", buffering=1)
log = lambda *what: seen.write(json.dumps([str(part) for part in what]) + "\\n")
def hook(event, args):
    if event == "open":
        path, mode, flags = args
        if flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND):
            log("write", path)
    elif event.startswith(("socket.connect", "socket.bind", "socket.sendto", "socket.sendmsg")):
        log(event, args[1:])
    elif event.startswith(("subprocess.", "os.exec", "os.posix_spawn", "os.system", "os.fork")):
        log(event)
sys.addaudithook(hook)
{planted}
from fermon.cli import main
sys.exit(main(sys.argv[2:]))
"""
DRIVE = ("--camera", "demo", "--pace", "max")
SHORT = "import fermon.cameras.demo.camera as demo; demo.END_S = 15.0\n"  # the first seconds hold all that is read
# What is no place for a picture: descriptors' own devices, and shared memory is none of these.
HARMLESS = re.compile(r"/dev/(null|tty|pts/\d+)|\d+")
LONGEST_LINE = 4096  # bytes; a picture of 640x480 px has 300 kB, an eye alone 1.5 kB


def run(folder: Path, *words: str, planted: str = SHORT, before: tuple[str, ...] = ()) -> list[list[str]]:
    """Run fermon in `folder` under the audit hook; return what it saw that could carry a picture away."""
    seen = folder / "audit.log"
    script = WATCHED.replace("{planted}", planted)
    command = [*before, sys.executable, "-c", script, str(seen), *words]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in seen.read_text(encoding="utf-8").splitlines()]
    return [line for line in lines if not (line[0] == "write" and HARMLESS.fullmatch(line[1]))]


def test_a_drive_without_flags_writes_nothing_and_connects_to_nothing(tmp_path: Path) -> None:
    assert run(tmp_path, *DRIVE) == []
    assert [path.name for path in tmp_path.iterdir()] == ["audit.log"]


def test_a_recording_holds_no_picture(tmp_path: Path) -> None:
    assert run(tmp_path, *DRIVE, "--record", "S.jsonl", planted="") == [["write", "S.jsonl"]]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["S.jsonl", "audit.log"]
    lines = (tmp_path / "S.jsonl").read_bytes().splitlines()
    assert len(lines) > 1000
    for line in lines[1:]:
        assert len(line) < LONGEST_LINE
        fields = json.loads(line)
        assert fields["type"] in ("observation", "alert", "tick", "camera", "speed", "ack")
        if fields["type"] == "observation":
            assert set(fields) == {"type", "t_ns", "seq", "face", "expression", "eyes", "mouth", "quality", "head"}
            assert set(fields["face"] or ()) <= {"box", "score", "points", "profile"}
            assert set(fields["head"] or ()) <= {"yaw", "pitch", "roll"}


def test_the_preview_binds_only_when_asked_and_only_here(tmp_path: Path) -> None:
    seen = run(tmp_path, *DRIVE, "--preview", "127.0.0.1:0")
    assert [line for line in seen if line[0] != "write"] == [["socket.bind", "(('127.0.0.1', 0),)"]]
    assert not [line for line in seen if line[0] == "write"]


def test_the_report_and_the_doctor_keep_no_picture(tmp_path: Path) -> None:
    run(tmp_path, *DRIVE, "--record", "S.jsonl")
    written = run(tmp_path, "report", "S.jsonl")
    assert [what for what, _ in written] == ["write"] and Path(written[0][1]).name.startswith(".S.html.")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["S.html", "S.jsonl", "audit.log"]
    assert b"base64" not in (tmp_path / "S.html").read_bytes()
    assert not [line for line in run(tmp_path, "doctor", "--camera", "demo") if line[0] == "write"]


@pytest.fixture(scope="module")
def strace(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, ...]:
    """The start of a command that watches below Python, and whose log is `strace.log`."""
    program = shutil.which("strace")
    if program is None:
        pytest.skip("needs strace (apt install strace)")
    folder = tmp_path_factory.mktemp("strace")
    if subprocess.run([program, "-o", str(folder / "log"), "true"], capture_output=True, check=False).returncode:
        pytest.skip("strace may not trace here (ptrace is forbidden)")
    return (program, "-f", "-qq", "-o", "strace.log", "-e", "trace=open,openat,creat,connect,bind,sendto,sendmsg")


def traced(folder: Path) -> list[str]:
    """Return the calls that opened something for writing or used a socket of the network, as strace wrote them."""
    suspicious = []
    for line in (folder / "strace.log").read_text(encoding="utf-8", errors="replace").splitlines():
        call = line.split(maxsplit=1)[-1]
        if call.startswith(("open", "creat")):
            path = re.search(r'"([^"]*)"', call)
            writes = re.search(r"O_WRONLY|O_RDWR|O_CREAT|^creat", call)
            own = path is not None and (path[1].endswith("audit.log") or HARMLESS.fullmatch(path[1]))
            if writes and not own and " = -1 " not in call:
                suspicious.append(call)
        elif "AF_INET" in call:
            suspicious.append(call)
    return suspicious


def test_c_libraries_write_nothing_either(tmp_path: Path, strace: tuple[str, ...]) -> None:
    run(tmp_path, *DRIVE, before=strace)
    assert traced(tmp_path) == []


def test_the_watch_would_notice(tmp_path: Path, strace: tuple[str, ...]) -> None:
    planted = SHORT + (
        "import fermon.domain as d, cv2\n"
        "import fermon.perception.quality as q\n"
        "import fermon.perception.pipeline as p\n"
        "honest = p.judge\n"
        "p.judge = lambda gray: (cv2.imwrite('driver.png', gray), honest(gray))[1]\n"
    )
    run(tmp_path, *DRIVE, planted=planted, before=strace)
    assert any("driver.png" in call for call in traced(tmp_path))
