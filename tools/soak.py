"""Drive a day through the whole daemon, as fast as it goes, with faults mixed in; measure what must stay flat.

    python tools/soak.py [--hours 24] [--seen-hours 1] [--clips DIR] [--json]

Daemon, keeper, rate control, policy, hub, recorder with rotation, terminal view and watchdog are the real ones, on a
clock of the drive's own. Perception is real for the first --seen-hours (the simulated driver, or the clips of DIR in
turn); after that the last ten minutes of its observations come again and again. Camera lost and back, outputs that
fail, a full disk, heat (slow frames) and a suspended system come at their times (soak_rig/parts.py).

Exit code 1 when something is not flat: memory grows by more than 0.5 MiB an hour after the first one, file handles or
threads at the end are more than after the first hour, files or lines grow past their bounds, a timer drifts.
"""

from __future__ import annotations

import argparse
import gc
import io
import itertools
import json
import os
import re
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from fermon.cameras import CameraSettings, EndOfFrames, open_camera
from fermon.config import Config
from fermon.daemon import Daemon, Parts
from fermon.domain import NS_PER_S, Alert, DriverState, Frame, Input, RunSummary
from fermon.outputs.hub import Hub
from fermon.outputs.worker import Timing
from fermon.perception.load import RateControl
from fermon.session.recorder import Recorder
from fermon.views.contract import ReportHandler, spoken_through
from fermon.views.terminal import Terminal
from soak_rig.parts import (
    RATE_HZ,
    WATCHDOG_S,
    Clock,
    CountingSystemd,
    FullDisk,
    Schedule,
    SoakCamera,
    SoakOutput,
    SoakPerception,
)

SESSION_BYTES, SESSION_KEEP = 8 * 2**20, 4
SAMPLE_S = 300.0
MOST_MIB_AN_HOUR, MOST_LOG_BYTES_AN_HOUR = 0.5, 64 * 1024


class Counting(io.TextIOBase):
    """A terminal whose bytes are counted and forgotten."""

    written = 0
    idle = True

    def write(self, text: str) -> int:
        self.written += len(text.encode())
        return len(text)


class SoakView(Terminal):
    """The terminal without a panel; takes a sample of the process every five simulated minutes."""

    def __init__(self, schedule: Schedule, disk: FullDisk, folder: Path) -> None:
        self.out = Counting()
        super().__init__(self.out, live=False)
        self._schedule, self._disk, self._folder = schedule, disk, folder
        self._next_s = 0.0
        self.samples: list[dict[str, float]] = []
        self.alerts: dict[str, int] = {}
        self.lag_ns: list[int] = []  # from the time of the input that raised MICROSLEEP to the due time
        self.reports: dict[str, int] = {}

    def input(self, item: Input, frame: Frame | None, state: DriverState) -> None:
        super().input(item, frame, state)
        self._disk.set(self._schedule.on("disk full"))
        if self._schedule.now_s >= self._next_s:
            self._next_s = self._schedule.now_s + SAMPLE_S
            self.samples.append(self._sample())

    def alert(self, alert: Alert) -> None:
        super().alert(alert)
        key = f"{alert.kind.value} {'on' if alert.active else 'off'}"
        self.alerts[key] = self.alerts.get(key, 0) + 1
        if alert.kind.value == "MICROSLEEP" and alert.active:
            self.lag_ns.append(alert.t_ns - alert.since_ns - round(1.5 * NS_PER_S))

    def report(self, level: int, line: str) -> None:
        super().report(level, line)
        head = re.sub(r"[\d.]+", "N", line)[:60]
        self.reports[head] = self.reports.get(head, 0) + 1

    def end(self, summary: RunSummary) -> None:
        super().end(summary)
        self._disk.set(False)
        self.samples.append(self._sample())

    def _sample(self) -> dict[str, float]:
        gc.collect()
        status = Path("/proc/self/status").read_text(encoding="utf-8")
        found = dict(re.findall(r"^(VmRSS|RssAnon):\s+(\d+) kB", status, re.MULTILINE))
        return {
            "t_s": round(self._schedule.now_s, 1),
            "rss_mib": int(found["VmRSS"]) / 1024,
            "anon_mib": int(found["RssAnon"]) / 1024,
            "files": len(os.listdir("/proc/self/fd")),  # noqa: PTH208  (quick)
            "threads": threading.active_count(),
            "session_mib": sum(path.stat().st_size for path in self._folder.iterdir()) / 2**20,
            "log_bytes": self.out.written,
            "objects": len(gc.get_objects()),
        }


def pictures(clips: Path | None) -> Iterator[np.ndarray]:
    """The simulated driver's pictures, or those of every clip of a folder in turn, for ever."""
    sources = ["demo"] if clips is None else sorted(str(path) for path in clips.glob("*.mp4"))
    for source in itertools.cycle(sources):
        camera = open_camera(source, CameraSettings(), "max")
        try:
            while True:
                frame = camera.read(10)
                if frame is not None:
                    yield frame.gray
        except EndOfFrames:
            camera.close()


def one_after_the_other(seen: int, clips: Path | None) -> Iterator[np.ndarray]:
    """Real pictures as long as somebody looks at them, then two in turn: the very same one would be a hung camera."""
    last = np.zeros((480, 640), np.uint8)
    for last in itertools.islice(pictures(clips), seen):
        yield last
    yield from itertools.cycle([np.roll(last, 1), last])


def slope(samples: list[dict[str, float]], key: str) -> float:
    """Growth an hour of a figure, by least squares, over all samples after the first hour (or third of the drive)."""
    end_s = samples[-1]["t_s"]
    later = [s for s in samples if s["t_s"] >= min(3600.0, end_s / 3)]
    if len(later) < 3:
        return 0.0
    hours = np.array([s["t_s"] for s in later]) / 3600
    return float(np.polyfit(hours, [s[key] for s in later], 1)[0])


def drive(hours: float, seen_hours: float, clips: Path | None, folder: Path) -> dict[str, Any]:
    """Run the drive; return its figures."""
    clock, disk = Clock(), FullDisk()
    schedule = Schedule(clock)
    config, began = Config(), time.monotonic()
    view = SoakView(schedule, disk, folder)
    systemd = CountingSystemd()
    seen = int(seen_hours * 3600 * RATE_HZ)
    frames = one_after_the_other(seen, clips)
    perception = SoakPerception(config.perception, clock, schedule, seen)
    outputs = [
        SoakOutput("lamp", "output unplugged", schedule),
        SoakOutput("bus", "output has a bug", schedule),
    ]
    hub = Hub(outputs, Timing(backoff_first_s=0.01, backoff_most_s=0.1))
    recorder = Recorder(folder / "drive.jsonl", SESSION_BYTES, SESSION_KEEP)

    def camera() -> SoakCamera:
        return SoakCamera(clock, schedule, frames, hours * 3600)

    parts = Parts(camera, camera(), perception, hub, view, systemd, recorder, RateControl(), clock, clock.sleep)
    with spoken_through(ReportHandler(view)):
        Daemon(config, parts).run()
    return figures(view, schedule, systemd, perception, outputs, recorder, time.monotonic() - began)


def figures(
    view: SoakView, schedule: Schedule, systemd: CountingSystemd, perception: SoakPerception,
    outputs: list[SoakOutput], recorder: Recorder, real_s: float,
) -> dict[str, Any]:  # fmt: skip
    samples, hours = view.samples, schedule.now_s / 3600
    steady = next((s for s in samples if s["t_s"] >= min(3600.0, samples[-1]["t_s"] / 3)), samples[0])
    sleeps = 1800 * schedule.begun["suspended"]
    pings = (schedule.now_s - sleeps) / (WATCHDOG_S / 2)
    half = len(view.lag_ns) // 2
    lag_s = [float(np.median(part)) / 1e9 if len(part) else 0.0 for part in (view.lag_ns[:half], view.lag_ns[half:])]
    return {
        "hours": round(hours, 2),
        "real_s": round(real_s, 1),
        "frames_seen": perception.seen,
        "frames_replayed": perception.replayed,
        "faults": dict(schedule.begun),
        "alerts": view.alerts,
        "reports": view.reports,
        "rss_mib": [round(s["rss_mib"], 1) for s in (samples[0], steady, samples[-1])],
        "rss_most_mib": round(max(s["rss_mib"] for s in samples), 1),
        "rss_slope_mib_an_hour": round(slope(samples, "rss_mib"), 4),
        "anon_slope_mib_an_hour": round(slope(samples, "anon_mib"), 4),
        "objects_slope_an_hour": round(slope(samples, "objects"), 1),
        "files": [int(s["files"]) for s in (samples[0], steady, samples[-2])],
        "threads": [int(s["threads"]) for s in (samples[0], steady, samples[-2])],
        "session_most_mib": round(max(s["session_mib"] for s in samples), 1),
        "session_lines_lost": recorder.lost,
        "log_bytes_an_hour": round(view.out.written / hours),
        "microsleep_lag_s_first_and_second_half": [round(s, 3) for s in lag_s],
        "watchdog_pings": systemd.told["WATCHDOG"],
        "watchdog_pings_due": round(pings),
        "states_shown": [output.shown for output in outputs],
        "stalls_shown": [output.faults for output in outputs],
        "samples": samples,
    }


def problems(f: dict[str, Any]) -> list[str]:
    """What is not flat, bounded or on time."""
    checks = {
        "memory grows": f["anon_slope_mib_an_hour"] > MOST_MIB_AN_HOUR and f["rss_mib"][2] - f["rss_mib"][1] > 1.0,
        "file handles grow": f["files"][2] > f["files"][1] + 1,  # one more while the camera is being opened
        "threads grow": f["threads"][2] > f["threads"][1] + 1,
        "the session grows past its parts": f["session_most_mib"] > (SESSION_KEEP + 1.1) * SESSION_BYTES / 2**20,
        "the log grows": f["log_bytes_an_hour"] > MOST_LOG_BYTES_AN_HOUR,
        "a timer drifts": abs(f["microsleep_lag_s_first_and_second_half"][1]) > 0.2,
        "the watchdog is not served": f["watchdog_pings"] < 0.9 * f["watchdog_pings_due"],
        "an output is silent": min(f["states_shown"]) == 0,
    }
    return [name for name, wrong in checks.items() if wrong]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hours", type=float, default=24.0)
    parser.add_argument("--seen-hours", type=float, default=1.0)
    parser.add_argument("--clips", type=Path, help="folder of clips; without it the simulated driver")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = drive(args.hours, args.seen_hours, args.clips, Path(folder))
    found["problems"] = problems(found)
    if args.json:
        print(json.dumps(found))
    else:
        for name, value in found.items():
            if name != "samples":
                print(f"{name:42}{value}")
    return 1 if found["problems"] else 0


if __name__ == "__main__":
    sys.exit(main())
