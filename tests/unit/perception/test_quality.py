"""Light and detail of a whole frame: what tells a covered lens from a dim cabin."""

from __future__ import annotations

import numpy as np

from fermon.perception.quality import judge
from fermon.policy import PolicySettings

RNG = np.random.default_rng(0)
POLICY = PolicySettings()


def noisy(level: float, sigma: float) -> np.ndarray:
    return np.clip(RNG.normal(level, sigma, (480, 640)), 0, 255).astype(np.uint8)


def test_black_is_dark() -> None:
    assert judge(noisy(3, 2)).brightness < POLICY.dark_brightness


def test_a_covered_lens_with_sensor_noise_has_nothing_to_see() -> None:
    for sigma in (0, 2, 4, 8):
        quality = judge(noisy(90, sigma))
        assert quality.contrast is not None
        assert quality.sharpness < POLICY.blocked_sharpness or quality.contrast < POLICY.blocked_contrast


def test_a_scene_with_edges_is_sharp() -> None:
    scene = np.kron(RNG.integers(20, 220, (24, 32)), np.ones((20, 20))).astype(np.uint8)
    quality = judge(scene)
    assert quality.sharpness > 0.5
    assert 0.3 < quality.brightness < 0.7
    assert quality.contrast is not None
    assert quality.contrast > 0.2
