"""What stands around the simulated driver's head: the seat, the windows, and the driver's shoulders."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fermon.cameras.demo.canvas import Canvas, Image, mirrored, smooth
from fermon.cameras.opencv import quiet_cv2

Corners = tuple[tuple[float, float], ...]


WINDOWS: tuple[Corners, ...] = (  # corners in shares of the frame's width and height
    ((0.00, 0.08), (0.17, 0.05), (0.235, 0.42), (0.00, 0.50)),
    ((1.00, 0.10), (0.86, 0.06), (0.80, 0.40), (1.00, 0.47)),
    ((0.27, 0.03), (0.73, 0.03), (0.70, 0.20), (0.30, 0.20)),
)
SEAT: tuple[Corners, ...] = (
    ((0.26, 1.02), (0.30, 0.62), (0.40, 0.545), (0.60, 0.545), (0.70, 0.62), (0.74, 1.02)),
    ((0.455, 0.56), (0.455, 0.50), (0.468, 0.50), (0.468, 0.56)),
    ((0.532, 0.56), (0.532, 0.50), (0.545, 0.50), (0.545, 0.56)),
    ((0.405, 0.51), (0.385, 0.30), (0.43, 0.225), (0.57, 0.225), (0.615, 0.30), (0.595, 0.51)),
)
SEAMS = (((0.36, 0.60), (0.335, 1.0)), ((0.64, 0.60), (0.665, 1.0)), ((0.43, 0.33), (0.57, 0.33)))


def draw_cabin(width: int, height: int) -> Image:
    """Return the empty car, gray float32 (height, width).

    With as much detail as real cabins have, so that an empty seat is not taken for a covered camera.
    """
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    x, y = x / width, y / height
    picture = (58 - 20 * y + 8 * np.cos(3 * x)).astype(np.float32)
    street = _street(width, height)
    for corners in WINDOWS:
        frame = _shape(corners, width, height, 1.0, grow=7)
        picture += frame * (26 - picture)
        glass = _shape(corners, width, height, 1.0)
        picture += glass * (street - picture)
    fabric = 4 * np.sign(np.sin(150 * x) * np.sin(112 * y)).astype(np.float32)
    for corners in SEAT:
        shape = _shape(corners, width, height, 1.2)
        rounded = 44 + 16 * np.exp(-(((x - 0.44) / 0.09) ** 2)) - 12 * y + fabric
        picture += shape * (rounded - picture)
    for start, end in SEAMS:
        picture += _line(start, end, width, height) * (92 - picture)
    return np.asarray(np.clip(picture, 0, 255), np.float32)


def _shape(corners: Corners, width: int, height: int, blur: float, grow: int = 0) -> Image:
    """Return the coverage 0..1 of a polygon given in shares of the frame, `grow` px larger all round."""
    cv2 = quiet_cv2()
    mask = np.zeros((height, width), np.float32)
    points = np.array([(a * width, b * height) for a, b in corners], np.int32)
    cv2.fillPoly(mask, [points], 1.0, cv2.LINE_AA)
    if grow:
        cv2.polylines(mask, [points], True, 1.0, 2 * grow, cv2.LINE_AA)
    return np.asarray(cv2.GaussianBlur(mask, (0, 0), blur), np.float32)


def _line(start: tuple[float, float], end: tuple[float, float], width: int, height: int) -> Image:
    cv2 = quiet_cv2()
    mask = np.zeros((height, width), np.float32)
    places = [(round(a * width), round(b * height)) for a, b in (start, end)]
    cv2.line(mask, places[0], places[1], 1.0, 2, cv2.LINE_AA)
    return np.asarray(0.6 * mask, np.float32)


def _street(width: int, height: int) -> Image:
    """Return houses under a bright sky, somewhat out of focus."""
    cv2 = quiet_cv2()
    rng = np.random.default_rng(3)
    picture = np.full((height, width), 176, np.float32)
    x = 0
    while x < width:
        wide, top = int(rng.integers(22, 60)), int(rng.integers(8, 110))
        wall = float(rng.uniform(84, 140))
        picture[top:, x : x + wide] = wall
        for row in range(top + 8, height, 20):
            for column in range(x + 6, x + wide - 8, 15):
                picture[row : row + 10, column : column + 7] = wall + float(rng.choice([-38, -30, 34]))
        x += wide
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), 1.6), np.float32)


BODY_LEFT, BODY_TOP = 2.6, -0.9  # the origin's place on the body's canvas, in units


def draw_body(px: float) -> tuple[Image, Image]:
    """Return neck and shoulders in a pullover with the belt over one of them: gray and alpha, `px` px a unit.

    The origin, as the head's, is between the eyes.
    """
    c = Canvas(px, BODY_LEFT, BODY_TOP, 2 * BODY_LEFT, 2.9)
    c.fill(smooth([(-0.62, 1.0), (-0.66, 1.7), (-0.80, 2.5), (0.80, 2.5), (0.66, 1.7), (0.62, 1.0)]), 142, solid=True)
    c.shade(0.0, 1.72, 0.70, 0.20, -30)  # the chin's shadow on the neck
    c.shade(0.62, 2.0, 0.16, 0.6, -26)
    c.shade(-0.62, 2.0, 0.16, 0.6, -20)
    right = [(0.0, 1.99), (0.50, 1.97), (0.80, 2.06), (1.45, 2.24), (1.95, 2.46), (2.20, 2.95), (2.32, 3.9)]
    c.fill(smooth(right + mirrored(right)[::-1]), 74, solid=True)
    c.shade(-0.9, 2.45, 0.45, 0.16, 20)
    c.shade(0.9, 2.45, 0.45, 0.16, 10)
    c.shade(0.0, 3.1, 0.5, 0.5, -12)
    c.shade(1.9, 3.2, 0.25, 0.6, -22)
    c.shade(-1.9, 3.2, 0.25, 0.6, -16)
    collar = [(-0.72, 1.98), (-0.42, 2.20), (0.0, 2.30), (0.42, 2.20), (0.72, 1.98)]
    c.line(collar, 0.16, 58, 0.9, 0.015, 0.8)
    c.line([(x, y + 0.085) for x, y in collar], 0.02, 40, 0.7, 0.01, 0.5)
    belt = smooth([(1.22, 2.10), (0.75, 2.75), (0.25, 3.9)])
    across: NDArray[np.float64] = np.array([0.13, 0.05])
    c.fill(np.concatenate([belt - across, (belt + across)[::-1]]), 34, 0.95, 0.008)
    c.line([(1.10, 2.07), (0.63, 2.71), (0.13, 3.8)], 0.012, 70, 0.7, 0.006, 0.8)
    return c.finish()
