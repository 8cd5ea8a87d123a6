"""The face network, and what it is told when it is wrong. Any framework that Keras knows."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import layers, ops

from fermon.perception.face import CLASSES, SHAPE, SIDE

# Errors are weighed in crop sides and in quarter turns: half a pixel and two degrees cost about alike.
_SHAPE_SCALE, _ANGLE_SCALE = 96.0, 24.0
_RARE, _TOLD = np.array([1, 3, 3, 3], np.float32), np.array([6, 4, 4, 4], np.float32)


def face() -> keras.Model:
    """The face network: 8 M multiplications, about 250 thousand parameters."""

    def conv(x: Any, filters: int, side: int = 3, stride: int = 1) -> Any:
        x = layers.Conv2D(filters, side, stride, padding="same", use_bias=False)(x)
        return layers.ReLU()(layers.BatchNormalization(momentum=0.95)(x))

    inputs = keras.Input((SIDE, SIDE, 1))
    x = conv(inputs, 16, 5, 2)
    x = conv(conv(x, 32, stride=2), 32)
    x = conv(conv(x, 64, stride=2), 64)
    # Where points are is told by where things are: 8x8 places with few channels, not few places with many.
    x = layers.Flatten()(conv(x, 28, side=1))
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
    # A cover is seldom there and, of real faces, seldom known: without more weight it is never told.
    loss = -(_RARE * target * ops.log(p) + (1 - target) * ops.log(1 - p))
    return ops.mean(ops.where(known, loss, 0.0) * _TOLD)


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
