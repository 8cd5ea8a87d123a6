"""Somebody in each of two seats, before one camera: pictures of the simulated driver side by side."""

from __future__ import annotations

import numpy as np

from fermon.cameras import CameraSettings, open_camera
from fermon.domain import NS_PER_S, Frame
from fermon.perception.contract import Gray

FPS = 15


def drawn_driver() -> dict[str, list[Gray]]:
    """The simulated driver awake and asleep, (480, 640) each."""
    camera, frames = open_camera("demo", CameraSettings(), "max"), []
    while len(frames) < FPS * 15:
        frame = camera.read(1)
        assert frame is not None
        frames.append((frame.t_ns / NS_PER_S, frame.gray))
    return {
        "awake": [gray for t_s, gray in frames if 2 <= t_s < 11],
        "asleep": [gray for t_s, gray in frames if 12.05 <= t_s < 14],
    }


def side_by_side(n: int, driver: Gray, passenger: Gray, noise: np.random.Generator) -> Frame:
    """Return frame `n`: the driver's seat in the left half of the picture, the passenger in the right one."""
    pair = np.hstack([driver, passenger]).astype(np.int16)
    return Frame(n * NS_PER_S // FPS, n, np.clip(pair + noise.integers(-3, 4, pair.shape), 0, 255).astype(np.uint8))
