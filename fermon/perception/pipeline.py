"""The way from a frame to an observation: face, expression, eyes, mouth, quality."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from fermon.domain import Eyes, Face, Frame, Observation
from fermon.perception.baseline import Baseline
from fermon.perception.detectors import make_detector
from fermon.perception.expression import ExpressionReader
from fermon.perception.eyes import EyeReader
from fermon.perception.mouth import MouthReader
from fermon.perception.quality import judge
from fermon.perception.runner import Network, models_dir, runtime_name
from fermon.perception.tracker import FaceSettings, FaceTracker


@dataclass(frozen=True, slots=True)
class PerceptionSettings:
    """Reading a frame. `models` is a folder with expression, eyes and mouth networks; "" = the shipped ones."""

    models: str = ""
    baseline: bool = True
    face: FaceSettings = field(default_factory=FaceSettings)


def _no_mark(stage: str) -> None:
    pass


class Perception:
    """Reads frames in their order. Holds the face, the driver's baseline and the networks; nothing else.

    Raises ModelError when a network or a detector cannot be had.
    """

    def __init__(self, settings: PerceptionSettings) -> None:
        import cv2

        cv2.setNumThreads(1)  # one core is what a Pi has to spare; more threads only cost their hand-over
        folder = Path(settings.models).expanduser() if settings.models else models_dir()
        networks = {name: Network(folder / f"{name}.tflite") for name in ("expression", "eyes", "mouth")}
        detector = make_detector(settings.face.detector, settings.face.yunet_model)
        self._tracker = FaceTracker(detector, settings.face)
        self._expression = ExpressionReader(networks["expression"], detector.framing)
        self._eyes = EyeReader(networks["eyes"])
        self._mouth = MouthReader(networks["mouth"])
        self._baseline = Baseline() if settings.baseline else None
        self.detector = detector.name
        self.runtime = runtime_name()
        self.models = {name: network.sha256 for name, network in networks.items()}

    def observe(self, frame: Frame, mark: Callable[[str], None] = _no_mark) -> Observation:
        """Read one frame. `mark` is called with each stage's name when it is over (the benchmark's stopwatch)."""
        gray = frame.gray
        quality = judge(gray)
        mark("quality")
        face = self._tracker.update(gray, frame.t_ns)
        mark("search" if self._tracker.searched else "track")
        if face is None:
            if self._baseline is not None:
                self._baseline.update(frame.t_ns, None)
            return Observation(frame.t_ns, frame.seq, None, None, None, None, quality)
        expression = self._expression.read(gray, face)
        mark("expression")
        eyes = self._read_eyes(frame, face)
        mark("eyes")
        mouth = self._mouth.read(gray, face)
        mark("mouth")
        return Observation(frame.t_ns, frame.seq, face, expression, eyes, mouth, quality)

    def _read_eyes(self, frame: Frame, face: Face) -> Eyes:
        eyes = self._eyes.read(frame.gray, face)
        return self._baseline.update(frame.t_ns, eyes) if self._baseline is not None else eyes
