"""Cuts eye patches from drawn pictures (synth.pictures), with their exact truth."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from eyes import pictures
from eyes.augment import place_crop
from eyes.patches import PATCH_SHAPE, PATCH_UNITS, Collector
from faces.regions import POINTS, UNIT_OF_BOX
from faces.shapes import box_of_points
from fermon.perception import geometry
from lib.truths import truths

Array = NDArray[Any]

# Lids at least 80 % shut are closed (policy.md); what lies about that limit is not shown, as no camera can tell it.
SHUT, APART = 0.16, 0.26
# Of an eye, hidden by something else than its lid: from here on it is unreadable; what lies between is not shown.
COVERED, FREE = 0.5, 0.25
# Of an eye's fissure (corner to corner), in units: under the first it is seen from so far aside that its lids cannot be
# read (it is 0.4 from the front, 0.2 at 55 degrees); what lies between is not shown.
ASIDE, FACING = 0.19, 0.24
NOISE = 0.5  # deviation of the noise over that of what it covers, from which nothing is told of the lids
LOWERED_DEG, LEVEL_DEG = -12.0, -6.0  # of the gaze in the head
UNSEEN_LIGHT = "near dark"  # nobody could say what such an eye does
_SECOND = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32)


def places(face: dict[str, Any]) -> tuple[geometry.Patch, geometry.Patch]:
    """Return where the daemon would cut the left and the right eye, if it knew the face's points exactly."""
    left, right = (np.mean(face["eyes"][side]["corners"], 0) for side in ("left", "right"))
    box = box_of_points(np.array([face["points"][name] for name in POINTS]))
    along = right - left
    unit, angle = max(float(np.hypot(*along)), UNIT_OF_BOX * float(box[2])), float(np.arctan2(along[1], along[0]))
    one, other = (geometry.Patch(float(x), float(y), unit, angle) for x, y in (left, right))
    return one, other


def width(eye: dict[str, Any], unit: float) -> float:
    """Return how wide the eye's fissure is in the picture, in units."""
    one, other = eye["corners"]
    return float(np.hypot(other[0] - one[0], other[1] - one[1])) / unit


def noise(crop: Array) -> float:
    """Return the noise's deviation over the crop's own, after Immerkaer's "Fast Noise Variance Estimation" (1996)."""
    levels = crop.astype(np.float32)
    deviation = float(np.abs(cv2.filter2D(levels, -1, _SECOND))[1:-1, 1:-1].mean()) * np.sqrt(np.pi / 2) / 6
    return float(deviation / max(1e-3, float(cv2.GaussianBlur(levels, (0, 0), 1.5).std())))


def covered(eye: dict[str, Any]) -> float:
    """Return the share of an eye that something else than its lid hides; 1 behind a dark lens or round the head."""
    if eye["visible"] is None or eye["behind"] == "dark lens":
        return 1.0
    return float(sum(share for name, share in eye["covers"].items() if name != "lid"))


def labels(face: dict[str, Any], eye: dict[str, Any]) -> dict[str, Any]:
    """Return what is known of one eye that is not covered: closed, opening, lowered, gaze; NaN = not told."""
    lids, (yaw, pitch), down = eye["lids"], face["gaze"], face["gaze_in_head"][1]
    closed = 1.0 if lids < SHUT else 0.0 if lids > APART else np.nan
    lowered = np.nan
    if closed == 1 or down > LEVEL_DEG:
        lowered = 0.0
    elif closed == 0 and down < LOWERED_DEG:
        lowered = 1.0
    gaze = (yaw, pitch) if lids > APART else (np.nan, np.nan)
    return {"closed": closed, "opening": lids, "lowered": lowered, "gaze": gaze}


def drawn(folders: list[Path]) -> Collector:
    """Collect the drivers' eyes of some folders of drawn pictures."""
    out = Collector()
    for folder in folders:
        for truth in truths(folder):
            face = truth["face"]
            if truth["kind"] == "empty" or face["in_picture"] < 0.6 or truth["light"]["name"] == UNSEEN_LIGHT:
                continue
            _add(out, pictures.read(folder / truth["picture"]), truth, f"{folder.name}/{truth['picture']}")
    return out


def _add(out: Collector, picture: Array, truth: dict[str, Any], name: str) -> None:
    face, group = truth["face"], f"drawn-{truth['person']['number']}"
    for side, place in enumerate(places(face)):
        eye = face["eyes"][("left", "right")[side]]
        hidden, wide = covered(eye), width(eye, place.unit)
        unreadable = hidden >= COVERED or wide < ASIDE
        if (not unreadable and (hidden > FREE or wide < FACING)) or place.unit < geometry.MIN_UNIT_PX:
            continue
        patch = geometry.cut(picture, place, PATCH_SHAPE, PATCH_UNITS)
        if patch is None or noise(place_crop(patch, np.zeros(2), 0.0, 1.0, False)) > NOISE:
            continue
        out.add(patch, group=group, name=name, side=side, dark=unreadable, **labels(face, eye))
