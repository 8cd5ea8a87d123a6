"""The daemon obeys rate control, says each step once, and without it reads every frame in full."""

from __future__ import annotations

import io
import json
from itertools import pairwise
from pathlib import Path
from typing import Any

from fermon.cameras import CameraSettings, EndOfFrames, open_camera
from fermon.config import Config
from fermon.daemon import Daemon, Parts
from fermon.domain import Frame
from fermon.outputs.hub import Hub
from fermon.perception.load import RateControl
from fermon.perception.pipeline import Perception
from fermon.session.recorder import Recorder
from fermon.systemd import Systemd
from fermon.views.contract import ReportHandler, spoken_through
from fermon.views.jsonlines import JsonLines

FRAMES = 225  # 15 s of the demo: its first microsleep is in


class Beginning:
    """The demo's first frames."""

    name, live = "demo", False

    def __init__(self) -> None:
        self._demo = open_camera("demo", CameraSettings(), "max")

    def read(self, timeout_s: float) -> Frame | None:
        frame = self._demo.read(timeout_s)
        if frame is not None and frame.seq >= FRAMES:
            raise EndOfFrames("enough")
        return frame

    def close(self) -> None:
        self._demo.close()


class Out(io.StringIO):
    idle = True


class Hot(RateControl):
    """A machine on which every turn takes all the time there is: turns are told to it as if they took a second."""

    def turn(self, now_ns: int, busy_ns: int) -> bool:
        self.turns = getattr(self, "turns", 0) + 1
        return super().turn(self.turns * 10**9, 10**9)


def watch(folder: Path, rates: RateControl | None) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Run the demo's beginning; return the observations of the session and the objects of the view."""
    config, out = Config(), Out()
    session = folder / f"{type(rates).__name__}.jsonl"
    view = JsonLines(out)
    recorder = Recorder(session, 2**30, 1)
    perception = Perception(config.perception)
    parts = Parts(Beginning, Beginning(), perception, Hub([]), view, Systemd({}), recorder, rates)
    with spoken_through(ReportHandler(view)):
        Daemon(config, parts).run()
    lines = [json.loads(line) for line in session.read_text().splitlines()]
    shown = [json.loads(line) for line in out.getvalue().splitlines()]
    return [line for line in lines if line["type"] == "observation"], shown


def test_a_hot_machine_reads_less_and_says_each_step_once(tmp_path: Path) -> None:
    everything, shown = watch(tmp_path, None)
    assert not [line for line in shown if line["type"] == "report"]
    less, shown = watch(tmp_path, Hot())
    reports = [line["text"] for line in shown if line["type"] == "report"]
    assert len(reports) == 3
    assert all("frames take 100% of the time" in report for report in reports)
    # From the fourth frame on nothing but eyes, ten times a second of the demo's fifteen.
    assert all(line["expression"] is None and line["mouth"] is None for line in less[4:])
    assert len(everything) == FRAMES
    assert len(less) < 0.7 * FRAMES
    assert max(b["t_ns"] - a["t_ns"] for a, b in pairwise(less)) < 0.14e9, "passed over evenly"
    assert [line["kind"] for line in shown if line["type"] == "alert" and line["active"]] == ["MICROSLEEP"]
