"""The expression reader on the shipped network: both sides of a face at once, or one look after the other."""

from __future__ import annotations

import numpy as np
import pytest

from fermon.domain import Box, Face
from fermon.perception.expression import ExpressionReader
from fermon.perception.network import SINGLE_VIEW, Network, models_dir

FACE = Face(Box(100, 80, 120, 120), 1.0, None)
SMALL = Face(Box(100, 80, 20, 20), 1.0, None)


def reader(prefer: str) -> ExpressionReader:
    return ExpressionReader(Network(models_dir() / "expression.tflite", prefer=prefer))


@pytest.fixture(scope="module")
def picture() -> np.ndarray:
    """Bright on the left, with grain: its mirror image reads otherwise."""
    rng = np.random.default_rng(5)
    side = np.where(np.arange(320) < 160, 150.0, 70.0)
    return (side + rng.normal(0, 12, (240, 320))).clip(0, 255).astype(np.uint8)


def test_both_functions_of_the_file_give_the_same_mean_of_both_sides(picture: np.ndarray) -> None:
    at_once, two_looks = reader("").read(picture, FACE), reader(SINGLE_VIEW).read(picture, FACE)
    assert at_once == pytest.approx(two_looks, abs=2 / 256)  # the mean is rounded inside the file


def test_a_face_that_is_followed_is_seen_from_both_sides_after_two_looks(picture: np.ndarray) -> None:
    follower = reader(SINGLE_VIEW)
    whole = follower.read(picture, FACE)
    first, second, third = (follower.follow(picture, FACE) for _ in range(3))
    assert first != pytest.approx(whole, abs=1e-3)
    assert second == third == whole


def test_the_last_look_is_forgotten_when_another_face_may_have_come(picture: np.ndarray) -> None:
    follower = reader(SINGLE_VIEW)
    first, second = (follower.follow(picture, FACE) for _ in range(2))
    follower.forget()
    assert follower.follow(picture, FACE) == first != second
    assert follower.follow(picture, SMALL) is None
    assert follower.follow(picture, FACE) == first


def test_a_file_that_answers_at_once_is_followed_by_reading_it(picture: np.ndarray) -> None:
    whole = reader("")
    assert whole.follow(picture, FACE) == whole.follow(picture, FACE) == whole.read(picture, FACE)
