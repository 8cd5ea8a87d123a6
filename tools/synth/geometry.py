"""Rotations and meshes. Axes: x to the driver's left, y to the back (a level face looks along -y), z up; metres."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def rotation(vector: Array) -> Array:
    """Return the (3, 3) matrix of a rotation vector (radians)."""
    angle = float(np.linalg.norm(vector))
    if angle < 1e-9:
        return np.eye(3)
    x, y, z = np.asarray(vector) / angle
    k = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return np.asarray(np.eye(3) + math.sin(angle) * k + (1 - math.cos(angle)) * k @ k)


def rotation_vector(matrix: Array) -> Array:
    """Return the rotation vector (radians, length below pi) of a (3, 3) matrix."""
    angle = math.acos(min(1.0, max(-1.0, (float(np.trace(matrix)) - 1) / 2)))
    if angle < 1e-9:
        return np.zeros(3)
    axis = np.array([matrix[2, 1] - matrix[1, 2], matrix[0, 2] - matrix[2, 0], matrix[1, 0] - matrix[0, 1]])
    return np.asarray(axis * angle / (2 * math.sin(angle)))


def head_matrix(yaw_deg: float, pitch_deg: float, roll_deg: float) -> Array:
    """Return how a head turns: yaw + to its own left, pitch + up, roll + towards its right shoulder.

    Roll first, then pitch, then yaw, about fixed axes (ISO 8855's order: yaw, pitch, roll about carried axes).
    """
    yaw, pitch, roll = (math.radians(angle) for angle in (yaw_deg, pitch_deg, roll_deg))
    cy, sy, cp, sp, cr, sr = (f(a) for a in (yaw, pitch, roll) for f in (math.cos, math.sin))
    about_z = np.array([[cy, -sy, 0], [sy, cy, 0], [0, 0, 1]])
    about_x = np.array([[1, 0, 0], [0, cp, sp], [0, -sp, cp]])
    about_y = np.array([[cr, 0, -sr], [0, 1, 0], [sr, 0, cr]])
    return np.asarray(about_z @ about_x @ about_y)


def head_angles(matrix: Array) -> tuple[float, float, float]:
    """Return (yaw, pitch, roll) in degrees, the inverse of `head_matrix`."""
    forward = -matrix[:, 1]
    yaw = math.atan2(forward[0], -forward[1])
    pitch = math.asin(min(1.0, max(-1.0, forward[2])))
    level = head_matrix(math.degrees(yaw), math.degrees(pitch), 0.0).T @ matrix
    return math.degrees(yaw), math.degrees(pitch), math.degrees(math.atan2(level[2, 0], level[0, 0]))


def direction(yaw_deg: float, pitch_deg: float) -> Array:
    """Return the unit vector of a gaze: yaw + to the driver's left, pitch + up; (0, 0) is -y."""
    return -head_matrix(yaw_deg, pitch_deg, 0.0)[:, 1]


def normals(vertices: Array, faces: Array) -> Array:
    """Return unit vertex normals (n, 3), weighted by area."""
    a, b, c = (vertices[faces[:, k]] for k in range(3))
    (ux, uy, uz), (vx, vy, vz) = (b - a).T, (c - a).T
    flat = (uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx)
    found = np.empty_like(vertices)
    for axis in range(3):
        found[:, axis] = sum(np.bincount(faces[:, k], flat[axis], len(vertices)) for k in range(3))
    return np.asarray(found / np.maximum(1e-12, np.linalg.norm(found, axis=1, keepdims=True)))


def smooth(low: float, high: float, x: Any) -> Any:
    """Return 0 below `low`, 1 above `high`, smooth between (GLSL's smoothstep); falls when low > high."""
    t = np.clip((x - low) / (high - low), 0.0, 1.0)
    return t * t * (3 - 2 * t)


def grid(rows: int, columns: int, wrap: bool = False) -> Array:
    """Return the triangles of a sheet of rows x columns vertices; `wrap` joins the last column to the first."""
    r, c = np.meshgrid(np.arange(rows - 1), np.arange(columns if wrap else columns - 1), indexing="ij")
    a, b = (r * columns + c).ravel(), (r * columns + (c + 1) % columns).ravel()
    return np.concatenate([np.stack([a, b, a + columns], 1), np.stack([b, b + columns, a + columns], 1)])


def tube(path: Array, radius: Array | float, sides: int = 6, closed: bool = False) -> tuple[Array, Array]:
    """Return vertices and triangles of a tube along `path` (n, 3); `radius` (n,) or one, or (n, 2) for an oval."""
    path = np.asarray(path, np.float64)
    ahead = np.roll(path, -1, 0) - np.roll(path, 1, 0)
    if not closed:
        ahead[0], ahead[-1] = path[1] - path[0], path[-1] - path[-2]
    ahead /= np.maximum(1e-12, np.linalg.norm(ahead, axis=1, keepdims=True))
    aside = np.cross(ahead, np.array([0.0, 0.05, 1.0]))
    aside /= np.maximum(1e-9, np.linalg.norm(aside, axis=1, keepdims=True))
    up = np.cross(aside, ahead)
    wide = np.broadcast_to(
        np.asarray(radius, np.float64).reshape(-1, 1) if np.ndim(radius) < 2 else radius, (len(path), 2)
    )
    angle = np.arange(sides) * 2 * math.pi / sides
    ring = aside[:, None] * np.cos(angle)[None, :, None] * wide[:, :1, None]
    ring = ring + up[:, None] * np.sin(angle)[None, :, None] * wide[:, 1:, None]
    vertices = (path[:, None] + ring).reshape(-1, 3)
    faces = grid(len(path), sides, wrap=True)
    if closed:
        last = (len(path) - 1) * sides
        a = np.arange(sides)
        b = (a + 1) % sides
        faces = np.concatenate([faces, np.stack([last + a, last + b, a], 1), np.stack([last + b, b, a], 1)])
    return vertices, faces


def box(low: Array, high: Array) -> tuple[Array, Array]:
    """Return vertices (24, 3) and triangles (12, 3) of a box with sharp edges."""
    low, high = np.asarray(low, float), np.asarray(high, float)
    found = []
    for axis in range(3):
        u, v = (axis + 1) % 3, (axis + 2) % 3
        for end, (first, second) in ((low, (v, u)), (high, (u, v))):
            for a, b in ((0, 0), (1, 0), (1, 1), (0, 1)):
                corner = np.empty(3)
                corner[axis] = end[axis]
                corner[first], corner[second] = (low, high)[a][first], (low, high)[b][second]
                found.append(corner)
    quads = np.arange(24).reshape(6, 4)
    return np.array(found), np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]])
