"""Makes the crops that the face network is trained on from regions: moved, turned, disturbed, covered, standardised."""

from __future__ import annotations

from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from faces.regions import REGION_FACES, REGION_PX
from fermon.perception.eyes import standardise
from fermon.perception.face import ANGLE_DEG, CROP_FACES, POINTS, POSE, REST, SIDE
from synth.geometry import head_angles, head_matrix

Array = NDArray[Any]
Rng = np.random.Generator

_HERE, _GONE = 0.35, 0.6  # offset in box widths up to which a face is "there", and from which it is not
_SMALLEST, _LARGEST = 0.5, 2.0  # and how large it may be against what the crop is made for
_FACE_PX = REGION_PX / REGION_FACES
_SWAP = (1, 0, 2, 4, 3, 5)  # points of a mirrored face


class Place(NamedTuple):
    """Where a crop is cut: its middle off the region's (box widths), its size, its turn in degrees, mirrored or not."""

    dx: float
    dy: float
    scale: float
    turn: float
    mirror: bool


def draw_place(rng: Rng, face: bool) -> Place:
    """Return a place by chance: mostly as a tracker leaves it, or as a detector does, or beside the face."""
    mirror, kind = bool(rng.random() < 0.5), rng.random()
    turn = float(rng.normal(0, 6) if rng.random() < 0.92 else rng.uniform(-30, 30))
    if not face:
        return _place(rng.uniform(-0.4, 0.4, 2), rng.uniform(0.6, 1.6), turn, mirror)
    if kind < 0.78:
        return _place(rng.normal(0, 0.07, 2), np.exp(rng.normal(0, 0.08)), turn, mirror)
    if kind < 0.93:
        return _place(rng.uniform(-0.35, 0.35, 2), rng.uniform(0.65, 1.5), turn, mirror)
    angle, far = rng.uniform(0, 2 * np.pi), rng.uniform(0.6, 0.95)
    return _place(far * np.array([np.cos(angle), np.sin(angle)]), rng.uniform(0.7, 1.4), turn, mirror)


def _place(shift: Array, scale: float, turn: float, mirror: bool) -> Place:
    return Place(float(shift[0]), float(shift[1]), float(scale), turn, mirror)


def there(place: Place) -> float:
    """Return whether a face counts as being in the crop: 1, 0, NaN = neither."""
    off = max(abs(place.dx), abs(place.dy))
    if off <= _HERE and _SMALLEST <= place.scale <= _LARGEST:
        return 1.0
    return 0.0 if off >= _GONE or not 0.35 <= place.scale <= 2.8 else np.nan


def matrix_of(place: Place) -> Array:
    """Return the affine matrix (2, 3) from px of the region to px of the crop."""
    scale = SIDE / (CROP_FACES * _FACE_PX * place.scale)
    angle = np.radians(place.turn)
    c, s = scale * np.cos(angle), scale * np.sin(angle)
    middle = np.array([(REGION_PX - 1) / 2 + place.dx * _FACE_PX, (REGION_PX - 1) / 2 + place.dy * _FACE_PX])
    turned = np.array([[c, -s], [s, c]])
    matrix = np.concatenate([turned, ((SIDE - 1) / 2 - turned @ middle)[:, None]], 1)
    if place.mirror:
        matrix = np.array([[-1, 0, SIDE - 1], [0, 1, 0]]) @ np.concatenate([matrix, [[0, 0, 1]]])
    return np.asarray(matrix)


def shape_in(place: Place, box: Array, points: Array) -> Array:
    """Return box and points (16) of a region in crop sides from the crop's middle."""
    matrix = matrix_of(place)
    stretch = SIDE / (CROP_FACES * _FACE_PX * place.scale)
    moved = points @ matrix[:, :2].T + matrix[:, 2]
    if place.mirror:
        moved = moved[list(_SWAP)]
    centre = matrix[:, :2] @ box[:2] + matrix[:, 2]
    middle = (SIDE - 1) / 2
    return np.concatenate([(centre - middle) / SIDE, box[2:] * stretch / SIDE, ((moved - middle) / SIDE).ravel()])


def angles_in(place: Place, angles: Array) -> Array:
    """Return yaw, pitch, roll (3), degrees, as the crop shows the head."""
    if not np.isfinite(angles).all():
        return np.full(3, np.nan)
    # The picture's turn (clockwise +) is a turn about the camera's axis: towards the driver's left shoulder.
    turned = head_matrix(0.0, 0.0, -place.turn) @ head_matrix(*angles)
    yaw, pitch, roll = head_angles(turned)
    return np.array([-yaw, pitch, -roll] if place.mirror else [yaw, pitch, roll])


def disturb(crop: Array, rng: Rng) -> Array:
    """Return a crop as cabins and cameras spoil it: light from a side, gamma, blur, few pixels, noise."""
    picture: Array = crop.astype(np.float32)
    if rng.random() < 0.3:
        along = np.linspace(-1, 1, SIDE, dtype=np.float32)
        angle, deep = rng.uniform(0, 2 * np.pi), rng.uniform(0.1, 0.7)
        slope = np.cos(angle) * along[None] + np.sin(angle) * along[:, None]
        picture = picture * (1 + deep * slope)
    if rng.random() < 0.3:
        picture = 255 * np.clip(picture / 255, 0, 1) ** rng.uniform(0.5, 1.8)
    if rng.random() < 0.25:
        picture = cv2.GaussianBlur(picture, (0, 0), rng.uniform(0.4, 1.4))
    elif rng.random() < 0.15:
        length = int(rng.integers(3, 7))
        kernel = np.zeros((length, length), np.float32)
        kernel[length // 2] = 1 / length
        turn = cv2.getRotationMatrix2D(((length - 1) / 2,) * 2, rng.uniform(0, 180), 1)
        picture = cv2.filter2D(picture, -1, cv2.warpAffine(kernel, turn, (length, length)))
    elif rng.random() < 0.12:
        few = int(rng.integers(24, 48))
        picture = cv2.resize(cv2.resize(picture, (few, few), interpolation=cv2.INTER_AREA), (SIDE, SIDE))
    if rng.random() < 0.4:
        picture = picture + rng.normal(0, rng.uniform(1, 9), picture.shape)
    if rng.random() < 0.2:
        picture = picture * rng.uniform(0.15, 0.8)
    return np.asarray(np.clip(picture, 0, 255), np.uint8)


def cover(crop: Array, rng: Rng) -> Array:
    """Return a crop with something before a part of it: a sleeve, a wheel's rim, a phone."""
    out = crop.copy()
    w, h = (int(rng.integers(8, 30)) for _ in range(2))
    x, y = int(rng.integers(-6, SIDE - 4)), int(rng.integers(-6, SIDE - 4))
    patch = slice(max(0, y), y + h), slice(max(0, x), x + w)
    out[patch] = np.clip(rng.uniform(0, 255) + rng.normal(0, rng.uniform(0, 25), out[patch].shape), 0, 255)
    return out


def crop_of(region: Array, place: Place, rng: Rng | None) -> Array:
    """Cut and spoil a crop, uint8 (SIDE, SIDE), standardised as the daemon does; without `rng` it is not spoiled."""
    crop = cv2.warpAffine(
        region, matrix_of(place), (SIDE, SIDE), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    if rng is not None:
        if rng.random() < 0.22:
            crop = cover(crop, rng)
        crop = disturb(crop, rng)
    return standardise(np.asarray(crop, np.uint8))


def targets(
    place: Place, face: bool, box: Array, points: Array, angles: Array, covers: Array
) -> tuple[Array, Array, Array]:
    """Return what the network is to say of a crop: the state (4), box and angles (7), points (12)."""
    here = there(place) if face else 0.0
    state = np.array([here, *(covers if here == 1 else (np.nan,) * 3)])
    if here != 1:
        return state, np.full(POSE, np.nan), np.full(2 * POINTS, np.nan)
    shape = shape_in(place, box, points)
    return state, np.concatenate([shape[:4] - REST, angles_in(place, angles) / ANGLE_DEG]), shape[4:]
