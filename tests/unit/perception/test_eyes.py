"""Where eyes are cut, what is not readable and why, and what the driver's own level does."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fermon.domain import NS_PER_S, Box, Eyes, Face, Points
from fermon.perception import geometry
from fermon.perception.baseline import Baseline
from fermon.perception.eyes import EyeReader, standardise
from fermon.perception.mouth import MouthReader
from fermon.perception.network import Network, models_dir

GRAY = np.random.default_rng(0).integers(0, 256, (480, 640), dtype=np.uint8)


def face(x: float = 320, y: float = 240, distance: float = 60, tilt: float = 0.0, nose: float = 0.5) -> Face:
    """A face whose eyes are `distance` px apart around (x, y), the line tilted by `tilt` rad."""
    dx, dy = distance / 2 * math.cos(tilt), distance / 2 * math.sin(tilt)
    left, right = (x - dx, y - dy), (x + dx, y + dy)
    tip = (left[0] + nose * (right[0] - left[0]), y + 0.5 * distance)
    box = Box(x - distance * 1.15, y - distance * 0.7, distance * 2.3, distance * 2.3)
    return Face(box, 0.9, Points(left, right, tip, (x, y + distance)))


def reader() -> EyeReader:
    return EyeReader(Network(models_dir() / "eyes.tflite"))


def test_a_crop_shows_the_eye_in_its_middle() -> None:
    gray = np.zeros((480, 640), np.uint8)
    gray[238:243, 288:293] = 255  # a bright spot where the left eye is
    left, right = geometry.eye_crops(gray, face())
    assert left is not None
    assert right is not None
    assert left.shape == geometry.EYE_SHAPE
    row, column = np.unravel_index(left.argmax(), left.shape)
    assert abs(row - 15.5) <= 2
    assert abs(column - 23.5) <= 2
    assert right.max() == 0


def test_a_crop_is_upright_along_the_eye_line() -> None:
    tilted = face(tilt=0.5)
    assert tilted.points is not None
    gray = np.zeros((480, 640), np.uint8)
    lx, ly = tilted.points.eye_left
    for step in range(-12, 13):  # a bright line along the eye line
        gray[round(ly + step * math.sin(0.5)), round(lx + step * math.cos(0.5))] = 255
    left, _ = geometry.eye_crops(gray, tilted)
    assert left is not None
    rows = left.astype(float).sum(1)
    assert rows[14:18].sum() > 0.8 * rows.sum()


def test_a_box_without_points_gives_places_inside_it() -> None:
    box = Box(100, 100, 200, 200)
    for place in geometry.places(Face(box, 1.0)):
        assert box.x < place.x < box.x + box.w
        assert box.y < place.y < box.y + box.h


@given(st.floats(-700, 1400), st.floats(-500, 1000), st.floats(0.01, 900), st.floats(-1.5, 1.5), st.floats(-5, 5))
def test_any_face_gives_whole_crops_or_none(x: float, y: float, distance: float, tilt: float, nose: float) -> None:
    found = face(x, y, distance, tilt, nose)
    for crop in geometry.eye_crops(GRAY, found):
        assert crop is None or crop.shape == geometry.EYE_SHAPE
    mouth = geometry.mouth_crop(GRAY, found)
    assert mouth is None or mouth.shape == geometry.MOUTH_SHAPE


def test_what_cannot_be_read_is_unknown_with_its_cause() -> None:
    eyes = reader()
    assert eyes.read(GRAY, face(distance=6)) == Eyes(None, None, "too small")
    outside = eyes.read(GRAY, face(x=5))
    assert outside.left is None
    assert outside.cause == "out of frame"
    turned = eyes.read(GRAY, face(nose=2.0))
    assert turned.right is None
    assert turned.cause is not None
    for nose in (-1.5, 2.5):
        assert eyes.read(GRAY, face(nose=nose)) == Eyes(None, None, "off-axis")


def test_a_flat_patch_is_no_eye() -> None:
    flat = np.full((480, 640), 90, np.uint8)
    assert reader().read(flat, face()) == Eyes(None, None, "covered")


def test_the_mouth_is_unknown_where_it_cannot_be_seen() -> None:
    mouth = MouthReader(Network(models_dir() / "mouth.tflite"))
    assert mouth.read(GRAY, face(distance=6)) is None
    assert mouth.read(GRAY, face(y=470)) is None


class Says:
    """Stands for a network that says one thing whatever it sees."""

    def __init__(self, *outputs: tuple[float, ...]) -> None:
        self._answers = [np.array(output, np.float32) for output in outputs]

    def must_be(self, *_: object) -> None:
        pass

    def run_gray(self, _: object) -> list[np.ndarray]:
        return self._answers


@pytest.mark.parametrize(
    ("answer", "wide"),
    [((0.8, 0.1, 0.0), 0.8), ((0.8, 0.1, 0.5), 0.8), ((0.8, 0.1, 0.75), 0.4), ((0.8, 0.5, 0.0), None)],
)
def test_a_laughing_mouth_is_not_wide_open(answer: tuple[float, float, float], wide: float | None) -> None:
    said = MouthReader(Says(answer)).read(GRAY, face())  # type: ignore[arg-type]
    assert said == (None if wide is None else pytest.approx(wide, abs=1e-3))


@pytest.mark.parametrize(
    ("lowered", "unreadable", "cause"),
    [(0.6, 0.0, "lowered"), (0.4, 0.0, None), (0.9, 0.3, "covered")],
)
def test_lids_that_follow_the_gaze_are_told_of_eyes_that_are_readable(
    lowered: float, unreadable: float, cause: str | None
) -> None:
    said = Says((0.7, 0.0, 0.0, 0.1, -0.2), (0.25, unreadable, lowered))  # the converter may change their order
    eyes = EyeReader(said).read(GRAY, face())  # type: ignore[arg-type]
    assert eyes.cause == cause
    if unreadable:
        assert (eyes.left, eyes.opening) == (None, (None, None))
    else:
        assert (eyes.left, eyes.right, eyes.opening) == (0.25, 0.25, (0.7, 0.7))


@pytest.mark.parametrize(("said", "told"), [(-0.1, 0.0), (1.6, 1.25)])
def test_an_opening_is_no_more_than_an_eye_has(said: float, told: float) -> None:
    eyes = EyeReader(Says((0.1, 0.0, 0.0), (said, 0, 0, 0, 0))).read(GRAY, face())  # type: ignore[arg-type]
    assert eyes.opening == (told, told)


def test_brightness_and_contrast_do_not_matter() -> None:
    crop = np.tile(np.linspace(100, 140, 48), (32, 1)).astype(np.uint8)
    dim = (crop / 2).astype(np.uint8)
    assert np.abs(standardise(crop).astype(int) - standardise(dim).astype(int)).mean() < 5


# The driver's own level -------------------------------------------------------------------------------------------


def both(closed: float | None, opening: float | None) -> Eyes:
    return Eyes(closed, closed, None, (opening, opening))


def run(baseline: Baseline, seconds: float, closed: float | None, opening: float | None, start_s: float = 0.0) -> Eyes:
    eyes = Eyes(None, None)
    for frame in range(round(seconds * 15)):
        eyes = baseline.update(round((start_s + frame / 15) * NS_PER_S), both(closed, opening))
    return eyes


def test_nothing_is_shaped_before_the_level_is_learned() -> None:
    assert run(Baseline(), 10, 0.4, 0.4) == both(0.4, 0.4)


def test_narrow_eyes_become_this_drivers_open_eyes() -> None:
    baseline = Baseline()
    run(baseline, 40, 0.45, 0.5)
    eyes = baseline.update(41 * NS_PER_S, both(0.45, 0.5))
    assert eyes.left is not None
    assert eyes.left < 0.1
    assert eyes.opening == (pytest.approx(0.95, abs=0.05),) * 2
    shut = baseline.update(42 * NS_PER_S, both(0.99, 0.02))
    assert shut.left is not None
    assert shut.left > 0.95
    assert shut.opening == (pytest.approx(0.04, abs=0.003),) * 2


def test_each_eye_has_its_own_level() -> None:
    baseline = Baseline()
    for frame in range(600):
        baseline.update(frame * NS_PER_S // 15, Eyes(0.3, 0.05, None, (0.6, 1.0)))
    assert baseline.levels == (pytest.approx(0.6, abs=0.03), 1.0)


def test_the_level_never_falls_below_nine_tenths_of_its_first_value() -> None:
    baseline = Baseline()
    run(baseline, 60, 0.1, 0.9)
    first = baseline.levels[0]
    run(baseline, 900, 0.5, 0.5, start_s=60)
    assert baseline.levels[0] >= 0.9 * first - 1e-9


def test_it_may_rise() -> None:
    baseline = Baseline()
    run(baseline, 40, 0.4, 0.6)
    first = baseline.levels[0]
    run(baseline, 900, 0.02, 0.95, start_s=40)
    assert baseline.levels[0] > first


def test_wide_eyes_do_not_make_usual_ones_half_shut() -> None:
    baseline = Baseline()
    run(baseline, 60, 0.01, 1.2)
    assert baseline.levels == (1.0, 1.0)
    assert baseline.update(61 * NS_PER_S, both(0.00001, 0.9)) == both(0.00001, 0.9)  # not touched at all


def test_it_starts_anew_after_ten_seconds_without_a_face_and_not_before() -> None:
    """The next face may be another driver's: narrow eyes of the last one must not make his closing eyes open."""
    for gone_s, anew in ((9, False), (11, True)):
        baseline = Baseline()
        run(baseline, 40, 0.4, 0.6)
        for second in range(gone_s):
            baseline.update((40 + second) * NS_PER_S, None)
        baseline.update((40 + gone_s) * NS_PER_S, both(0.4, 0.6))
        assert (baseline.levels == (1.0, 1.0)) is anew


def test_unknown_stays_unknown_and_teaches_nothing() -> None:
    baseline = Baseline()
    assert run(baseline, 60, None, None) == Eyes(None, None, None)
    assert run(baseline, 60, 0.3, None, start_s=60) == both(0.3, None)
    assert baseline.levels == (1.0, 1.0)


def test_a_driver_who_sleeps_from_the_start_does_not_become_the_norm() -> None:
    baseline = Baseline()
    asleep = run(baseline, 120, 0.98, 0.03)
    assert baseline.levels == (0.4, 0.4)
    assert asleep.left is not None
    assert asleep.left > 0.95


@given(st.floats(0.4, 1), st.floats(0, 1), st.floats(0, 1.25), st.floats(0, 1.25))
def test_wider_lids_are_never_more_closed(level: float, closed: float, one: float, other: float) -> None:
    baseline = Baseline()
    run(baseline, 21, 0.1, level)
    t = 22 * NS_PER_S
    wide, narrow = (baseline.update(t, both(closed, opening)).left for opening in (max(one, other), min(one, other)))
    assert wide is not None
    assert narrow is not None
    assert wide <= narrow + 1e-4
