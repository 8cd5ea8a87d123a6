"""What every test may use."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# A busy machine is no failure.
settings.register_profile("fermon", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("fermon")

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of annotated clips and data sets, which are not part of the project."""
    folder = Path(os.environ.get("FERMON_SHARED", ROOT.parent / "shared"))
    if not (folder / "data").is_dir():
        pytest.skip(f"needs the data folder {folder}/data (set FERMON_SHARED)")
    return folder / "data"


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
