"""The three networks have exactly the printed layers and parameters."""

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

from expression import networks
from expression.predictors import NetworkError


@pytest.mark.parametrize(
    ("arch", "trainable", "other"),
    [("cnn6", 6_903_367, 512), ("cnn10", 1_202_759, 1_024), ("vgg16", 175_623, 14_714_688)],
)
def test_parameters_are_the_printed_ones(arch: str, trainable: int, other: int) -> None:
    model = networks.build(arch)
    assert networks.parameters(model) == (trainable, other)
    assert networks.PARAMETERS[arch] == trainable + other
    assert model.input_shape == (None, 48, 48, 1)
    assert model.output_shape == (None, 7)


@pytest.mark.parametrize(("arch", "sides"), [("cnn6", [23, 11, 5]), ("cnn10", [23, 11, 5, 2, 1])])
def test_pooling_gives_the_printed_sizes(arch: str, sides: list[int]) -> None:
    model = networks.build(arch)
    pooled = [layer.output.shape[1] for layer in model.layers if "max_pooling" in layer.name]
    assert pooled == sides


def test_the_10_layer_network_has_the_same_weights_at_every_size() -> None:
    shapes = {side: [w.shape for w in networks.build("cnn10", "best", side).weights] for side in (32, 40, 48)}
    assert shapes[32] == shapes[40] == shapes[48]


def test_answers_are_probabilities() -> None:
    answers = networks.build("cnn10")(np.random.default_rng(0).random((3, 48, 48, 1), np.float32))
    np.testing.assert_allclose(np.asarray(answers).sum(1), 1, rtol=1e-5)


def test_vgg16_feeds_its_body_as_imagenet_weights_expect() -> None:
    model = networks.build("vgg16")
    prepared = next(layer for layer in model.layers if isinstance(layer, keras.layers.Rescaling))
    seen = keras.Model(model.input, prepared.output)
    white = np.asarray(seen(np.ones((1, 48, 48, 1), np.float32)))[0]
    wanted = keras.applications.vgg16.preprocess_input(np.full((224, 224, 3), 255.0, np.float32))
    np.testing.assert_allclose(white, wanted, atol=1e-2)


def test_unknown_names_and_sizes_are_told() -> None:
    with pytest.raises(ValueError, match="arch: found 'cnn7', expected one of cnn6, cnn10, vgg16"):
        networks.build("cnn7")
    with pytest.raises(ValueError, match="recipe: found 'worst'"):
        networks.build("cnn10", "worst")
    with pytest.raises(ValueError, match="side: found 40 px, expected 48 to 48 px for cnn6"):
        networks.build("cnn6", side=40)


def test_weights_that_cannot_be_had_are_told() -> None:
    with pytest.raises(NetworkError, match=r"--weights /nowhere/vgg16.h5: .*; expected imagenet"):
        networks.build("vgg16", weights="/nowhere/vgg16.h5")
