"""A simulated driver: needs no camera and no file, and runs the same way every time.

Frames are drawn; the real detector and the real networks read them. What the driver does when, and the alerts that
must follow, is data: SCRIPT and `expected_alerts`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from fermon.cameras.contract import EndOfFrames
from fermon.cameras.demo.cabin import BODY_LEFT, BODY_TOP, draw_body, draw_cabin
from fermon.cameras.demo.canvas import FaceShape, Image
from fermon.cameras.demo.faces import ANGRY, NEUTRAL
from fermon.cameras.demo.head import LEFT, TOP, draw_head
from fermon.cameras.demo.script import END_S, Moment, moment
from fermon.cameras.opencv import quiet_cv2
from fermon.cameras.playback import Pacer
from fermon.domain import NS_PER_S, Frame
from fermon.errors import CameraLost

WIDTH, HEIGHT = 640, 480
RATE_HZ = 15
UNIT_PX = 86.0  # half the face's width
AT = (320.0, 196.0)  # px, where the middle of the eyes rests
AWAY_PX = 520.0  # how far aside the driver goes to be out of the picture
NOISE = 2.2  # standard deviation of the sensor noise, gray levels
NOISE_SPARE = 64  # px by which one noise picture is larger than a frame: shifted about, it is new in each
SEED = 20
ANGER_STEPS = 6  # faces drawn between neutral and angry, so that a change takes a quarter of a second or so


class DemoCamera:
    """Plays the script once: 640x480 px, 15 frames a second, from time 0."""

    live = False
    name = "demo"

    def __init__(self, pacer: Pacer) -> None:
        self._pacer = pacer
        self._seq = 0
        self._closed = False
        self._painter = Painter()

    def read(self, timeout_s: float) -> Frame | None:
        """See Camera.read."""
        if self._closed:
            raise CameraLost(f"{self.name}: closed")
        period_ns = NS_PER_S / RATE_HZ
        # A reader that was slow gets the newest frame.
        self._seq += max(0, math.ceil(self._pacer.late_ns(self._t_ns) / period_ns) - 1)
        if self._t_ns >= END_S * NS_PER_S:
            raise EndOfFrames(f"{self.name}: end after {END_S:g} s")
        if not self._pacer.wait(self._t_ns, timeout_s):
            return None
        t_ns, seq = self._t_ns, self._seq
        self._seq += 1
        gray = self._painter.paint(t_ns / NS_PER_S, seq)
        gray.flags.writeable = False
        return Frame(t_ns, seq, gray)

    def close(self) -> None:
        """See Camera.close."""
        self._closed = True

    @property
    def _t_ns(self) -> int:
        return self._seq * NS_PER_S // RATE_HZ


@dataclass(frozen=True, slots=True)
class Layer:
    """A drawn part that moves: gray times alpha, and alpha, float32; (x, y) px of its origin inside it."""

    gray: Image
    alpha: Image
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Pose:
    """Where the head is: its origin in px of the frame, its tilt, its size against the drawn one."""

    x: float
    y: float
    roll_deg: float
    scale: float


def pose(t_s: float, now: Moment) -> Pose:
    """Return how the driver holds the head at `t_s`: never quite still, and sinking a little in sleep."""
    return Pose(
        AT[0] + 5.0 * math.sin(0.86 * t_s) + 2.5 * math.sin(2.2 * t_s + 1),
        AT[1] + 2.5 * math.sin(1.1 * t_s + 2) + 5.0 * now.lids_long,
        1.4 * math.sin(0.53 * t_s + 0.4),
        1 + 0.012 * math.sin(0.7 * t_s),
    )


class Painter:
    """Puts the layers together. Faces are drawn when they are first needed and then kept (about twenty)."""

    def __init__(self) -> None:
        self._cabin = draw_cabin(WIDTH, HEIGHT)
        self._body = Layer(*draw_body(UNIT_PX), BODY_LEFT * UNIT_PX, BODY_TOP * UNIT_PX)
        self._seated = self._cabin.copy()
        _put(self._seated, self._body, *AT)
        self._heads: dict[tuple[int, int, int], Layer] = {}
        noise = np.random.default_rng(SEED).normal(0, NOISE, (HEIGHT + NOISE_SPARE, WIDTH + NOISE_SPARE))
        self._noise = np.round(noise).astype(np.int16)

    def paint(self, t_s: float, seq: int) -> NDArray[np.uint8]:
        """Return the frame number `seq` of time `t_s`: uint8 (480, 640)."""
        now = moment(t_s)
        return self.compose(self.head(now) if now.away < 1 else None, pose(t_s, now), now.away, seq)

    def compose(self, head: Layer | None, at: Pose, away: float, seq: int) -> NDArray[np.uint8]:
        """Return the cabin with the driver in it, `away` (0..1) of the way out of the picture, and sensor noise."""
        cv2 = quiet_cv2()
        aside = AWAY_PX * away
        if away == 0:
            picture = self._seated.copy()
        else:
            picture = self._cabin.copy()
            if away < 1:
                _put(picture, self._body, AT[0] + aside, AT[1])
        if head is not None:
            _put(picture, head, at.x + aside, at.y, at.roll_deg, at.scale)
        dx, dy = seq * 29 % NOISE_SPARE, seq * 43 % NOISE_SPARE
        noise = self._noise[dy : dy + HEIGHT, dx : dx + WIDTH]
        return np.asarray(cv2.add(picture, noise, dtype=cv2.CV_8U), np.uint8)

    def head(self, now: Moment) -> Layer:
        """Return the head for a moment."""
        anger, lids = round(now.anger * ANGER_STEPS), round(now.lids * 2)
        gaze = 0 if anger or lids else round(now.gaze)
        key = (anger, lids, gaze)
        if key not in self._heads:
            shape = NEUTRAL.mixed(ANGRY, anger / ANGER_STEPS).lidded(lids / 2)
            self._heads[key] = head_layer(replace(shape, gaze=0.35 * gaze))
        return self._heads[key]


def head_layer(shape: FaceShape) -> Layer:
    """Draw a head."""
    return Layer(*draw_head(shape, UNIT_PX), LEFT * UNIT_PX, TOP * UNIT_PX)


def _put(picture: Image, layer: Layer, x: float, y: float, roll_deg: float = 0.0, scale: float = 1.0) -> None:
    """Lay `layer` over `picture` with its origin at (x, y) px."""
    cv2 = quiet_cv2()
    height, width = layer.gray.shape
    a, b = scale * math.cos(math.radians(roll_deg)), scale * math.sin(math.radians(roll_deg))
    # The head turns about the neck, a length below its origin.
    pivot = 1.6 * UNIT_PX
    to_x = x - a * layer.x + b * (layer.y + pivot)
    to_y = y + pivot - b * layer.x - a * (layer.y + pivot)
    corners = np.array([(0, 0), (width, 0), (0, height), (width, height)], np.float64)
    xs = a * corners[:, 0] - b * corners[:, 1] + to_x
    ys = b * corners[:, 0] + a * corners[:, 1] + to_y
    left, right = max(0, math.floor(xs.min())), min(picture.shape[1], math.ceil(xs.max()))
    top, bottom = max(0, math.floor(ys.min())), min(picture.shape[0], math.ceil(ys.max()))
    if right <= left or bottom <= top:
        return
    matrix = np.array([[a, -b, to_x - left], [b, a, to_y - top]])
    size = (right - left, bottom - top)
    gray = cv2.warpAffine(layer.gray, matrix, size, flags=cv2.INTER_LINEAR)
    alpha = cv2.warpAffine(layer.alpha, matrix, size, flags=cv2.INTER_LINEAR)
    place = picture[top:bottom, left:right]
    place *= 1 - alpha
    place += gray
