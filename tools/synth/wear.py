"""What is worn and held before the face: glasses, mask, caps, scarf, hands."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from synth.basis import load
from synth.face import Posed
from synth.geometry import box, grid, normals, smooth, tube
from synth.people import Person
from synth.pieces import Material, Piece
from synth.skin import around

Array = NDArray[Any]
HANDS = ("none", "mouth", "cheek", "eye", "forehead", "phone", "wheel")


def glasses(person: Person, posed: Posed) -> tuple[list[Piece], list[Piece]]:
    """Return the frame's pieces and the lenses (blended), or nothing."""
    if person.glasses == "none":
        return [], []
    frame = person.frame
    left, right = posed.eyes_rest
    half_w, half_h = frame["width"] / 2, frame["height"] / 2
    apart = max(abs(left[0] - right[0]), frame["width"] + 0.014)
    middle = (left + right) / 2
    front = min(left[1], right[1]) - posed.radii[0] - 0.0125
    solid, lenses = [], []
    turn = np.linspace(0, 2 * math.pi, 40, endpoint=False)
    power = 2 / frame["round"]
    c, s = np.cos(turn), np.sin(turn)
    outline = np.stack([np.sign(c) * np.abs(c) ** power * half_w, np.sign(s) * np.abs(s) ** power * half_h], 1)
    outline[:, 0] *= 1 - 0.12 * (outline[:, 1] < 0) * np.abs(outline[:, 1]) / half_h
    thick = max(0.0007, frame["thick"])
    for sign in (1, -1):
        at = np.array([middle[0] + sign * apart / 2, front, middle[2] - 0.003 - frame["slide"]])
        rim = _bent(outline, at, sign)
        solid.append(_tube(posed, rim, np.array([thick, max(thick, 0.0014)]), frame["albedo"], closed=True))
        rings = [_bent(outline * k, at, sign) for k in (1.0, 0.66, 0.33, 0.02)]
        lens = np.concatenate(rings)
        away = lens - (at + np.array([0.0, 0.13, 0.0]))
        normal = away / np.linalg.norm(away, axis=1, keepdims=True)
        normal = normal * np.array([0.45, 1.0, 0.45]) + np.array([0.0, 0.0, -0.06])
        normal /= np.linalg.norm(normal, axis=1, keepdims=True)
        piece = Piece(
            posed.with_head(lens), grid(4, 40, wrap=True), Material.LENS, 0.05, lens, normal=normal @ posed.head.T
        )
        piece.covers = "dark lens" if person.glasses == "dark" else "lens"
        lenses.append(piece)
        outer = at + np.array([sign * half_w, 0.002, 0.35 * half_h])
        ear = np.array([sign * _temple(posed), 0.0, middle[2] + 0.004])
        end = ear + np.array([-sign * 0.004, 0.02, -0.014])
        path = np.array([outer, outer + np.array([sign * 0.004, 0.008, 0]), ear, end])
        fine = np.concatenate([path[i] + np.linspace(0, 1, 6)[:, None] * (path[i + 1] - path[i]) for i in range(3)])
        solid.append(_tube(posed, fine, np.array([max(0.0006, thick * 0.6), thick * 1.6 + 0.0006]), frame["albedo"]))
    t = np.linspace(-1, 1, 9)
    gap = apart / 2 - half_w
    bridge = np.stack(
        [middle[0] + t * gap, front - 0.003 * (1 - t**2), middle[2] - frame["slide"] + 0.004 + 0.003 * (1 - t**2)], 1
    )
    solid.append(_tube(posed, bridge, np.array([thick, thick]), frame["albedo"]))
    return solid, lenses


def _temple(posed: Posed) -> float:
    """Return half the head's width (m) above the ears."""
    place = load().base[: load().count]
    rows = (load().weights[:, 4] > 0.9) & (np.abs(place[:, 1]) < 0.03) & (np.abs(place[:, 2] - 0.07) < 0.015)
    return float(np.abs(posed.rest[rows, 0]).max()) + 0.003


def _bent(outline: Array, at: Array, sign: int) -> Array:
    """Return a lens's outline in space: wrapped a little around the face."""
    x = outline[:, 0]
    outwards = sign * x + 0.02
    return np.asarray(
        np.stack(
            [at[0] + x, at[1] + 1.6 * np.maximum(0, outwards) ** 2 + 0.05 * outline[:, 1], at[2] + outline[:, 1]], 1
        )
    )


def _tube(posed: Posed, path: Array, size: Array, value: float, closed: bool = False) -> Piece:
    vertices, faces = tube(path, np.broadcast_to(size, (len(path), 2)), closed=closed)
    return Piece(posed.with_head(vertices), faces, Material.FRAME, value, vertices, covers="glasses")


def mask(person: Person, posed: Posed) -> list[Piece]:
    """Return a surgical mask: the lower face lifted off and smoothed."""
    if not person.mask:
        return []
    basis = load()
    place = basis.base[: basis.count]
    angle = np.degrees(np.abs(around(place[:, 0], place[:, 1])))
    top = np.interp(angle, (0, 12, 40, 62), (0.014, 0.010, -0.004, -0.010))
    share = smooth(0.004, -0.002, place[:, 2] - top) * smooth(66, 60, angle) * smooth(-0.098, -0.088, place[:, 2])
    share *= place[:, 1] < -0.005
    faces = basis.triangles("skin")
    faces = faces[(share[faces] > 0.4).all(axis=1)]
    rows, back = np.unique(faces, return_inverse=True)
    rest = posed.rest[rows].copy()
    # Cloth does not follow lips: a smooth bulge over nose and chin.
    a = around(rest[:, 0], rest[:, 1])
    bulge = -0.128 + 0.05 * np.abs(a) ** 2 + 0.10 * (rest[:, 2] + 0.02) ** 2
    rest[:, 1] = np.minimum(rest[:, 1] - 0.0035, bulge + 0.012 * (np.abs(a) > 0.5))
    pleats = 0.0012 * np.sin(rest[:, 2] * 420)
    rest[:, 1] += pleats
    return [
        Piece(
            posed.with_head(rest),
            back.reshape(faces.shape),
            Material.CLOTH,
            0.25 + 0.5 * person.cloth_pattern,
            rest,
            covers="mask",
        )
    ]


def above_edge(kind: str, place: Array) -> Array:
    """Return how far (m) places on the template lie inside what covers the head; below 0 = outside."""
    angle = np.degrees(np.abs(around(place[:, 0], place[:, 1])))
    if kind == "scarf":
        line = np.interp(angle, (0, 30, 48, 60, 66, 180), (0.108, 0.102, 0.08, 0.03, -0.12, -0.2))
    else:
        line = np.interp(angle, (0, 40, 80, 120, 180), (0.094, 0.092, 0.072, 0.05, 0.03))
    return np.asarray(place[:, 2] - line)


def headwear(person: Person, posed: Posed) -> list[Piece]:
    """Return a cap, beanie or scarf."""
    if person.headwear == "none":
        return []
    basis = load()
    place = basis.base[: basis.count]
    edge = above_edge(person.headwear, place)
    lift = 0.013
    if person.headwear != "scarf":
        lift = 0.015 if person.headwear == "cap" else 0.018
    covered = (edge > 0) & ((basis.weights[:, 4] > 0.3) | (person.headwear == "scarf"))
    if person.headwear == "scarf":
        covered |= (place[:, 2] < -0.065) & (place[:, 2] > -0.13)
    faces = basis.triangles("skin")
    near = edge > -0.016  # corners outside are drawn up to the edge: the mesh is coarser than a hem
    faces = faces[covered[faces].any(axis=1) & (covered | near)[faces].all(axis=1)]
    rows, back = np.unique(faces, return_inverse=True)
    all_normals = normals(posed.vertices, basis.triangles("skin"))
    up = np.where(covered[rows], 0.0, np.maximum(0.0, -edge[rows]))[:, None] * posed.head[:, 2]
    vertices = posed.vertices[rows] + lift * all_normals[rows] + up
    value = (person.cloth * 0.7 + 0.11) if person.headwear != "cap" else 0.05 + 0.5 * person.cloth_pattern
    found = [Piece(vertices, back.reshape(faces.shape), Material.CLOTH, value, place[rows], covers=person.headwear)]
    if person.headwear == "cap":
        found.append(_visor(posed, value))
    return found


def _visor(posed: Posed, value: float) -> Piece:
    """Return a cap's visor."""
    t = np.linspace(-1, 1, 17)
    reach = np.linspace(0, 1, 5)[:, None]
    rest_head = posed.rest[load().weights[:, 4] > 0.9]
    width = np.ptp(rest_head[:, 0]) * 0.40
    front = rest_head[rest_head[:, 2] > 0.08][:, 1].min()
    x = width * t * (1 - 0.25 * reach**2)
    y = front - 0.004 + 0.05 * t**2 - 0.068 * reach * (1 - 0.55 * t**2)
    z = 0.098 - 0.020 * reach - 0.022 * t**2 + 0 * reach
    rest = np.stack(np.broadcast_arrays(x, y, z), 2).reshape(-1, 3)
    return Piece(posed.with_head(rest), grid(5, 17), Material.CLOTH, value, rest, covers="cap")


def hand(person: Person, posed: Posed, kind: str, side: int, reach: float = 1.0) -> list[Piece]:
    """Return a hand with its forearm before the face. `side` 0 = the driver's left; `reach` 0 (down) .. 1 (there).

    Raises ValueError for a kind that is not in HANDS.
    """
    if kind not in HANDS:
        raise ValueError(f"hand {kind!r}: expected one of {', '.join(HANDS)}")
    if kind in ("none", "wheel") or reach <= 0.02:
        return []
    basis = load()
    sign = 1.0 if side == 0 else -1.0
    fingers = {"mouth": 1, "cheek": 1, "eye": 2, "forehead": 0, "phone": 2}[kind]
    vertices = basis.hand_poses[fingers].copy()
    faces = basis.hand_faces
    eye = posed.eyes_rest[side]
    # Where the knuckles come to lie, and the way from the wrist to them.
    at, way, palm = {
        "mouth": (np.array([0.0, -0.158, -0.03]), (-0.75, -0.1, 0.65), (0.0, 1.0, 0.1)),
        "cheek": (np.array([0.062, -0.095, -0.012]), (-0.15, 0.3, 0.95), (-0.6, 0.8, 0.0)),
        "eye": (eye * np.array([sign, 1, 1]) + np.array([0.012, -0.042, -0.02]), (-0.25, 0.15, 0.95), (-0.1, 1.0, 0.1)),
        "forehead": (np.array([0.02, -0.138, 0.085]), (-0.55, 0.1, 0.8), (0.0, 1.0, -0.1)),
        "phone": (np.array([0.100, -0.02, 0.02]), (-0.05, 0.3, 0.95), (-1.0, 0.2, 0.0)),
    }[kind]
    z = np.array(way) / np.linalg.norm(way)
    y = np.array(palm) - z * np.dot(palm, z)
    y /= np.linalg.norm(y)
    # The basis's hand is the driver's left: x to the little finger, y = z x x its palm's or back's side.
    frame = np.stack([np.cross(y, z), y, z], axis=1)
    if side == 1:
        vertices[:, 0] *= -1
        faces = faces[:, ::-1]
        mirror = np.diag([-1.0, 1.0, 1.0])
        frame = mirror @ frame @ mirror
        at = at * np.array([-1.0, 1, 1])
    scale = 0.92 if person.sex == "female" else 1.03
    placed = (vertices * scale - np.array([0, 0, 0.075])) @ frame.T + at
    down = np.array([sign * 0.12, -0.05, -0.30]) * (1 - reach)
    turned = posed.with_head(placed) + down
    found = [Piece(turned, faces, Material.PLAIN, person.albedo * 0.95, vertices, covers="hand")]
    if kind == "phone":
        found.append(_phone(posed, at, frame, down))
    return found


def _phone(posed: Posed, at: Array, frame: Array, down: Array) -> Piece:
    vertices, faces = box(np.array([-0.036, 0.002, -0.075]), np.array([0.036, 0.011, 0.075]))
    turned = posed.with_head((vertices + np.array([0, 0.012, 0.02])) @ frame.T + at) + down
    return Piece(turned, faces, Material.FRAME, 0.03, vertices, covers="phone")
