"""The workload whose instructions are counted runs every stage of a frame; counting itself needs valgrind or QEMU."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np

from cost.second import A_SECOND
from fermon.cameras import CameraSettings, open_camera

ROOT = Path(__file__).resolve().parents[2]


def test_every_stage_of_a_second_is_repeated_and_the_processor_named(tmp_path: Path) -> None:
    frame = open_camera("demo", CameraSettings(), "max").read(1)
    assert frame is not None
    np.save(tmp_path / "frame.npy", frame.gray)
    command = [sys.executable, str(ROOT / "tools/cost/workload.py"), "3", str(tmp_path / "frame.npy")]
    facts = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    assert set(facts["repeats"]) == set(A_SECOND) | {"search", "second"}
    assert all(facts["repeats"][name] == 3 for name in A_SECOND)
    assert facts["size"] == "640x480"
    assert facts["opencv_cpu"]
    assert facts["machine"]
    assert facts["runtime"]
