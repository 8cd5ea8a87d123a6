"""What lights the cabin. Powers are against a surface that faces the light; 1 with albedo 1 gives radiance 1."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from synth.camera import EYES, Camera

Array = NDArray[Any]
LIGHTS = ("overcast", "sun", "backlight", "tunnel", "street", "dashboard", "near dark", "infrared")
DAY = ("overcast", "sun", "backlight")


@dataclass(frozen=True, slots=True)
class Lamp:
    """A point of light. `falls` = with the square of the distance, 1 at 1 m; else the power holds everywhere."""

    at: tuple[float, float, float]  # m
    power: float
    falls: bool = True


@dataclass(frozen=True, slots=True)
class Light:
    """A scene's light. `key` throws the shadows; its `at` is far away for the sun."""

    name: str
    key: Lamp
    sky: float  # from above and through the windscreen
    ground: float  # from below
    fills: tuple[Lamp, ...] = ()
    outside: float = 1.0  # radiance behind the windows
    infrared: bool = False
    ring: Lamp | None = None  # infrared lamps around the lens
    spot: float = 0.0  # how much the ring's beam narrows: power falls with cos^spot of the angle off the lens's axis
    bright_pupil: float = 0.0  # 0..1
    flicker: float = 0.0  # of lamps on mains: light and dark bands over a rolling exposure
    exposure: float = 0.42  # mean grey (0..1) that the camera's automatic aims at
    most_gain: float = 8.0  # of the automatic, against a day's


def draw_light(rng: Generator, name: str, camera: Camera) -> Light:
    """Return one of LIGHTS by chance. Raises ValueError for another name."""

    def u(low: float, high: float) -> float:
        return round(float(rng.uniform(low, high)), 4)

    side = 1.0 if rng.random() < 0.5 else -1.0
    if name == "overcast":
        sky = u(0.35, 0.9)
        key = _far(side * u(5, 70), u(20, 70), u(0.1, 0.6))
        return Light(name, key, sky, sky * u(0.2, 0.5), outside=u(1.2, 3.5), exposure=u(0.32, 0.5))
    if name == "sun":
        azimuth, height = side * u(20, 110), u(8, 55)
        sky = u(0.15, 0.5)
        key = _far(azimuth, height, u(1.5, 4.5))
        return Light(name, key, sky, sky * u(0.3, 0.8), outside=u(2, 5), exposure=u(0.32, 0.5))
    if name == "backlight":
        azimuth, height = side * u(120, 175), u(8, 40)
        sky = u(0.15, 0.4)
        key = _far(azimuth, height, u(1.5, 4.0))
        return Light(name, key, sky, sky * u(0.3, 0.8), outside=u(4, 9), exposure=u(0.35, 0.5))
    if name == "tunnel":
        key = _near(u(-1, 1), u(-2.5, -0.3), u(1.0, 2.0), u(0.3, 1.2))
        return Light(name, key, u(0.05, 0.14), 0.04, outside=u(0.1, 0.35), flicker=u(0, 0.25), exposure=u(0.3, 0.45))
    if name == "street":
        key = _near(side * u(0.5, 2.5), u(-3.0, 2.0), u(1.2, 3.0), u(0.05, 0.5))
        fills = (Lamp((side * 0.1, -0.7, -0.25), u(0.002, 0.012)),)
        return Light(name, key, u(0.004, 0.02), 0.004, fills, u(0.01, 0.08), exposure=u(0.22, 0.4), most_gain=u(14, 40))
    if name == "dashboard":
        key = _near(u(-0.25, 0.25), u(-0.75, -0.6), u(-0.4, -0.2), u(0.02, 0.08))
        return Light(
            name, key, u(0.003, 0.012), 0.006, outside=u(0.005, 0.05), exposure=u(0.2, 0.36), most_gain=u(20, 50)
        )
    if name == "near dark":
        key = _near(side * u(0.2, 0.6), u(-0.8, -0.3), u(-0.3, 0.3), u(0.003, 0.012))
        return Light(
            name, key, u(0.002, 0.006), 0.002, outside=u(0.002, 0.02), exposure=u(0.12, 0.25), most_gain=u(25, 60)
        )
    if name == "infrared":
        offset = rng.uniform(0.004, 0.03)
        at = np.array(camera.at) + rng.normal(0, 1, 3) * offset / math.sqrt(3)
        ring = Lamp(tuple(round(float(v), 5) for v in at), u(0.25, 0.7))  # type: ignore[arg-type]
        pupil = u(0.3, 1.0) if offset < 0.012 else u(0.0, 0.25)
        daylight = u(0.0, 0.25) if rng.random() < 0.3 else 0.0
        key = _far(side * u(10, 160), u(10, 60), daylight)
        return Light(
            name,
            key,
            0.1 * daylight + u(0.0, 0.02),
            0.01,
            outside=daylight * 2 + u(0.0, 0.02),
            infrared=True,
            ring=ring,
            spot=u(2, 14),
            bright_pupil=pupil,
            exposure=u(0.3, 0.5),
            most_gain=u(8, 30),
        )
    raise ValueError(f"light {name!r}: expected one of {', '.join(LIGHTS)}")


def _far(azimuth_deg: float, height_deg: float, power: float) -> Lamp:
    """Return a lamp 40 m away: azimuth 0 = straight ahead of the driver, + to the driver's left."""
    a, h = math.radians(azimuth_deg), math.radians(height_deg)
    way = np.array([math.sin(a) * math.cos(h), -math.cos(a) * math.cos(h), math.sin(h)])
    at = EYES + 40 * way
    return Lamp(tuple(round(float(v), 4) for v in at), power, falls=False)  # type: ignore[arg-type]


def _near(x: float, y: float, z: float, power: float) -> Lamp:
    return Lamp((x, y, z), power)
