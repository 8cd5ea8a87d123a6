"""From a Keras network to a full-int8 TFLite one: batch 1, per-channel weights, int8 in and out."""

from __future__ import annotations

import functools
import itertools
import os
import tempfile
import warnings
from collections.abc import Callable, Iterator

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # before the first import of TensorFlow: no greetings

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

Floats = NDArray[np.float32]

# Layers that a positive factor on a channel passes unchanged; batch normalisation only as fold_scales leaves it.
_TRANSPARENT = (
    keras.layers.BatchNormalization,
    keras.layers.MaxPooling2D,
    keras.layers.Dropout,
    keras.layers.Flatten,
)


def inference_copy(model: keras.Model, batch: int = 1) -> keras.Model:
    """Return the same network and weights with every layer computing in float32 on batches of one size.

    A network trained under a bfloat16 policy carries casts that no int8 kernel knows; an open batch leaves shape
    arithmetic in the graph, which costs tflite-runtime its fast path.
    """

    def in_float32(layer: keras.Layer) -> keras.Layer:
        return layer.__class__.from_config(layer.get_config() | {"dtype": "float32"})

    inputs = keras.Input(batch_shape=(batch, *model.input_shape[1:]), dtype="float32")
    copy = keras.models.clone_model(model, input_tensors=inputs, clone_function=in_float32, recursive=True)
    copy.set_weights(model.get_weights())
    return copy


def _chain(model: keras.Model) -> list[keras.Layer]:
    """The layers in order when each feeds only the next, else []: what follows rewrites plain chains only."""
    chain = model.layers
    plain = all(one.output is two.input for one, two in itertools.pairwise(chain))
    return chain if plain and all(len(layer._outbound_nodes) <= 1 for layer in chain) else []


def fold_scales(model: keras.Model) -> None:
    """Move the factor of every batch normalisation that follows a convolution with ReLU into that convolution.

    a * relu(conv(x)) + b equals sign(a) * relu(|a| conv(x)) + b, so the answers stay. What changes is quantisation:
    the factor then sits in per-channel weights, and the tensor between has much the same range in each channel,
    which one int8 scale for all channels fits far better. Changes `model` in place.
    """
    for convolution, norm in itertools.pairwise(_chain(model)):
        if not (isinstance(norm, keras.layers.BatchNormalization) and _is_rectified(convolution)):
            continue
        gamma, beta, mean, variance = norm.get_weights()
        factor = gamma / np.sqrt(variance + norm.epsilon)
        kernel, bias = convolution.get_weights()
        convolution.set_weights([kernel * np.abs(factor), bias * np.abs(factor)])
        # A variance of 1 - epsilon makes the rest of the layer a plain sign and shift.
        one = np.full_like(variance, 1 - norm.epsilon)
        norm.set_weights([np.sign(factor), beta - mean * factor, np.zeros_like(mean), one])


def _is_rectified(layer: keras.Layer) -> bool:
    kinds = (keras.layers.Conv2D, keras.layers.Dense)
    return isinstance(layer, kinds) and layer.activation is keras.activations.relu and layer.use_bias


def _reach(model: keras.Model, layer: keras.Layer, pictures: Floats) -> Floats:
    """Greatest output of each channel of a rectified layer over `pictures`."""
    part = keras.Model(model.inputs, layer.output)
    outputs = tf.function(lambda x: tf.reduce_max(tf.reshape(part(x), (-1, layer.output.shape[-1])), 0))
    return np.max([outputs(tf.constant(picture[None])).numpy() for picture in pictures], axis=0)


def equalise(model: keras.Model, pictures: Floats) -> None:
    """Scale the channels between two layers so that both sides suffer alike from one int8 scale for all of them.

    After Nagel et al., "Data-Free Quantization Through Weight Equalization and Bias Correction" (2019), with measured
    instead of estimated ranges: a channel of reach r that meets weights up to w is scaled by sqrt(w / r), and the
    weights by the inverse. ReLU and pooling let a positive factor through, so the answers stay. Call it after
    `fold_scales`. `pictures`: float32 (n, height, width, 1). Changes `model` in place.
    """
    chain = _chain(model)
    weighty = [i for i, layer in enumerate(chain) if isinstance(layer, (keras.layers.Conv2D, keras.layers.Dense))]
    for i, j in itertools.pairwise(weighty):
        first, between, second = chain[i], chain[i + 1 : j], chain[j]
        norms = [layer for layer in between if isinstance(layer, keras.layers.BatchNormalization)]
        if not _is_rectified(first) or len(norms) > 1 or not all(isinstance(x, _TRANSPARENT) for x in between):
            continue
        reach = _reach(model, first, pictures)
        if norms:
            sign, shift, mean, variance = norms[0].get_weights()
            reach = np.where(reach > 0, np.maximum(np.abs(sign * reach + shift), np.abs(shift)), 0)
        weights, bias = second.get_weights()
        # Rows of the second layer's weights that belong to each channel; a flattened picture repeats its channels.
        by_channel = weights.reshape(-1, len(reach), weights.shape[-1])
        if isinstance(second, keras.layers.Conv2D):
            by_channel = weights.reshape(-1, *weights.shape[-2:])
        meets = np.abs(by_channel).max((0, 2))
        live = (reach > 1e-6) & (meets > 1e-9)
        factor = np.ones_like(reach)
        factor[live] = np.sqrt(meets[live] / reach[live])
        factor[live] = np.clip(factor[live] / np.exp(np.log(factor[live]).mean()), 0.01, 100)
        kernel, first_bias = first.get_weights()
        first.set_weights([kernel * factor, first_bias * factor])
        if norms:
            norms[0].set_weights([sign, shift * factor, mean, variance])
        second.set_weights([(by_channel / factor[:, None]).reshape(weights.shape), bias])


def seen_twice(model: keras.Model) -> Callable[[tf.Tensor], tf.Tensor]:
    """Return what answers one picture by the mean of the probabilities for it and for its mirror image.

    Both go through one batch of two, so that the file holds the weights once. The mean is taken by pooling, which keeps
    the int8 scale of a softmax (1/256).
    """
    twin = inference_copy(model, 2)
    classes = model.output_shape[-1]

    def answer(x: tf.Tensor) -> tf.Tensor:
        both = twin(tf.concat([x, tf.reverse(x, [2])], 0), training=False)
        mean = tf.nn.avg_pool2d(tf.reshape(both, (1, 2, 1, classes)), (2, 1), 1, "VALID")
        return tf.reshape(mean, (1, classes))

    return answer


def frozen(
    answer: Callable[[tf.Tensor], tf.Tensor], shape: tuple[int, ...]
) -> Callable[[tf.Tensor], dict[str, tf.Tensor]]:
    """Return `answer` as a function of a saved model, its variables turned into constants.

    The converter would leave READ_VARIABLE nodes that the runtimes refuse.
    """
    picture = tf.TensorSpec(shape, tf.float32, name="picture")
    traced = convert_variables_to_constants_v2(
        tf.function(lambda picture: answer(picture)).get_concrete_function(picture)
    )
    return tf.function(lambda picture: {"probabilities": traced(picture)[0]}, input_signature=[picture])


def to_int8(model: keras.Model, pictures: NDArray[np.uint8], mirror: bool = False) -> bytes:
    """Convert; `pictures` (uint8, (n, height, width)) are what the activations' ranges are measured on.

    The file's first function, "answer", is the network. With `mirror` it is what `seen_twice` makes of the network, for
    twice the work, and a second one, "look", is the network alone: on a picture and its mirror image, the mean of its
    answers is the first one's but for rounding. Both use the same weights, which the file holds once.
    """
    floats = pictures[..., None].astype(np.float32) / 255
    copy = inference_copy(model)
    fold_scales(copy)
    equalise(copy, floats)
    once = functools.partial(copy, training=False)
    answers = {"answer": seen_twice(copy), "look": once} if mirror else {"answer": once}

    def seen() -> Iterator[tuple[str, dict[str, Floats]]]:
        for name in answers:
            for picture in floats:
                yield name, {"picture": picture[None]}
                if name == "look":  # "answer" turns it by itself: both see the same, and get the same scales
                    yield name, {"picture": picture[None, :, ::-1]}

    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        tf.saved_model.save(
            tf.Module(), folder, {name: frozen(answer, copy.input_shape) for name, answer in answers.items()}
        )
        converter = tf.lite.TFLiteConverter.from_saved_model(folder, sorted(answers))
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        converter.inference_input_type = converter.inference_output_type = tf.int8
        converter.representative_dataset = seen
        warnings.filterwarnings("ignore", message="Statistics for quantized inputs")  # they come from the pictures
        return bytes(converter.convert())
