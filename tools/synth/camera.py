"""Where the camera is and how it projects."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from synth.geometry import head_angles

Array = NDArray[Any]
EYES = np.array([0.0, -0.09, 0.043])  # m, between an upright driver's eyes, from the head's joint
# (x towards the driver's own left, y to the back, z up) m from the driver's eyes, in a car with the wheel on the left.
PLACES = {
    "dash": (-0.12, -0.68, -0.14),
    "cluster": (0.0, -0.66, -0.22),
    "pillar": (0.42, -0.52, 0.02),
    "mirror": (-0.36, -0.48, 0.14),
}
SIZES = ((320, 240), (640, 480), (1280, 720))


@dataclass(frozen=True, slots=True)
class Camera:
    """A camera. `across_deg`: horizontal field of view; `k1`: radial distortion at the picture's half width."""

    place: str
    at: tuple[float, float, float]  # m, seat's frame
    to: tuple[float, float, float]  # m, what stands in the picture's middle
    roll_deg: float
    across_deg: float
    size: tuple[int, int]
    k1: float = 0.0

    @property
    def axes(self) -> Array:
        """Rows: right, down, ahead of the camera (3, 3); read-only."""
        return _axes(self.at, self.to, self.roll_deg)

    @property
    def focal_px(self) -> float:
        """Focal length in pixels."""
        return self.size[0] / 2 / math.tan(math.radians(self.across_deg) / 2)

    def seen(self, points: Array) -> Array:
        """Return points (n, 3) in the camera's axes: right, down, ahead (m)."""
        return np.asarray((np.atleast_2d(points) - np.array(self.at)) @ self.axes.T)

    def project(self, points: Array) -> Array:
        """Return (n, 2) pixels, (0, 0) = the middle of the top left pixel, distortion included."""
        p = self.seen(points)
        flat = p[:, :2] / np.maximum(1e-6, p[:, 2:])
        half = math.tan(math.radians(self.across_deg) / 2)
        r2 = (flat**2).sum(axis=1, keepdims=True) / half**2
        middle = np.array([(self.size[0] - 1) / 2, (self.size[1] - 1) / 2])
        return np.asarray(flat * (1 + self.k1 * r2) * self.focal_px + middle)

    def matrix(self, near_m: float = 0.05, far_m: float = 30.0) -> Array:
        """Return OpenGL's projection times view, without distortion (4, 4)."""
        t = 1 / math.tan(math.radians(self.across_deg) / 2)
        ratio = self.size[0] / self.size[1]
        a, b = -(far_m + near_m) / (far_m - near_m), -2 * far_m * near_m / (far_m - near_m)
        projection = np.array([[t, 0, 0, 0], [0, t * ratio, 0, 0], [0, 0, a, b], [0, 0, -1, 0]])
        right, down, ahead = self.axes
        view = np.eye(4)
        view[:3, :3] = np.stack([right, -down, -ahead])
        view[:3, 3] = -view[:3, :3] @ np.array(self.at)
        return np.asarray(projection @ view)

    def head_seen(self, head: Array, at: Array) -> tuple[float, float, float]:
        """Return yaw, pitch, roll (degrees) of a head as the camera sees it: against the ray from it to the camera.

        A face that looks straight into the lens has yaw and pitch 0 wherever it is in the picture.
        """
        back = np.subtract(self.at, at)
        back = back / np.linalg.norm(back)
        right = self.axes[0]
        left = -(right - back * (right @ back))
        left = -left / np.linalg.norm(left)
        # The driver's left is the picture's right; y points away from the camera.
        frame = np.stack([left, -back, np.cross(left, -back)])
        return head_angles(frame @ head)


@functools.lru_cache(16)
def _axes(at: tuple[float, float, float], to: tuple[float, float, float], roll_deg: float) -> Array:
    ahead = np.subtract(to, at)
    ahead = ahead / np.linalg.norm(ahead)
    right = np.cross(ahead, np.array([0.0, 0.0, 1.0]))
    right /= np.linalg.norm(right)
    down = np.cross(ahead, right)
    c, s = math.cos(math.radians(roll_deg)), math.sin(math.radians(roll_deg))
    found = np.stack([c * right + s * down, c * down - s * right, ahead])
    found.flags.writeable = False
    return found


def _straight(bent: Array, k1: float) -> Array:
    """Return the radius without distortion: the r of r (1 + k1 r^2) = bent."""
    found = bent.copy()
    for _ in range(10):
        found -= (found * (1 + k1 * found**2) - bent) / (1 + 3 * k1 * found**2)
    return found


def drawn_across(camera: Camera) -> float:
    """Return how wide (degrees) a picture without distortion must be, so that the camera's own lies inside."""
    corner = np.array([math.hypot(1.0, camera.size[1] / camera.size[0])])
    share = max(1.0, float((_straight(corner, camera.k1) / corner)[0]))
    return math.degrees(2 * math.atan(math.tan(math.radians(camera.across_deg) / 2) * share))


def remap(camera: Camera, size: tuple[int, int], across_deg: float) -> tuple[Array, Array]:
    """Return cv2.remap's maps from a picture of `size` without distortion, `across_deg` wide, to the camera's own lens.

    The mapped picture has `size` too.
    """
    width, height = size
    middle = (width - 1) / 2, (height - 1) / 2
    # The lens is the same to all sides: a quarter is computed, from the picture's middle on.
    x, y = np.meshgrid(np.arange(width // 2, width) - middle[0], np.arange(height // 2, height) - middle[1])
    bent = np.hypot(x, y) * (2 / width)  # 1 = half the picture's width
    table = np.linspace(0, float(bent.max()) + 1e-6, 400)
    straight = np.interp(bent, table, _straight(table, camera.k1))
    share = np.where(bent > 1e-9, straight / np.maximum(bent, 1e-9), 1.0)
    share *= math.tan(math.radians(camera.across_deg) / 2) / math.tan(math.radians(across_deg) / 2)
    aside, down = x * share, y * share
    found_x, found_y = np.empty((height, width), np.float32), np.empty((height, width), np.float32)
    for rows, up in ((slice(height // 2, None), 1), (slice((height - 1) // 2, None, -1), -1)):
        for columns, left in ((slice(width // 2, None), 1), (slice((width - 1) // 2, None, -1), -1)):
            found_x[rows, columns] = middle[0] + left * aside
            found_y[rows, columns] = middle[1] + up * down
    return found_x, found_y


def place_camera(rng: Generator, place: str, size: tuple[int, int], wheel: str, wander: float = 1.0) -> Camera:
    """Return a camera at one of PLACES, a little off it, aimed about at the driver's face."""
    base = np.array(PLACES[place])
    if wheel == "right":
        base[0] = -base[0]
    at = EYES + base + wander * rng.uniform(-0.05, 0.05, 3)
    to = EYES + wander * rng.uniform(-0.05, 0.05, 3) + np.array([0, 0, -0.04])
    return Camera(
        place,
        tuple(round(float(v), 5) for v in at),  # type: ignore[arg-type]
        tuple(round(float(v), 5) for v in to),  # type: ignore[arg-type]
        round(float(wander * rng.uniform(-3, 3)), 3),
        round(float(rng.uniform(38, 70)), 3),
        size,
        round(float(rng.uniform(-0.06, 0.02)), 4),
    )
