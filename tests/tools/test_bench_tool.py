"""The benchmark prints what it promises; its figures are not judged here."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
STAGES = {"capture", "quality", "search", "search_empty", "track", "expression", "eyes", "mouth", "policy", "outputs"}


def test_stages_of_the_simulated_driver_at_both_sizes_as_json() -> None:
    command = [sys.executable, str(ROOT / "tools/bench.py"), "--stages-only", "--json", "--frames", "12"]
    figures = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    assert [run["size"] for run in figures["runs"]] == ["640x480", "320x240"]
    assert figures["machine"]
    for run in figures["runs"]:
        assert set(run["stages"]) >= STAGES | {"total"}
        assert run["faces"] == run["frames"] == 12
        assert run["threads"] == 1
        assert run["fps"] > 0
        for stage in run["stages"].values():
            assert 0 <= stage["p50_ms"] <= stage["p95_ms"]
            assert 0 <= stage["cpu_p50_ms"] <= stage["cpu_p95_ms"]


def test_a_clip_that_is_not_there_is_said_so() -> None:
    command = [sys.executable, str(ROOT / "tools/bench.py"), "missing.mp4"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 69
    assert "no such file" in result.stderr
