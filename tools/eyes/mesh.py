"""What the teacher's face meshes (tools/eyes/teacher.py) say about lids and lips."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

# Mesh points after Soukupova and Cech's eye aspect ratio, by side in the image: left corner, two upper (from the left),
# right corner, two lower (from the right).
_LIDS = ((33, 160, 158, 133, 153, 144), (362, 385, 387, 263, 373, 380))
_MOUTH = (13, 14, 78, 308)  # inner upper and lower lip, inner corners


def opening(mesh: Array) -> tuple[Array, Array, Array]:
    """Return (centre (n, 2, 2) px, lid gap (n, 2) px, aspect ratio (n, 2)) of the left and right eye of meshes."""
    centre, gap, ratio = [], [], []
    for left, top_a, top_b, right, low_b, low_a in _LIDS:
        tall = (_distance(mesh, top_a, low_a) + _distance(mesh, top_b, low_b)) / 2
        centre.append((mesh[:, left] + mesh[:, right]) / 2)
        gap.append(tall)
        ratio.append(tall / np.maximum(_distance(mesh, left, right), 1e-6))
    return np.stack(centre, 1), np.stack(gap, 1), np.stack(ratio, 1)


def lid_lines(mesh: Array) -> Array:
    """Return (n, 2, 4) px and rad of meshes: upper and lower apex below the corners' line, half width, its angle."""
    out = []
    for left, top_a, top_b, right, low_b, low_a in _LIDS:
        along = mesh[:, right] - mesh[:, left]
        width = np.maximum(np.hypot(*along.T), 1e-6)
        down = np.stack([-along[:, 1], along[:, 0]], 1) / width[:, None]
        middle = (mesh[:, left] + mesh[:, right]) / 2

        def apex(a: int, b: int, middle: Array = middle, down: Array = down) -> Array:
            return np.asarray((((mesh[:, a] + mesh[:, b]) / 2 - middle) * down).sum(1))

        upper, lower = apex(top_a, top_b), apex(low_a, low_b)
        out.append(np.stack([upper, lower, width / 2, np.arctan2(along[:, 1], along[:, 0])], 1))
    return np.stack(out, 1)


def mouth_opening(mesh: Array) -> Array:
    """Return the lips' opening over the mouth's width (n) of meshes: above 0.5 is wide open."""
    return _distance(mesh, _MOUTH[0], _MOUTH[1]) / np.maximum(_distance(mesh, _MOUTH[2], _MOUTH[3]), 1e-6)


def _distance(mesh: Array, a: int, b: int) -> Array:
    return np.asarray(np.hypot(*(mesh[:, a] - mesh[:, b]).T))
