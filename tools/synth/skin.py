"""Paints a person's skin as one picture around the head: pores, folds, lips, brows, stubble, hairline.

The picture is a cylinder's: columns are the angle about an upright axis in the head, rows the height, both of the
template's vertex (so that paint sticks to the skin whatever the face does). Channels, uint8:
albedo over the skin's (128 = 1), hair cover, height of the relief (128 = none), gloss.
"""

from __future__ import annotations

import functools
import math
from typing import Any

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from synth.basis import load
from synth.geometry import smooth
from synth.people import Person, generator

Array = NDArray[Any]
WIDTH, HEIGHT = 1024, 768
AXIS_Y = -0.01  # m, of the cylinder
LOW_Z, HIGH_Z = -0.15, 0.17  # m
NEAR_M = 0.012  # a place on the face has four of the basis's vertices within it
EYE = (0.031, 0.0434)  # x, z of the driver's left eye on the template
_HAIRLINE_DEG = (0, 20, 38, 52, 62, 72, 84, 100, 112, 125, 150, 180)
_HAIRLINE_Z = (0.118, 0.119, 0.113, 0.090, 0.060, 0.028, 0.050, 0.052, 0.015, -0.020, -0.038, -0.042)
_RECEDING_Z = (0.146, 0.152, 0.150, 0.125, 0.070, 0.028, 0.050, 0.052, 0.015, -0.020, -0.038, -0.042)


def infrared_albedo(daylight: float) -> float:
    """Return the skin's albedo at 850 to 940 nm: melanin hardly absorbs there."""
    return 0.50 + 0.22 * daylight


def around(x: Array, y: Array) -> Array:
    """Return the angle about the cylinder's axis in radians; 0 = before the face, + to the driver's left."""
    return np.asarray(np.arctan2(x, -(y - AXIS_Y)))


def hairline(angle: Array, receding: bool = False) -> Array:
    """Return the height (m, on the template) at which the hair begins."""
    line = _RECEDING_Z if receding else _HAIRLINE_Z
    return np.asarray(np.interp(np.degrees(np.abs(angle)), _HAIRLINE_DEG, line))


def beard_share(angle: Array, z: Array, kind: str) -> Array:
    """Return how much of a beard of that kind grows there, 0..1."""
    angle = np.degrees(np.abs(angle))
    cheek = np.interp(angle, (0, 14, 24, 40, 62, 72, 80), (-0.041, -0.036, -0.022, -0.016, 0.0, 0.03, 0.03))
    jaw = smooth(0.004, -0.004, z - cheek) * smooth(84, 72, angle) * smooth(-0.125, -0.10, z)
    lip = smooth(0.003, 0.0, np.abs(z + 0.017) - 0.0045) * smooth(21, 17, angle)
    lip *= smooth(0.10, 0.35, angle / 6 + 0.2)
    chin = smooth(24, 17, angle) * smooth(-0.038, -0.042, z) * smooth(-0.11, -0.09, z)
    mouth = 1 - smooth(20, 17, angle) * smooth(0.0, 0.003, z + 0.0425) * smooth(0.0, -0.003, z + 0.0185)
    both = np.maximum(jaw, lip)
    share = {"none": 0 * z, "stubble": both, "moustache": lip, "goatee": np.maximum(lip, chin), "full": both}[kind]
    return np.asarray(share * mouth)


@functools.cache
def _surface() -> tuple[Array, Array]:
    """Return (x, z) of the template's skin in front, and the angle of each."""
    basis = load()
    points = basis.base[np.unique(basis.triangles("skin"))]
    front = points[(points[:, 1] < -0.02)]
    return front[:, [0, 2]], around(front[:, 0], front[:, 1])


def pixel(x: Array, z: Array) -> Array:
    """Return picture positions (n, 2) of places on the face, given by x and z of the template in metres."""
    places, angles = _surface()
    wanted = np.stack([np.atleast_1d(x), np.atleast_1d(z)], axis=1)
    # Only places about these: far enough that the nearest four are among them, or else all.
    low, high = wanted.min(axis=0) - NEAR_M, wanted.max(axis=0) + NEAR_M
    some = ((places >= low) & (places <= high)).all(axis=1)
    near, distance = _nearest(wanted, places[some], 4)
    if distance.max() > NEAR_M**2:
        near, distance = _nearest(wanted, places, 4)
    else:
        angles = angles[some]
    weight = 1 / (distance + 1e-8)
    angle = (angles[near] * weight).sum(axis=1) / weight.sum(axis=1)
    column = (angle / (2 * math.pi) + 0.5) * WIDTH
    row = (HIGH_Z - wanted[:, 1]) / (HIGH_Z - LOW_Z) * HEIGHT
    return np.stack([column, row], axis=1)


def _nearest(wanted: Array, places: Array, count: int) -> tuple[Array, Array]:
    """Return which places (n, count) are nearest to each wanted one, and the squares of their distances."""
    if len(places) <= count:
        return np.zeros((len(wanted), count), int), np.full((len(wanted), count), np.inf)
    distance = np.subtract.outer(wanted[:, 0], places[:, 0]) ** 2
    distance += np.subtract.outer(wanted[:, 1], places[:, 1]) ** 2
    near = np.argpartition(distance, count, axis=1)[:, :count]
    return near, np.take_along_axis(distance, near, 1)


@functools.cache
def _field() -> tuple[Array, Array]:
    """Return the angle (radians) of each column (1, WIDTH) and the height (m) of each row (HEIGHT, 1)."""
    angle = ((np.arange(WIDTH) + 0.5) / WIDTH - 0.5) * 2 * math.pi
    z = HIGH_Z - (np.arange(HEIGHT) + 0.5) / HEIGHT * (HIGH_Z - LOW_Z)
    return angle[None].astype(np.float32), z[:, None].astype(np.float32)


def noise(rng: Generator, cell_px: float) -> Array:
    """Return smooth noise of the picture's size, deviation 1, with features of about `cell_px`."""
    size = (max(2, round(WIDTH / cell_px)), max(2, round(HEIGHT / cell_px)))
    coarse: Array = rng.standard_normal((size[1], size[0]), dtype=np.float32)
    if cell_px > 8:  # smooth enough to be made small first
        coarse = cv2.resize(coarse, (WIDTH // 4, HEIGHT // 4), interpolation=cv2.INTER_CUBIC)
    fine = cv2.resize(coarse, (WIDTH, HEIGHT), interpolation=cv2.INTER_LINEAR)
    return np.asarray(fine / max(1e-6, float(coarse.std())))


def _blob(shape: Array, x: float, z: float, width: float, height: float) -> None:
    """Add a soft spot of height 1 about (x, z), sizes in metres, and its mirror image."""
    for sign in (1, -1):
        column, row = pixel(np.array([sign * x]), np.array([z]))[0]
        span = (int(width / 0.00052), int(height / (HIGH_Z - LOW_Z) * HEIGHT))
        left, top = int(column) - 2 * span[0], int(row) - 2 * span[1]
        xs = (np.arange(4 * span[0]) - 2 * span[0])[None] / span[0]
        ys = (np.arange(4 * span[1]) - 2 * span[1])[:, None] / span[1]
        shape[top : top + 4 * span[1], left : left + 4 * span[0]] += np.exp(-2 * (xs**2 + ys**2))
        if x == 0:
            break


def _stroke(picture: Array, points: Array, width: int, value: float) -> None:
    """Draw a polyline at places (x, z) of the template."""
    at = np.round(pixel(points[:, 0], points[:, 1]) * 16).astype(np.int32)
    cv2.polylines(picture, [at.reshape(-1, 1, 2)], False, value, width, cv2.LINE_AA, shift=4)


def paint(person: Person) -> Array:
    """Return the picture, uint8 (HEIGHT, WIDTH, 4)."""
    rng = generator(person.seed, 2, person.number)
    angle, z = _field()
    albedo = 1 + 0.045 * noise(rng, 90) + 0.03 * noise(rng, 22) + 0.035 * person.roughness * noise(rng, 5)
    relief = 0.35 * person.roughness * noise(rng, 3.0) + 0.3 * noise(rng, 9)
    gloss = 0.5 + 0.12 * noise(rng, 40)
    tone = np.zeros((HEIGHT, WIDTH), np.float32)
    _blob(tone, EYE[0], EYE[1] - 0.014, 0.022, 0.008)
    albedo *= 1 - (0.05 + 0.16 * rng.random()) * np.clip(tone, 0, 1)
    tone[:] = 0
    _blob(tone, EYE[0], EYE[1] + 0.006, 0.02, 0.009)
    albedo *= 1 - 0.10 * rng.random() * np.clip(tone, 0, 1)
    tone[:] = 0
    _blob(tone, 0.045, 0.0, 0.025, 0.02)
    _blob(tone, 0.0, 0.004, 0.014, 0.012)
    albedo *= 1 - 0.08 * rng.random() * np.clip(tone, 0, 1)
    gloss += 0.35 * np.clip(tone, 0, 1)
    tone[:] = 0
    _blob(tone, 0.0, 0.09, 0.04, 0.02)
    gloss += 0.3 * np.clip(tone, 0, 1)
    _marks(albedo, person, rng)
    _folds(albedo, relief, person, rng)
    lips = _lips()
    albedo *= 1 + (person.lip - 1) * lips
    relief += lips * 0.8 * noise(rng, 4)
    gloss += 0.3 * lips
    hair = _hair_cover(person, rng, angle, z)
    layers = (albedo * 128, hair * 255, 128 + 40 * np.clip(relief, -3, 3), np.clip(gloss, 0, 1) * 255)
    return np.asarray(cv2.merge([np.clip(layer, 0, 255).astype(np.uint8) for layer in layers]))


def _marks(albedo: Array, person: Person, rng: Generator) -> None:
    """Freckles and moles."""
    if person.freckles:
        spots = noise(rng, 4)
        near = np.zeros_like(albedo)
        _blob(near, 0.03, 0.01, 0.05, 0.04)
        albedo *= 1 - 0.3 * person.freckles * smooth(1.2, 2.2, spots) * np.clip(near, 0, 1)
    layer = np.zeros((HEIGHT, WIDTH), np.float32)
    for _ in range(int(rng.integers(0, 9))):
        at = pixel(np.array([rng.uniform(-0.06, 0.06)]), np.array([rng.uniform(-0.06, 0.1)]))[0]
        cv2.circle(layer, (int(at[0] * 8), int(at[1] * 8)), int(8 * rng.uniform(1.0, 2.6)), 1.0, -1, cv2.LINE_AA, 3)
    albedo *= 1 - 0.5 * cv2.GaussianBlur(layer, (0, 0), 0.9)


def _folds(albedo: Array, relief: Array, person: Person, rng: Generator) -> None:
    """Lines of the forehead, around the eyes, between brows, beside nose and mouth."""
    deep = person.wrinkles
    lines: Array = np.zeros((HEIGHT, WIDTH), np.float32)
    x = np.linspace(-0.05, 0.05, 24)
    for level in (0.078, 0.088, 0.098, 0.107):
        wave = 0.0016 * np.sin(60 * x + rng.uniform(0, 6)) + rng.uniform(-0.002, 0.002)
        _stroke(lines, np.stack([x * rng.uniform(0.6, 1.0), level + wave], 1), 2, deep * rng.uniform(0.2, 0.9))
    for sign in (1, -1):
        for fan in np.linspace(-0.9, 0.7, 5) + rng.uniform(-0.1, 0.1, 5):
            start, far = np.array([sign * 0.049, EYE[1] - 0.001]), rng.uniform(0.006, 0.018)
            way = np.array([sign * math.cos(fan), math.sin(fan)])
            path = start + np.linspace(0.15, 1, 6)[:, None] * far * way
            _stroke(lines, path, 1, deep * rng.uniform(0.3, 1.0))
        t = np.linspace(0, 1, 12)[:, None]
        nasal = np.array([sign * 0.020, 0.002]) * (1 - t) ** 2 + 2 * t * (1 - t) * np.array([sign * 0.033, -0.006])
        nasal = nasal + t**2 * np.array([sign * 0.033, -0.034])
        _stroke(lines, nasal, 3, 0.25 + 0.6 * deep)
        bag = np.linspace(-0.014, 0.014, 12)
        path = np.stack([sign * (EYE[0] + bag), EYE[1] - 0.0135 + 14 * bag**2], 1)
        _stroke(lines, path, 2, 0.1 + 0.7 * deep * rng.random())
        lid = np.linspace(-0.015, 0.016, 14)
        path = np.stack([sign * (EYE[0] + lid), EYE[1] + 0.0062 - 22 * lid**2], 1)
        _stroke(lines, path, 2, rng.uniform(0.3, 1.0))
        frown = np.stack([np.full(6, sign * 0.0065), np.linspace(0.058, 0.071, 6)], 1)
        _stroke(lines, frown, 2, deep * rng.uniform(0, 0.8))
    lines = cv2.GaussianBlur(lines, (0, 0), 1.2)
    albedo *= 1 - 0.16 * lines
    relief -= 2.2 * lines


@functools.cache
def _lips() -> Array:
    """Return where the lips' red is, 0..1."""
    t = np.linspace(-1, 1, 31)
    x = 0.0255 * t
    upper = -0.0285 + 0.0085 * (1 - np.abs(t) ** 2.2) - 0.0016 * np.exp(-((t / 0.12) ** 2))
    lower = -0.0305 - 0.0105 * (1 - np.abs(t) ** 2.4)
    outline = pixel(np.concatenate([x, x[::-1]]), np.concatenate([upper, lower[::-1]]))
    mask = np.zeros((HEIGHT, WIDTH), np.float32)
    cv2.fillPoly(mask, [np.round(outline * 16).astype(np.int32).reshape(-1, 1, 2)], 1.0, cv2.LINE_AA, 4)
    return cv2.GaussianBlur(mask, (0, 0), 1.5)


def _hair_cover(person: Person, rng: Generator, angle: Array, z: Array) -> Array:
    """Brows hair by hair; stubble; the scalp under hair."""
    cover: Array = np.zeros((HEIGHT, WIDTH), np.float32)
    thick = person.brow_thick
    bend, rise = rng.uniform(0.3, 1.0), rng.uniform(-0.002, 0.003)
    for sign in (1, -1):
        t = rng.random(int(380 * thick))
        t = np.where(t < 0.12, t + 0.12 * rng.random(len(t)), t)  # no hard edge towards the nose
        x = 0.012 + 0.043 * t
        middle = 0.0625 + rise + bend * 0.0075 * np.sin(np.clip(t / 0.68, 0, 1) * math.pi / 2)
        middle -= smooth(0.68, 1.0, t) * 0.006
        half = 0.0040 * thick * (0.45 + 0.7 * np.sin(math.pi * np.clip(t, 0, 0.6) / 0.6)) * smooth(1.1, 0.55, t)
        height = middle + half * (2 * rng.random(len(t)) - 1)
        lean = np.radians(np.interp(t, (0, 0.15, 0.5, 1), (75, 45, 15, -20)) + rng.normal(0, 12, len(t)))
        length = 0.0065 * (0.6 + 0.6 * rng.random(len(t)))
        start = pixel(sign * x, height)
        end = pixel(sign * (x + length * np.cos(lean)), height + length * np.sin(lean))
        layer = np.zeros_like(cover)
        for a, b in zip(np.round(start * 16).astype(int), np.round(end * 16).astype(int), strict=True):
            cv2.line(layer, tuple(map(int, a)), tuple(map(int, b)), 1.0, 1, cv2.LINE_AA, 4)
        fill = cv2.GaussianBlur(layer, (0, 0), 2.5)
        cover = np.maximum(cover, np.clip(0.75 * layer + 0.8 * fill, 0, 1) * person.brow)
    grain = smooth(-0.3, 1.0, noise(rng, 2.2))
    # Beards grow on a part of the picture.
    rows, columns = slice(*np.flatnonzero(z < 0.036)[[0, -1]]), slice(*np.flatnonzero(np.abs(angle) < 1.5)[[0, -1]])
    part = cover[rows, columns]
    if person.beard != "none":
        dense = 0.55 if person.beard == "stubble" else 0.9
        share = beard_share(angle[:, columns], z[rows], person.beard)
        cover[rows, columns] = np.maximum(part, share * (0.35 + 0.65 * grain[rows, columns]) * dense)
    elif person.sex == "male":
        share = beard_share(angle[:, columns], z[rows], "stubble")
        cover[rows, columns] = np.maximum(part, share * (0.06 + 0.12 * grain[rows, columns]))
    if person.hair != "bald":
        edge = z - hairline(angle, person.hair == "receding") - 0.004 * noise(rng, 12)
        scalp = smooth(-0.005, 0.007, edge)
        cover = np.maximum(cover, scalp * (0.72 + 0.28 * grain))
    else:
        cover = np.maximum(cover, smooth(-0.005, 0.007, z - hairline(angle, True)) * 0.12 * grain)
    return cover
