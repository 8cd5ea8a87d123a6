"""The search for a face: where a face is, however the picture is cut; and cheaper when there is nobody for long."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from fermon.cameras import CameraSettings, open_camera
from fermon.perception.blazeface import BlazeFace, overlap
from fermon.perception.contract import Gray


@pytest.fixture(scope="module")
def drawn() -> Gray:
    frame = open_camera("demo", CameraSettings(), "max").read(1)
    assert frame is not None
    return frame.gray


@pytest.fixture
def detector(monkeypatch: pytest.MonkeyPatch) -> BlazeFace:
    detector = BlazeFace()
    detector.runs = 0  # type: ignore[attr-defined]
    run = detector._network.run

    def counted(values: np.ndarray) -> list[np.ndarray]:
        detector.runs += 1  # type: ignore[attr-defined]
        return run(values)

    monkeypatch.setattr(detector._network, "run", counted)
    return detector


def test_a_face_moves_with_its_picture(drawn: Gray) -> None:
    """Shifted by a few px, as a car shakes, the points come along in the mean, to a pixel of the network's input."""
    detector = BlazeFace()
    (still,) = detector.search(drawn)
    pixel = max(drawn.shape) / 128
    for dx, dy in ((1, 0), (0, 1), (3, 2), (7, 5)):
        shifted = np.roll(drawn, (dy, dx), (0, 1))
        (moved,) = detector.search(shifted)
        assert moved.points is not None
        assert still.points is not None
        step = np.mean(moved.points, 0) - np.mean(still.points, 0)
        assert step == pytest.approx((dx, dy), abs=pixel)


@pytest.mark.parametrize("scale", [2, 3])
def test_the_same_face_in_a_larger_picture_is_at_the_same_place(drawn: Gray, scale: int) -> None:
    large = np.kron(drawn, np.ones((scale, scale), np.uint8))
    (small_face,), (large_face,) = BlazeFace().search(drawn), BlazeFace().search(large)
    assert overlap(small_face.box, type(large_face.box)(*(v / scale for v in large_face.box))) > 0.95


def test_an_empty_seat_becomes_cheaper_to_watch_and_a_face_makes_it_eager_again(
    detector: BlazeFace, drawn: Gray
) -> None:
    nobody = np.random.default_rng(0).normal(90, 4, drawn.shape).clip(0, 255).astype(np.uint8)
    costs = []
    for _ in range(40):
        before = detector.runs  # type: ignore[attr-defined]
        assert detector.search(nobody) == []
        costs.append(detector.runs - before)  # type: ignore[attr-defined]
    assert costs == [3] * 30 + [2] * 10
    assert len(detector.search(drawn)) == 1
    before = detector.runs  # type: ignore[attr-defined]
    detector.search(nobody)
    assert detector.runs - before == 3  # type: ignore[attr-defined]


def test_what_is_hardly_like_a_face_does_not_hide_a_small_one(drawn: Gray) -> None:
    """A blurred face is found in the whole picture, unsurely; the sharp small one only in a closer look."""
    (known,) = BlazeFace().search(drawn)
    x, y, w, h = (round(v) for v in known.box)
    head = drawn[max(0, y - h // 2) : y + h + h // 4, max(0, x - w // 4) : x + w + w // 4]
    wide = np.full((960, 1280), int(np.median(drawn)), np.uint8)
    wide[100:244, 900:1020] = cv2.resize(head, (120, 144), interpolation=cv2.INTER_AREA)
    blurred = cv2.GaussianBlur(cv2.resize(head, (360, 430)), (0, 0), 16)
    wide[480:910, 150:510] = blurred
    detector = BlazeFace()
    unsure = detector._window(wide, 0, 0, 1280, 0.3)
    assert unsure
    assert max(face.score for face in unsure) < 0.65
    assert all(face.box.x < 600 for face in unsure)
    found = [face.box for _ in range(8) for face in detector.search(wide)]
    assert any(900 < box.x + box.w / 2 < 1020 and 100 < box.y + box.h / 2 < 244 for box in found)
