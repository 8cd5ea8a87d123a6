"""Light and detail of a whole frame: what tells a covered lens from a dim cabin."""

from __future__ import annotations

import numpy as np
import pytest

from fermon.domain import Box, Face
from fermon.perception.quality import burnt_out, judge
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


def test_the_share_of_a_face_at_white_is_burnt_out() -> None:
    picture = noisy(90, 4)
    picture[100:300, 200:300] = 255  # the left half of the face
    face = Face(Box(200.0, 100.0, 200.0, 200.0), 0.9)
    assert burnt_out(picture, face) == pytest.approx(0.5, abs=0.01)
    assert burnt_out(picture, None) < 0.1
    assert burnt_out(picture, Face(Box(450.0, 100.0, 100.0, 100.0), 0.9)) == 0.0


def test_without_a_face_the_whole_picture_counts() -> None:
    picture = noisy(90, 4)
    picture[:, :480] = 255
    assert burnt_out(picture, None) == pytest.approx(0.75, abs=0.01)


def test_white_of_the_video_range_is_white() -> None:
    """Most cameras give 16 to 235: nothing in their pictures is brighter."""
    assert burnt_out(np.full((480, 640), 235, np.uint8), None) == 1.0
    assert burnt_out(np.full((480, 640), 234, np.uint8), None) == 0.0


@pytest.mark.parametrize(
    "box", [(-50, -50, 100, 100), (600, 440, 100, 100), (-50.0, -50.0, 800.0, 700.0), (700, 500, 9, 9), (5, 5, 0, 0)]
)
def test_a_face_over_the_edge_has_a_share_too(box: tuple[float, float, float, float]) -> None:
    assert burnt_out(np.full((480, 640), 255, np.uint8), Face(Box(*box), 0.5)) == 1.0
