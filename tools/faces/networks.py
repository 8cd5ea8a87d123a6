"""The face network, and what it is told when it is wrong. Any framework that Keras knows."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import layers, ops

from fermon.perception.face import CLASSES, GRID, MIDDLES, PER_PLACE, POINTS, POSE, SIDE

# Errors are weighed in crop sides and in quarter turns: a third of a pixel, one of the box and two degrees cost alike.
_POINT_SCALE, _BOX_SCALE, _ANGLE_SCALE = 192.0, 64.0, 48.0
_NEAR_PLACES, _SURE_WEIGHT = 0.6, 0.3  # how wide a point spreads over places, and how much that counts
_RARE, _TOLD = np.array([1, 3, 3, 3], np.float32), np.array([6, 4, 4, 4], np.float32)


def face() -> keras.Model:
    """The face network: 10 M multiplications, about 240 thousand parameters.

    What is there, its box and its angles are told by the whole crop; where the points are, by each of GRID x GRID
    places for itself: how sure it is of each point, and how far off it is (fermon.perception.face.points_in).
    """

    def conv(x: Any, filters: int, side: int = 3, stride: int = 1) -> Any:
        x = layers.Conv2D(filters, side, stride, padding="same", use_bias=False)(x)
        return layers.ReLU()(layers.BatchNormalization(momentum=0.95)(x))

    inputs = keras.Input((SIDE, SIDE, 1))
    x = conv(inputs, 16, 5, 2)
    x = conv(conv(x, 32, stride=2), 32)
    seen = conv(conv(x, 64, stride=2), 64)
    local = conv(seen, 48)
    places = layers.Conv2D(PER_PLACE, 1, kernel_initializer="zeros")(local)
    places = layers.Flatten(name="places")(places)
    x = layers.Flatten()(conv(seen, 24, side=1))
    x = layers.ReLU()(layers.BatchNormalization(momentum=0.95)(layers.Dense(96, use_bias=False)(x)))
    state = layers.Dense(len(CLASSES), activation="sigmoid", name="state")(x)
    pose = layers.Dense(POSE, kernel_initializer="zeros", name="pose")(x)
    return keras.Model(inputs, [state, pose, places])


def state_loss(truth: Any, p: Any) -> Any:
    """Cross-entropy of probabilities; targets are softened a little, NaN = not known."""
    known = ops.isfinite(truth)
    target = ops.where(known, 0.01 + 0.98 * truth, 0.5)
    p = ops.clip(p, 1e-5, 1 - 1e-5)
    # A cover is seldom there and, of real faces, seldom known: without more weight it is never told.
    loss = -(_RARE * target * ops.log(p) + (1 - target) * ops.log(1 - p))
    return ops.mean(ops.where(known, loss, 0.0) * _TOLD)


def pose_loss(truth: Any, value: Any) -> Any:
    """Huber's loss of box and angles, NaN = not known."""
    return _huber(truth, value, ops.array([_BOX_SCALE] * 4 + [_ANGLE_SCALE] * 3))


def points_loss(truth: Any, places: Any) -> Any:
    """Huber's loss of the points (n, 12) that `places` say, and how far their sureness is from the nearest places.

    The points are put together as `fermon.perception.face.points_in` does it. NaN = not known.
    """
    by_place = ops.reshape(places, (-1, GRID * GRID, PER_PLACE))
    log_sure = ops.log_softmax(by_place[..., :POINTS], axis=1)
    offsets = ops.reshape(by_place[..., POINTS:], (-1, GRID * GRID, POINTS, 2)) / SIDE
    middles = ops.array(MIDDLES[:, None])
    said = ops.sum(ops.exp(log_sure)[..., None] * (middles + offsets), axis=1)
    truth = ops.reshape(truth, (-1, POINTS, 2))
    known = ops.all(ops.isfinite(truth), axis=-1)
    wanted = ops.where(ops.isfinite(truth), truth, 0.0)
    away = ops.sum(ops.square((middles - wanted[:, None]) * (GRID / _NEAR_PLACES)), axis=-1)
    near = ops.softmax(-away / 2, axis=1)
    unlike = -ops.sum(near * log_sure, axis=1)
    off = ops.abs(said - wanted) * _POINT_SCALE
    wrong = ops.mean(ops.where(off < 1, off**2 / 2, off - 0.5), axis=-1)
    return ops.mean(ops.where(known, wrong + _SURE_WEIGHT * unlike, 0.0))


def _huber(truth: Any, value: Any, scale: Any) -> Any:
    known = ops.isfinite(truth)
    error = ops.abs(ops.where(known, truth, value) - value) * scale
    return ops.mean(ops.where(error < 1, error**2 / 2, error - 0.5))
