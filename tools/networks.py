"""The three networks of Sahoo et al., layer for layer as the paper prints them.

"Deep Learning-Based Facial Expression Recognition in FER2013 Database: An in-Vehicle Application".
Input of the CNNs: float32 (batch, 48, 48, 1), grey, divided by 255. Output: softmax over FER2013's seven classes.
"""

from __future__ import annotations

from collections.abc import Sequence

import keras
from keras import layers

CLASSES = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")
PARAMETERS = {"cnn6": 6_903_879, "cnn10": 1_203_783, "vgg16": 14_890_311}
# The paper prints no dropout rates; one rate a block, then the one before the last dense layer.
DROPOUT = {"paper": ((0.25,) * 5, 0.5), "best": ((0.0, 0.05, 0.05, 0.1, 0.1), 0.3)}


def _block(x: keras.KerasTensor, filters: int, pool: str, dropout: float) -> keras.KerasTensor:
    for _ in range(2):
        x = layers.Conv2D(filters, 3, padding="same", activation="relu")(x)
    x = layers.BatchNormalization()(x)
    x = layers.MaxPooling2D(3, 2, padding=pool)(x)
    return layers.Dropout(dropout)(x)


def _cnn(name: str, filters: Sequence[int], side: int, dropouts: Sequence[float], last_dropout: float) -> keras.Model:
    inputs = keras.Input((side, side, 1))
    x = inputs
    for index, (count, rate) in enumerate(zip(filters, dropouts, strict=False)):
        # 48 -> 23 -> 11 -> 5 -> 2 is 'valid' pooling; the printed 2 -> 1 cannot be. Pictures smaller than 48 px
        # (progressive resizing, training only) pool the fourth block by 'same' so that the fifth still sees 2x2.
        pool = "same" if index == 4 or (index == 3 and side < 47) else "valid"
        x = _block(x, count, pool, rate)
    x = layers.Flatten()(x)
    x = layers.Dense(2048, activation="relu")(x)
    x = layers.Dropout(last_dropout)(x)
    outputs = layers.Dense(len(CLASSES), activation="softmax", dtype="float32")(x)
    return keras.Model(inputs, outputs, name=name)


def build(arch: str, recipe: str = "paper", side: int = 48, weights: str | None = None) -> keras.Model:
    """Return the untrained network `arch` ("cnn6", "cnn10" or "vgg16").

    `side` (px) is 48 for everything that is exported; cnn10 has the same weights at any side >= 32.
    `weights` concerns vgg16 only: "imagenet", a path to Keras weights, or None for random ones.
    Raises ValueError for an unknown architecture or recipe.
    """
    if recipe not in DROPOUT:
        raise ValueError(f"recipe: found {recipe!r}, expected one of {', '.join(DROPOUT)}")
    dropouts, last = DROPOUT[recipe]
    if arch == "cnn6":
        return _cnn("cnn6", (64, 64, 128), side, dropouts, last)
    if arch == "cnn10":
        return _cnn("cnn10", (64, 64, 128, 128, 128), side, dropouts, last)
    if arch == "vgg16":
        return _vgg16(weights)
    raise ValueError(f"arch: found {arch!r}, expected one of {', '.join(PARAMETERS)}")


def _vgg16(weights: str | None) -> keras.Model:
    # Grey 48x48 in, resized and repeated over three channels inside, so that every network takes the same input.
    base = keras.applications.VGG16(include_top=False, weights=weights, input_shape=(224, 224, 3))
    base.trainable = False
    inputs = keras.Input((48, 48, 1))
    x = layers.Resizing(224, 224)(inputs)
    x = layers.Concatenate()([x, x, x])
    x = layers.Rescaling(255.0, offset=[-123.68, -116.779, -103.939])(x)  # ImageNet means, RGB order
    x = base(x)
    x = layers.Flatten()(x)
    return keras.Model(inputs, layers.Dense(len(CLASSES), activation="softmax")(x), name="vgg16")
