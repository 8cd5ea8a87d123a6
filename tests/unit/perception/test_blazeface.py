"""The search for a face: where a face is, however the picture is cut; and cheaper when there is nobody for long."""

from __future__ import annotations

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
