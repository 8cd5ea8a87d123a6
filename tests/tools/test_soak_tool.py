"""A short drive of the soak tool: every fault that fits into it is met, and nothing grows."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_twenty_minutes_of_driving_with_faults_leave_everything_flat() -> None:
    command = [sys.executable, str(ROOT / "tools/soak.py"), "--hours", "0.34", "--seen-hours", "0.004", "--json"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    found = json.loads(result.stdout)
    assert found["problems"] == []
    assert result.returncode == 0
    assert set(found["faults"]) == {
        "camera lost", "camera lost for long", "output unplugged", "output has a bug", "disk full", "heat",
    }  # fmt: skip
    told = " ".join(found["reports"])
    for words in ("camera lost", "camera back", "lamp: unplugged", "a bug in an adapter", "recording stopped"):
        assert words in told
    assert "everything is read" in told, "after the heat"
    assert found["frames_seen"] > 0
    assert found["frames_replayed"] > 10_000
    assert found["session_lines_lost"] > 0
    assert found["alerts"]["UNAVAILABLE on"] >= 1
