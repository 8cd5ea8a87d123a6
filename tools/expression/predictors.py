"""One way to ask a network file for probabilities, whichever runtime it needs."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fermon.errors import ModelError
from fermon.perception.network import Network
from lib.exits import NetworkError
from lib.framework import framework, import_keras

KERAS_BATCH = 256


@dataclass(frozen=True, slots=True)
class Predictor:
    """`predict` takes pictures uint8 (n, height, width) and returns probabilities float32 (n, classes).

    `runtime` names what computes, `temperature` is the manifest's (1.0 without one), not yet applied by `predict`.
    """

    predict: Callable[[NDArray[np.uint8]], NDArray[np.float32]]
    runtime: str
    temperature: float = 1.0
    manifest: Mapping[str, Any] = field(default_factory=dict)


def of_tflite(path: Path, threads: int = 1) -> Predictor:
    """Return a predictor on the daemon's own runner: one picture at a time, as in the car. Needs no TensorFlow.

    Raises NetworkError for a file that the runner refuses.
    """
    try:
        network = Network(path, threads)
    except ModelError as error:
        raise NetworkError(str(error)) from None

    def predict(pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
        return np.stack([network.run_gray(picture)[0] for picture in pictures])

    runtime = f"{network.runtime}, {threads} thread{'s' if threads > 1 else ''}"
    return Predictor(predict, runtime, network.temperature, network.manifest)


def of_keras_model(model: Any) -> Predictor:
    """Return a predictor on a Keras model that is at hand."""
    import keras

    def predict(pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
        # Calls in fixed batches: predict() of Keras would trace the network anew for each evaluation.
        parts = []
        for start in range(0, len(pictures), KERAS_BATCH):
            part = pictures[start : start + KERAS_BATCH, ..., None].astype(np.float32) / np.float32(255)
            parts.append(keras.ops.convert_to_numpy(model(part, training=False)))
        return np.concatenate(parts).astype(np.float32)

    return Predictor(predict, f"Keras {keras.__version__} on {framework()}")


def with_mirror(predictor: Predictor) -> Predictor:
    """Return a predictor that answers by the mean for each picture and its mirror image."""

    def predict(pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
        return np.asarray((predictor.predict(pictures) + predictor.predict(pictures[:, :, ::-1])) / 2, np.float32)

    return dataclasses.replace(predictor, predict=predict)


def load_keras(path: Path) -> Any:
    """Read a Keras file. Raises NetworkError when it is missing or damaged, or when Keras is not installed."""
    keras = import_keras()
    if not path.is_file():
        raise NetworkError(f"{path}: no such file; give the best.keras of a run folder")
    try:
        return keras.models.load_model(path, compile=False)
    except Exception as error:
        # A damaged archive raises any of a dozen kinds (ValueError, KeyError, BadZipFile, OSError of h5py, ...).
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise NetworkError(f"{path}: not a Keras network ({reason}); train it anew") from None


def load(path: Path, threads: int = 1) -> Predictor:
    """Return the predictor for a .tflite or .keras (.h5) file. Raises NetworkError."""
    if path.suffix == ".tflite":
        return of_tflite(path, threads)
    if path.suffix in {".keras", ".h5", ".hdf5"}:
        return of_keras_model(load_keras(path))
    raise NetworkError(f"{path}: found the ending {path.suffix!r}, expected .tflite or .keras")
