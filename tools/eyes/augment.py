"""Makes the pictures that the eye network is trained on from patches: moved, disturbed, covered, standardised."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from eyes.patches import PATCH_SHAPE, PX_PER_UNIT
from fermon.perception.eyes import standardise
from fermon.perception.geometry import EYE_SHAPE

Array = NDArray[Any]
Rng = np.random.Generator

_LID_WIDER = 1.08  # of the mesh's corners: the lids meet a little outside of them
_LID_SKIN = 0.16  # units above the lid's edge from where on skin stretches
_LASHES = 0.012  # units that the drawn lid ends above the mesh's lid line, which runs below the lashes
_MOST_SHIFT = 0.22  # units; beyond it half of the fissure is out of the crop


def place_crop(
    patch: Array, shift: Array, turn: float, scale: float, mirror: bool, shape: tuple[int, int] = EYE_SHAPE
) -> Array:
    """Cut a crop from a patch: its centre `shift` units off the patch's, turned by `turn` radians, `scale` times as large."""
    height, width = shape
    cy, cx = (PATCH_SHAPE[0] - 1) / 2, (PATCH_SHAPE[1] - 1) / 2
    c, s = np.cos(turn) / scale, np.sin(turn) / scale
    x0, y0 = cx + shift[0] * PX_PER_UNIT, cy + shift[1] * PX_PER_UNIT
    matrix = np.array(
        [
            [c, -s, x0 - c * (width - 1) / 2 + s * (height - 1) / 2],
            [s, c, y0 - s * (width - 1) / 2 - c * (height - 1) / 2],
        ]
    )
    out = cv2.warpAffine(
        patch, matrix, (width, height), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, borderMode=cv2.BORDER_REFLECT_101
    )
    return out[:, ::-1] if mirror else out


def seen_at(shift: Array, turn: float, scale: float, mirror: bool) -> tuple[float, float]:
    """Return where the eye then lies in the crop that `place_crop` cut: right and down of its centre, in units."""
    c, s = scale * np.cos(turn), scale * np.sin(turn)
    dx, dy = -(c * shift[0] + s * shift[1]), -(c * shift[1] - s * shift[0])
    return (-dx if mirror else dx), dy


def lower_lid(patch: Array, lids: Array, share: float) -> Array:
    """Draw the upper lid down over an open eye until `share` (0..1) of its opening is left: a half-shut eye.

    The skin from below the brow down to the lid's edge is stretched; what the lid sinks over is hidden. The edge lies
    _LASHES above the mesh's lid line, so about a tenth of a usual opening more than `share` stays in sight. `lids` is
    patches.py's, for this patch.
    """
    upper, lower, half, slope = (float(value) for value in lids)
    rows, columns = (grid.astype(np.float32) for grid in np.mgrid[0 : PATCH_SHAPE[0], 0 : PATCH_SHAPE[1]])
    x = (columns - (PATCH_SHAPE[1] - 1) / 2) / (half * PX_PER_UNIT)
    arch = np.maximum(0, 1 - (x / _LID_WIDER) ** 2)
    line = (PATCH_SHAPE[0] - 1) / 2 + slope * x * half * PX_PER_UNIT
    edge = line + (upper * arch - _LASHES) * PX_PER_UNIT
    sunk = line + (lower - share * (lower - upper)) * arch * PX_PER_UNIT - _LASHES * PX_PER_UNIT
    sunk = np.maximum(sunk, edge)
    brow = edge - _LID_SKIN * PX_PER_UNIT
    stretched = brow + (rows - brow) * (edge - brow) / np.maximum(sunk - brow, 1)
    source = np.where(rows > brow, stretched, rows).astype(np.float32)
    lid = cv2.remap(patch, columns, source, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)
    covered = np.clip(sunk - rows, 0, 1)
    return np.asarray(np.round(covered * lid + (1 - covered) * patch), np.uint8)


def random_shift(offset: Array, rng: Rng) -> Array:
    """Return where the crop's centre lies from the eye's, units: the detector's own error, or an invented one."""
    if rng.random() < 0.5 and np.isfinite(offset).all():
        shift = offset + rng.normal(0, 0.03, 2)
    else:
        shift = rng.normal(0, 0.1 if rng.random() < 0.25 else 0.05, 2)
    return np.clip(shift, -_MOST_SHIFT, _MOST_SHIFT)


def light(crop: Array, rng: Rng) -> Array:
    """Disturb the light: gamma, a shadow's gradient, gain, clipping (hard sun), sensor noise."""
    x = crop.astype(np.float32) / 255
    if rng.random() < 0.6:
        x = x ** np.exp(rng.normal(0, 0.3))
    if rng.random() < 0.25:  # another camera's or infrared light's tones: any rising curve
        knots = np.concatenate([[0], np.cumsum(rng.uniform(0.15, 1, 5))])
        x = np.interp(x, np.linspace(0, 1, 6), knots / knots[-1]).astype(np.float32)
    if rng.random() < 0.3:
        angle, strength = rng.uniform(0, 2 * np.pi), rng.uniform(0.15, 0.65)
        yy, xx = np.mgrid[-1 : 1 : x.shape[0] * 1j, -1 : 1 : x.shape[1] * 1j]
        edge = xx * np.cos(angle) + yy * np.sin(angle) - rng.uniform(-0.7, 0.7)
        x = x * (1 - strength / (1 + np.exp(edge * rng.uniform(1, 8))))
    # Gain up to clipping (hard sun), or down to a few levels (night); the daemon's standardising undoes the rest.
    x = x * (np.exp(rng.normal(0.1, 0.25)) if rng.random() < 0.85 else rng.uniform(0.12, 0.4))
    if rng.random() < 0.12:  # haze of a low sun or of a reflecting glass
        x = x * rng.uniform(0.4, 0.8) + rng.uniform(0.1, 0.4)
    # Of the crop's own contrast; half of it is a dim cabin at night.
    noise = rng.choice([0.0, 0.03, 0.08, 0.2, 0.5], p=[0.36, 0.28, 0.18, 0.1, 0.08])
    x = x + rng.normal(0, 1, x.shape) * noise * float(x.std())
    return np.asarray(np.clip(x * 255, 0, 255), np.uint8)


def lens(crop: Array, rng: Rng) -> Array:
    """Disturb the focus: low resolution, blur, motion, JPEG; mild enough that lids can still be told."""
    height, width = crop.shape
    if rng.random() < 0.4:
        small = rng.uniform(0.4, 0.9)
        crop = cv2.resize(
            crop, (max(12, int(width * small)), max(8, int(height * small))), interpolation=cv2.INTER_AREA
        )
        crop = cv2.resize(crop, (width, height), interpolation=rng.choice([cv2.INTER_LINEAR, cv2.INTER_CUBIC]))
    if rng.random() < 0.25:
        crop = cv2.GaussianBlur(crop, (0, 0), rng.uniform(0.4, 1.3))
    if rng.random() < 0.1:
        length = int(rng.integers(3, 7))
        kernel = np.zeros((length, length), np.float32)
        end = (rng.uniform(-1, 1, 2) * length / 2 + length / 2).round().astype(int)
        cv2.line(kernel, tuple(length - 1 - end), tuple(end), 1.0)
        crop = cv2.filter2D(crop, -1, kernel / max(kernel.sum(), 1))
    if rng.random() < 0.2:
        coded: Any = cv2.imencode(".jpg", crop, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(40, 90))])[1]
        crop = np.asarray(cv2.imdecode(coded, cv2.IMREAD_GRAYSCALE), np.uint8)
    return crop


def glasses(crop: Array, rng: Rng) -> Array:
    """Draw a part of a glasses' frame and, sometimes, a small reflection: the eye stays readable."""
    out = crop.copy()
    height, width = crop.shape
    tone = int(rng.integers(0, 90)) if rng.random() < 0.75 else int(rng.integers(150, 250))
    centre = (int(rng.normal(width / 2, 4)), int(rng.normal(height * 0.55, 3)))
    axes = (int(rng.uniform(0.42, 0.62) * width), int(rng.uniform(0.42, 0.75) * height))
    cv2.ellipse(out, centre, axes, float(rng.normal(0, 6)), 0, 360, tone, int(rng.integers(1, 4)), cv2.LINE_AA)
    if rng.random() < 0.4:
        spot = np.zeros_like(out)
        place = (int(rng.uniform(0, width)), int(rng.uniform(0, height)))
        cv2.ellipse(
            spot, place, (int(rng.integers(1, 7)), int(rng.integers(1, 4))), float(rng.uniform(0, 180)), 0, 360, 255, -1
        )
        spot = cv2.GaussianBlur(spot, (0, 0), 0.8)
        out = cv2.max(out, (spot * rng.uniform(0.5, 1.0)).astype(np.uint8))
    if rng.random() < 0.3:
        out = cv2.addWeighted(out, rng.uniform(0.6, 1), np.full_like(out, rng.integers(0, 255)), 0.15, 0)
    return out


def skin(crop: Array, other: Array, rng: Rng) -> Array:
    """Lay the palm or fingers of a hand over the whole crop: soft shading in the face's tones, straight dark gaps."""
    height, width = crop.shape
    shading = cv2.resize(rng.normal(0, 1, (3, 4)).astype(np.float32), (width, height), interpolation=cv2.INTER_CUBIC)
    texture = other.astype(np.float32) - cv2.GaussianBlur(other, (0, 0), 2).astype(np.float32)
    tone = float(np.percentile(crop, rng.uniform(40, 95))) * rng.uniform(0.7, 1.3)
    hand = tone + shading * rng.uniform(2, 14) + texture * rng.uniform(0, 0.5)
    gaps, angle = np.zeros_like(hand), rng.uniform(0, np.pi)
    for _ in range(rng.integers(0, 4)):
        x, y, bent = rng.uniform(0, width), rng.uniform(0, height), angle + rng.normal(0, 0.12)
        reach = np.array([np.cos(bent), np.sin(bent)]) * (width + height)
        ends = [tuple(int(v) for v in (x, y) + sign * reach) for sign in (-1, 1)]
        cv2.line(gaps, ends[0], ends[1], float(rng.uniform(0.1, 0.6)), int(rng.integers(1, 4)))
    hand *= 1 - cv2.GaussianBlur(gaps, (0, 0), rng.uniform(0.5, 1.5))
    return np.clip(hand, 0, 255).astype(np.uint8)


def cover(crop: Array, other: Array, rng: Rng) -> Array:
    """Make an eye unreadable: an object or hair (a piece of `other`), a hand, a dark or mirroring lens, glare, a hopeless blur."""
    height, width = crop.shape
    kind = rng.choice(["object", "hand", "lens", "mirror", "glare", "blur"], p=[0.24, 0.14, 0.22, 0.2, 0.13, 0.07])
    if kind == "blur":
        return cv2.GaussianBlur(crop, (0, 0), rng.uniform(5, 9))
    if kind == "hand":
        return skin(crop, other, rng)
    mask: Array = np.zeros((height, width), np.float32)
    centre = (int(rng.normal(width / 2, 3)), int(rng.normal(height / 2, 2)))
    if kind == "object":
        corners = np.array([centre]) + rng.uniform([-0.75 * width, -0.9 * height], [0.75 * width, 0.9 * height], (7, 2))
        box = cv2.boxPoints(
            (centre, (width * rng.uniform(0.8, 1.4), height * rng.uniform(0.6, 1.2)), rng.uniform(-40, 40))
        )
        hull = cv2.convexHull(np.concatenate([corners, box]).astype(np.int32))
        cv2.fillConvexPoly(mask, hull, 1.0)
    else:
        axes = (int(rng.uniform(0.5, 0.75) * width), int(rng.uniform(0.5, 0.9) * height))
        tilt = float(rng.normal(0, 8))
        cv2.ellipse(mask, centre, axes, tilt, 0, 360, 1.0, -1)
    mask = np.asarray(cv2.GaussianBlur(mask, (0, 0), rng.uniform(0.3, 1.5 if kind != "glare" else 5)))
    x = crop.astype(np.float32)
    if kind == "object":
        tone = rng.uniform(0.5, 1.5) * other
    elif kind == "lens":  # a dark glass, or one that mirrors a plain sky or ceiling: hardly any of the eye
        mirror = cv2.GaussianBlur(other, (0, 0), rng.uniform(1, 5)).astype(np.float32)
        shade = rng.uniform(0, 40) if rng.random() < 0.6 else rng.uniform(40, 220)
        tone = x * rng.uniform(0, 0.06) + mirror * rng.uniform(0.0, 0.3) + shade
    elif kind == "mirror":  # the road and the sky, sharp and in full contrast
        scene = other.astype(np.float32)
        tone = (scene - scene.mean()) * rng.uniform(0.8, 3) + rng.uniform(50, 180) + x * rng.uniform(0, 0.1)
    else:
        tone = np.full_like(x, rng.uniform(190, 255)) - 0.1 * x
    out = np.clip(x * (1 - mask) + tone * mask, 0, 255).astype(np.uint8)
    if kind in ("lens", "mirror") and rng.random() < 0.6:
        cv2.ellipse(out, centre, axes, tilt, 0, 360, int(rng.integers(0, 90)), int(rng.integers(1, 4)), cv2.LINE_AA)
    return np.asarray(out)


def finish(crop: Array, rng: Rng) -> Array:
    """Light, lens, then what the daemon does to every crop."""
    return np.asarray(standardise(lens(light(crop, rng), rng)))
