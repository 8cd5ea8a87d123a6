"""From a Keras network to a full-int8 TFLite one: batch 1, per-channel weights, int8 in and out."""

from __future__ import annotations

import os
import warnings

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # before the first import of TensorFlow: no greetings

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2


def inference_copy(model: keras.Model) -> keras.Model:
    """Return the same network and weights with every layer computing in float32 on batches of one.

    A network trained under a bfloat16 policy carries casts that no int8 kernel knows; an open batch leaves shape
    arithmetic in the graph, which costs tflite-runtime its fast path.
    """

    def in_float32(layer: keras.Layer) -> keras.Layer:
        return layer.__class__.from_config(layer.get_config() | {"dtype": "float32"})

    inputs = keras.Input(batch_shape=(1, *model.input_shape[1:]), dtype="float32")
    copy = keras.models.clone_model(model, input_tensors=inputs, clone_function=in_float32, recursive=True)
    copy.set_weights(model.get_weights())
    return copy


def fold_scales(model: keras.Model) -> None:
    """Move the factor of every batch normalisation that follows a convolution with ReLU into that convolution.

    a * relu(conv(x)) + b equals relu(|a| conv(x)) * sign(a) + b, so the answers stay. What changes is quantisation: the
    factor then sits in per-channel weights, and the tensor between has the same range in each channel, which one
    int8 scale for all channels fits far better. Changes `model` in place.
    """
    for norm in [layer for layer in model.layers if isinstance(layer, keras.layers.BatchNormalization)]:
        convolution = norm.input._keras_history.operation
        if not isinstance(convolution, keras.layers.Conv2D) or convolution.activation is not keras.activations.relu:
            continue
        gamma, beta, mean, variance = norm.get_weights()
        factor = gamma / np.sqrt(variance + norm.epsilon)
        kernel, bias = convolution.get_weights()
        convolution.set_weights([kernel * np.abs(factor), bias * np.abs(factor)])
        # A variance of 1 - epsilon makes the rest of the layer a plain sign and shift.
        norm.set_weights(
            [np.sign(factor), beta - mean * factor, np.zeros_like(mean), np.full_like(variance, 1 - norm.epsilon)]
        )


def to_int8(model: keras.Model, pictures: NDArray[np.uint8], folded: bool = True) -> bytes:
    """Convert; `pictures` (uint8, (n, height, width)) are what the activations' ranges are measured on."""
    copy = inference_copy(model)
    if folded:
        fold_scales(copy)
    signature = tf.TensorSpec(copy.input_shape, tf.float32)
    traced = tf.function(lambda x: copy(x, training=False)).get_concrete_function(signature)
    # Variables become constants first: the converter would leave READ_VARIABLE nodes that the runtimes refuse.
    frozen = convert_variables_to_constants_v2(traced)
    converter = tf.lite.TFLiteConverter.from_concrete_functions([frozen], copy)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = converter.inference_output_type = tf.int8
    converter.representative_dataset = lambda: ([p[None, ..., None].astype(np.float32) / 255] for p in pictures)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Statistics for quantized inputs")  # they come from the pictures
        return bytes(converter.convert())
