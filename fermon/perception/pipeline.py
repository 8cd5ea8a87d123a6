"""The way from a frame to an observation: face, expression, eyes, mouth, quality."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Annotated

from fermon.domain import EXPRESSIONS, Eyes, Face, Frame, Head, Observation
from fermon.perception.baseline import Baseline
from fermon.perception.cadence import EVERY_FRAME_HZ, Pace
from fermon.perception.detectors import make_detector
from fermon.perception.expression import ExpressionReader, readable
from fermon.perception.eyes import EyeReader
from fermon.perception.face import FaceReader, Look
from fermon.perception.mouth import MouthReader
from fermon.perception.network import NETWORKS, open_network, runtime_name
from fermon.perception.quality import burnt_out, judge
from fermon.perception.tracker import FaceSettings, FaceTracker
from fermon.schema import Range, key, table

MASKED = 0.7  # probability from which mouth and expression are not read, as a mask covers them
# The mouth network tells yawning from laughing, FER2013's classes do not: it calls many a yawn happy. A mouth that is
# wide open (this probability) without laughing is no happy face, whatever else it is.
WIDE = 0.5
HAPPY, NEUTRAL = EXPRESSIONS.index("happy"), EXPRESSIONS.index("neutral")


@dataclass(frozen=True, slots=True)
class PerceptionSettings:
    """Reading a frame. `models` is a folder with expression, eyes and mouth networks; "" = the shipped ones.

    The expression is looked at `expression_rate_hz` times a second, in turn on the face and on its mirror image, and
    the mean of the last two looks is held between: it changes over seconds and its network costs as much as all the
    rest, while eyes are timed to the frame.
    """

    models: str = key("", 'folder of your own networks, one is enough; "" and what it lacks = the shipped ones')
    baseline: bool = key(True, "learn this driver's open-eye level in the first minutes")
    expression_rate_hz: Annotated[float, Range(0.5, EVERY_FRAME_HZ, "Hz")] = key(
        5.0, "how often the expression is read; 1000 = every frame"
    )
    face: FaceSettings = table(FaceSettings)


def _no_mark(stage: str) -> None:
    pass


class Perception:
    """Reads frames in their order. Holds the face, the driver's baseline and the networks; nothing else.

    Raises ModelError when a network or a detector cannot be had.
    """

    def __init__(self, settings: PerceptionSettings) -> None:
        import cv2

        cv2.setNumThreads(1)  # one core is what a Pi has to spare; more threads only cost their hand-over
        networks = {name: open_network(name, settings.models) for name in NETWORKS}
        detector = make_detector(settings.face.detector, settings.face.yunet_model)
        self._tracker = FaceTracker(detector, FaceReader(networks["face"]), settings.face)
        self._expression = ExpressionReader(networks["expression"])
        self._eyes = EyeReader(networks["eyes"])
        self._mouth = MouthReader(networks["mouth"])
        self._baseline = Baseline() if settings.baseline else None
        self._expression_pace = Pace(settings.expression_rate_hz)
        self._mouth_pace = Pace(EVERY_FRAME_HZ)
        self._held: tuple[float, ...] | None = None  # the last expression read
        self.detector = detector.name
        self.runtime = runtime_name()
        self.models = {name: network.sha256 for name, network in networks.items()}

    def slow_down(self, expression_hz: float, mouth_hz: float) -> None:
        """Read expression and mouth at most so often from the next frame on; 0 = not at all: they are None then."""
        self._expression_pace.rate_hz = expression_hz
        self._mouth_pace.rate_hz = mouth_hz

    def observe(self, frame: Frame, mark: Callable[[str], None] = _no_mark) -> Observation:
        """Read one frame. `mark` is called with each stage's name when it is over (the benchmark's stopwatch)."""
        gray = frame.gray
        quality = judge(gray)
        mark("quality")
        face = self._tracker.update(gray, frame.t_ns)
        mark("search" if self._tracker.searched else "track")
        quality = replace(quality, burnt_out=burnt_out(gray, face))
        if face is None:
            self._forget_expression()
            if self._baseline is not None:
                self._baseline.update(frame.t_ns, None)
            return Observation(frame.t_ns, frame.seq, None, None, None, None, quality)
        masked = self._tracker.look is not None and self._tracker.look.mask >= MASKED
        if masked:
            self._forget_expression()  # half a face says nothing; a guess would be "angry" as easily as "neutral"
        elif self._expression_due(frame.t_ns, face):
            self._held = self._expression.follow(gray, face)
            mark("expression")
        eyes = self._read_eyes(frame, face)
        mark("eyes")
        mouth = None
        if self._mouth_pace.due(frame.t_ns) and not masked:
            mouth = self._mouth.read(gray, face)
            mark("mouth")
        expression = not_happy(self._held) if mouth is not None and mouth >= WIDE else self._held
        return Observation(frame.t_ns, frame.seq, face, expression, eyes, mouth, quality, head_of(self._tracker.look))

    def _expression_due(self, t_ns: int, face: Face) -> bool:
        """Whether the expression has to be read; forgets the one held where it does not hold any longer."""
        if self._tracker.searched or not readable(face) or self._expression_pace.rate_hz <= 0:
            self._forget_expression()  # perhaps another person; or turned away
        if self._held is None:
            self._expression_pace.restart()
        return readable(face) and self._expression_pace.due(t_ns)

    def _forget_expression(self) -> None:
        self._held = None
        self._expression.forget()

    def _read_eyes(self, frame: Frame, face: Face) -> Eyes:
        eyes = self._eyes.read(frame.gray, face)
        return self._baseline.update(frame.t_ns, eyes) if self._baseline is not None else eyes


def not_happy(expression: tuple[float, ...] | None) -> tuple[float, ...] | None:
    """Return an expression with what it has of happy put to neutral; None without one.

    >>> not_happy((0.05, 0.0, 0.0, 0.9, 0.0, 0.0, 0.05))
    (0.05, 0.0, 0.0, 0.0, 0.0, 0.0, 0.95)
    """
    if expression is None:
        return None
    moved = list(expression)
    moved[NEUTRAL] = round(moved[NEUTRAL] + moved[HAPPY], 6)
    moved[HAPPY] = 0.0
    return tuple(moved)


def head_of(look: Look | None) -> Head | None:
    """Return the head's angles, degrees to a tenth; None where the head is in profile and they would be a guess."""
    if look is None or look.profile:
        return None
    return Head(round(look.yaw, 1), round(look.pitch, 1), round(look.roll, 1))
