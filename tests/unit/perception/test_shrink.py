"""Halved pictures: means of squares, whatever the shape."""

from __future__ import annotations

import cv2  # noqa: F401  (its first import would take longer than Hypothesis allows a test)
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from fermon.perception.shrink import halve

RNG = np.random.default_rng(0)


@given(st.integers(1, 70), st.integers(1, 70), st.integers(0, 4))
def test_each_pixel_is_the_mean_of_its_square(height: int, width: int, times: int) -> None:
    gray = RNG.integers(0, 256, (height, width)).astype(np.uint8)
    small, factor = halve(gray, times)
    assert factor <= 2**times
    assert factor == 2**times or 1 in small.shape
    rows, columns = small.shape
    assert rows == height // factor
    assert columns == width // factor
    squares = gray[: rows * factor, : columns * factor].reshape(rows, factor, columns, factor)
    assert np.abs(squares.mean((1, 3)) - small).max() <= 0.5 * times + 1e-6  # rounded once a halving
