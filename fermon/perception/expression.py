"""Reads the expression of a face: seven probabilities in FER2013's order."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fermon.domain import EXPRESSIONS, Face
from fermon.perception.contract import Gray
from fermon.perception.network import SINGLE_VIEW, Network

# Below this the face is blown up more than threefold and reads as noise.
_LEAST_SIDE_PX = 24
# Sideways distance of the nose from the middle of the eyes, in eye distances, beyond which a head is in profile:
# FER2013 holds few such faces, so the answer would be a guess.
_MOST_TURNED = 0.8
# FER2013's framing of a face's box: centre off the box's, and side, in box widths. Measured with BlazeFace's boxes,
# which the face network learned; its own give -0.10 and 1.24 (tools/faces/framing.py), within what the network bears:
# with the crop off by 15 % it loses 0.9 points.
FRAMING = (0.0, -0.08, 1.16)
LEAST_PROBABILITY = 1e-4  # stands for one that int8 rounded to zero, where a logarithm is taken


class ExpressionReader:
    """Crops the face as FER2013 frames it and runs the expression network.

    The answer is the mean for the picture and its mirror image, which is right a point more often than either. `read`
    gives it at once; `follow` looks once, as `SINGLE_VIEW` does, and takes the other side at the next call, so that no
    frame pays for both: by count of instructions it would be too long for a Raspberry Pi 4 at 15 frames a second.
    """

    def __init__(self, network: Network) -> None:
        shape = network.input_shape
        self._side = shape[1] if len(shape) == 4 else 0  # any side: the picture is cut to it
        network.must_be(EXPRESSIONS, (1, self._side, self._side, 1), (len(EXPRESSIONS),))
        self._network = network
        self._other_side: NDArray[np.float64] | None = None  # what the last look said, of the face that is followed
        self._mirrored = False  # whether the next look is at the mirror image

    def read(self, gray: Gray, face: Face) -> tuple[float, ...] | None:
        """Return seven probabilities that add up to 1, or None for a face too small or turned away."""
        if not readable(face):
            return None
        crop = self.crop(gray, face)
        return self._calibrated((self._run(crop) + self._run(crop[:, ::-1])) / 2 if self._looks else self._run(crop))

    def follow(self, gray: Gray, face: Face) -> tuple[float, ...] | None:
        """Return what `read` does, for the face of the last call: the mean of this look and the last, if there is one.

        Call `forget` when it may be another face. With a network that has no `SINGLE_VIEW` it is `read`.
        """
        if not self._looks or not readable(face):
            self.forget()
            return self.read(gray, face)
        crop = self.crop(gray, face)
        now = self._run(crop[:, ::-1] if self._mirrored else crop)
        both = now if self._other_side is None else (now + self._other_side) / 2
        self._other_side, self._mirrored = now, not self._mirrored
        return self._calibrated(both)

    def forget(self) -> None:
        """Let the next `follow` begin anew."""
        self._other_side, self._mirrored = None, False

    @property
    def _looks(self) -> bool:
        return self._network.signature == SINGLE_VIEW

    def _run(self, crop: Gray) -> NDArray[np.float64]:
        return self._network.run_gray(crop)[0].astype(np.float64)

    def _calibrated(self, p: NDArray[np.float64]) -> tuple[float, ...]:
        return tuple(round(float(v), 4) for v in calibrated(p, self._network.temperature))

    def crop(self, gray: Gray, face: Face) -> Gray:
        """The face as FER2013 frames it: uint8 (48, 48), edges repeated where the box leaves the frame."""
        import cv2

        dx, dy, factor = FRAMING
        side = factor * face.box.w
        x = face.box.x + face.box.w * (0.5 + dx) - side / 2
        y = face.box.y + face.box.h / 2 + face.box.w * dy - side / 2
        scale = self._side / side
        if scale < 0.5:
            # A plain warp would skip pixels: cut first, then shrink with an area filter.
            left, top, right, bottom = (round(v) for v in (x, y, x + side, y + side))
            height, width = gray.shape
            inner: NDArray[Any] = gray[max(0, top) : min(height, bottom), max(0, left) : min(width, right)]
            if inner.size == 0:
                return np.zeros((self._side, self._side), np.uint8)
            edges = (max(0, -top), max(0, bottom - height), max(0, -left), max(0, right - width))
            if any(edges):
                inner = cv2.copyMakeBorder(inner, *edges, cv2.BORDER_REPLICATE)
            return np.asarray(cv2.resize(inner, (self._side, self._side), interpolation=cv2.INTER_AREA), np.uint8)
        matrix = np.array([[scale, 0, -x * scale], [0, scale, -y * scale]])
        out = cv2.warpAffine(
            gray, matrix, (self._side, self._side), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )
        return np.asarray(out, np.uint8)


def calibrated(p: NDArray[np.floating[Any]], temperature: float) -> NDArray[np.float64]:
    """Return softmax(log(p) / temperature) of probabilities (..., classes): above 1 less sure, below 1 surer.

    Temperature scaling (Guo et al. 2017): the logits are the logarithms of what the softmax gave.
    """
    logits = np.log(np.maximum(p, LEAST_PROBABILITY, dtype=np.float64)) / temperature
    q = np.exp(logits - logits.max(-1, keepdims=True))
    return np.asarray(q / q.sum(-1, keepdims=True))


def readable(face: Face) -> bool:
    """Whether a face is large enough and turned this way enough for its expression to be read."""
    return face.box.w >= _LEAST_SIDE_PX and turned(face) <= _MOST_TURNED


def turned(face: Face) -> float:
    """Sideways distance of the nose from the eyes' middle, in eye distances: 0 is frontal; 0.0 without points."""
    if face.points is None:
        return 0.0
    left, right, nose, _ = face.points
    distance = max(1e-6, math.dist(left, right))
    return abs(nose[0] - (left[0] + right[0]) / 2) / distance
