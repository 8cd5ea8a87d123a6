"""Disturbances for the robustness table, and the augmentation of training."""

from __future__ import annotations

import numpy as np
import pytest

from expression import augment, disturb
from int8 import synthetic

PICTURES = synthetic.calibration(4)


def test_a_crop_moved_by_a_tenth_shows_the_face_elsewhere() -> None:
    square = np.zeros((1, 50, 50), np.uint8)
    square[0, 20:30, 20:30] = 255
    moved = disturb.crop(square, right=0.1, down=-0.2)[0]
    rows, columns = np.nonzero(moved > 127)
    assert (columns.min(), columns.max()) == (15, 24)  # the box went right by 5 px: the square is further left in it
    assert (rows.min(), rows.max()) == (30, 39)


def test_a_looser_crop_shows_a_smaller_face() -> None:
    square = np.zeros((1, 51, 51), np.uint8)
    square[0, 15:36, 15:36] = 255
    looser, tighter = disturb.crop(square, scale=1.15), disturb.crop(square, scale=0.85)
    assert (looser > 127).sum() < (square > 127).sum() < (tighter > 127).sum()
    np.testing.assert_array_equal(disturb.crop(square), square)


@pytest.mark.parametrize("name", disturb.DISTURBANCES)
def test_every_disturbance_changes_pictures_the_same_way_each_time_and_leaves_the_originals(name: str) -> None:
    before = PICTURES.copy()
    change = disturb.DISTURBANCES[name]
    changed = change(PICTURES)
    assert changed.dtype == np.uint8
    assert changed.shape == PICTURES.shape
    assert not np.array_equal(changed, PICTURES)
    np.testing.assert_array_equal(change(PICTURES), changed)
    np.testing.assert_array_equal(PICTURES, before)


@pytest.mark.parametrize("how", [augment.PAPER, augment.BEST])
@pytest.mark.parametrize("side", [48, 40, 32])
def test_augmented_pictures_have_the_networks_shape_and_range(how: augment.Strength, side: int) -> None:
    out = augment.batch(PICTURES, how, np.random.default_rng(0), side)
    assert out.dtype == np.float32
    assert out.shape == (4, side, side, 1)
    assert 0 <= out.min() <= out.max() <= 1
    np.testing.assert_array_equal(out, augment.batch(PICTURES, how, np.random.default_rng(0), side))


def test_no_strength_changes_nothing() -> None:
    nothing = augment.Strength(rotation_deg=0, shift_px=0, flip=False)
    out = augment.batch(PICTURES, nothing, np.random.default_rng(0))
    np.testing.assert_allclose(out, augment.plain(PICTURES), atol=1 / 255)


def test_plain_pictures_are_divided_by_255() -> None:
    assert augment.plain(PICTURES).max() == 1.0
    assert augment.plain(PICTURES, 32).shape == (4, 32, 32, 1)
