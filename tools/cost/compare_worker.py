"""One side of the comparison, in a process of its own: `python tools/cost/compare_worker.py NAME CLIP`. Prints JSON.

Both sides decode the clip with the OpenCV of their environment; that time is not counted. Processor time is that of
all threads of the process.
"""

from __future__ import annotations

import json
import os
import re
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})  # before any library starts threads
Read = Callable[[Any, int], bool]


def fermon() -> tuple[str, str, Read]:
    """Face, expression, eyes, mouth, and the policy over them; grey pictures."""
    import cv2

    from fermon.config import Config
    from fermon.domain import Frame
    from fermon.perception.pipeline import Perception
    from fermon.policy import Policy

    perception, policy = Perception(Config().perception), Policy()
    seq = iter(range(10**9))

    def read(picture: Any, t_ns: int) -> bool:
        observation = perception.observe(Frame(t_ns, next(seq), cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)))
        policy.feed(observation)
        return observation.face is not None and policy.state is not None

    return "fermon", f"{perception.detector}, {perception.runtime}: face, eyes, mouth, expression, policy", read


def mediapipe() -> tuple[str, str, Read]:
    """MediaPipe's face mesh with irises, as its documentation shows it for video."""
    import cv2
    import mediapipe as mp

    mesh = mp.solutions.face_mesh.FaceMesh(static_image_mode=False, max_num_faces=1, refine_landmarks=True)

    def read(picture: Any, t_ns: int) -> bool:
        picture = cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)
        picture.flags.writeable = False
        return mesh.process(picture).multi_face_landmarks is not None

    return "mediapipe", f"mediapipe {mp.__version__} face mesh, refine_landmarks=True: 478 points", read


def fer() -> tuple[str, str, Read]:
    """The package `fer` with its defaults: a detector and an expression network on every frame."""
    from importlib.metadata import version

    from fer.fer import FER

    detector = FER()
    return (
        "fer",
        f"fer {version('fer')}: face, expression",
        lambda picture, t_ns: bool(detector.detect_emotions(picture)),
    )


def main() -> None:
    name, clip = sys.argv[1], sys.argv[2]
    import cv2

    cv2.setNumThreads(1)
    video = cv2.VideoCapture(clip)
    name, what, read = {"fermon": fermon, "mediapipe": mediapipe, "fer": fer}[name]()
    faces, wall, cpu, start = 0, [], [], None
    while True:
        ok, picture = video.read()
        if not ok:
            break
        t_ns = int(video.get(cv2.CAP_PROP_POS_MSEC) * 1e6)
        began, used = time.perf_counter(), time.process_time()
        faces += read(picture, t_ns)
        wall.append(1000 * (time.perf_counter() - began))
        cpu.append(1000 * (time.process_time() - used))
        if start is None:
            start = (time.time() - float(os.environ.get("COMPARE_BEGAN", time.time())), time.process_time())
    if start is None:
        raise SystemExit(f"{clip}: no picture in it could be decoded")
    peak = re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text(encoding="utf-8"))
    steady_wall, steady_cpu = sorted(wall[5:] or wall), sorted(cpu[5:] or cpu)
    figures = {
        "name": name,
        "what": what,
        "frames": len(wall),
        "faces": faces,
        "p50_ms": round(steady_wall[len(steady_wall) // 2], 3),
        "p95_ms": round(steady_wall[int(0.95 * len(steady_wall))], 3),
        "cpu_ms_a_frame": round(sum(steady_cpu) / len(steady_cpu), 3),
        "start_s": round(start[0], 3),
        "start_cpu_s": round(start[1], 3),
        "peak_mib": round(int(peak[1]) / 1024, 1) if peak else None,
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
