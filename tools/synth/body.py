"""A posed person's own pieces: skin, eyes, lashes, mouth, clothes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from synth.basis import Basis, Lids, load
from synth.face import Look, Posed, pose
from synth.geometry import grid, normals, smooth
from synth.people import Person
from synth.pieces import Material, Piece

Array = NDArray[Any]
NECKLINE_Z = -0.118  # m, on the template
_EYE_ROWS, _EYE_COLUMNS = 18, 32


_shapes: dict[tuple[Any, ...], Array] = {}


def shape_of(person: Person) -> Array:
    """Return a person at rest with the own open eyes, (n + joints, 3) m; read-only, kept for the last few people."""
    key = (*person.build.values(), *person.races.values(), *person.local.values(), person.rest_lids)
    if key not in _shapes:
        basis = load()
        shape = basis.shape(person.build, person.races, person.local)
        shape = basis.act(shape, {f"eyeBlink{side}": person.rest_lids for side in ("Left", "Right")})
        shape.flags.writeable = False
        if len(_shapes) > 16:
            _shapes.pop(next(iter(_shapes)))
        _shapes[key] = shape
    return _shapes[key]


def stand(person: Person, look: Look) -> Posed:
    """Return a person with a look."""
    return pose(load(), shape_of(person), look)


def cloth_share(place: Array) -> Array:
    """Return where clothes cover the template, 0..1."""
    front = smooth(0.02, -0.08, place[:, 1])
    return np.asarray(smooth(0.006, -0.012, place[:, 2] - (NECKLINE_Z - 0.026 * front + 0.02 * (1 - front))))


def pieces(person: Person, posed: Posed) -> list[Piece]:
    """Return the person's own pieces, without hair and what is worn."""
    basis = load()
    place = basis.base[: basis.count]
    faces = basis.triangles("skin", "body")
    normal = normals(posed.vertices, faces)
    cloth = cloth_share(place)
    vertices = posed.vertices + normal * (0.007 * cloth)[:, None]
    found = [
        Piece(
            vertices,
            faces,
            Material.SKIN,
            person.albedo,
            place,
            0.25 + 0.75 * basis.sky,
            extra=_margin(basis, person),
            normal=normals(vertices, faces),
        )
    ]
    found += [_eyeball(posed, person, side) for side in (0, 1)]
    for parts, value in (("mouth_cavity", 0.22 * person.lip), ("tongue", 0.30)):
        inner = basis.triangles(parts)
        found.append(_kept(posed.vertices, inner, Material.MOUTH, value, basis.sky))
    found += _teeth(basis, posed, person)
    return found


def lashes(person: Person, posed: Posed) -> list[Piece]:
    """Return the lashes: blended strips, to be drawn after everything that is not."""
    basis = load()
    return [_lash(basis.eyes[side], posed, side, which, person) for side in (0, 1) for which in ("upper", "lower")]


def _kept(vertices: Array, faces: Array, material: Material, value: float, sky: Array) -> Piece:
    """Return a piece with the vertices that its triangles use alone."""
    rows, back = np.unique(faces, return_inverse=True)
    return Piece(vertices[rows], back.reshape(faces.shape), material, value, sky=sky[rows])


def _margin(basis: Basis, person: Person) -> Array:
    """Return per vertex how dark the lids' margin is painted: lash roots and make-up."""
    found = np.zeros(basis.count)
    for lids in basis.eyes:
        # The margin is 2 mm deep: what is seen of it from before is its third ring and what follows.
        for ring, strength in enumerate((1.0, 1.0, 1.0, 1.0, 0.65, 0.1)):
            found[lids.rims[ring][lids.upper]] = strength * (0.45 + 0.55 * person.lash)
            if ring < 4:
                found[lids.rims[ring][lids.lower]] = 0.6 * strength * (0.15 + 0.5 * person.lash)
        for ring, strength in ((4, 1.0), (5, 0.6)):
            rows = lids.rims[ring][lids.upper]
            found[rows] = np.maximum(found[rows], strength * person.liner)
    return found


def _eyeball(posed: Posed, person: Person, side: int) -> Piece:
    """Return the front of an eyeball; `extra` is how far below the upper lid's margin a place is (m)."""
    tilt = np.linspace(0.0, 1.25, _EYE_ROWS)[:, None]
    turn = np.arange(_EYE_COLUMNS) * 2 * math.pi / _EYE_COLUMNS
    sphere = np.stack(
        [np.sin(tilt) * np.cos(turn), -np.cos(tilt) + 0 * turn, np.sin(tilt) * np.sin(turn)], axis=2
    ).reshape(-1, 3)
    local = sphere * posed.radii[side]
    rest = local + posed.eyes_rest[side]
    lids = load().eyes[side]
    rim = posed.rest[lids.rims[2][lids.upper]]
    order = np.argsort(rim[:, 0], kind="stable")
    below = np.interp(rest[:, 0], rim[order, 0], rim[order, 2]) - rest[:, 2]
    vertices = local @ posed.head.T + posed.eyes[side]
    return Piece(
        vertices,
        grid(_EYE_ROWS, _EYE_COLUMNS, wrap=True),
        (Material.EYE_LEFT, Material.EYE_RIGHT)[side],
        person.sclera,
        local,
        extra=below,
        normal=sphere @ posed.head.T,
    )


def _lash(lids: Lids, posed: Posed, side: int, which: str, person: Person) -> Piece:
    """Return one lid's lashes as a strip; `place` = (along 0..1, root to tip 0..1, lower 0 | 1)."""
    order = lids.upper if which == "upper" else lids.lower
    root = posed.rest[lids.rims[3][order]]
    behind = posed.rest[lids.rims[5][order]]
    on = root - behind
    on /= np.maximum(1e-9, np.linalg.norm(on, axis=1, keepdims=True))
    out = root - posed.eyes_rest[side]
    out[:, 2] *= 0.3
    out /= np.linalg.norm(out, axis=1, keepdims=True)
    along = np.linspace(0, 1, len(root))
    upper = which == "upper"
    longest = (0.0045 + 0.0055 * person.lash) * (1.0 if upper else 0.45)
    length = longest * np.interp(along, (0, 0.1, 0.6, 0.95, 1), (0.3, 0.6, 1.0, 1.0, 0.3))
    # Over an open eye the upper lashes stand out and curl up; shut, they lie down over the lower lid.
    shut = float(smooth(0.6, 0.05, posed.opening[side])) if upper else 0.0
    lift = np.array([0.0, 0.0, 0.55 * (1 - shut) if upper else -0.4])
    aside = np.array([(0.5 if side == 0 else -0.5), 0.0, 0.0]) * (along[:, None] - 0.35)
    way = (0.75 - 0.25 * shut) * out + (0.1 + 0.7 * shut) * on + aside + np.array([0.0, 0.0, 0.15 - 0.65 * shut])
    middle = root + 0.5 * length[:, None] * way
    tip = root + length[:, None] * (way + 0.6 * lift)
    rest = np.concatenate([root, middle, tip])
    place = np.stack(
        [np.tile(along, 3), np.repeat((0.0, 0.5, 1.0), len(root)), np.full(3 * len(root), float(which == "lower"))], 1
    )
    vertices = posed.with_head(rest)
    darkness = person.lash if which == "upper" else 0.4 * person.lash
    return Piece(vertices, grid(3, len(root)), Material.LASH, person.brow_albedo * 0.5, place, extra=darkness)


def _teeth(basis: Basis, posed: Posed, person: Person) -> list[Piece]:
    """Return both rows of teeth as bands behind the lips; the lower one follows the jaw."""
    ring = basis.mouth
    own = shape_of(person)
    middle = ring[np.argsort(np.abs(basis.base[ring, 0]))[:2]]
    top, low = sorted(middle, key=lambda v: -basis.base[v, 2])
    found = []
    for row, anchor in (("upper", own[top]), ("lower", own[low])):
        x = np.linspace(-0.021, 0.021, 15)
        y = anchor[1] + 0.0062 + 16 * x**2
        edge = anchor[2] + (-0.0042 if row == "upper" else -0.0015)
        base = edge + (0.0105 if row == "upper" else -0.009)
        edge = edge + (0.0004 * np.cos(np.arange(15) * math.pi))
        rest = np.concatenate([np.stack([x, y, np.full(15, base)], 1), np.stack([x, y, edge + 0 * x], 1)])
        if row == "lower":
            moved = posed.rest[low] - own[low]
            rest = rest + np.array([0.6 * moved[0], 0.7 * moved[1], 0.97 * moved[2]])
        shade = np.concatenate([np.full(15, 0.5), np.full(15, 0.75)]) * np.cos(np.tile(x, 2) / 0.021 * 1.35)
        vertices = posed.with_head(rest)
        found.append(Piece(vertices, grid(2, 15), Material.TEETH, 0.62, rest, sky=shade))
    return found
