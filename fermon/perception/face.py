"""Looks at the place where the face is: is it there, where exactly, how is the head turned, what covers it.

One small network on a crop about the last box. It follows and judges; finding is the detectors' work.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fermon.domain import Box
from fermon.perception.contract import Gray
from fermon.perception.eyes import standardise
from fermon.perception.network import Network

CLASSES = ("face", "mask", "hand", "dark glasses")
SIDE = 64  # px of the crop
CROP_FACES = 1.7  # side of the crop in box widths: room for a head that moves between two frames
ANGLE_DEG = 90.0  # what 1.0 of an angle stands for
# The second output: the box by how much it differs from a usual one (centre, width and height in crop sides from the
# crop's middle), which keeps int8's step small, then yaw, pitch and roll.
REST = np.array([0, 0.006, 0.588, 0.588], np.float32)
POSE = 7
# The third: each of GRID x GRID places says of each point how sure it is, and where the point is, in px of the crop
# from the place's middle.
GRID, POINTS = 8, 6
PER_PLACE = 3 * POINTS
_ALONG = (np.arange(GRID, dtype=np.float32) + 0.5) / GRID - 0.5
MIDDLES = np.stack(np.meshgrid(_ALONG, _ALONG), -1).reshape(-1, 2)  # (GRID * GRID, 2), crop sides from its middle
PROFILE_DEG = 65.0  # of yaw; the network has learned from heads up to 60


@dataclass(frozen=True, slots=True)
class Look:
    """One look. `face`, `mask`, `hand`, `dark_glasses` are probabilities 0..1; the rest means nothing without a face.

    `points` (6, 2): left eye, right eye, nose, left and right mouth corner, chin, px of the frame, left and right as
    seen in the image. Angles in degrees with the policy's signs, as the camera sees them.
    """

    face: float
    mask: float
    hand: float
    dark_glasses: float
    box: Box
    points: tuple[tuple[float, float], ...]
    yaw: float
    pitch: float
    roll: float

    @property
    def profile(self) -> bool:
        """Whether the head is so far round that its angles would be a guess."""
        return abs(self.yaw) >= PROFILE_DEG


class FaceReader:
    """Runs the face network about a box."""

    def __init__(self, network: Network) -> None:
        network.must_be(CLASSES, (1, SIDE, SIDE, 1), (len(CLASSES), POSE, GRID * GRID * PER_PLACE))
        self._network = network

    def look(self, gray: Gray, box: Box) -> Look:
        """Look about a box, px of the frame, uint8 (height, width)."""
        side = CROP_FACES * max(box.w, box.h)
        middle = box.x + box.w / 2, box.y + box.h / 2
        outputs = self._network.run_gray(standardise(crop(gray, *middle, side)))
        state, pose, places = sorted(outputs, key=len)  # the converter may change their order
        placed = (pose[:4] + REST).astype(float) * side
        centre = middle[0] + placed[0], middle[1] + placed[1]
        w, h = max(1.0, placed[2]), max(1.0, placed[3])
        points = tuple((middle[0] + x, middle[1] + y) for x, y in (points_in(places) * side).tolist())
        yaw, pitch, roll = (float(value) * ANGLE_DEG for value in pose[4:])
        face, mask, hand, dark_glasses = (float(value) for value in state)
        found = Box(float(centre[0] - w / 2), float(centre[1] - h / 2), float(w), float(h))
        return Look(face, mask, hand, dark_glasses, found, points, yaw, pitch, roll)


def points_in(places: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the points (6, 2) that the third output says, in crop sides from its middle.

    The mean of what all places say, weighted by how sure they are (a softmax over them).
    """
    by_place = places.reshape(GRID * GRID, PER_PLACE).astype(float)
    sure = np.exp(by_place[:, :POINTS] - by_place[:, :POINTS].max(0))
    said = MIDDLES[:, None] + by_place[:, POINTS:].reshape(-1, POINTS, 2) / SIDE
    found = (sure[..., None] * said).sum(0) / sure.sum(0)[:, None]
    return np.asarray(found)


def crop(gray: Gray, x: float, y: float, side: float) -> Gray:
    """Cut a square about (x, y) and bring it to SIDE: uint8 (SIDE, SIDE); edges of the frame repeated."""
    import cv2

    # A warp alone skips pixels when it shrinks: the neighbourhood is shrunk by whole steps with an area filter first.
    step = max(1, math.floor(side / SIDE))
    source, left, top = gray, 0, 0
    if step > 1:
        left, top = max(0, int(x - side / 2) - step), max(0, int(y - side / 2) - step)
        part = gray[top : int(y + side / 2) + 2 * step, left : int(x + side / 2) + 2 * step]
        part = part[: part.shape[0] // step * step, : part.shape[1] // step * step]
        if part.size == 0:
            return np.zeros((SIDE, SIDE), np.uint8)
        source = np.asarray(
            cv2.resize(part, (part.shape[1] // step, part.shape[0] // step), interpolation=cv2.INTER_AREA), np.uint8
        )
    scale = SIDE / side * step
    cx, cy = (x - left + 0.5) / step - 0.5, (y - top + 0.5) / step - 0.5
    half = (SIDE - 1) / 2
    matrix = np.array([[scale, 0, half - scale * cx], [0, scale, half - scale * cy]])
    out = cv2.warpAffine(source, matrix, (SIDE, SIDE), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(out, np.uint8)
