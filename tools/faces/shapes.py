"""A face's box and points from drawn points and from the teacher's mesh."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from faces import angles as heads

Array = NDArray[Any]
_MESH = (1, 152)  # nose tip, chin
_EYES = ((33, 133), (362, 263))  # corners of the left and the right eye in the picture
_LIPS = (61, 291)


def box_of_points(points: Array) -> Array:
    """Return BlazeFace's box (centre x y, w, h) about drawn points (6, 2), by the fit that `faces.angles` prints.

    Its box goes from brows to chin and hardly shrinks when a head turns: the width is taken from whichever of the eyes'
    distance and the height from eyes to mouth says more.
    """
    eyes, mouth = points[:2].mean(0), points[3:5].mean(0)
    across = float(np.hypot(*(points[1] - points[0])))
    down = float(np.hypot(*(mouth - eyes)))
    width = float(np.dot(heads.BOX_WIDTH, (max(across, 0.9 * down), down, float(np.hypot(*(points[5] - eyes))))))
    centre = eyes + heads.BOX_CENTRE[0] * (mouth - eyes) + heads.BOX_CENTRE[1] * (points[2] - (eyes + mouth) / 2)
    return np.array([*centre, width, width])


def points_of_drawn(points: Array, eyes: dict[str, Any]) -> Array:
    """Return drawn points (6, 2) with each eye between its corners, as the mesh has it, not at its ball's middle."""
    between = [np.mean(eyes[side]["corners"], 0) for side in ("left", "right")]
    return np.array([*between, *points[2:]])


def points_of(mesh: Array) -> Array:
    """Return the six points (6, 2) of a mesh (478, 3)."""
    eyes = [mesh[list(corners), :2].mean(0) for corners in _EYES]
    return np.array([*eyes, mesh[_MESH[0], :2], mesh[_LIPS[0], :2], mesh[_LIPS[1], :2], mesh[_MESH[1], :2]])
