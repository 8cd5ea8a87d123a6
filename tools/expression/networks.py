"""The three networks of Sahoo et al., layer for layer as the paper prints them.

"Deep Learning-Based Facial Expression Recognition in FER2013 Database: An in-Vehicle Application".
Input of all three: float32 (batch, 48, 48, 1), grey, 0..1. Output: softmax over FER2013's seven classes, float32.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import keras
from keras import layers

from expression.fer2013 import CLASSES, SIDE_PX
from lib.exits import NetworkError

PARAMETERS = {"cnn6": 6_903_879, "cnn10": 1_203_783, "vgg16": 14_890_311}
FILTERS = {"cnn6": (64, 64, 128), "cnn10": (64, 64, 128, 128, 128)}
# The paper prints no dropout rates; one rate a block, then the one before the last dense layer.
DROPOUT = {"paper": ((0.25,) * 5, 0.5), "best": ((0.0, 0.0, 0.0, 0.05, 0.1), 0.3)}
# Only cnn10 ends in a single pixel, whatever it is fed; smaller pictures make its training epochs cheaper.
SMALLEST_SIDE_PX = {"cnn6": SIDE_PX, "cnn10": 32, "vgg16": SIDE_PX}


def _block(x: keras.KerasTensor, filters: int, pool: str, dropout: float) -> keras.KerasTensor:
    for _ in range(2):
        x = layers.Conv2D(filters, 3, padding="same", activation="relu")(x)
    x = layers.BatchNormalization()(x)
    x = layers.MaxPooling2D(3, 2, padding=pool)(x)
    return layers.Dropout(dropout)(x)


def _cnn(arch: str, side: int, dropouts: Sequence[float], last_dropout: float) -> keras.Model:
    x = inputs = keras.Input((side, side, 1))
    for index, filters in enumerate(FILTERS[arch]):
        # 48 -> 23 -> 11 -> 5 -> 2 is 'valid' pooling; the printed 2 -> 1 cannot be. Pictures smaller than 48 px
        # (training only) pool the fourth block by 'same' so that the fifth still sees 2x2.
        pool = "same" if index == 4 or (index == 3 and side < SIDE_PX) else "valid"
        x = _block(x, filters, pool, dropouts[index])
    x = layers.Flatten()(x)
    x = layers.Dense(2048, activation="relu")(x)
    x = layers.Dropout(last_dropout)(x)
    # The name is what muon.py leaves to AdamW.
    outputs = layers.Dense(len(CLASSES), activation="softmax", dtype="float32", name="classes")(x)
    return keras.Model(inputs, outputs, name=arch)


def _vgg16(weights: str | None) -> keras.Model:
    try:
        base = keras.applications.VGG16(include_top=False, weights=None, input_shape=(224, 224, 3))
        if weights == "imagenet":
            # Fetched by Keras from the Internet; everything else about the network needs no connection.
            base = keras.applications.VGG16(include_top=False, weights="imagenet", input_shape=(224, 224, 3))
        elif weights is not None:
            base.load_weights(weights)
    except Exception as error:
        # Keras raises bare Exception for a failed download, and half a dozen kinds for a file of another network.
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise NetworkError(
            f"--weights {weights}: {reason}; expected imagenet (with a connection), none, or Keras's file"
            " vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5"
        ) from None
    base.trainable = False
    # Grey 48x48 in, enlarged and repeated over three channels inside, so that every network takes the same input.
    inputs = keras.Input((SIDE_PX, SIDE_PX, 1))
    x = layers.Resizing(224, 224)(inputs)
    x = layers.Concatenate()([x, x, x])
    # Keras's VGG16 takes blue, green, red in 0..255 less ImageNet's means (keras.applications.vgg16.preprocess_input).
    x = layers.Rescaling(255.0, offset=[-103.939, -116.779, -123.68])(x)
    x = layers.Flatten()(base(x))
    return keras.Model(inputs, layers.Dense(len(CLASSES), activation="softmax", dtype="float32")(x), name="vgg16")


def build(arch: str, recipe: str = "paper", side: int = SIDE_PX, weights: str | None = None) -> keras.Model:
    """Return the untrained network `arch` ("cnn6", "cnn10" or "vgg16").

    `recipe` chooses the dropout rates. `side` (px) is 48 for everything that is exported; cnn10 has the same weights
    at any side from 32. `weights` concerns vgg16 only: "imagenet", a path to Keras weights, or None for random ones.
    Raises ValueError for an unknown architecture or recipe or too small a side, NetworkError for weights that cannot
    be read.
    """
    if recipe not in DROPOUT:
        raise ValueError(f"recipe: found {recipe!r}, expected one of {', '.join(DROPOUT)}")
    if arch not in PARAMETERS:
        raise ValueError(f"arch: found {arch!r}, expected one of {', '.join(PARAMETERS)}")
    if not SMALLEST_SIDE_PX[arch] <= side <= SIDE_PX:
        raise ValueError(f"side: found {side} px, expected {SMALLEST_SIDE_PX[arch]} to {SIDE_PX} px for {arch}")
    if arch == "vgg16":
        return _vgg16(None if weights is None else str(Path(weights)) if weights != "imagenet" else weights)
    dropouts, last = DROPOUT[recipe]
    return _cnn(arch, side, dropouts, last)


def parameters(model: keras.Model) -> tuple[int, int]:
    """Return the numbers of (trainable, not trainable) parameters."""
    return (
        sum(int(keras.ops.size(w)) for w in model.trainable_weights),
        sum(int(keras.ops.size(w)) for w in model.non_trainable_weights),
    )
