"""Measure what a frame costs, stage by stage, on one thread.

    python tools/bench.py [CLIP ...] [--size 640x480] [--seconds 20] [--json]

Without a clip the simulated driver is watched. Frames are decoded and scaled beforehand, so that the figures are the
monitor's own; "capture" is the time to get a frame as grey picture from the source. The process is pinned to one
processor. "start" is the time from starting `fermon` in a fresh process to its first observation.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np

from fermon.cameras import CameraSettings, EndOfFrames, open_camera
from fermon.config import Config
from fermon.domain import Frame, Status
from fermon.errors import FermonError
from fermon.outputs.hub import Hub
from fermon.perception.pipeline import Perception
from fermon.policy import Policy

PI_RATE_HZ = 15.0


class Stopwatch:
    """Collects the milliseconds between marks, by stage."""

    def __init__(self) -> None:
        self.ms: dict[str, list[float]] = defaultdict(list)
        self._last = 0.0

    def start(self) -> None:
        self._last = time.perf_counter()

    def mark(self, stage: str) -> None:
        now = time.perf_counter()
        self.ms[stage].append(1000 * (now - self._last))
        self._last = now


def frames_of(source: str, size: tuple[int, int], most: int, watch: Stopwatch) -> list[Frame]:
    """Read up to `most` frames and letter-box them to `size` (width, height)."""
    import cv2

    camera, frames = open_camera(source, CameraSettings(), "max"), []
    with contextlib.suppress(EndOfFrames):
        while len(frames) < most:
            watch.start()
            frame = camera.read(10)
            watch.mark("capture")
            if frame is None:
                continue
            width, height = size
            factor = min(width / frame.gray.shape[1], height / frame.gray.shape[0])
            small = cv2.resize(frame.gray, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
            gray = np.zeros((height, width), np.uint8)
            gray[: small.shape[0], : small.shape[1]] = small[:height, :width]
            frames.append(Frame(frame.t_ns, frame.seq, gray))
    camera.close()
    return frames


def run(source: str, size: tuple[int, int], most: int) -> dict[str, Any]:
    """Watch one source; return its figures."""
    watch = Stopwatch()
    frames = frames_of(source, size, most, watch)
    config = Config()
    perception, policy = Perception(config.perception), Policy(config.policy)
    hub = Hub([], lambda line: None)
    faces = 0
    for frame in frames:
        began = time.perf_counter()
        watch.start()
        observation = perception.observe(frame, watch.mark)
        watch.start()
        policy.feed(observation)
        state = policy.state
        watch.mark("policy")
        hub.publish(Status(state, 0))
        watch.mark("outputs")
        watch.ms["total"].append(1000 * (time.perf_counter() - began))
        faces += observation.face is not None
    hub.close()
    stages = {
        name: {
            "p50_ms": round(statistics.median(ms), 3),
            "p95_ms": round(float(np.percentile(ms, 95)), 3),
            "n": len(ms),
        }
        for name, ms in watch.ms.items()
    }
    mean_ms = statistics.fmean(watch.ms["total"])
    return {
        "source": Path(source).name,
        "size": f"{size[0]}x{size[1]}",
        "frames": len(frames),
        "faces": faces,
        "stages": stages,
        "fps": round(1000 / mean_ms, 1),
        "cpu_share_at_15_fps": round(mean_ms * PI_RATE_HZ / 1000, 3),
        "detector": perception.detector,
        "runtime": perception.runtime,
        "threads": 1,
    }


def start_to_first_observation_s(source: str) -> float:
    """Seconds from exec to the first recorded observation, in a fresh process: the median of three."""
    times = []
    for _ in range(3):
        with tempfile.TemporaryDirectory() as folder:
            session = Path(folder) / "s.jsonl"
            began = time.monotonic()
            command = [sys.executable, "-m", "fermon", "--camera", source, "--record", str(session)]
            process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            while process.poll() is None and time.monotonic() - began < 60:
                if session.exists() and session.read_bytes().count(b"\n") >= 2:
                    break
                time.sleep(0.005)
            times.append(time.monotonic() - began)
            process.terminate()
            process.wait()
    return round(statistics.median(times), 3)


def peak_rss_mib(source: str) -> float:
    """Peak resident memory of a whole run in a fresh process (VmHWM: ru_maxrss would count this one's before exec)."""
    code = (
        "import sys; from pathlib import Path; from fermon.cli import main; main(sys.argv[1:]);"
        "lines = Path('/proc/self/status').read_text().splitlines();"
        "print(next(line for line in lines if line.startswith('VmHWM')).split()[1], file=sys.stderr)"
    )
    command = [sys.executable, "-c", code, "--camera", source, "--pace", "max", "--json"]
    result = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False)
    return round(int(result.stderr.split()[-1]) / 1024, 1)


def table(figures: dict[str, Any]) -> str:
    lines = [
        f"{figures['source']} {figures['size']}, {figures['frames']} frames, a face in {figures['faces']};"
        f" {figures['detector']}, {figures['runtime']}, one thread"
    ]
    lines += [
        f"  {name:12}{v['p50_ms']:9.3f} ms p50{v['p95_ms']:9.3f} ms p95  ({v['n']})"
        for name, v in figures["stages"].items()
    ]
    lines.append(
        f"  {figures['fps']:.0f} frames a second; {figures['cpu_share_at_15_fps']:.1%} of the processor at 15 a second"
    )
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clips", nargs="*", default=["demo"])
    parser.add_argument("--size", default="640x480")
    parser.add_argument("--frames", type=int, default=600, help="at most so many frames of each source")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    width, height = (int(n) for n in args.size.split("x"))
    with contextlib.suppress(OSError):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    try:
        runs = [run(clip, (width, height), args.frames) for clip in args.clips]
    except FermonError as error:
        print(f"bench: {error}", file=sys.stderr)
        return 69
    first = args.clips[0]
    together = {
        **runs[0],
        "runs": runs,
        "peak_rss_mib": peak_rss_mib(first),
        "start_to_first_observation_s": start_to_first_observation_s(first),
        "machine": f"{platform.machine()}, {platform.processor() or 'unknown'}, Python {platform.python_version()}",
    }
    if args.json:
        print(json.dumps(together))
        return 0
    for figures in runs:
        print(table(figures))
    print(
        f"peak resident memory {together['peak_rss_mib']} MiB; start to first observation"
        f" {together['start_to_first_observation_s']} s; {together['machine']}"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
