"""Hair and beards: layers of skin lifted along the normal, on which strands end sooner or later; hanging sheets."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from synth.basis import load
from synth.face import Posed
from synth.geometry import grid, normals, smooth
from synth.people import Person
from synth.pieces import Material, Piece
from synth.skin import around, beard_share, hairline
from synth.wear import above_edge

Array = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Style:
    """Lengths in metres on top, at the sides and back; `layers` drawn; `fall` bends strands down (0..1)."""

    top: float
    side: float
    layers: int
    fall: float = 0.0
    back: float = 0.0  # combed to the back
    sheet: float = 0.0  # m, how far a sheet hangs below the ears
    receding: bool = False


STYLES = {
    "bald": None,
    "receding": Style(0.008, 0.010, 4, 0.2, 0.5, receding=True),
    "cropped": Style(0.005, 0.004, 3),
    "short": Style(0.026, 0.011, 6, 0.35, 0.6),
    "medium": Style(0.034, 0.026, 6, 0.7, 0.3, sheet=0.06),
    "long": Style(0.024, 0.020, 5, 0.9, 0.2, sheet=0.22),
    "bun": Style(0.012, 0.011, 4, 0.1, 1.0),
    "afro": Style(0.055, 0.045, 11),
}


def pieces(person: Person, posed: Posed) -> list[Piece]:
    """Return hair and beard of a posed person; none under a cap or scarf."""
    found = []
    style = STYLES[person.hair]
    if style is not None:
        lengths = _lengths(person, style)
        if person.headwear != "none":
            pressed = above_edge(person.headwear, load().base[: load().count])
            lengths = np.minimum(lengths, 0.012) * smooth(0.004, -0.008, pressed)
        found += _layers(posed, lengths, style)
        if style.sheet and person.headwear != "scarf":
            found.append(_sheet(person, posed, style))
        if person.hair == "bun" and person.headwear == "none":
            found.append(_bun(person, posed))
    if person.beard not in ("none", "stubble") and not person.mask:
        place = load().base[: load().count]
        share = beard_share(around(place[:, 0], place[:, 1]), place[:, 2], person.beard) * (place[:, 1] < 0.02)
        share *= load().weights[:, 4] > 0.2
        lengths = share * person.beard_mm / 1000
        beard = Style(0.0, 0.0, 3 if person.beard_mm < 6 else 5, fall=0.5)
        found += _layers(posed, lengths, beard)
    return found


@functools.cache
def _skin_faces() -> tuple[Array, Array]:
    basis = load()
    faces = basis.triangles("skin")
    return faces, np.unique(faces)


def _lengths(person: Person, style: Style) -> Array:
    """Return the hair's length at each vertex of the basis."""
    basis = load()
    place = basis.base[: basis.count]
    edge = place[:, 2] - hairline(around(place[:, 0], place[:, 1]), style.receding)
    ear = np.hypot((np.abs(place[:, 0]) - 0.078) / 0.013, (place[:, 2] - 0.03) / 0.035) < 1
    ear &= np.abs(place[:, 0]) > 0.0765
    grown = (
        (0.35 * smooth(-0.012, -0.004, edge) + 0.65 * smooth(0.0, 0.014, edge)) * (basis.weights[:, 4] > 0.35) * ~ear
    )
    top = smooth(0.07, 0.13, place[:, 2])
    return np.asarray(grown * (style.side + (style.top - style.side) * top))


def _layers(posed: Posed, lengths: Array, style: Style) -> list[Piece]:
    """Return the lifted layers. Roots at the bottom hide the skin; the last layer holds the longest strands alone."""
    basis = load()
    faces, _ = _skin_faces()
    faces = faces[(lengths[faces] > 0.0008).any(axis=1)]  # where it ends between vertices, the painted skin tells
    if not len(faces):
        return []
    rows, back = np.unique(faces, return_inverse=True)
    faces = back.reshape(faces.shape)
    place = basis.base[rows]
    vertices, length = posed.vertices[rows], lengths[rows][:, None]
    normal = _normals(posed)[rows]
    comb = np.array([0.0, 0.7 * style.back, 0.0]) @ posed.head.T - np.array([0.0, 0.0, style.fall])
    found = []
    for layer in range(1, style.layers + 1):
        t = layer / style.layers
        way = normal * t * (1 - 0.35 * style.fall * t) + 0.55 * comb * t * t
        lifted = vertices + length * way
        found.append(
            Piece(lifted, faces, Material.HAIR, lengths[rows], place, basis.sky[rows], t, covers="hair", normal=normal)
        )
    return found


def _normals(posed: Posed) -> Array:
    faces, _ = _skin_faces()
    return normals(posed.vertices, faces)


def _sheet(person: Person, posed: Posed, style: Style) -> Piece:
    """Return the hair that hangs around neck and shoulders, open before the face."""
    columns, rows = 40, 14
    turn = np.linspace(math.radians(68), math.radians(292), columns)
    t = np.linspace(0, 1, rows)[:, None]
    wave = 0.004 * person.hair_wave * np.sin(9 * turn + 5 * t)
    wide = 0.092 + 0.014 * np.sin(np.pi * t * 0.8) + 0.012 * t + wave
    deep = 0.088 + 0.012 * np.sin(np.pi * t) + wave
    crown = 0.5 + 0.5 * smooth(-0.04, 0.2, t)  # starts on top of the head, not beside it
    wide, deep = wide * crown, deep * crown
    x = wide * np.sin(turn)
    y = 0.012 - deep * np.cos(turn) * np.where(np.cos(turn) < 0, 1.0, 0.55)
    z = 0.142 - t * (0.142 + 0.055 + style.sheet) + 0.012 * np.sin(7 * turn) * t
    rest = np.stack(np.broadcast_arrays(x, y, z), axis=2).reshape(-1, 3)
    scale = np.ptp(posed.rest[load().weights[:, 4] > 0.9], axis=0) / np.ptp(
        load().base[: load().count][load().weights[:, 4] > 0.9], axis=0
    )
    rest = rest * scale
    # Above the shoulders it goes with the head, below with the torso.
    share = smooth(-0.02, -0.16, rest[:, 2])[:, None]
    torso_turn, torso_move = posed.chain[0]
    neck_turn, neck_move = posed.chain[2]
    low = 0.5 * (rest @ torso_turn.T + torso_move) + 0.5 * (rest @ neck_turn.T + neck_move)
    vertices = (1 - share) * posed.with_head(rest) + share * low
    place = np.stack([turn[None] * 0.09 + 0 * t, 0 * turn + 0 * t, 0.2 * t + 0 * turn], axis=2).reshape(-1, 3)
    extra = 0.12 + 0.55 * np.repeat(smooth(0.75, 1.0, t[:, 0]), columns)
    return Piece(vertices, grid(rows, columns), Material.HAIR, -1.0, place, 0.8, extra, covers="hair")


def _bun(person: Person, posed: Posed) -> Piece:
    """Return a knot at the back of the head."""
    tilt, turn = np.linspace(0.05, math.pi - 0.05, 9)[:, None], np.arange(14) * 2 * math.pi / 14
    ball = np.stack([np.sin(tilt) * np.cos(turn), np.sin(tilt) * np.sin(turn), np.cos(tilt) + 0 * turn], 2).reshape(
        -1, 3
    )
    rest = ball * 0.036 + np.array([0.0, 0.118, 0.105])
    return Piece(posed.with_head(rest), grid(9, 14, wrap=True), Material.HAIR, -1.0, rest, 0.9, 0.25, covers="hair")
