"""The simulated driver's head, layer by layer from back to front."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from fermon.cameras.demo.canvas import (
    Canvas,
    Curve,
    FaceShape,
    Image,
    Points,
    ellipse,
    lowered,
    mirrored,
    ribbon,
    smooth,
)

# A unit is half the face's width. Proportions after ordinary anthropometry: pupils 0.9 apart, mouth at 1.05.
EYE_X = 0.455
EYE_HALF = 0.225
SKIN = 172.0
HAIR = 44.0
SIDES = (-1.0, 1.0)

LEFT, TOP, WIDTH, HEIGHT = 1.45, 1.65, 2.9, 3.5  # the canvas, in units: the origin's place and the size


def draw_head(shape: FaceShape, px: float) -> tuple[Image, Image]:
    """Return the head, gray 0..255 and alpha 0..1, float32, with `px` px a unit."""
    canvas = Canvas(px, LEFT, TOP, WIDTH, HEIGHT)
    _skull(canvas)
    _relief(canvas, shape)
    for side in SIDES:
        _eye(canvas, shape, side)
        _brow(canvas, shape, side)
    _nose(canvas, shape)
    _mouth(canvas, shape)
    _folds(canvas, shape)
    _hair(canvas)
    return canvas.finish()


def _outline() -> Points:
    half: Curve = [(0.0, -1.28), (0.52, -1.18), (0.88, -0.80), (0.99, -0.25), (0.97, 0.30), (0.89, 0.86), (0.68, 1.32)]
    half += [(0.36, 1.62), (0.0, 1.70)]
    return smooth(half + mirrored(half)[-2::-1], 10)


def _skull(c: Canvas) -> None:
    for side in SIDES:
        ear = [(0.94, -0.20), (1.10, -0.26), (1.17, -0.02), (1.10, 0.32), (0.98, 0.50), (0.92, 0.40)]
        c.fill(smooth([(side * x, y) for x, y in ear]), 150, solid=True)
        c.line([(side * 1.02, -0.13), (side * 1.10, -0.02), (side * 1.03, 0.26)], 0.05, 105, 0.6, 0.02)
    c.fill(_outline(), SKIN, solid=True)


def _relief(c: Canvas, s: FaceShape) -> None:
    """Light from the upper left in front: the head's roundness."""
    c.shade(-0.15, -0.75, 0.55, 0.35, 22)  # forehead
    c.shade(1.02, 0.1, 0.24, 1.1, -52)
    c.shade(-1.02, 0.1, 0.20, 1.1, -38)
    c.shade(0.0, 1.80, 0.75, 0.20, -34)
    c.shade(0.86, 1.1, 0.22, 0.40, -22, 0.4)
    c.shade(-0.86, 1.1, 0.22, 0.40, -16, -0.4)
    for side in SIDES:
        light = 1.0 if side < 0 else 0.75
        c.shade(side * 0.56, 0.42, 0.24, 0.17, 70 * s.cheek * light, side * -0.3)
        c.shade(side * 0.60, 0.85, 0.16, 0.26, -10)
        # the eye sockets: deepest at the inner corner, below the brow
        c.shade(side * 0.42, -0.10, 0.27, 0.13, -60 * s.socket)
        c.shade(side * 0.21, -0.05, 0.08, 0.14, -85 * s.socket)
    c.shade(0.0, 1.42, 0.20, 0.13, 16)  # chin
    c.shade(0.0, 1.235, 0.20, 0.05, -110 * s.chin)


def _lids(s: FaceShape, side: float) -> tuple[Curve, Curve]:
    """Return the edges of the upper and the lower lid, from the inner to the outer corner."""
    x = [EYE_X - EYE_HALF, EYE_X - 0.6 * EYE_HALF, EYE_X - 0.05, EYE_X + 0.5 * EYE_HALF, EYE_X + EYE_HALF]
    up, low = s.lid_upper, s.lid_lower
    upper = [0.025, -0.62 * up + s.lid_slant, -up + 0.45 * s.lid_slant, -0.80 * up, -0.015]
    lower = [0.025, 0.55 * low, 0.95 * low, 0.85 * low, -0.015]
    if up < 0:  # shut: both edges sag alike
        upper = [0.025, -0.75 * up + 0.012, -up, -0.75 * up, -0.015]
        lower = upper
    ys = zip(x, upper, lower, strict=True)
    top, bottom = [], []
    for a, u, d in ys:
        top.append((side * a, min(u, d)))
        bottom.append((side * a, d))
    return top, bottom


def _eye(c: Canvas, s: FaceShape, side: float) -> None:
    top, bottom = _lids(s, side)
    upper, lower = smooth(top), smooth(bottom)
    opening = float(np.max(lower[:, 1] - upper[:, 1]))
    # the lid itself, lighter where it bulges over the eyeball
    lid_y = -0.5 * max(0.0, s.lid_upper) - 0.05
    c.shade(side * EYE_X, lid_y, 0.15, 0.06, 12)
    if opening > 0.012:
        with c.inside(np.concatenate([upper, lower[::-1]])) as almond:
            _eyeball(c, almond, upper, side, s.gaze)
    c.fill(ribbon(upper, 0.040, 0.35, 0.75), 28, 0.92, 0.006)  # lashes
    c.fill(ribbon(lower, 0.018, 0.3, 0.6), 88, 0.6 if opening > 0.012 else 0.0, 0.008)
    if opening <= 0.012:  # shut: the lashes point down
        c.fill(ribbon(lowered(upper, 0.022), 0.030, 0.4, 0.7), 40, 0.7, 0.010)
    lift = 0.075 + 0.25 * max(0.0, 0.15 - s.lid_upper)
    crease = [(x, min(y, -0.3 * max(0.0, s.lid_upper)) - lift + 0.25 * s.lid_slant) for x, y in top]
    c.line(crease, 0.022, 92, 0.55, 0.012, 0.2)
    under = [(x, y + 0.075) for x, y in bottom[:4]]
    c.line(under, 0.03, 96, 0.9 * s.bag, 0.022, 0.1)
    c.shade(side * 0.42, 0.17, 0.16, 0.05, -40 * s.bag)


def _eyeball(c: Canvas, almond: Points, upper: Points, side: float, gaze: float) -> None:
    c.fill(almond, 212, 1.0, 0.004)
    x = side * EYE_X + gaze * 0.07
    c.fill(ellipse(x, -0.025, 0.100, 0.100), 62, 1.0, 0.006)
    c.fill(ellipse(x, -0.010, 0.070, 0.075), 92, 0.6, 0.02)
    c.fill(ellipse(x, -0.025, 0.045, 0.045), 16, 1.0, 0.006)
    c.fill(ribbon(lowered(upper, 0.03), 0.09, 0.6, 0.6), 60, 0.5, 0.02)  # the lid's shadow on the ball
    for corner in (EYE_X - EYE_HALF, EYE_X + EYE_HALF):
        c.fill(ellipse(side * corner, 0.0, 0.06, 0.06), 140, 0.7, 0.02)
    c.fill(ellipse(x - 0.035, -0.060, 0.020, 0.020), 250, 1.0, 0.003)


def _brow(c: Canvas, s: FaceShape, side: float) -> None:
    inner_x, outer_x = s.brow_inner_x, 0.80
    path: Curve = [
        (inner_x, s.brow_inner_y),
        (inner_x + 0.35 * (outer_x - inner_x), 0.45 * s.brow_inner_y + 0.55 * s.brow_peak_y - 0.005),
        (inner_x + 0.68 * (outer_x - inner_x), s.brow_peak_y),
        (outer_x, s.brow_outer_y),
    ]
    line = smooth([(side * x, y) for x, y in path])
    c.fill(ribbon(line, s.brow_thick * 1.25, 0.7, 0.1), 80, 0.55 * s.brow_dark, 0.02)
    c.fill(ribbon(line, s.brow_thick, 0.75, 0.15), 42, 0.9 * s.brow_dark, 0.012)
    # single hairs give it a grain
    n = 16
    for i in range(n):
        x, y = line[int((i + 0.5) / n * (len(line) - 1))]
        lean = 0.02 + 0.05 * i / n
        h = 0.5 * s.brow_thick * (1 - 0.7 * i / n)
        c.line([(x - side * 0.01, y + h), (x + side * lean, y - h)], 0.014, 30, 0.5 * s.brow_dark, 0.004, 0.3)


def _nose(c: Canvas, s: FaceShape) -> None:
    c.shade(-0.03, 0.22, 0.05, 0.28, 22)  # ridge
    c.shade(0.145, 0.22, 0.055, 0.26, -24)
    c.shade(-0.155, 0.22, 0.05, 0.26, -13)
    c.shade(-0.02, 0.56, 0.10, 0.08, 26)  # tip
    wide = 0.235 + 0.05 * s.nostril
    for side in SIDES:
        c.shade(side * wide * 0.86, 0.61, 0.07, 0.07, 8)
        wing = [(side * (wide - 0.03), 0.46), (side * (wide + 0.015), 0.59), (side * (wide - 0.03), 0.69)]
        c.line(wing, 0.035, 92, 0.55 + 0.25 * s.nostril, 0.018, 0.3)
        c.fill(ellipse(side * 0.115, 0.695, 0.062 + 0.02 * s.nostril, 0.030 + 0.012 * s.nostril), 38, 0.8, 0.014)
    c.line([(-0.18, 0.71), (-0.06, 0.735), (0.0, 0.75), (0.06, 0.735), (0.18, 0.71)], 0.03, 90, 0.5, 0.018, 0.2)
    c.shade(0.03, 0.80, 0.16, 0.05, -20)
    c.shade(0.0, 0.86, 0.035, 0.06, -10)  # philtrum


class Lips(NamedTuple):
    """Four curves from corner to corner, from above: the upper lip's edges, then the lower lip's."""

    above: Curve
    top: Curve
    low: Curve
    below: Curve


def _lips(s: FaceShape) -> Lips:
    y, half, gap, hang = s.mouth_y, s.mouth_half, max(0.0, s.mouth_open), s.mouth_corner
    corner = y + hang
    side_gap = gap * (0.25 + 0.75 * s.mouth_square)

    def row(middle: float, at: float) -> Curve:
        """Through two heights, in the middle and at two thirds of the way to the corner, and the corner."""
        right: Curve = [(0.32 * half, middle + 0.1 * (at - middle)), (0.68 * half, at), (half, corner)]
        return [*mirrored(right)[::-1], (0.0, middle), *right]

    up, down = y + 0.35 * hang - 0.5 * side_gap, y + 0.35 * hang + 0.5 * side_gap
    above = row(y - 0.5 * gap - 0.86 * s.lip_upper, up - 0.62 * s.lip_upper)
    for i, side in ((2, -1.0), (4, 1.0)):  # Cupid's bow
        above[i] = (side * 0.12 * half / 0.36, y - 0.5 * gap - s.lip_upper - 0.004)
    below = row(y + 0.5 * gap + s.lip_lower, down + 0.62 * s.lip_lower)
    return Lips(above, row(y - 0.5 * gap, up), row(y + 0.5 * gap, down), below)


def _mouth(c: Canvas, s: FaceShape) -> None:
    y, half, gap = s.mouth_y, s.mouth_half, max(0.0, s.mouth_open)
    lips = _lips(s)
    upper = np.concatenate([smooth(lips.above), smooth(lips.top)[::-1]])
    lower = np.concatenate([smooth(lips.low), smooth(lips.below)[::-1]])
    c.shade(0.0, y + 0.5 * gap + s.lip_lower + 0.05, 0.22, 0.035, -26)
    c.fill(lower, SKIN - 130 * s.lip_dark, 0.85, 0.014)
    c.fill(upper, SKIN - 200 * s.lip_dark, 0.85, 0.014)
    c.shade(-0.03, y + 0.5 * gap + 0.5 * s.lip_lower, 0.13, 0.02, 22)
    if gap > 0.008:
        with c.inside(np.concatenate([smooth(lips.top), smooth(lips.low)[::-1]])) as hole:
            c.fill(hole, 26, 1.0, 0.006)
            _teeth(c, s, lips.top)
    else:
        c.line(lips.top, 0.024, 52, 0.85, 0.008, 0.5)
    for side in SIDES:
        c.shade(side * (half + 0.02), y + s.mouth_corner, 0.035, 0.035, -34)


def _teeth(c: Canvas, s: FaceShape, top: Curve) -> None:
    y, half, gap = s.mouth_y, s.mouth_half, s.mouth_open
    if s.teeth <= 0:
        return
    c.fill(np.concatenate([smooth(top), lowered(smooth(top), 0.80 * gap)[::-1]]), 205, s.teeth, 0.010)
    for side in SIDES:
        c.shade(side * 0.85 * half, y, 0.3 * half, 0.2, -60 * s.teeth)
    bite: Curve = [(-0.85 * half, y + 0.02), (0.0, y + 0.02), (0.85 * half, y + 0.02)]
    c.line(bite, 0.012, 90, 0.6 * s.teeth, 0.006)
    for i in range(-4, 5):
        x = i * 0.17 * half
        c.line([(x, y - 0.5 * gap), (x, y + 0.5 * gap)], 0.008, 110, 0.5 * s.teeth, 0.004)


def _folds(c: Canvas, s: FaceShape) -> None:
    for side in SIDES:
        fold = [(side * 0.27, 0.60), (side * 0.40, 0.80), (side * (s.mouth_half + 0.11), s.mouth_y + 0.04)]
        c.line(fold, 0.045, 98, 0.9 * s.nasolabial, 0.028, 0.2)
        x = 0.075
        frown = [(side * x * 0.8, -0.42), (side * x, -0.26), (side * x * 1.35, -0.13)]
        c.line(frown, 0.030, 80, 0.9 * s.furrow, 0.014, 0.15)
        c.shade(side * 0.15, s.brow_inner_y + 0.02, 0.06, 0.10, -42 * s.furrow)
        c.shade(side * 0.28, 0.36, 0.07, 0.05, 20 * s.furrow)
        c.line([(side * 0.02, -0.02), (side * 0.12, 0.03)], 0.02, 92, 0.7 * s.bridge, 0.010, 0.2)
        c.line([(side * 0.015, 0.07), (side * 0.13, 0.13)], 0.02, 92, 0.6 * s.bridge, 0.012, 0.2)
    for y in (-0.64, -0.80):
        c.line([(-0.5, y + 0.02), (0.0, y - 0.02), (0.5, y + 0.02)], 0.022, 125, 0.7 * s.forehead, 0.014, 0.1)


def _hair(c: Canvas) -> None:
    crown: Curve = [(-1.03, 0.02), (-1.10, -0.45), (-1.02, -0.98), (-0.66, -1.36), (0.0, -1.50), (0.66, -1.36)]
    crown += [(1.02, -0.98), (1.10, -0.45), (1.03, 0.02)]
    front: Curve = [(0.94, -0.02), (0.93, -0.42), (0.82, -0.76), (0.50, -0.97), (0.10, -1.00), (-0.35, -0.92)]
    front += [(-0.70, -0.80), (-0.91, -0.48), (-0.94, -0.02)]
    c.fill(np.concatenate([smooth(crown), smooth(front)]), HAIR, 1.0, 0.022, solid=True)
    rng = np.random.default_rng(5)
    for _ in range(70):
        x = float(rng.uniform(-0.85, 0.85))
        y0, y1 = -1.46 + 0.35 * x * x, -1.02 + 0.18 * x * x
        bend = float(rng.uniform(-0.06, 0.06))
        gray = float(rng.uniform(30, 78))
        c.line([(0.75 * x, y0), (0.9 * x + bend, (y0 + y1) / 2), (x + bend, y1)], 0.02, gray, 0.5, 0.006, 0.1)
    c.shade(-0.35, -1.25, 0.25, 0.08, 26, -0.3)
