"""What .ci/run says it left out."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from lib import not_run
from tests.conftest import ROOT

TF = "TensorFlow is in another environment"


def test_what_ran_in_another_environment_ran() -> None:
    lines = [f"skipped\ttests/a.py\t{TF}", f"skipped\ttests/b.py::test_x\t{TF}", "passed\ttests/c.py::test_y"]
    assert not_run.left_out(lines) == [f"2 tests, because: {TF}"]
    assert not_run.left_out([*lines, "passed\ttests/a.py::test_z", "passed\ttests/b.py::test_x"]) == []


def test_suites_come_first_and_reasons_are_counted_once_a_test() -> None:
    lines = ["skipped\tt.py::a\tneeds strace", "skipped\tt.py::a\tneeds strace", "suite\tthe guest\tit needs root"]
    lines += [f"skipped\tt.py::{name}\tneeds gcc" for name in "bc"]
    assert not_run.left_out(lines) == [
        "the guest, because: it needs root",
        "2 tests, because: needs gcc",
        "1 test, because: needs strace",
    ]


def test_a_case_that_an_output_has_not_is_nothing_left_out() -> None:
    assert not_run.left_out([f"skipped\tt.py::a\t{not_run.NOT_MEANT}has no wire"]) == []


@pytest.mark.parametrize(
    ("lines", "says"),
    [("passed\tt.py::a\n", "Everything ran.\n"), ("suite\ta\tb\n", "Not run:\n  a, because: b\n")],
)
def test_the_command(
    lines: str, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "not-run"
    path.write_text(lines)
    monkeypatch.setattr(sys, "argv", ["not_run", str(path)])
    assert not_run.main() == 0
    assert capsys.readouterr().out == says


@pytest.mark.timeout(600)
def test_pytest_leaves_what_it_ran_and_skipped(tmp_path: Path) -> None:
    """By tests/conftest.py, run as the doors do, in workers."""
    path = tmp_path / "not-run"
    test = "tests/contract/test_outputs.py"
    words = [sys.executable, "-m", "pytest", "-q", "-n", "1", test, "-k", "an_acknowledgement_comes_in_once"]
    environment = {**os.environ, "FERMON_NOT_RUN": str(path)}
    subprocess.run(words, cwd=ROOT, env=environment, check=True, capture_output=True)
    entries = [line.split("\t") for line in path.read_text().splitlines()]
    assert {entry[0] for entry in entries} == {"passed", "skipped"}
    assert all(entry[1].startswith(f"{test}::test_an_acknowledgement_comes_in_once[") for entry in entries)
    assert {entry[2] for entry in entries if entry[0] == "skipped"} == {f"{not_run.NOT_MEANT}has no way in"}


def test_a_processor_on_which_the_guest_would_panic_is_one_line(tmp_path: Path) -> None:
    """Debian 12's user-mode Linux knows no AMX."""
    cache, cpu, left = tmp_path / "fermon-system-test", tmp_path / "cpuinfo", tmp_path / "not-run"
    cpu.write_text("flags\t\t: fpu avx512_fp16 amx_tile amx_int8\n")
    sources = b"".join((ROOT / "tests/system/guest" / name).read_bytes() for name in ("build-kernel", "kernel.config"))
    kernel = cache / f"kernel-{hashlib.sha256(sources).hexdigest()[:12]}"
    kernel.mkdir(parents=True)
    (kernel / "release").write_text("6.1.159\n")
    environment = {
        **os.environ,
        "XDG_CACHE_HOME": str(tmp_path),
        "FERMON_CPUINFO": str(cpu),
        "FERMON_NOT_RUN": str(left),
    }
    words = ["tools/system-test", "--if-possible"]
    done = subprocess.run(words, cwd=ROOT, env=environment, check=True, capture_output=True, text=True)
    (said,) = not_run.left_out(left.read_text().splitlines())
    assert done.stderr.count("\n") == 1 and "Not run: the system suite in a virtual machine: " in done.stderr
    assert "6.1.159 does not start on this processor (it has AMX): use --arch arm64" in said


def test_a_door_leaves_what_it_could_not_run(tmp_path: Path) -> None:
    path = tmp_path / "not-run"
    command = '. tools/lib/environment.sh; not_run "the guest" "it needs root"'
    done = subprocess.run(
        ["bash", "-ec", command],
        cwd=ROOT,
        env={**os.environ, "FERMON_NOT_RUN": str(path)},
        check=True,
        capture_output=True,
        text=True,
    )
    assert "Not run: the guest: it needs root" in done.stderr
    assert not_run.left_out(path.read_text().splitlines()) == ["the guest, because: it needs root"]
