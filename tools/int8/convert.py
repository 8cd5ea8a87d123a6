"""From a Keras network to a full-int8 TFLite one: batch 1, per-channel weights, int8 in and out.

The one converter of all networks. Import it only where TensorFlow is: `int8.files` finds a process that has it.
"""

from __future__ import annotations

import functools
import tempfile
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

Floats = NDArray[np.float32]
Answer = Callable[[Any], Any]

# Layers that a positive factor on a channel passes unchanged; batch normalisation only as fold_scales leaves it.
_TRANSPARENT = (
    keras.layers.BatchNormalization,
    keras.layers.MaxPooling2D,
    keras.layers.Dropout,
    keras.layers.Flatten,
)
_WEIGHTY = (keras.layers.Conv2D, keras.layers.Dense)


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


def _next(model: keras.Model, layer: keras.Layer) -> keras.Layer | None:
    """The only layer that takes what `layer` gives, and takes nothing else; None where there are several, or none."""
    takers = [node.operation for node in layer._outbound_nodes if node.operation in model.layers]
    ends = any(layer.output is output for output in model.outputs)
    return takers[0] if len(takers) == 1 and takers[0].input is layer.output and not ends else None


def _pairs(model: keras.Model) -> list[tuple[keras.Layer, list[keras.Layer], keras.Layer]]:
    """Each two layers with weights of which the first feeds the second alone, and what lies between them."""
    found = []
    for first in model.layers:
        between: list[keras.Layer] = []
        layer = _next(model, first) if isinstance(first, _WEIGHTY) else None
        while layer is not None and not isinstance(layer, _WEIGHTY):
            between.append(layer)
            layer = _next(model, layer)
        if layer is not None:
            found.append((first, between, layer))
    return found


def fold_norms(model: keras.Model) -> keras.Model:
    """Return the network with each batch normalisation that follows a plain convolution or dense layer put into it.

    The converter folds these by itself, but `equalise` would not see through them; a ReLU of its own that follows
    becomes the layer's activation. A network without such layers is returned as it is.
    """
    norms: dict[str, keras.Layer] = {}  # by the name of the layer that takes it over
    relus: dict[str, str] = {}
    gone: set[str] = set()
    for layer in model.layers:
        norm = _next(model, layer) if _is_linear(layer) else None
        if not isinstance(norm, keras.layers.BatchNormalization):
            continue
        norms[layer.name], follower = norm, _next(model, norm)
        gone.add(norm.name)
        if follower is not None and _is_plain_relu(follower):
            relus[layer.name] = "relu"
            gone.add(follower.name)
    if not norms:
        return model

    def rebuilt(layer: keras.Layer) -> keras.Layer:
        if layer.name not in norms:
            return layer.__class__.from_config(layer.get_config())
        changes = {"use_bias": True, "activation": relus.get(layer.name, "linear")}
        return layer.__class__.from_config(layer.get_config() | changes)

    def called(layer: keras.Layer, x: Any, **more: Any) -> Any:
        return x if layer.name in gone else layer(x, **more)

    inputs = keras.Input(batch_shape=model.inputs[0].shape, dtype="float32")
    folded = keras.models.clone_model(model, input_tensors=inputs, clone_function=rebuilt, call_function=called)
    for layer in model.layers:
        if layer.name in norms:
            gamma, beta, mean, variance = norms[layer.name].get_weights()
            factor = gamma / np.sqrt(variance + norms[layer.name].epsilon)
            kernel, *bias = layer.get_weights()
            moved = beta + ((bias[0] if bias else 0) - mean) * factor
            folded.get_layer(layer.name).set_weights([kernel * factor, moved])
        elif layer.name not in gone and layer.weights:
            folded.get_layer(layer.name).set_weights(layer.get_weights())
    return folded


def fold_scales(model: keras.Model) -> None:
    """Move the factor of every batch normalisation that follows a convolution with ReLU into that convolution.

    a * relu(conv(x)) + b equals sign(a) * relu(|a| conv(x)) + b, so the answers stay. What changes is quantisation:
    the factor then sits in per-channel weights, and the tensor between has much the same range in each channel,
    which one int8 scale for all channels fits far better. Changes `model` in place.
    """
    for convolution in model.layers:
        norm = _next(model, convolution) if _is_rectified(convolution) else None
        if not isinstance(norm, keras.layers.BatchNormalization):
            continue
        gamma, beta, mean, variance = norm.get_weights()
        factor = gamma / np.sqrt(variance + norm.epsilon)
        kernel, bias = convolution.get_weights()
        convolution.set_weights([kernel * np.abs(factor), bias * np.abs(factor)])
        # A variance of 1 - epsilon makes the rest of the layer a plain sign and shift.
        one = np.full_like(variance, 1 - norm.epsilon)
        norm.set_weights([np.sign(factor), beta - mean * factor, np.zeros_like(mean), one])


def _is_rectified(layer: keras.Layer) -> bool:
    return isinstance(layer, _WEIGHTY) and layer.activation is keras.activations.relu and layer.use_bias


def _is_linear(layer: keras.Layer) -> bool:
    return isinstance(layer, _WEIGHTY) and layer.activation is keras.activations.linear


def _is_plain_relu(layer: keras.Layer) -> bool:
    plain = {"max_value": None, "negative_slope": 0.0, "threshold": 0.0}
    return isinstance(layer, keras.layers.ReLU) and all(layer.get_config()[k] == v for k, v in plain.items())


def _reach(model: keras.Model, layer: keras.Layer, pictures: Floats) -> Floats:
    """Greatest output of each channel of a rectified layer over `pictures`."""
    part = keras.Model(model.inputs, layer.output)
    outputs = tf.function(lambda x: tf.reduce_max(tf.reshape(part(x), (-1, layer.output.shape[-1])), 0))
    return np.asarray(np.max([outputs(tf.constant(picture[None])).numpy() for picture in pictures], axis=0))


def equalise(model: keras.Model, pictures: Floats) -> None:
    """Scale the channels between two layers so that both sides suffer alike from one int8 scale for all of them.

    After Nagel et al., "Data-Free Quantization Through Weight Equalization and Bias Correction" (2019), with measured
    instead of estimated ranges: a channel of reach r that meets weights up to w is scaled by sqrt(w / r), and the
    weights by the inverse. ReLU and pooling let a positive factor through, so the answers stay. Call it after
    `fold_scales`. `pictures`: float32 (n, height, width, 1). Changes `model` in place.
    """
    for first, between, second in _pairs(model):
        norms = [layer for layer in between if isinstance(layer, keras.layers.BatchNormalization)]
        passes = all(isinstance(x, _TRANSPARENT) for x in between)
        if not _is_rectified(first) or len(norms) > 1 or not passes:
            continue
        reach = _reach(model, first, pictures)
        if norms:
            sign, shift, mean, variance = norms[0].get_weights()
            reach = np.where(reach > 0, np.maximum(np.abs(sign * reach + shift), np.abs(shift)), 0)
        weights, *bias = second.get_weights()
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
        second.set_weights([(by_channel / factor[:, None]).reshape(weights.shape), *bias])


def seen_twice(model: keras.Model) -> Answer:
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


def frozen(answer: Answer, shape: tuple[int, ...], names: tuple[str, ...]) -> Any:
    """Return `answer` as a function of a saved model that names its outputs, its variables turned into constants.

    The converter would leave READ_VARIABLE nodes that the runtimes refuse.
    """
    picture = tf.TensorSpec(shape, tf.float32, name="picture")
    traced = convert_variables_to_constants_v2(
        tf.function(lambda picture: answer(picture)).get_concrete_function(picture)
    )
    return tf.function(lambda picture: dict(zip(names, traced(picture), strict=True)), input_signature=[picture])


def to_int8(model: keras.Model, pictures: NDArray[np.uint8], mirror: bool = False) -> bytes:
    """Convert; `pictures` (uint8, (n, height, width)) are what the activations' ranges are measured on.

    The file's first function, "answer", is the network. With `mirror` (networks of one output) it is what `seen_twice`
    makes of it, for twice the work, and a second one, "look", is the network alone: on a picture and its mirror image,
    the mean of its answers is the first one's but for rounding. Both use the same weights, which the file holds once.
    """
    floats = np.asarray(pictures[..., None].astype(np.float32) / 255, np.float32)
    copy = fold_norms(inference_copy(model))
    fold_scales(copy)
    equalise(copy, floats)
    names = ("probabilities",) if len(copy.outputs) == 1 else tuple(copy.output_names)
    once = functools.partial(copy, training=False)
    answers: dict[str, Answer] = {"answer": seen_twice(copy), "look": once} if mirror else {"answer": once}

    def seen() -> Iterator[tuple[str, dict[str, Floats]]]:
        for name in answers:
            for picture in floats:
                yield name, {"picture": picture[None]}
                if name == "look":  # "answer" turns it by itself: both see the same, and get the same scales
                    yield name, {"picture": picture[None, :, ::-1]}

    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        functions = {name: frozen(answer, copy.input_shape, names) for name, answer in answers.items()}
        tf.saved_model.save(tf.Module(), folder, functions)
        converter = tf.lite.TFLiteConverter.from_saved_model(folder, sorted(answers))
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        converter.inference_input_type = converter.inference_output_type = tf.int8
        converter.representative_dataset = seen
        warnings.filterwarnings("ignore", message="Statistics for quantized inputs")  # they come from the pictures
        return bytes(converter.convert())
