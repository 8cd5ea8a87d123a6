"""What is drawn over a face's eyes to see whether they then are unknown: on the simulated driver."""

from __future__ import annotations

import numpy as np
import pytest

from eyes.augment import skin
from eyes.hardship import HARDSHIPS
from fermon.cameras import CameraSettings, open_camera
from fermon.domain import Face
from fermon.perception.blazeface import BlazeFace
from fermon.perception.geometry import EYE_SHAPE, eye_crops


@pytest.fixture(scope="module")
def driver() -> tuple[np.ndarray, Face]:
    frame = open_camera("demo", CameraSettings(), "max").read(1)
    assert frame is not None
    (face,) = BlazeFace().search(frame.gray)
    return frame.gray, face


@pytest.mark.parametrize("name", HARDSHIPS)
def test_a_hardship_changes_the_eyes_and_not_the_picture_it_was_given(
    name: str, driver: tuple[np.ndarray, Face]
) -> None:
    gray, face = driver
    before = gray.copy()
    readable, change = HARDSHIPS[name]
    changed = change(gray, face, np.random.default_rng(0))
    assert (gray == before).all()
    assert changed.shape == gray.shape
    assert changed.dtype == np.uint8
    for was, now in zip(eye_crops(gray, face), eye_crops(changed, face), strict=True):
        assert was is not None
        assert now is not None
        difference = np.abs(was.astype(int) - now).mean()
        assert difference == 0 if name == "as it is" else difference > (0.1 if readable else 5)


@pytest.mark.parametrize("name", ["dark glasses", "mirroring glasses", "glaring glasses", "a hand"])
def test_what_lies_before_the_eyes_leaves_the_rest_of_the_picture(name: str, driver: tuple[np.ndarray, Face]) -> None:
    gray, face = driver
    changed = HARDSHIPS[name][1](gray, face, np.random.default_rng(0))
    rows, columns = np.nonzero(changed != gray)
    assert face.box.y < rows.min() < rows.max() < face.box.y + 0.7 * face.box.h
    assert face.box.x - 0.2 * face.box.w < columns.min() < columns.max() < face.box.x + 1.2 * face.box.w


def test_a_hand_that_training_draws_hides_the_whole_eye() -> None:
    rng = np.random.default_rng(0)
    eye = np.full(EYE_SHAPE, 150, np.uint8)
    marked = eye.copy()
    marked[12:20, 16:32] = 10
    other = rng.integers(0, 256, EYE_SHAPE, dtype=np.uint8)
    plain = skin(eye, other, np.random.default_rng(5)).astype(int)
    drawn = skin(marked, other, np.random.default_rng(5)).astype(int)
    # The eye gives the hand its tone, nothing else of it is left.
    assert np.abs((drawn - drawn.mean()) - (plain - plain.mean())).max() <= 2
