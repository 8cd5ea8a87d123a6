"""fermon installed into a folder by its own installer, and a systemd that knows its unit only."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import ROOT

HERE = Path(__file__).parent
INSTALL = ROOT / "deploy" / "install.sh"
PATIENCE_S = 60.0
POLL_S = 0.1
# What Python would import of the current folder, or of PYTHONPATH, if the installer let it.
HOSTILE = ("venv", "ensurepip", "pip", "tomllib", "sitecustomize", "usercustomize", "hatchling", "fermon", "numpy")


def until(holds: Callable[[], bool], what: str) -> None:
    """Wait until `holds`; fails when it does not come."""
    limit_s = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < limit_s, f"waited {PATIENCE_S:.0f} s for: {what}"
        time.sleep(POLL_S)


def install(root: Path, *words: str | Path, **options: Path) -> str:
    """Run the installer on `root` and return what it said. `cwd`: its current folder, also given as PYTHONPATH."""
    wheels = os.environ["FERMON_WHEELS"]
    environment = {**os.environ, "PYTHONPATH": str(options.get("cwd", ""))}
    command = [INSTALL, "--root", root, "--wheels", wheels, *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment, **options)  # type: ignore[call-overload]
    assert done.returncode == 0, done.stdout + done.stderr
    return str(done.stdout + done.stderr)


@dataclass(frozen=True)
class Installed:
    """`root` holds what the installer made, called in the folder `hostile`, which notes in `ran` what was imported."""

    root: Path
    hostile: Path
    ran: Path


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    if "FERMON_WHEELS" not in os.environ:
        pytest.skip("needs the wheels: ./tools/system-test --quick")
    found = Installed(
        *(tmp_path_factory.mktemp(name) for name in ("root", "hostile")), tmp_path_factory.mktemp("r") / "ran"
    )
    for name in HOSTILE:
        (found.hostile / f"{name}.py").write_text(f"open({str(found.ran)!r}, 'a').write({name!r})\n")
    install(found.root, "--driver", "right", cwd=found.hostile)
    config = found.root / "etc/fermon/fermon.toml"
    config.write_text(re.sub('source = "[^"]*"', 'source = "demo"', config.read_text()))
    return found


class Manager:
    """A systemd with fermon's unit, process `pid` seen from here."""

    def __init__(self, pid: int) -> None:
        self.pid = pid

    def run(self, *words: str) -> str:
        """Run a command in there and return its standard output."""
        command = ["nsenter", "--target", str(self.pid), "--all", *words]
        return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, check=False).stdout.strip()

    def show(self, *names: str) -> list[str]:
        """Return properties of the unit."""
        return [self.run("systemctl", "show", "fermon", "--value", "--property", name) for name in names]

    def journal(self) -> str:
        return self.run("journalctl", "--unit", "fermon", "--output", "cat", "--no-pager")


def systemd_below(pid: int) -> int | None:
    """Return the process of `manager` (`pid`) that has become systemd: before it, others come and go there."""
    for child in children_of(pid):
        for grandchild in children_of(child):
            with contextlib.suppress(OSError):
                if Path(f"/proc/{grandchild}/comm").read_text() == "systemd\n":
                    return grandchild
    return None


def children_of(pid: int) -> list[int]:
    try:
        return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


@pytest.fixture(scope="session")
def manager(installed: Installed, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Manager]:
    if os.getuid() != 0:
        pytest.skip("needs root, for a systemd in namespaces of its own")
    said = tmp_path_factory.mktemp("manager") / "said"
    with said.open("w") as file:
        outer = subprocess.Popen([HERE / "manager", installed.root], stdout=file, stderr=file)
    found: Manager | None = None
    state = "not begun"
    try:
        limit_s = time.monotonic() + PATIENCE_S
        while state != "running":
            if outer.poll() is not None or time.monotonic() > limit_s:
                told = " ".join(said.read_text().split())
                pytest.skip(f"no systemd in namespaces of its own here: {state}; {told}")
            if found is None and (pid := systemd_below(outer.pid)):
                found = Manager(pid)
            if found is not None:
                state = found.run("systemctl", "is-system-running")
            time.sleep(POLL_S)
        yield found
    finally:
        if found is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(found.pid, signal.SIGKILL)
        outer.wait(PATIENCE_S)
