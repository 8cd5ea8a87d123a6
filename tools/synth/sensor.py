"""From radiance to a camera's grey picture: exposure, blur, noise, bands, tone, JPEG."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

Array = NDArray[Any]
FULL = 0.9  # radiance times gain at which the sensor is full
READ_NOISE, SHOT_NOISE = 0.003, 0.009  # at gain 1, of full scale


@dataclass(frozen=True, slots=True)
class Sensor:
    """What a camera does to the light."""

    exposure: float = 0.42  # mean grey that the automatic aims at, 0..1
    most_gain: float = 8.0
    noise: float = 1.0  # against READ_NOISE and SHOT_NOISE
    focus_px: float = 0.6  # deviation of the blur, at 640 px width
    motion_px: float = 0.0
    motion_deg: float = 0.0
    vignette: float = 0.15
    bands: float = 0.0  # strength of light and dark bands
    band_px: float = 120.0
    band_phase: float = 0.0
    contrast: float = 0.0  # -1..1, an S-shaped tone curve
    jpeg: int = 0  # quality; 0 = none
    on_face: float = 2.0  # how much the automatic weighs the face
    smear: float = 0.0  # of bright light into its surroundings (a dirty lens)


def draw_sensor(rng: Generator, exposure: float, most_gain: float, bands: float) -> Sensor:
    """Return a sensor by chance."""
    moving = rng.random() < 0.3
    return Sensor(
        exposure=exposure,
        most_gain=most_gain,
        noise=round(float(rng.uniform(0.4, 1.8)), 3),
        focus_px=round(float(rng.uniform(0.3, 1.0) if rng.random() < 0.8 else rng.uniform(1.0, 2.2)), 3),
        motion_px=round(float(rng.uniform(1.0, 6.0)), 3) if moving else 0.0,
        motion_deg=round(float(rng.uniform(0, 180)), 1),
        vignette=round(float(rng.uniform(0.0, 0.4)), 3),
        bands=bands,
        band_px=round(float(rng.uniform(60, 200)), 1),
        band_phase=round(float(rng.uniform(0, 6.28)), 3),
        contrast=round(float(rng.uniform(-0.3, 0.6)), 3),
        jpeg=int(rng.integers(45, 96)) if rng.random() < 0.7 else 0,
        on_face=round(float(rng.uniform(0.3, 4.0)), 3),
        smear=round(float(rng.uniform(0, 0.12)), 3) if rng.random() < 0.4 else 0.0,
    )


def gain_for(radiance: Array, sensor: Sensor, box: Sequence[float] | None = None) -> float:
    """Return the automatic's gain: the middle and the face (`box`: x, y, w, h px) weigh more, burnt places less."""
    height, width = radiance.shape
    small = cv2.resize(radiance, (32, 24), interpolation=cv2.INTER_AREA)
    y, x = np.mgrid[0:24, 0:32]
    weight = 0.12 + np.exp(-(((x - 15.5) / 7) ** 2 + ((y - 11.5) / 7) ** 2))
    if box is not None:
        left, top, wide, high = (v * k for v, k in zip(box, (32 / width, 24 / height) * 2, strict=True))
        weight[max(0, round(top)) : max(1, round(top + high)), max(0, round(left)) : max(1, round(left + wide))] += (
            sensor.on_face
        )
    wanted = sensor.exposure**2.2
    low, high = 1e-3, sensor.most_gain
    for _ in range(20):
        gain = (low * high) ** 0.5
        bright = small * gain
        heavy = weight / (1 + np.maximum(0, bright - 0.7) ** 2)  # windows and lamps may burn out
        mean = float((np.minimum(bright, 1.0) * heavy).sum() / heavy.sum())
        low, high = (gain, high) if mean < wanted else (low, gain)
    return float((low * high) ** 0.5)


def expose(radiance: Array, sensor: Sensor, rng: Generator, gain: float | None = None) -> Array:
    """Return the picture, uint8 (height, width), of linear radiance, float32."""
    height, width = radiance.shape
    if gain is None:
        gain = gain_for(radiance, sensor)
    light = np.minimum(radiance * np.float32(gain), 12.0)
    if sensor.smear:
        wide = cv2.GaussianBlur(
            cv2.resize(light, (width // 8, height // 8), interpolation=cv2.INTER_AREA), (0, 0), width / 130
        )
        light = (1 - sensor.smear) * light + sensor.smear * cv2.resize(wide, (width, height))
    blur = sensor.focus_px * width / 640
    if blur > 0.25:
        light = cv2.GaussianBlur(light, (0, 0), blur)
    if sensor.motion_px * width / 640 > 1:
        light = cv2.filter2D(light, -1, _streak(sensor.motion_px * width / 640, sensor.motion_deg))
    if sensor.vignette:
        y = (np.arange(height, dtype=np.float32) - height / 2)[:, None] / (width / 2)
        x = (np.arange(width, dtype=np.float32) - width / 2)[None] / (width / 2)
        light = light * (1 - sensor.vignette * (x * x + y * y) * np.float32(0.6))
    if sensor.bands:
        row = np.arange(height, dtype=np.float32)[:, None] * (480 / height)
        light = light * (
            1 + sensor.bands * np.sin(row * 2 * np.pi / sensor.band_px + sensor.band_phase, dtype=np.float32)
        )
    strength = sensor.noise * float(max(0.5, gain) ** 0.5)
    spread = np.sqrt((READ_NOISE * strength) ** 2 + (SHOT_NOISE * strength) ** 2 * np.maximum(light, 0))
    light = light + spread * rng.standard_normal(light.shape, dtype=np.float32)
    tone = np.clip(light / (1 + 0.12 * np.maximum(light, 0)) * 1.12, 0, 1) ** (1 / 2.2)
    if sensor.contrast:
        tone = tone + sensor.contrast * 0.6 * (tone - 0.45) * tone * (1 - tone) * 2
    picture = np.clip(tone * 255, 0, 255).astype(np.uint8)
    if sensor.jpeg:
        coded = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, sensor.jpeg])[1]
        picture = np.asarray(cv2.imdecode(coded, cv2.IMREAD_GRAYSCALE))
    return picture


def bend(radiance: Array, x: Array, y: Array) -> Array:
    """Return the picture through a lens: cv2.remap with maps from `camera.remap`."""
    return np.asarray(cv2.remap(radiance, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE))


def smaller(radiance: Array, size: tuple[int, int]) -> Array:
    """Return the picture made smaller; lamps and panes do not glare through the mean of a pixel."""
    if radiance.shape == size[::-1]:
        return radiance
    return np.asarray(cv2.resize(np.minimum(radiance, 40.0), size, interpolation=cv2.INTER_AREA))


def _streak(length_px: float, angle_deg: float) -> Array:
    """Return a kernel that smears along a line."""
    size = 2 * int(length_px / 2 + 1) + 1
    kernel = np.zeros((size, size), np.float32)
    middle = size // 2
    way = length_px / 2 * np.array([np.cos(np.radians(angle_deg)), np.sin(np.radians(angle_deg))])
    ends = [tuple(round(16 * float(middle + sign * w)) for w in way) for sign in (-1, 1)]
    cv2.line(kernel, ends[0], ends[1], 1.0, 1, cv2.LINE_AA, 4)
    return np.asarray(kernel / kernel.sum())
