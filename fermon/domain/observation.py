"""What comes in: frames, what perception reads from them, and the other inputs of the policy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

NS_PER_S = 1_000_000_000
EXPRESSIONS = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")  # FER2013's order


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One picture: `gray` is uint8 (height, width), read-only, 0 = black. `t_ns` is when it was captured."""

    t_ns: int
    seq: int
    gray: NDArray[np.uint8]


class Box(NamedTuple):
    """A rectangle in px of the frame: top left corner, width, height. It may reach over the frame's edges."""

    x: float
    y: float
    w: float
    h: float


class Points(NamedTuple):
    """Face points (x, y) in px of the frame; left and right as seen in the image."""

    eye_left: tuple[float, float]
    eye_right: tuple[float, float]
    nose: tuple[float, float]
    mouth: tuple[float, float]  # its centre


@dataclass(frozen=True, slots=True)
class Face:
    """The driver's face. `score` 0..1 is the detector's confidence. `points` is None when the detector gives none.

    `profile` tells that the head is so far round that a face in profile is seen and no pose can be read.
    """

    box: Box
    score: float
    points: Points | None = None
    profile: bool = False


@dataclass(frozen=True, slots=True)
class Head:
    """The head's angles in degrees as the camera sees it, -180..180.

    Signs as in COVESA VSS and ISO 23150: yaw + = the driver's own left, pitch + = up, roll + = towards the driver's
    right shoulder.
    """

    yaw: float
    pitch: float
    roll: float


@dataclass(frozen=True, slots=True)
class Eyes:
    """Probability 0..1 that an eye is closed (lids at least 80 % shut); left and right as seen in the image.

    None = not readable: neither open nor closed. `cause` names why at least one eye is not readable ("glare",
    "off-axis", "too small", "blurred", "covered", "uncertain", ...), None when both are. The cause "lowered" tells, of
    eyes that are readable too, that their lids follow a gaze that is lowered. `opening` of the lids, left and right:
    1 = this driver's own open (once it is learned), 0 = shut; None = not readable, or not told.
    """

    left: float | None
    right: float | None
    cause: str | None = None
    opening: tuple[float | None, float | None] = (None, None)


@dataclass(frozen=True, slots=True)
class Quality:
    """Of the whole frame, each 0..1: mean brightness; sharpness (near 0 = nothing to focus on); contrast or None.

    `burnt_out` is the share of the face, or without one of the frame, that is as bright as the camera can tell;
    None = not measured.
    """

    brightness: float
    sharpness: float
    contrast: float | None = None
    burnt_out: float | None = None


@dataclass(frozen=True, slots=True)
class Observation:
    """What perception read from one frame.

    `face`, `expression` (seven probabilities in EXPRESSIONS' order), `eyes` and `mouth` (probability 0..1 of being
    wide open) are None when not readable; `head` is None when no pose is.
    """

    t_ns: int
    seq: int
    face: Face | None
    expression: tuple[float, ...] | None
    eyes: Eyes | None
    mouth: float | None
    quality: Quality
    head: Head | None = None


@dataclass(frozen=True, slots=True)
class Tick:
    """Time passed without a frame."""

    t_ns: int


@dataclass(frozen=True, slots=True)
class Speed:
    """The vehicle's speed in km/h. `source` names who says so ("can", "serial"); of several the highest counts."""

    t_ns: int
    kmh: float
    source: str = ""


@dataclass(frozen=True, slots=True)
class Ack:
    """The driver acknowledged (button, CAN, serial)."""

    t_ns: int


@dataclass(frozen=True, slots=True)
class CameraChange:
    """The camera went ("lost") or came back ("ok")."""

    t_ns: int
    state: str


Input = Observation | Tick | Speed | Ack | CameraChange
