"""Named drivers in a small language, and the alert lines that the policy owes them.

A scenario is a list of parts (for how long, eyes, expression, face, speed, camera) and a function from the settings
to the lines expected. A new one is three lines in `drivers.py`. Times are s since the scenario's start.
"""

from __future__ import annotations

import bisect
import dataclasses
import itertools
import math
import random
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field

from fermon.domain import (
    EXPRESSIONS,
    Ack,
    Box,
    CameraChange,
    Eyes,
    Face,
    Head,
    Input,
    Kind,
    Level,
    Observation,
    Quality,
    Tick,
)
from fermon.domain import Speed as SpeedInput
from fermon.policy import PolicySettings

TICK_S = 0.2  # the daemon's, while no frames come
SPEED_S = 0.25  # a speed message each
FRAME_GAP_S = 0.5  # the time between frames further apart is unknown
BLINK_S, BLINK_EVERY_S, BLINK_AT_S = 0.15, 4.0, 3.0
LIKELY = 0.9  # the probability of the expression that a driver shows; the other six share the rest
LEVELS = {
    Kind.MICROSLEEP: Level.WARNING,
    Kind.ASLEEP: Level.CRITICAL,
    Kind.UNRESPONSIVE: Level.CRITICAL,
    Kind.DROWSY: Level.NOTICE,
    Kind.ANGER: Level.NOTICE,
    Kind.UNAVAILABLE: Level.NOTICE,
    Kind.DISTRACTED: Level.WARNING,
}
Angles = tuple[float, float]  # yaw (+ = the driver's own left) and pitch (+ = up), degrees


@dataclass(frozen=True, slots=True)
class Part:
    """For `s` seconds the driver does this."""

    s: float
    # open, closed, unknown, blinking, half (one eye closed), badly (closed, one eye seen badly), one (one closed, one
    # unknown), or P(closed) of both eyes or of each
    eyes: str | float | tuple[float | None, float | None] = "open"
    expression: str | None = "neutral"  # one of EXPRESSIONS; None = not readable
    face: bool = True
    mouth: float | None = 0.1
    kmh: float | None = None  # None = no speed signal
    camera: str = "ok"  # ok; covered = dark; lost = unplugged, only ticks; stalled = only ticks; asleep = no inputs
    fps: float | None = None  # None = the run's
    lost_every: int = 0  # every so-many-th frame has no face
    likely: float = LIKELY  # the probability of that expression
    quality: tuple[float, ...] = (0.4, 0.7)  # brightness, sharpness, contrast, share burnt out
    readable: float = 1.0  # share of the frames with a readable expression
    ack: bool = False  # acknowledged as this part begins
    head: Angles | None = None  # as the camera sees it; None = no pose
    to: Angles | None = None  # where the head has moved to, steadily, when this part ends; None = it stays
    profile: bool = False  # a face in profile
    cause: str | None = None  # what perception says of the eyes
    late: float = 0.0  # s by which frames come later than speeds, acknowledgements and ticks of the same time


@dataclass(frozen=True, slots=True)
class Way:
    """How frames come: at `fps`, each up to `jitter` of the period early or late, `drops` of them missing."""

    fps: float = 15.0
    jitter: float = 0.0
    drops: float = 0.0

    @property
    def kept(self) -> float:
        return 1.0 - self.drops

    @property
    def rate(self) -> float:
        return self.fps * self.kept

    def __str__(self) -> str:
        extra = f", {self.jitter:.0%} jitter" if self.jitter else f", {self.drops:.0%} dropped" if self.drops else ""
        return f"{self.fps:g} fps{extra}"


WAYS = tuple(Way(fps, **kind) for fps in (10.0, 15.0, 30.0) for kind in ({}, {"jitter": 0.2}, {"drops": 0.1}))


@dataclass(frozen=True, slots=True)
class Line:
    """An alert line that is expected at `at_s`; what caused it began at `began_s`."""

    kind: Kind
    level: Level
    active: bool
    at_s: float
    began_s: float


def on(kind: Kind, began_s: float, after_s: float, level: Level | None = None) -> Line:
    """Raised `after_s` after its cause began."""
    return Line(kind, level or LEVELS[kind], True, began_s + after_s, began_s)


def off(kind: Kind, began_s: float, after_s: float, level: Level | None = None) -> Line:
    """Cleared `after_s` after its cause began."""
    return Line(kind, level or LEVELS[kind], False, began_s + after_s, began_s)


@dataclass(frozen=True, slots=True)
class Run:
    """What an expectation may know of a run: how its frames came, and when."""

    way: Way
    frames: Sequence[float]  # s

    def mean_hz(self, t: float, window_s: float) -> float:
        """Return the mean frame rate over the intervals that end inside the window up to `t`; inf without one."""
        begin, end = bisect.bisect_right(self.frames, t - window_s), bisect.bisect_right(self.frames, t)
        gaps = [b - a for a, b in itertools.pairwise(self.frames[max(0, begin - 1) : end]) if b - a <= FRAME_GAP_S]
        return len(gaps) / sum(gaps) if gaps else math.inf

    def usable_s(self, parts: Sequence[Part], window_s: float) -> Callable[[float], float]:
        """Return how much of a window was usable, by its frames, as a function of the time of its end."""
        seen = spans(parts, READABLE)
        usable = [
            (a, b)
            for a, b in itertools.pairwise(self.frames)
            if b - a <= FRAME_GAP_S and any(start <= a < end for start, end in seen)
        ]
        return lambda t: overlap_s(usable, t - window_s, t)


Expected = Callable[[PolicySettings, Run], list[Line]]


@dataclass(frozen=True, slots=True)
class Scenario:
    """A named driver."""

    name: str
    parts: Sequence[Part]
    expected: Expected
    settings: PolicySettings = field(default_factory=PolicySettings)

    @property
    def length_s(self) -> float:
        return sum(part.s for part in self.parts)


# Inputs -------------------------------------------------------------------------------------------------------------

_EYES = {
    "open": (0.03, 0.05),
    "closed": (0.95, 0.9),
    "unknown": (None, None),
    "half": (0.95, 0.05),
    "badly": (0.95, 0.3),
    "one": (None, 0.9),
}
_FACE = Face(Box(100.0, 80.0, 120.0, 120.0), 0.98)
_PROFILE = dataclasses.replace(_FACE, profile=True)


def probabilities(expression: str | None, likely: float = LIKELY) -> tuple[float, ...] | None:
    """Return seven probabilities of which `expression`'s is `likely`."""
    if expression is None:
        return None
    return tuple(likely if name == expression else (1 - likely) / 6 for name in EXPRESSIONS)


def inputs(parts: Sequence[Part], way: Way, seed: str = "") -> list[Input]:
    """Return what the policy would be fed, in the order in which it comes."""
    chance = random.Random(f"{seed} {way}")
    found: list[tuple[float, Input]] = []
    start = 0.0
    frame = next_frame = next_speed = 0.0
    count, camera, readable = 0, "ok", 0.0
    for part in parts:
        end = start + part.s
        if part.ack:
            found.append((start, Ack(_ns(start))))
        if (part.camera == "lost") != (camera == "lost"):
            found.append((start, CameraChange(_ns(start), "lost" if part.camera == "lost" else "ok")))
        camera = part.camera
        if camera in ("lost", "stalled"):
            ticks = [start + step * TICK_S for step in range(1, math.ceil(part.s / TICK_S))]
            found += [(t, Tick(_ns(t))) for t in ticks]
        fps = part.fps or way.fps
        while next_frame < end - 1e-9:
            frame, next_frame = next_frame, next_frame + 1 / fps
            if camera in ("lost", "stalled", "asleep"):
                continue
            shift = chance.uniform(-way.jitter, way.jitter) / fps
            if chance.random() < way.drops:
                continue
            count += 1
            readable += part.readable
            t = max(0.0, frame + shift)
            found.append((t + part.late, _observation(part, t - start, _ns(t), count, readable >= 1.0)))
            readable -= readable >= 1.0
        while next_speed < end - 1e-9:
            if part.kmh is not None and camera != "asleep":
                found.append((next_speed, SpeedInput(_ns(next_speed), part.kmh)))
            next_speed += SPEED_S
        start = end
    return [item for _, item in sorted(found, key=lambda pair: pair[0])]


def _observation(part: Part, inside_s: float, t_ns: int, seq: int, readable: bool) -> Observation:
    face = part.face and part.camera != "covered" and not (part.lost_every and seq % part.lost_every == 0)
    eyes = part.eyes
    if eyes == "blinking":
        eyes = "closed" if BLINK_AT_S <= inside_s % BLINK_EVERY_S < BLINK_AT_S + BLINK_S else "open"
    return Observation(
        t_ns,
        seq,
        (_PROFILE if part.profile else _FACE) if face else None,
        probabilities(part.expression, part.likely) if face and readable else None,
        Eyes(*_eyes(eyes), part.cause) if face else None,
        part.mouth if face else None,
        Quality(0.02, 0.01) if part.camera == "covered" else Quality(*part.quality),
        _head(part, inside_s) if face else None,
    )


def _head(part: Part, inside_s: float) -> Head | None:
    if part.head is None:
        return None
    share = min(1.0, max(0.0, inside_s / part.s))
    yaw, pitch = (a + (b - a) * share for a, b in zip(part.head, part.to or part.head, strict=True))
    return Head(yaw, pitch, 0.0)


def _eyes(eyes: str | float | tuple[float | None, float | None]) -> tuple[float | None, float | None]:
    if isinstance(eyes, str):
        return _EYES[eyes]
    return eyes if isinstance(eyes, tuple) else (eyes, eyes)


def _ns(t_s: float) -> int:
    return round(t_s * 1e9)


# Expectations that need arithmetic ----------------------------------------------------------------------------------


def smoothed_s(settings: PolicySettings, start: float, goal: float, level: float) -> float:
    """Return how long the smoothed value takes from `start` to `level` while `goal` is read."""
    return settings.smoothing_tau_s * math.log((goal - start) / (goal - level))


def spans(parts: Sequence[Part], eyes: Collection[str | float]) -> list[tuple[float, float]]:
    """Return (from, to) of the times with such eyes."""
    start, found = 0.0, []
    for part in parts:
        if part.eyes in eyes and part.face and part.camera == "ok":
            found.append((start, start + part.s))
        start += part.s
    return found


def overlap_s(times: Iterable[tuple[float, float]], start: float, end: float) -> float:
    """Return how much of `times` lies between start and end."""
    return sum(max(0.0, min(b, end) - max(a, start)) for a, b in times)


READABLE = ("open", "blinking", "closed", "half", "badly", "one")


def perclos(parts: Sequence[Part], window_s: float) -> Callable[[float], float]:
    """Return PERCLOS as a function of time, straight from its definition (ordinary blinks count as open)."""
    closed, usable = spans(parts, ("closed", "badly", "one")), spans(parts, READABLE)

    def at(t: float) -> float:
        return overlap_s(closed, t - window_s, t) / max(1e-9, overlap_s(usable, t - window_s, t))

    return at


def first(condition: Callable[[float], bool], start_s: float, step_s: float = 0.01) -> float:
    """Return the first time from `start_s` on at which `condition` holds."""
    t = start_s
    while not condition(t):
        t += step_s
        if t > start_s + 3600:
            raise ValueError("never")
    return t


def fleet(settings: PolicySettings) -> PolicySettings:
    """Return the same settings with the fleet profile."""
    return dataclasses.replace(settings, profile="fleet")
