"""What is known of a drawn frame, as JSON (`truth.schema.json`). Left and right are those of the picture."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
from numpy.typing import NDArray

from synth import mouths
from synth.basis import JOINTS, load
from synth.body import shape_of
from synth.camera import Camera
from synth.face import Look, Posed
from synth.geometry import direction, head_angles, head_matrix
from synth.people import Person
from synth.pieces import Piece
from synth.sight import Sight
from synth.skin import around

Array = NDArray[Any]
CLOSED = 0.2  # lids at least 80 % shut (policy)
_LANDMARKS = {  # places on the template, m
    "nose": (0.0, -0.1291, 0.0025),
    "chin": (0.0, -0.098, -0.071),
    "brow_left": (-0.033, -0.105, 0.0665),
    "brow_right": (0.033, -0.105, 0.0665),
    "ear_left": (-0.082, -0.005, 0.03),
    "ear_right": (0.082, -0.005, 0.03),
}


@functools.cache
def _indices() -> tuple[dict[str, int], Array]:
    """Return the landmarks' vertices, and those whose outline is the face box."""
    basis = load()
    skin = np.unique(basis.triangles("skin"))
    place = basis.base[skin]
    found = {name: int(skin[np.linalg.norm(place - np.array(at), axis=1).argmin()]) for name, at in _LANDMARKS.items()}
    angle = np.degrees(np.abs(around(place[:, 0], place[:, 1])))
    face = (angle < 72) & (place[:, 2] > -0.074) & (place[:, 2] < 0.082) & (basis.weights[skin, 4] > 0.6)
    return found, skin[face]


def of(
    person: Person, look: Look, posed: Posed, opened: Posed, camera: Camera, before: list[Piece], does: str
) -> dict[str, Any]:
    """Return a person's truth in one frame. `opened`: the same pose with the own open lids and a quiet face.

    `before`: everything that may stand before the face.
    """
    basis = load()
    own = shape_of(person)
    sight = Sight(posed, opened, camera, before)
    eyes = {}
    for name, side in (("left", 1), ("right", 0)):
        eyes[name] = _eye(posed, opened, side, camera, sight)
    landmarks, _ = _indices()
    points = {name: _px(camera.project(posed.vertices[v][None])[0]) for name, v in landmarks.items()}
    ring = posed.vertices[basis.mouth]
    points["eye_left"], points["eye_right"] = eyes["left"]["at"], eyes["right"]["at"]
    points["mouth"] = _px(camera.project(ring.mean(axis=0)[None])[0])
    order = np.argsort(basis.base[basis.mouth, 0])
    points["mouth_left"] = _px(camera.project(ring[order[:1]])[0])
    points["mouth_right"] = _px(camera.project(ring[order[-1:]])[0])
    low, high = _outline(posed, camera)
    between = (posed.eyes[0] + posed.eyes[1]) / 2
    gaze = posed.head @ direction(*look.gaze_deg)
    unit = float(
        np.linalg.norm(own[basis.count + JOINTS.index("eye_left")] - own[basis.count + JOINTS.index("eye_right")])
    )
    size = camera.size
    inside = np.clip(high, 0, size) - np.clip(low, 0, size)
    return {
        "box": box(posed, camera),
        "in_picture": round(float(inside.prod() / max(1e-9, (high - low).prod())), 3),
        "points": points,
        "head": _angles(camera.head_seen(posed.head, between)),
        "head_in_car": _angles(head_angles(posed.head)),
        "gaze": _angles(camera.head_seen(_looking(gaze), between))[:2],
        "gaze_in_head": [round(float(v), 2) for v in look.gaze_deg],
        "eyes": eyes,
        "mouth": {
            "does": does,
            "opening": round(mouths.gap(basis, posed.rest) / unit, 4),
            "covers": sight.covered(ring),
        },
        "distance_m": round(float(np.linalg.norm(between - np.array(camera.at))), 4),
        "unit_px": round(unit * camera.focal_px / float(camera.seen(between[None])[0, 2]), 3),
    }


def _outline(posed: Posed, camera: Camera) -> tuple[Array, Array]:
    flat = camera.project(posed.vertices[_indices()[1]])
    return flat.min(axis=0), flat.max(axis=0)


def box(posed: Posed, camera: Camera) -> list[float]:
    """Return the face's box, x y w h in pixels: chin to forehead, temple to temple."""
    low, high = _outline(posed, camera)
    return [round(float(v), 2) for v in (*low, *(high - low))]


def _looking(way: Array) -> Array:
    """Return a rotation whose forward direction is `way`."""
    yaw, pitch = np.degrees(np.arctan2(way[0], -way[1])), np.degrees(np.arcsin(np.clip(way[2], -1, 1)))
    return head_matrix(float(yaw), float(pitch), 0.0)


def _eye(posed: Posed, opened: Posed, side: int, camera: Camera, sight: Sight) -> dict[str, Any]:
    lids = load().eyes[side]
    rim = lids.rims[2]
    middle = len(lids.upper) // 2, len(lids.lower) // 2
    marks = (rim[lids.upper[0]], rim[lids.upper[-1]], rim[lids.upper[middle[0]]], rim[lids.lower[middle[1]]])
    px = camera.project(posed.vertices[list(marks)])
    open_px = camera.project(opened.vertices[list(marks)])
    return {
        "lids": round(posed.opening[side], 4),
        **sight.eye(side),
        "at": _px(open_px.mean(axis=0)),
        "corners": [_px(px[0]), _px(px[1])],
        "margins": [_px(px[2]), _px(px[3])],
    }


def _px(at: Array) -> list[float]:
    return [round(float(at[0]), 2), round(float(at[1]), 2)]


def _angles(angles: tuple[float, ...]) -> list[float]:
    return [round(float(angle), 2) for angle in angles]


def state(eye: dict[str, Any]) -> str:
    """Return what a perfect reader says of one eye's truth: open, closed (at least 80 % shut), or hidden."""
    hidden = sum(share for name, share in eye["covers"].items() if name != "lid")
    if eye["visible"] is None or hidden > 0.5:
        return "hidden"
    return "closed" if eye["lids"] <= CLOSED else "open"
