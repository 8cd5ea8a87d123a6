"""The benchmark's frames and stopwatch: what each stage of a frame costs in one process."""

from __future__ import annotations

import contextlib
import statistics
import time
from collections import defaultdict
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from fermon.cameras import CameraSettings, EndOfFrames, open_camera
from fermon.config import Config
from fermon.domain import Frame, Status
from fermon.outputs.hub import Hub
from fermon.perception.detectors import make_detector
from fermon.perception.pipeline import Perception
from fermon.policy import Policy

PI_RATE_HZ = 15.0
SEARCHES = 60  # full searches that are timed
WARM_UP = 5  # frames that are not timed: the first ones load code


class Stopwatch:
    """Collects the milliseconds between marks, by stage: (elapsed, of the processor)."""

    def __init__(self) -> None:
        self.ms: dict[str, list[tuple[float, float]]] = defaultdict(list)
        self._last = (0.0, 0.0)

    def now(self) -> tuple[float, float]:
        return time.perf_counter(), time.thread_time()

    def start(self) -> None:
        self._last = self.now()

    def mark(self, stage: str) -> None:
        self.since(stage, self._last)
        self._last = self.now()

    def since(self, stage: str, began: tuple[float, float]) -> None:
        wall, cpu = self.now()
        self.ms[stage].append((1000 * (wall - began[0]), 1000 * (cpu - began[1])))

    def figures(self) -> dict[str, dict[str, float]]:
        return {name: _figures(ms) for name, ms in self.ms.items()}

    def mean_cpu_ms(self, stage: str) -> float:
        return statistics.fmean([cpu for _, cpu in self.ms[stage]] or [0.0])


def _figures(ms: list[tuple[float, float]]) -> dict[str, float]:
    out: dict[str, float] = {"n": len(ms)}
    for column, kind in enumerate(("", "cpu_")):
        values = [pair[column] for pair in ms]
        out[f"{kind}p50_ms"] = round(statistics.median(values), 3)
        out[f"{kind}p95_ms"] = round(float(np.percentile(values, 95)), 3)
    return out


def size_of(text: str) -> tuple[int, int]:
    """Return (width, height) of "640x480"; ValueError when it is no size."""
    width, height = (int(number) for number in text.split("x"))
    return width, height


def frames_of(source: str, size: tuple[int, int], most: int, watch: Stopwatch | None = None) -> list[Frame]:
    """Read up to `most` frames and letter-box them to `size` (width, height)."""
    import cv2

    watch = watch or Stopwatch()
    camera = open_camera(source, CameraSettings(), "max")
    frames: list[Frame] = []
    width, height = size
    with contextlib.suppress(EndOfFrames):
        while len(frames) < most:
            watch.start()
            frame = camera.read(10)
            watch.mark("capture")
            if frame is None:
                continue
            factor = min(width / frame.gray.shape[1], height / frame.gray.shape[0])
            small = cv2.resize(frame.gray, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
            gray = np.zeros((height, width), np.uint8)
            gray[: small.shape[0], : small.shape[1]] = small[:height, :width]
            frames.append(Frame(frame.t_ns, frame.seq, gray))
    camera.close()
    return frames


def searches(frames: list[Frame], watch: Stopwatch) -> None:
    """Time full searches: of frames with a face, and of as many with none (three windows instead of one)."""
    detector = make_detector(Config().perception.face.detector)
    empty = np.random.default_rng(0).normal(90, 4, frames[0].gray.shape).clip(0, 255).astype(np.uint8)
    for name, pictures in (("search", [f.gray for f in frames[:SEARCHES]]), ("search_empty", [empty] * SEARCHES)):
        detector.search(pictures[0])
        for gray in pictures:
            watch.start()
            detector.search(gray)
            watch.mark(name)


def _mark(clock: Stopwatch, stage: str) -> None:
    clock.mark("track" if stage == "search" else stage)


def run(source: str, size: tuple[int, int], most: int) -> dict[str, Any]:
    """Watch one source; return its figures. Raises CameraNotFound, ModelError."""
    watch = Stopwatch()
    frames = frames_of(source, size, most, watch)
    capture_ms = watch.mean_cpu_ms("capture")
    searches(frames, watch)
    config = Config()
    perception, policy = Perception(config.perception), Policy(config.policy)
    hub, ignored = Hub([]), Stopwatch()
    faces = 0
    for number, frame in enumerate(frames):
        clock = watch if number >= WARM_UP else ignored
        began = clock.now()
        clock.start()
        observation = perception.observe(frame, partial(_mark, clock))
        clock.start()
        policy.feed(observation)
        state = policy.state
        clock.mark("policy")
        hub.publish(Status(state, 0))
        clock.mark("outputs")
        clock.since("total", began)
        faces += observation.face is not None
    hub.close()
    # At 15 frames a second the expression's share of a frame is another than at the clip's own rate.
    expressions = len(watch.ms["expression"]) * watch.mean_cpu_ms("expression")
    others_ms = watch.mean_cpu_ms("total") - expressions / max(1, len(watch.ms["total"]))
    expression_hz = min(PI_RATE_HZ, config.perception.expression_rate_hz)
    share_ms = PI_RATE_HZ * (capture_ms + others_ms) + expression_hz * watch.mean_cpu_ms("expression")
    total = [wall for wall, _ in watch.ms["total"]]
    return {
        "source": Path(source).name,
        "size": f"{size[0]}x{size[1]}",
        "frames": len(frames),
        "faces": faces,
        "stages": watch.figures(),
        "fps": round(1000 / statistics.fmean(total), 1),
        "cpu_share_at_15_fps": round(share_ms / 1000, 4),
        "detector": perception.detector,
        "runtime": perception.runtime,
        "threads": 1,
    }
