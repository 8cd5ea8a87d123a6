"""The face network's losses: what costs nothing is the truth, in the daemon's own reading."""

from __future__ import annotations

import pytest

pytestmark = [
    pytest.mark.training,
    # Keras and TensorFlow warn about each other's and numpy's deprecations.
    pytest.mark.filterwarnings("default"),
]
pytest.importorskip("tensorflow", reason="TensorFlow is in the environment of ./tools/test --all")

import numpy as np

from faces import networks
from fermon.perception.face import GRID, MIDDLES, PER_PLACE, POINTS, POSE, SIDE, points_in

TRUTH = np.random.default_rng(3).uniform(-0.3, 0.3, (1, 2 * POINTS)).astype(np.float32)


def said(truth: np.ndarray, sure: float) -> np.ndarray:
    """Places that all point at the truth, the nearest ones surest."""
    points = truth.reshape(POINTS, 2)
    away = np.square((MIDDLES[:, None] - points[None]) * GRID / networks._NEAR_PLACES).sum(-1)
    offsets = (points[None] - MIDDLES[:, None]) * SIDE
    return np.concatenate([-sure * away / 2, offsets.reshape(GRID * GRID, -1)], 1).reshape(1, -1).astype(np.float32)


def loss(truth: np.ndarray, places: np.ndarray) -> float:
    return float(networks.points_loss(truth, places))


def test_the_network_gives_what_the_daemon_reads() -> None:
    model = networks.face()
    assert [tuple(output.shape[1:]) for output in model.outputs] == [(4,), (POSE,), (GRID * GRID * PER_PLACE,)]


def test_the_loss_reads_points_as_the_daemon_does() -> None:
    places = said(TRUTH, 1.0)
    assert points_in(places[0]).ravel() == pytest.approx(TRUTH[0], abs=1e-4)
    right = loss(TRUTH, places)
    assert right < loss(TRUTH, said(TRUTH + 0.02, 1.0))
    assert right < loss(TRUTH, said(TRUTH, 0.2))  # nor may far places be as sure as near ones
    assert right < loss(TRUTH, said(TRUTH, 5.0))


def test_a_point_that_is_not_known_costs_nothing() -> None:
    unknown = TRUTH.copy()
    unknown[:, :2] = np.nan
    far = said(TRUTH, 1.0).reshape(1, GRID * GRID, PER_PLACE)
    far[..., [0, POINTS, POINTS + 1]] = np.random.default_rng(0).normal(0, 5, (1, GRID * GRID, 3))
    assert loss(unknown, far.reshape(1, -1)) == pytest.approx(loss(unknown, said(TRUTH, 1.0)))
    assert loss(np.full_like(TRUTH, np.nan), far.reshape(1, -1)) == 0


def test_box_and_angles_cost_what_they_are_off() -> None:
    pose = np.zeros((1, POSE), np.float32)
    steps = 0.1 * np.eye(POSE, dtype=np.float32)[:, None]
    off = [float(networks.pose_loss(pose, pose + step)) for step in steps]
    assert min(off) > 0
    assert np.allclose(off[:4], off[0])
    assert np.allclose(off[4:], off[4])
    assert float(networks.pose_loss(np.full_like(pose, np.nan), pose)) == 0
