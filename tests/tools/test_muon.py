"""The training's optimiser: orthogonal steps for hidden kernels, AdamW for the rest."""

from __future__ import annotations

import pytest

pytestmark = [
    pytest.mark.training,
    # Keras and TensorFlow warn about each other's and numpy's deprecations.
    pytest.mark.filterwarnings("default"),
]
pytest.importorskip("tensorflow", reason="TensorFlow is in the environment of ./tools/test --all")

import keras
import numpy as np

from expression.muon import ConvolutionMuon

RATE = 0.01


def step(shape: tuple[int, ...], name: str) -> np.ndarray:
    """The first step, in learning rates, that is taken against a random gradient without weight decay."""
    rng = np.random.default_rng(3)
    variable = keras.Variable(np.zeros(shape, np.float32), name=name)
    optimizer = ConvolutionMuon(RATE, weight_decay=0.0)
    optimizer.build([variable])
    optimizer.apply([keras.ops.convert_to_tensor(rng.normal(size=shape).astype(np.float32))], [variable])
    return -keras.ops.convert_to_numpy(variable) / RATE


@pytest.mark.parametrize("shape", [(3, 3, 16, 24), (3, 3, 1, 64), (128, 96)])
def test_a_hidden_kernel_moves_equally_far_in_every_direction(shape: tuple[int, ...]) -> None:
    moved = step(shape, "kernel").reshape(-1, shape[-1])
    directions = np.linalg.svd(moved, compute_uv=False) / (0.2 * np.sqrt(max(moved.shape)))
    # Newton and Schulz's five steps bring every singular value near 1, and no nearer (Jordan et al.).
    assert directions.min() > 0.6
    assert directions.max() < 1.3


@pytest.mark.parametrize(("shape", "name"), [((32,), "bias"), ((64, 7), "classes")])
def test_the_rest_moves_by_adams_first_step(shape: tuple[int, ...], name: str) -> None:
    np.testing.assert_allclose(np.abs(step(shape, name)), 1, rtol=1e-3)


def test_the_networks_last_layer_bears_the_name_that_is_left_out() -> None:
    from expression import networks

    assert networks.build("cnn10").layers[-1].name == "classes"
