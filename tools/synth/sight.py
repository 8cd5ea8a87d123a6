"""What of an eye or a mouth the camera sees: points on it, tried against every triangle that may stand before them.

Arithmetic, not pixels: the same on every machine and renderer.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from synth.basis import load
from synth.camera import Camera
from synth.face import Posed
from synth.pieces import Piece

Array = NDArray[Any]
POINTS = 700  # on the front of an eyeball, those far above and below its middle left out
BEFORE_M = 0.0002  # so much nearer is "before"
LENSES = ("lens", "dark lens")


def eye_points(posed: Posed, side: int) -> tuple[Array, Array]:
    """Return points (n, 3) on an eyeball's front and their normals; as even as a sunflower's seeds."""
    number = np.arange(POINTS) + 0.5
    tilt = np.arccos(1 - (1 - math.cos(1.15)) * number / POINTS)
    turn = number * math.pi * (3 - math.sqrt(5))
    sphere = np.stack([np.sin(tilt) * np.cos(turn), -np.cos(tilt), np.sin(tilt) * np.sin(turn)], axis=1)
    normals = sphere[np.abs(sphere[:, 2]) < 0.55] @ posed.head.T
    return posed.eyes[side] + posed.radii[side] * normals, normals


def hidden_by(points: Array, camera: Camera, vertices: Array, faces: Array) -> Array:
    """Return for each point the first triangle found before it, or -1."""
    seen = camera.seen(points)
    target = seen[:, :2] / seen[:, 2:]
    corner = camera.seen(vertices)
    flat = corner[:, :2] / np.maximum(1e-6, corner[:, 2:])
    low, high = target.min(axis=0), target.max(axis=0)
    triangle = flat[faces]
    near = (triangle.max(axis=1) >= low).all(axis=1) & (triangle.min(axis=1) <= high).all(axis=1)
    near &= corner[faces, 2].min(axis=1) < seen[:, 2].max()
    near &= (corner[faces, 2] > 0.01).all(axis=1)
    rows = np.flatnonzero(near)
    found = np.full(len(points), -1)
    if not len(rows):
        return found
    a, b, c = (triangle[rows, k] for k in range(3))
    inverse = 1 / corner[faces[rows], 2]
    area = (b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) - (b[:, 1] - a[:, 1]) * (c[:, 0] - a[:, 0])
    area = np.where(np.abs(area) < 1e-15, 1e-15, area)
    x, y = target[:, :1], target[:, 1:]
    u = ((c[:, 0] - b[:, 0]) * (y - b[:, 1]) - (c[:, 1] - b[:, 1]) * (x - b[:, 0])) / area
    v = ((a[:, 0] - c[:, 0]) * (y - c[:, 1]) - (a[:, 1] - c[:, 1]) * (x - c[:, 0])) / area
    w = 1 - u - v
    depth = 1 / np.maximum(1e-6, u * inverse[:, 0] + v * inverse[:, 1] + w * inverse[:, 2])
    hit = (u >= 0) & (v >= 0) & (w >= 0) & (depth < seen[:, 2:] - BEFORE_M)
    any_hit = hit.any(axis=1)
    found[any_hit] = rows[hit[any_hit].argmax(axis=1)]
    return found


def _mesh(pieces: Sequence[Piece]) -> tuple[Array, Array, Array]:
    """Return the vertices and triangles of all pieces, and the piece of each triangle."""
    start, faces, owner = 0, [], []
    for number, piece in enumerate(pieces):
        faces.append(piece.faces + start)
        owner.append(np.full(len(piece.faces), number))
        start += len(piece.vertices)
    return np.concatenate([p.vertices for p in pieces]), np.concatenate(faces), np.concatenate(owner)


def eye(posed: Posed, opened: Posed, side: int, camera: Camera, before: Sequence[Piece]) -> dict[str, Any]:
    """Return what is seen of one eye (the driver's `side`).

    `opened` is the same person and pose with the own open lids. visible: the seen share of what is seen of the open
    eye without anything before it; None when the head is so far round that even that cannot be seen.
    covers: the share that each thing hides. behind: the lens it is seen through, or None.
    """
    basis = load()
    skin = basis.triangles("skin")
    points, normals = eye_points(opened, side)
    facing = ((np.array(camera.at) - points) * normals).sum(axis=1) > 0
    free = facing.copy()
    free[facing] = hidden_by(points[facing], camera, opened.vertices, skin) < 0
    count = int(free.sum())
    if count < 12:
        return {"visible": None, "covers": {}, "behind": None}
    points = points[free]
    by_lid = hidden_by(points, camera, posed.vertices, skin) >= 0
    covers = {"lid": float(by_lid.mean())}
    behind = None
    hidden = by_lid.copy()
    solid = [piece for piece in before if piece.covers and piece.covers not in LENSES]
    if solid:
        vertices, faces, owner = _mesh(solid)
        hit = hidden_by(points, camera, vertices, faces)
        for number in sorted(set(owner[hit[hit >= 0]].tolist())):
            name = solid[number].covers
            share = float((owner[hit[hit >= 0]] == number).sum() / count)
            covers[name] = covers.get(name, 0.0) + share
        hidden |= hit >= 0
    lenses = [piece for piece in before if piece.covers in LENSES]
    if lenses:
        vertices, faces, owner = _mesh(lenses)
        hit = hidden_by(points, camera, vertices, faces)
        if (hit >= 0).mean() > 0.3:
            behind = lenses[int(owner[hit[hit >= 0]][0])].covers
    return {
        "visible": round(float(1 - hidden.mean()), 3),
        "covers": {name: round(share, 3) for name, share in covers.items() if share > 0.004},
        "behind": behind,
    }


def covered(points: Array, camera: Camera, before: Sequence[Piece]) -> dict[str, float]:
    """Return the share of points that each thing hides (hair, hand, mask, ...)."""
    solid = [piece for piece in before if piece.covers and piece.covers not in LENSES]
    if not solid:
        return {}
    vertices, faces, owner = _mesh(solid)
    hit = hidden_by(points, camera, vertices, faces)
    found: dict[str, float] = {}
    for number in owner[hit[hit >= 0]].tolist():
        found[solid[number].covers] = found.get(solid[number].covers, 0.0) + 1 / len(points)
    return {name: round(share, 3) for name, share in found.items()}
