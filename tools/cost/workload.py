"""The stages of a frame, one after the other: the workload whose instructions `instructions.py` counts.

    python -m cost.workload REPEATS FRAME.npy

FRAME.npy is one grey picture with a face, uint8 (height, width). Each stage runs twice, then REPEATS times between two
calls of getppid(2), which stands for nothing else: whoever counts looks at its counter there. On standard output: one
JSON object about the run, with the stages in their order.
"""

from __future__ import annotations

import json
import os
import platform
import sys
from collections.abc import Callable, Iterator
from itertools import count

import cv2
import numpy as np

from cost.second import FRAMES_HZ
from fermon.cameras.formats import GrayReader
from fermon.domain import Frame, Observation, Status
from fermon.outputs.hub import Hub
from fermon.perception.blazeface import BlazeFace
from fermon.perception.expression import ExpressionReader
from fermon.perception.eyes import EyeReader
from fermon.perception.face import FaceReader
from fermon.perception.mouth import MouthReader
from fermon.perception.network import NETWORKS, open_network, runtime_name
from fermon.perception.pipeline import Perception, PerceptionSettings
from fermon.perception.quality import judge
from fermon.perception.tracker import FaceSettings, FaceTracker
from fermon.policy import Policy

PERIOD_NS = 1_000_000_000 // FRAMES_HZ


def stages(gray: np.ndarray) -> Iterator[tuple[str, Callable[[], object]]]:
    """Name and one repeat of each stage; "second" is a whole second of frames at 15 a second."""
    networks = {name: open_network(name) for name in NETWORKS}
    detector, looker = BlazeFace(), FaceReader(networks["face"])
    face = FaceTracker(detector, looker, FaceSettings()).update(gray, 0)
    assert face is not None
    expression = ExpressionReader(networks["expression"])
    eyes, mouth = EyeReader(networks["eyes"]), MouthReader(networks["mouth"])
    policy, hub = Policy(), Hub([])
    yuyv = np.stack([gray, np.full_like(gray, 128)], -1)
    to_gray = GrayReader("YUYV", gray.shape[1], gray.shape[0]).read
    quality, times, seconds = judge(gray), count(0, PERIOD_NS), count()
    read = (expression.follow(gray, face), eyes.read(gray, face), mouth.read(gray, face), quality)
    perception, whole = Perception(PerceptionSettings()), Policy()

    def policy_step() -> None:
        t_ns = next(times)
        policy.feed(Observation(t_ns, t_ns // PERIOD_NS, face, *read))

    def second() -> None:
        first = next(seconds) * FRAMES_HZ
        for seq in range(first, first + FRAMES_HZ):
            to_gray(yuyv)
            whole.feed(perception.observe(Frame(seq * PERIOD_NS, seq, gray)))
            hub.publish(Status(whole.state, 0))

    yield "gray", lambda: to_gray(yuyv)
    yield "quality", lambda: judge(gray)
    yield "search", lambda: detector.search(gray)
    yield "track", lambda: looker.look(gray, face.box)
    yield "expression", lambda: expression.follow(gray, face)
    yield "eyes", lambda: eyes.read(gray, face)
    yield "mouth", lambda: mouth.read(gray, face)
    yield "policy", policy_step
    yield "outputs", lambda: hub.publish(Status(policy.state, 0))
    yield "second", second
    hub.close()


def main() -> None:
    repeats, gray = int(sys.argv[1]), np.load(sys.argv[2])
    cv2.setNumThreads(1)
    order = {}
    for name, run in stages(gray):
        run()
        run()
        order[name] = 2 if name == "second" else repeats
        os.getppid()
        for _ in range(order[name]):
            run()
        os.getppid()
    facts = {
        "repeats": order,
        "machine": platform.machine(),
        "python": platform.python_version(),
        "numpy": np.__version__,
        "opencv": cv2.__version__,
        "opencv_cpu": cv2.getCPUFeaturesLine(),
        "runtime": runtime_name(),
        "size": f"{gray.shape[1]}x{gray.shape[0]}",
    }
    print(json.dumps(facts))


if __name__ == "__main__":
    main()
