"""What every test may use."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

# A busy machine is no failure.
settings.register_profile("fermon", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("fermon")

ROOT = Path(__file__).resolve().parents[1]


# Annotated clips and data sets, which are not part of the project: see tests/README.md.
SHARED = Path(os.environ.get("FERMON_SHARED") or ROOT.parent / "shared") / "data"
NO_SHARED = f"needs the data folder {SHARED} (set FERMON_SHARED)"


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of annotated clips and data sets."""
    if not SHARED.is_dir():
        pytest.skip(NO_SHARED)
    return SHARED


@dataclass(frozen=True)
class Drive:
    """The whole demo drive, as the real command recorded it and printed it."""

    path: Path
    printed: str

    def records(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.path.read_text(encoding="utf-8").splitlines()]


def record_demo(path: Path, *words: str) -> Drive:
    """Watch the whole demo at full pace through the real networks, recorded to `path`."""
    command = [sys.executable, "-m", "fermon", "--camera", "demo", "--pace", "max", "--record", str(path), *words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    return Drive(path, done.stdout)


@pytest.fixture(scope="session")
def demo_drive(tmp_path_factory: pytest.TempPathFactory) -> Drive:
    """The drive, recorded once for all tests (of one worker)."""
    return record_demo(tmp_path_factory.mktemp("drive") / "drive.jsonl")


class Reports(list[str]):
    """The texts that were logged."""

    def about(self, name: str) -> list[str]:
        """Return those of one output."""
        return [line for line in self if line.startswith(f"output {name}:")]


class _Collector(logging.Handler):
    def __init__(self, reports: Reports) -> None:
        super().__init__(logging.INFO)
        self._reports = reports

    def emit(self, record: logging.LogRecord) -> None:
        if record.name != "fermon.alerts":
            self._reports.append(record.getMessage())


@pytest.fixture
def reports() -> Iterator[Reports]:
    """What is logged from INFO on while the test runs, alerts apart."""
    found = Reports()
    handler, log = _Collector(found), logging.getLogger("fermon")
    level = log.level
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    yield found
    log.removeHandler(handler)
    log.setLevel(level)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Leave what ran and what did not for the last lines of .ci/run (tools/lib/not_run.py)."""
    if not (path := os.environ.get("FERMON_NOT_RUN")):
        return
    with Path(path).open("a", encoding="utf-8") as file:
        for outcome in ("passed", "failed"):
            file.writelines(f"{outcome}\t{report.nodeid}\n" for report in terminalreporter.stats.get(outcome, []))
        for report in terminalreporter.stats.get("skipped", []):
            reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
            file.write(f"skipped\t{report.nodeid}\t{' '.join(reason.removeprefix('Skipped: ').split())}\n")
