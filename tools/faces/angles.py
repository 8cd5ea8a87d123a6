"""Head angles and boxes of the teachers, brought to the policy's signs by what they say of drawn heads.

python -m faces.angles --drawn pictures/ --teacher teacher-faces/     # prints the fits below anew
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

# truth = slope * teacher + offset (degrees) for yaw, pitch, roll. The mesh's over drawn heads, which it reads within 4
# to 5 degrees (fit_angles); OpenVINO's, which reads those badly (9 degrees), over the mesh's angles of real heads.
MESH = ((1.022, -0.11), (0.929, 5.89), (0.921, 0.16))
OPENVINO = ((1.011, -0.04), (-0.655, 0.82), (-0.931, 0.13))
# BlazeFace's box from drawn points, least squares (fit_angles).
BOX_WIDTH = (1.599, -0.007, 0.407)
BOX_CENTRE = (0.606, -1.052)
_APART_DEG = 20.0  # teachers further apart than this are both not believed


def of_mesh_raw(mesh: Array) -> Array:
    """Return yaw, pitch, roll (3), degrees, of a mesh (478, 3) from the axes of its eyes' and its middle line."""
    right = mesh[263] - mesh[33]
    down = mesh[152] - mesh[10]
    right = right / np.linalg.norm(right)
    back = np.cross(right, down)
    back /= np.linalg.norm(back)
    forward = -back
    yaw = np.degrees(np.arctan2(forward[0], -forward[2]))
    pitch = np.degrees(np.arcsin(np.clip(-forward[1], -1, 1)))
    roll = np.degrees(np.arctan2(right[1], right[0]))
    return np.array([yaw, pitch, -roll])


def of_mesh(mesh: Array) -> Array:
    """Return yaw, pitch, roll (3), degrees, with the policy's signs and zero; NaN without a mesh."""
    return np.asarray(of_mesh_raw(mesh) * np.array(MESH)[:, 0] + np.array(MESH)[:, 1])


def of_openvino(angles: Array) -> Array:
    """Return yaw, pitch, roll (3), degrees, with the policy's signs and zero, from OpenVINO's."""
    return np.asarray(angles * np.array(OPENVINO)[:, 0] + np.array(OPENVINO)[:, 1])


def agreed(first: Array, second: Array) -> Array:
    """Return the mean of both teachers where they agree, the first (twice as near to the truth) counting double."""
    if not np.isfinite(first).all():
        return np.full(3, np.nan)
    apart = np.abs(first - second)
    return np.where(apart <= _APART_DEG, (2 * first + second) / 3, np.nan)
