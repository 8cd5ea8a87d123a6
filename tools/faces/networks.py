"""The face network, and what it is told when it is wrong. Any framework that Keras knows."""

from __future__ import annotations

from typing import Any

import keras
from keras import layers, ops

from fermon.perception.face import CLASSES, SHAPE, SIDE

# Errors are weighed in crop sides and in quarter turns: half a pixel and two degrees cost about alike.
_SHAPE_SCALE, _ANGLE_SCALE = 32.0, 16.0


def face() -> keras.Model:
    """The face network: 7 M multiplications, about 210 thousand parameters."""

    def conv(x: Any, filters: int, side: int = 3, stride: int = 1) -> Any:
        x = layers.Conv2D(filters, side, stride, padding="same", use_bias=False)(x)
        return layers.ReLU()(layers.BatchNormalization(momentum=0.95)(x))

    inputs = keras.Input((SIDE, SIDE, 1))
    x = conv(inputs, 16, 5, 2)
    x = conv(conv(x, 32, stride=2), 32)
    x = conv(conv(x, 48, stride=2), 48)
    x = conv(conv(x, 64, stride=2), 64)
    x = layers.Dropout(0.1)(layers.Flatten()(x))
    x = layers.ReLU()(layers.BatchNormalization(momentum=0.95)(layers.Dense(96, use_bias=False)(x)))
    state = layers.Dense(len(CLASSES), activation="sigmoid", name="state")(x)
    shape = layers.Dense(SHAPE, kernel_initializer="zeros", name="shape")(x)
    angles = layers.Dense(3, kernel_initializer="zeros", name="angles")(x)
    return keras.Model(inputs, [state, shape, angles])


def state_loss(truth: Any, p: Any) -> Any:
    """Cross-entropy of probabilities; targets are softened a little, NaN = not known."""
    known = ops.isfinite(truth)
    target = ops.where(known, 0.01 + 0.98 * truth, 0.5)
    p = ops.clip(p, 1e-5, 1 - 1e-5)
    loss = -(target * ops.log(p) + (1 - target) * ops.log(1 - p))
    weight = ops.array([3.0, 1.0, 1.0, 1.0])
    return ops.mean(ops.where(known, loss, 0.0) * weight)


def shape_loss(truth: Any, value: Any) -> Any:
    """Huber's loss of box and points, NaN = not known."""
    return _huber(truth, value, _SHAPE_SCALE)


def angle_loss(truth: Any, value: Any) -> Any:
    """Huber's loss of the angles, NaN = not known."""
    return _huber(truth, value, _ANGLE_SCALE)


def _huber(truth: Any, value: Any, scale: float) -> Any:
    known = ops.isfinite(truth)
    error = ops.abs(ops.where(known, truth, value) - value) * scale
    return ops.mean(ops.where(error < 1, error**2 / 2, error - 0.5))
