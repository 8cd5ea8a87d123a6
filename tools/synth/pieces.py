"""What is drawn: pieces of mesh with a material, in metres of the seat's frame."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from synth.geometry import normals

Array = NDArray[Any]


class Material(IntEnum):
    """How a piece's surface is shaded; the numbers are the shader's."""

    SKIN = 0
    EYE_LEFT = 1
    EYE_RIGHT = 2
    MOUTH = 3
    TEETH = 4
    CLOTH = 5
    HAIR = 6
    PLAIN = 7
    FRAME = 8
    LENS = 9
    GLOW = 10
    LASH = 11
    CABIN = 12


@dataclass
class Piece:
    """A mesh. `place` is where noise and paint stick to; `value` the albedo; `extra` differs by material.

    `covers` names what this piece is when it stands before an eye ("" = it is part of the face's own skin).
    """

    vertices: Array  # (n, 3)
    faces: Array  # (m, 3)
    material: Material
    value: Array | float
    place: Array | None = None  # (n, 3)
    sky: Array | float = 1.0
    extra: Array | float = 0.0
    normal: Array | None = None
    covers: str = ""

    def packed(self) -> Array:
        """Return (n, 13) float32: position, normal, place, material, value, sky, extra."""
        n = len(self.vertices)
        found = np.empty((n, 13), np.float32)
        found[:, :3] = self.vertices
        found[:, 3:6] = normals(self.vertices, self.faces) if self.normal is None else self.normal
        found[:, 6:9] = self.vertices if self.place is None else self.place
        found[:, 9] = float(self.material)
        found[:, 10] = self.value
        found[:, 11] = self.sky
        found[:, 12] = self.extra
        return found


def joined(pieces: list[Piece]) -> tuple[Array, Array]:
    """Return the vertices (n, 13) float32 and triangles (m, 3) int32 of all pieces."""
    vertices, faces, start = [], [], 0
    for piece in pieces:
        vertices.append(piece.packed())
        faces.append(piece.faces + start)
        start += len(piece.vertices)
    return np.concatenate(vertices), np.concatenate(faces).astype(np.int32)
