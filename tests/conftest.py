"""What every test may use."""

from __future__ import annotations

import os
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
