"""Reads the expression of a face: seven probabilities in FER2013's order."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fermon.domain import EXPRESSIONS, Face
from fermon.errors import ModelError
from fermon.perception.contract import Gray
from fermon.perception.runner import Network

# Below this the face is blown up more than threefold and reads as noise.
_LEAST_SIDE_PX = 24
# Sideways distance of the nose from the middle of the eyes, in eye distances, beyond which a head is in profile:
# FER2013 holds few such faces, so the answer would be a guess.
_MOST_TURNED = 0.8


class ExpressionReader:
    """Crops the face as FER2013 frames it and runs the expression network."""

    def __init__(self, network: Network, framing: tuple[float, float, float]) -> None:
        shape = network.input_shape
        if network.classes != EXPRESSIONS or len(shape) != 4 or shape[3] != 1:
            raise ModelError(
                f"{network.path}: classes {network.classes} on input {shape}; expected {EXPRESSIONS} on (1, h, w, 1)"
            )
        self._network = network
        self._side = shape[1]
        self._framing = framing

    def read(self, gray: Gray, face: Face) -> tuple[float, ...] | None:
        """Return seven probabilities that add up to 1, or None for a face too small or turned away."""
        if not readable(face):
            return None
        p = self._network.run_gray(self.crop(gray, face))[0].astype(np.float64)
        # Temperature scaling (Guo et al. 2017): the logits are the logarithms of what the softmax gave.
        logits = np.log(np.maximum(p, 1e-4)) / self._network.temperature
        q = np.exp(logits - logits.max())
        return tuple(round(float(v), 4) for v in q / q.sum())

    def crop(self, gray: Gray, face: Face) -> Gray:
        """The face as FER2013 frames it: uint8 (48, 48), edges repeated where the box leaves the frame."""
        import cv2

        dx, dy, factor = self._framing
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
