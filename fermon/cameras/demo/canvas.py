"""Draws the simulated driver: a gray face from numbers, no photograph.

Lengths are in *units* of half the face's width, x to the right, y down, the origin between the eyes. Gray values are
0..255. What the numbers of an expression are was found by tools/demo_driver/shape.py, which asks the real networks.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from fermon.cameras.opencv import quiet_cv2

Image = NDArray[np.float32]
Points = NDArray[np.float64]
Curve = list[tuple[float, float]]

FINE = 2  # everything is drawn this many times larger and then shrunk
FIXED = 4  # bits after the point in OpenCV's polygon coordinates


@dataclass(frozen=True, slots=True)
class FaceShape:
    """What a face looks like at one moment. Lengths in units, strengths 0..1 unless said."""

    brow_inner_x: float = 0.22  # of the inner end, from the middle
    brow_inner_y: float = -0.30
    brow_peak_y: float = -0.38  # two thirds of the way out
    brow_outer_y: float = -0.27
    brow_thick: float = 0.085
    brow_dark: float = 0.85
    furrow: float = 0.0  # upright folds between the brows
    bridge: float = 0.0  # folds across the root of the nose
    forehead: float = 0.1  # lines across the forehead
    socket: float = 0.30  # shadow between brow and eye
    lid_upper: float = 0.150  # height of the upper lid's arch over the eye line: how far the eye is open
    lid_lower: float = 0.085  # depth of the lower lid's arch
    lid_slant: float = 0.0  # how far the upper lid's inner half comes down: a glare
    bag: float = 0.20  # fold under the eye
    nostril: float = 0.0  # flare
    nasolabial: float = 0.20  # folds from the nose to the mouth's corners
    cheek: float = 0.25  # highlight on the cheekbones
    mouth_y: float = 1.03
    mouth_half: float = 0.36  # half its width
    mouth_corner: float = 0.0  # how far the corners hang below the middle
    mouth_open: float = 0.0  # gap between the lips at the middle
    mouth_square: float = 0.0  # 0: the gap is a lens, 1: a slot with upright ends
    teeth: float = 0.0
    lip_upper: float = 0.075
    lip_lower: float = 0.095
    lip_dark: float = 0.35
    chin: float = 0.15  # crease between lower lip and chin
    gaze: float = 0.0  # of the irises, to the right

    def mixed(self, other: FaceShape, share: float) -> FaceShape:
        """Return the face on the way to `other`: share 0 is this one, 1 the other."""
        return FaceShape(
            **{f.name: (1 - share) * getattr(self, f.name) + share * getattr(other, f.name) for f in fields(self)}
        )

    def lidded(self, closed: float) -> FaceShape:
        """Return the face with the upper lids lowered: 0 as it is, 1 shut."""
        keep = 1 - closed
        values = {f.name: getattr(self, f.name) for f in fields(self)}
        # The lids meet below the eye line, where the lower one is.
        values["lid_upper"] = keep * self.lid_upper - closed * 0.055
        values["lid_lower"] = keep * self.lid_lower + closed * 0.055
        values["lid_slant"] = keep * self.lid_slant
        return FaceShape(**values)


def smooth(points: Curve, steps: int = 12) -> Points:
    """Return a Catmull-Rom curve through `points`, float (n, 2)."""
    p = np.array([points[0], *points, points[-1]], dtype=np.float64)
    t = np.linspace(0, 1, steps, endpoint=False)[:, None]
    parts = []
    for a, b, c, d in zip(p[:-3], p[1:-2], p[2:-1], p[3:], strict=True):
        parts.append(b + 0.5 * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a))))
    return np.concatenate([*parts, p[-1:]])


class Canvas:
    """A gray picture with alpha, drawn in units. `px` is the length of a unit; the origin stands at `left`, `top`."""

    def __init__(self, px: float, left: float, top: float, width: float, height: float) -> None:
        self.px = px
        self._scale = px * FINE
        self._origin = np.array([left, top])
        self.size = (round(width * px), round(height * px))
        shape = (self.size[1] * FINE, self.size[0] * FINE)
        self._gray: Image = np.zeros(shape, np.float32)
        self._alpha: Image = np.zeros(shape, np.float32)
        y, x = np.mgrid[0 : shape[0], 0 : shape[1]].astype(np.float32)
        self._x: Image = x / np.float32(self._scale) - np.float32(left)
        self._y: Image = y / np.float32(self._scale) - np.float32(top)

    def _mask(self, outline: Points, blur: float) -> tuple[tuple[slice, slice], Image] | None:
        """Return the place and the coverage 0..1 of a filled, blurred polygon."""
        cv2 = quiet_cv2()
        pixels = (outline + self._origin) * self._scale
        reach = int(3 * blur * self._scale) + 2
        height, width = self._gray.shape
        x0, y0 = np.maximum(0, np.floor(pixels.min(axis=0)).astype(int) - reach)
        x1, y1 = np.minimum((width, height), np.ceil(pixels.max(axis=0)).astype(int) + reach + 1)
        if x1 <= x0 or y1 <= y0:
            return None
        mask = np.zeros((y1 - y0, x1 - x0), np.uint8)
        corners = np.round((pixels - (x0, y0)) * (1 << FIXED)).astype(np.int32)
        cv2.fillPoly(mask, [corners], 255, cv2.LINE_AA, FIXED)
        soft: Image = mask.astype(np.float32) / np.float32(255)
        if blur > 0:
            soft = np.asarray(cv2.GaussianBlur(soft, (0, 0), blur * self._scale), np.float32)
        return (slice(y0, y1), slice(x0, x1)), soft

    def fill(
        self, outline: Points, gray: float, opacity: float = 1.0, blur: float = 0.0, *, solid: bool = False
    ) -> None:
        """Paint a polygon. `solid`: it also covers what is behind the picture."""
        if opacity <= 0.004 or (found := self._mask(outline, blur)) is None:
            return
        place, mask = found
        mask = mask * np.float32(opacity)
        self._gray[place] += mask * (np.float32(gray) - self._gray[place])
        if solid:
            self._alpha[place] = np.maximum(self._alpha[place], mask)

    def line(self, points: Curve, thick: float, gray: float, opacity: float, blur: float, ends: float = 0.0) -> None:
        """Paint a smooth line of the width `thick`, tapering to the share `ends` of it at both ends."""
        if thick <= 0 or opacity <= 0.004:
            return
        self.fill(ribbon(smooth(points), thick, ends, ends), gray, opacity, blur)

    def shade(self, x: float, y: float, rx: float, ry: float, delta: float, angle: float = 0.0) -> None:
        """Make an elliptic place brighter (delta > 0) or darker, fading outwards."""
        if abs(delta) < 0.1:
            return
        height, width = self._gray.shape
        reach = 3 * max(rx, ry)
        cx, cy = (np.array([x, y]) + self._origin) * self._scale
        r = reach * self._scale
        rows = slice(max(0, int(cy - r)), min(height, int(cy + r)))
        columns = slice(max(0, int(cx - r)), min(width, int(cx + r)))
        dx, dy = self._x[rows, columns] - x, self._y[rows, columns] - y
        c, s = np.float32(np.cos(angle)), np.float32(np.sin(angle))
        u, v = (dx * c + dy * s) / np.float32(rx), (dy * c - dx * s) / np.float32(ry)
        self._gray[rows, columns] += np.float32(delta) * np.exp(np.float32(-0.5) * (u * u + v * v))

    @contextlib.contextmanager
    def inside(self, outline: Points) -> Iterator[Points]:
        """Whatever is painted within the `with` stays inside `outline`, which it gives."""
        before = self._gray.copy()
        yield outline
        if (found := self._mask(outline, 0.0)) is not None:
            place, mask = found
            before[place] += mask * (self._gray[place] - before[place])
            self._gray = before

    def finish(self) -> tuple[Image, Image]:
        """Return the gray picture 0..255 and its alpha 0..1 at the final size, both float32."""
        cv2 = quiet_cv2()
        gray = cv2.resize(np.clip(self._gray, 0, 255), self.size, interpolation=cv2.INTER_AREA)
        alpha = cv2.resize(self._alpha, self.size, interpolation=cv2.INTER_AREA)
        return gray, alpha


def ribbon(path: Points, thick: float, start: float, end: float) -> Points:
    """Return the outline of a line of the width `thick` in its middle, `start` and `end` times as thick at its ends."""
    along = np.gradient(path, axis=0)
    length = np.maximum(1e-9, np.hypot(along[:, 0], along[:, 1]))[:, None]
    normal = np.stack([-along[:, 1], along[:, 0]], axis=1) / length
    t = np.linspace(0, 1, len(path))
    width = thick / 2 * np.interp(t, [0, 0.35, 0.7, 1], [start, 1, 1, end])[:, None]
    return np.concatenate([path + width * normal, (path - width * normal)[::-1]])


def lowered(path: Points, by: float) -> Points:
    """Return the path moved down."""
    return np.asarray(path + np.array([0.0, by]), np.float64)


def mirrored(points: Curve) -> Curve:
    """Return the points on the other half of the face."""
    return [(-x, y) for x, y in points]


def ellipse(x: float, y: float, rx: float, ry: float) -> Points:
    """Return an ellipse's outline."""
    t = np.linspace(0, 2 * np.pi, 48, endpoint=False)
    return np.stack([x + rx * np.cos(t), y + ry * np.sin(t)], axis=1)
