"""The eye and the mouth network, and what they are told when they are wrong. Any framework that Keras knows."""

from __future__ import annotations

from typing import Any

import keras
from keras import layers, ops

from fermon.perception.eyes import CLASSES, PLACE
from fermon.perception.geometry import EYE_SHAPE, MOUTH_SHAPE
from fermon.perception.mouth import CLASSES as MOUTH_CLASSES


def eye() -> keras.Model:
    """The eye network: 7 M multiplications, about 160 thousand parameters."""

    def conv(x: Any, filters: int, side: int = 3, stride: int = 1) -> Any:
        x = layers.Conv2D(filters, side, stride, padding="same", use_bias=False)(x)
        return layers.ReLU()(layers.BatchNormalization(momentum=0.95)(x))

    inputs = keras.Input((*EYE_SHAPE, 1))
    # Lids 60 % shut are 3 px apart: one more look at half the size before anything is pooled.
    x = layers.MaxPooling2D()(conv(conv(inputs, 16, 5, 2), 24))
    x = layers.MaxPooling2D()(conv(conv(x, 48), 48))
    x = layers.MaxPooling2D()(conv(conv(x, 80), 80))
    x = layers.Dropout(0.2)(layers.Flatten()(x))
    x = layers.BatchNormalization(momentum=0.95)(layers.Dense(64, use_bias=False)(x))
    x = layers.Dropout(0.2)(layers.ReLU()(x))
    state = layers.Dense(len(CLASSES), activation="sigmoid", name="state")(x)
    where = layers.Dense(PLACE, kernel_initializer="zeros", name="where")(x)
    return keras.Model(inputs, [state, where])


def mouth() -> keras.Model:
    """The mouth network: 2 M multiplications, about 40 thousand parameters."""
    x = inputs = keras.Input((*MOUTH_SHAPE, 1))
    for filters in (12, 24, 32, 48):
        x = layers.Conv2D(filters, 3, padding="same", use_bias=False)(x)
        x = layers.MaxPooling2D()(layers.ReLU()(layers.BatchNormalization(momentum=0.95)(x)))
    x = layers.Dropout(0.2)(layers.Flatten()(x))
    x = layers.ReLU()(layers.BatchNormalization(momentum=0.95)(layers.Dense(32, use_bias=False)(x)))
    return keras.Model(inputs, layers.Dense(len(MOUTH_CLASSES), activation="sigmoid", name="state")(x))


def state_loss(truth: Any, p: Any) -> Any:
    """Cross-entropy of probabilities; targets (n, classes) are softened a little, NaN = not known."""
    known = ops.isfinite(truth)
    target = ops.where(known, 0.02 + 0.96 * truth, 0.5)
    p = ops.clip(p, 1e-5, 1 - 1e-5)
    loss = -(target * ops.log(p) + (1 - target) * ops.log(1 - p))
    return ops.mean(ops.where(known, loss, 0.0))


def place_loss(truth: Any, value: Any) -> Any:
    """Huber's loss of lid opening, the eye's place (units) and the gaze (n, 5), NaN = not known."""
    known = ops.isfinite(truth)
    error = ops.abs(ops.where(known, truth, value) - value) * ops.array([2.0, 4.0, 4.0, 2.0, 2.0])
    return ops.mean(ops.where(error < 1, error**2 / 2, error - 0.5))
