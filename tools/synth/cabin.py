"""The cabin behind the driver: seat, head-rest, roof, pillars, windows with what is outside."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from synth.geometry import box, grid
from synth.pieces import Material, Piece

Array = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Cabin:
    """A car. `wheel` is the side that the driver sits on; albedos 0..1."""

    wheel: str
    seat: float
    trim: float
    roof: float
    rest_gap_m: float  # from the head to the head-rest
    rest_up_m: float
    van: bool  # a wall behind the seats instead of a rear window
    outside_phase: float = 0.0  # what passes by behind the windows


def draw_cabin(rng: Generator) -> Cabin:
    """Return a cabin by chance."""
    return Cabin(
        "left" if rng.random() < 0.6 else "right",
        round(float(rng.uniform(0.02, 0.4)), 3),
        round(float(rng.uniform(0.02, 0.25)), 3),
        round(float(rng.uniform(0.15, 0.6)), 3),
        round(float(rng.uniform(0.02, 0.09)), 3),
        round(float(rng.uniform(-0.04, 0.05)), 3),
        bool(rng.random() < 0.25),
        round(float(rng.uniform(0, 100)), 3),
    )


def _pad(middle: Array, size: Array, value: float) -> Piece:
    """Return a cushion: a box with round edges."""
    tilt, turn = np.linspace(0.0, math.pi, 15)[:, None], np.arange(24) * 2 * math.pi / 24
    x, y, z = np.sin(tilt) * np.cos(turn), np.sin(tilt) * np.sin(turn), np.cos(tilt) + 0 * turn
    square = np.stack([np.sign(v) * np.abs(v) ** 0.45 for v in (x, y, z)], axis=2).reshape(-1, 3)
    vertices = square * np.asarray(size) / 2 + np.asarray(middle)
    return Piece(vertices, grid(15, 24, wrap=True), Material.CABIN, value, vertices, 0.75)


def _slab(low: tuple[float, ...], high: tuple[float, ...], value: float, material: Material = Material.CABIN) -> Piece:
    vertices, faces = box(np.array(low), np.array(high))
    return Piece(vertices, faces, material, value, vertices, 0.6)


def pieces(cabin: Cabin) -> list[Piece]:
    """Return the cabin in the seat's frame, without what is `outside`."""
    inner = -1.0 if cabin.wheel == "left" else 1.0  # towards the car's middle
    found = []
    for seat_x in (0.0, inner * 0.72):
        rest = np.array([seat_x, 0.10 + cabin.rest_gap_m + 0.05, 0.02 + cabin.rest_up_m])
        found.append(_pad(rest, np.array([0.27, 0.11, 0.20]), cabin.seat))
        found.append(_pad(np.array([seat_x, 0.25, -0.42]), np.array([0.50, 0.16, 0.66]), cabin.seat))
        for side in (-0.06, 0.06):
            at, thin = rest + np.array([side, 0.0, -0.13]), np.array([0.006, 0.006, 0.06])
            found.append(_slab(tuple(at - thin), tuple(at + thin), 0.2))
    door = -inner * 0.42
    found.append(_slab((-2.2, -0.5, 0.36), (2.2, 1.9, 0.40), cabin.roof))
    found.append(
        _slab((min(door, door - inner * 0.1), -1.2, -0.9), (max(door, door - inner * 0.1), 1.9, -0.16), cabin.trim)
    )
    found.append(
        _slab((min(door, door - inner * 0.1), 0.28, -0.2), (max(door, door - inner * 0.1), 0.46, 0.4), cabin.trim)
    )
    far = inner * 1.14
    found.append(
        _slab((min(far, far + inner * 0.1), -1.2, -0.9), (max(far, far + inner * 0.1), 1.9, -0.16), cabin.trim)
    )
    found.append(_slab((min(far, far + inner * 0.1), 0.28, -0.2), (max(far, far + inner * 0.1), 0.46, 0.4), cabin.trim))
    if cabin.van:
        found.append(_slab((-1.8, 0.62, -0.9), (1.8, 0.66, 0.4), cabin.trim))
    else:
        found.append(_pad(np.array([inner * 0.36, 1.05, -0.45]), np.array([1.35, 0.22, 0.62]), cabin.seat))
        found.append(_slab((-1.8, 1.7, -0.9), (1.8, 1.75, -0.02), cabin.trim))
        found += [_slab((x - 0.12, 1.3, -0.1), (x + 0.12, 1.75, 0.4), cabin.trim) for x in (door, far)]
    return found


def outside(phase: float) -> Piece:
    """Return what is beyond the windows: a bright wall around the car."""
    turn = np.linspace(0, 2 * math.pi, 33)
    height = np.array([-1.2, -0.1, 0.6, 3.0])[:, None]
    vertices = np.stack(np.broadcast_arrays(6 * np.sin(turn), 6 * np.cos(turn) + 0.5, height), 2).reshape(-1, 3)
    value = np.repeat([0.25, 0.45, 1.0, 1.1], 33)
    return Piece(vertices, grid(4, 33), Material.GLOW, value, vertices, extra=phase)
