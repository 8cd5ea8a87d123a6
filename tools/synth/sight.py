"""What of an eye or a mouth the camera sees: points on it, tried against every triangle that may stand before them.

Arithmetic, not pixels: the same on every machine and renderer.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
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


class View:
    """Triangles as a camera sees them."""

    def __init__(self, camera: Camera, vertices: Array, faces: Array) -> None:
        self._camera = camera
        self._faces = faces
        corner = camera.seen(vertices)
        self._depth = corner[:, 2]
        self._flat = (corner[:, :2] / np.maximum(1e-6, corner[:, 2:])).T  # x, y
        first, second, third = (self._depth[faces[:, k]] for k in range(3))
        self._nearest = np.minimum(np.minimum(first, second), third)
        self._ends = [_ends(axis, faces) for axis in self._flat]

    def before(self, points: Array) -> Array:
        """Return for each point (n, 3) the first triangle that stands before it, or -1."""
        seen = self._camera.seen(points)
        target = (seen[:, :2] / seen[:, 2:]).T
        near = (self._nearest > 0.01) & (self._nearest < seen[:, 2].max())
        for (low, high), at in zip(self._ends, target, strict=True):
            near &= (high >= at.min()) & (low <= at.max())
        rows = np.flatnonzero(near)
        found = np.full(len(points), -1)
        over = np.ones((len(points), len(rows)), bool)  # only a triangle whose box holds a point can hide it
        for (low, high), at in zip(self._ends, target, strict=True):
            over &= (at[:, None] >= low[rows]) & (at[:, None] <= high[rows])
        number, row = np.nonzero(over)
        row = rows[row]
        x, y = target[:, number]
        corners = self._faces[row].T
        (ax, bx, cx), (ay, by, cy) = ([axis[corner] for corner in corners] for axis in self._flat)
        inverse = [1 / self._depth[corner] for corner in corners]
        area = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)
        area = np.where(np.abs(area) < 1e-15, 1e-15, area)
        u = ((cx - bx) * (y - by) - (cy - by) * (x - bx)) / area
        v = ((ax - cx) * (y - cy) - (ay - cy) * (x - cx)) / area
        w = 1 - u - v
        depth = 1 / np.maximum(1e-6, u * inverse[0] + v * inverse[1] + w * inverse[2])
        hit = (u >= 0) & (v >= 0) & (w >= 0) & (depth < seen[number, 2] - BEFORE_M)
        hidden, first = np.unique(number[hit], return_index=True)  # a point's triangles come in order
        found[hidden] = row[hit][first]
        return found


def _ends(values: Array, faces: Array) -> tuple[Array, Array]:
    """Return the least and the greatest of the values at each triangle's corners."""
    a, b, c = (values[faces[:, k]] for k in range(3))
    return np.minimum(np.minimum(a, b), c), np.maximum(np.maximum(a, b), c)


class _Things:
    """Pieces as a camera sees them, and what each triangle belongs to."""

    def __init__(self, camera: Camera, pieces: Iterable[Piece]) -> None:
        self.pieces = list(pieces)
        start, faces, owner = 0, [], []
        for number, piece in enumerate(self.pieces):
            faces.append(piece.faces + start)
            owner.append(np.full(len(piece.faces), number))
            start += len(piece.vertices)
        if self.pieces:
            self._view = View(camera, np.concatenate([p.vertices for p in self.pieces]), np.concatenate(faces))
            self._owner = np.concatenate(owner)

    def before(self, points: Array) -> Array:
        """Return for each point the number of the piece that stands before it, or -1."""
        if not self.pieces:
            return np.full(len(points), -1)
        hit = self._view.before(points)
        return np.where(hit >= 0, self._owner[hit], -1)


class Sight:
    """What a camera sees of one person's face.

    `opened` is the same person and pose with the own open lids; `before` is everything that may stand before the face.
    """

    def __init__(self, posed: Posed, opened: Posed, camera: Camera, before: Iterable[Piece]) -> None:
        self._opened, self._camera = opened, camera
        skin = load().triangles("skin")
        self._open_skin = View(camera, opened.vertices, skin)
        self._skin = View(camera, posed.vertices, skin)
        covering = [piece for piece in before if piece.covers]
        self._solid = _Things(camera, (piece for piece in covering if piece.covers not in LENSES))
        self._lenses = _Things(camera, (piece for piece in covering if piece.covers in LENSES))

    def eye(self, side: int) -> dict[str, Any]:
        """Return what is seen of one eye (the driver's `side`).

        visible: the seen share of what is seen of the open eye without anything before it; None when the head is so
        far round that even that cannot be seen. covers: the share that each thing hides. behind: the lens it is seen
        through, or None.
        """
        points, normals = eye_points(self._opened, side)
        facing = ((np.array(self._camera.at) - points) * normals).sum(axis=1) > 0
        free = facing.copy()
        free[facing] = self._open_skin.before(points[facing]) < 0 if facing.any() else False
        count = int(free.sum())
        if count < 12:
            return {"visible": None, "covers": {}, "behind": None}
        points = points[free]
        by_lid = self._skin.before(points) >= 0
        covers = {"lid": float(by_lid.mean())}
        behind = None
        hit = self._solid.before(points)
        for number in np.unique(hit[hit >= 0]).tolist():
            name = self._solid.pieces[number].covers
            covers[name] = covers.get(name, 0.0) + float((hit == number).sum() / count)
        hidden = by_lid | (hit >= 0)
        lens = self._lenses.before(points)
        if (lens >= 0).mean() > 0.3:
            behind = self._lenses.pieces[int(lens[lens >= 0][0])].covers
        return {
            "visible": round(float(1 - hidden.mean()), 3),
            "covers": {name: round(share, 3) for name, share in covers.items() if share > 0.004},
            "behind": behind,
        }

    def covered(self, points: Array) -> dict[str, float]:
        """Return the share of points that each thing hides (hair, hand, mask, ...)."""
        hit = self._solid.before(points)
        found: dict[str, float] = {}
        for number in hit[hit >= 0].tolist():
            name = self._solid.pieces[number].covers
            found[name] = found.get(name, 0.0) + 1 / len(points)
        return {name: round(share, 3) for name, share in found.items()}
