"""BlazeFace, short range: a box and six points from a 128x128 picture in about a millisecond.

V. Bazarevsky et al., "BlazeFace: Sub-millisecond Neural Face Detection on Mobile GPUs", 2019; the weights are
MediaPipe's (Apache-2.0, see models/README.md). Its anchors: a 16x16 grid with two and an 8x8 grid with six a cell.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fermon.domain import Box, Face, Points
from fermon.perception.contract import Gray
from fermon.perception.network import Floats, Network, models_dir
from fermon.perception.shrink import halve

Array = NDArray[np.floating[Any]]

SIDE = 128
_OVERLAP = 0.3  # MediaPipe's suppression threshold
_SURE = 0.65  # of 120 faces of drivers under the mirror all but one score more; sleeves less
_EAGER = 30  # searches in a row that found nothing sure after which they become cheaper: two seconds
_LEVELS = np.arange(256, dtype=np.float32) * np.float32(1 / 127.5) - np.float32(1)  # grey level to -1..1
_PLACES = [0, 2, 3, 4, 5, 6, 7]  # which of a candidate's eight pairs are places in the window


def _anchors() -> Floats:
    rows = []
    for cells, each in ((16, 2), (8, 6)):
        centres = (np.arange(cells) + 0.5) / cells
        grid = np.stack(np.meshgrid(centres, centres), -1).reshape(-1, 1, 2)
        rows.append(np.repeat(grid, each, 1).reshape(-1, 2))
    return np.concatenate(rows).astype(np.float32)


def overlap(a: Box, b: Box) -> float:
    """Intersection over union of two boxes, 0..1."""
    w = min(a.x + a.w, b.x + b.w) - max(a.x, b.x)
    h = min(a.y + a.h, b.y + b.h) - max(a.y, b.y)
    if w <= 0 or h <= 0:
        return 0.0
    return w * h / (a.w * a.h + b.w * b.h - w * h)


class BlazeFace:
    """Detector with points. `min_score` 0..1 is the least confidence of a face that is reported.

    It is low, as masked faces score low (tools/faces/evaluate.py): what is no face the face network refuses.
    """

    name = "blazeface"

    def __init__(self, path: Path | None = None, min_score: float = 0.3) -> None:
        self._network = Network(path or models_dir() / "blazeface.tflite")
        self._anchors = _anchors()
        self._min_score = min_score
        self._input = np.empty((1, SIDE, SIDE, 3), np.float32)
        self._next_square = 0
        self._in_vain = 0  # searches in a row that found nothing sure

    def search(self, gray: Gray) -> list[Face]:
        height, width = gray.shape
        found = self._window(gray, 0.0, 0.0, float(max(height, width)), self._min_score)
        if _sure(found) or min(height, width) < SIDE:
            self._in_vain = 0
            return found
        # A small face vanishes when the whole picture shrinks to 128 px, and a sleeve may be taken for one in its
        # stead: look again in overlapping squares, two of them a call in turn, so that a frame without a face costs
        # no more than three runs; two runs after a while, as a seat may be empty for hours.
        side = 0.75 * min(height, width)
        tops = np.linspace(0, height - side, math.ceil(height / side))
        lefts = np.linspace(0, width - side, math.ceil(width / side) + 1)
        squares = [(float(left), float(top)) for top in tops for left in lefts]
        for _ in range(2 if self._in_vain < _EAGER else 1):
            left, top = squares[self._next_square % len(squares)]
            self._next_square += 1
            found += self._window(gray, left, top, side, self._min_score)
        self._in_vain = 0 if _sure(found) else self._in_vain + 1
        return _merge(found)

    def _window(self, gray: Gray, x: float, y: float, side: float, min_score: float) -> list[Face]:
        import cv2

        # Halved until one step down is left: a warp alone would skip pixels, and the picture alias. Pixel s of the
        # halved picture has its centre at shrink * (s + 0.5) of the whole one, pixel i of the input at (i + 0.5) / 128
        # of the window.
        times = max(0, math.floor(math.log2(side / SIDE)))
        picture, shrink = halve(gray, times)
        scale = shrink * SIDE / side
        left, top = (scale / 2 - SIDE / side * edge - 0.5 for edge in (x, y))
        matrix = np.array([[scale, 0, left], [0, scale, top]])
        levels = cv2.LUT(cv2.warpAffine(picture, matrix, (SIDE, SIDE), flags=cv2.INTER_LINEAR), _LEVELS)
        cv2.merge([levels, levels, levels], self._input[0])  # straight into the network's input
        regressors, scores = self._network.run(self._input)
        logits = scores[:, 0]
        chosen = np.flatnonzero(logits > math.log(min_score / (1 - min_score)))
        if not len(chosen):
            return []
        # Eight pairs: the box's centre and size, and six points. All but the size are relative to the anchor.
        pairs: Floats = regressors[chosen].reshape(-1, 8, 2) * np.float32(side / SIDE)
        corner = np.array((x, y), np.float32)
        pairs[:, _PLACES] += self._anchors[chosen][:, None] * np.float32(side) + corner
        return _suppress(pairs.reshape(-1, 16), 1 / (1 + np.exp(-logits[chosen])))


def _sure(found: list[Face]) -> bool:
    return any(face.score >= _SURE for face in found)


def _suppress(raw: Array, confidence: Array) -> list[Face]:
    """Merge candidates of one face into their weighted mean (BlazeFace's way: less jitter than picking the best)."""
    order = np.argsort(-confidence)
    boxes = [Box(float(r[0] - r[2] / 2), float(r[1] - r[3] / 2), float(r[2]), float(r[3])) for r in raw]
    faces: list[Face] = []
    left = list(order)
    while left:
        best = left[0]
        group = [i for i in left if overlap(boxes[best], boxes[i]) > _OVERLAP] or [best]
        left = [i for i in left if i not in group]
        weights = confidence[group] / confidence[group].sum()
        faces.append(_face(weights @ raw[group], float(confidence[best])))
    return faces


def _face(r: Array, score: float) -> Face:
    p = [(float(r[i]), float(r[i + 1])) for i in range(4, 12, 2)]
    eyes = sorted(p[:2])  # left and right as seen in the image
    box = Box(float(r[0] - r[2] / 2), float(r[1] - r[3] / 2), float(r[2]), float(r[3]))
    return Face(box, score, Points(eyes[0], eyes[1], p[2], p[3]))


def _merge(faces: list[Face]) -> list[Face]:
    kept: list[Face] = []
    for face in sorted(faces, key=lambda f: -f.score):
        if all(overlap(face.box, other.box) <= _OVERLAP for other in kept):
            kept.append(face)
    return kept
