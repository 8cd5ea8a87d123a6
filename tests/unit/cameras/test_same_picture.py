"""When two pictures are the very same."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from fermon.cameras.live import FLAT, same_picture

CABIN = np.random.default_rng(1).integers(0, 256, (48, 64), dtype=np.uint8)


@given(st.integers(0, 47), st.integers(0, 63), st.integers(1, 255))
def test_one_pixel_is_enough_to_differ(row: int, column: int, change: int) -> None:
    other = CABIN.copy()
    other[row, column] ^= np.uint8(change)
    assert same_picture(CABIN, CABIN.copy())
    assert not same_picture(CABIN, other)
    assert not same_picture(other, CABIN)


@given(st.integers(0, 255), st.integers(0, 6))
def test_a_flat_picture_repeats_without_meaning(level: int, spread: int) -> None:
    half = np.full((48, 64), level, np.uint8)
    half[:, ::2] = min(255, level + spread)
    assert same_picture(half, half.copy()) == (half.std() > FLAT)
