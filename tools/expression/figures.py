"""The figures of an expression network: on a part of FER2013, under disturbances, and int8 beside Keras."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from expression import fer2013, metrics, predictors
from expression.fer2013 import CLASSES, Split
from expression.predictors import Predictor
from fermon.perception.expression import calibrated
from lib.exits import NetworkError


def distinct(test: Split, training: Split) -> NDArray[np.bool_]:
    """Which pictures (bool, (n,)) are not pixel-identical to one of Training."""
    return ~np.isin(fer2013.digests(test.pictures), fer2013.digests(training.pictures))


def evaluate(predictor: Predictor, test: Split, training: Split | None, votes: Path | None) -> dict[str, Any]:
    """All figures of one network on one split; what cannot be told (no Training, no votes) is None."""
    began = time.perf_counter()
    raw = predictor.predict(test.pictures)
    seconds = time.perf_counter() - began
    if raw.shape[1] != len(CLASSES):
        raise NetworkError(f"found {raw.shape[1]} outputs, expected {len(CLASSES)}, one for each of FER2013's classes")
    result = metrics.summary(raw, test.labels, CLASSES)
    result["temperature"] = predictor.temperature
    tempered = calibrated(raw, predictor.temperature)
    result["calibration_error_with_temperature"] = metrics.calibration_error(tempered, test.labels)
    predicted = raw.argmax(1)
    result |= {"without_duplicates": None, "ferplus": None}
    if training is not None:
        keep = distinct(test, training)
        share = float((predicted == test.labels)[keep].mean()) if keep.any() else None
        result["without_duplicates"] = {"accuracy": share, "n": int(keep.sum())}
    if votes is not None:
        share, n = metrics.ferplus_agreement(predicted, fer2013.read_votes(votes, test.rows))
        result["ferplus"] = {"agreement": share, "n": n}
    return result | {"seconds": seconds, "ms_per_picture": 1000 * seconds / len(test), "runtime": predictor.runtime}


def robustness(predictor: Predictor, test: Split) -> dict[str, float]:
    """Accuracy on the pictures as they are, asked with their mirror images (as published figures often are), and under
    each disturbance.
    """
    from expression.disturb import DISTURBANCES

    def hits(asked: Predictor, pictures: NDArray[np.uint8]) -> float:
        return float((asked.predict(pictures).argmax(1) == test.labels).mean())

    table = {"as it is": hits(predictor, test.pictures)}
    table["mean with mirror image"] = hits(predictors.with_mirror(predictor), test.pictures)
    return table | {name: hits(predictor, change(test.pictures)) for name, change in DISTURBANCES.items()}


def exported(
    model: Any, tflite: Path, validation: Split, test: Split | None, usage: str, mirror: bool = False
) -> dict[str, Any]:
    """Fit the temperature on validation pictures, and compare Keras (`mirror`: asked twice) with int8 on the test's."""
    int8 = predictors.of_tflite(tflite)
    raw = int8.predict(validation.pictures)
    temperature = metrics.fit_temperature(raw, validation.labels)
    found: dict[str, Any] = {"temperature": temperature}
    tempered = calibrated(raw, temperature)
    found["validation"] = {
        "n": len(validation),
        "accuracy": float((raw.argmax(1) == validation.labels).mean()),
        "calibration_error": metrics.calibration_error(raw, validation.labels),
        "calibration_error_with_temperature": metrics.calibration_error(tempered, validation.labels),
    }
    if test is None:
        return found
    quantised = predictors.Predictor(int8.predict, int8.runtime, temperature)
    shown = evaluate(quantised, test, None, None)
    keep = ("n", "accuracy", "macro_f1", "recall", "calibration_error", "calibration_error_with_temperature", "runtime")
    found[usage] = {key: shown[key] for key in keep}
    keras = predictors.of_keras_model(model)
    keras = predictors.with_mirror(keras) if mirror else keras
    floats, ints = keras.predict(test.pictures), int8.predict(test.pictures)
    found["parity"] = {
        "usage": usage,
        "n": len(test),
        "keras_accuracy": float((floats.argmax(1) == test.labels).mean()),
        "int8_accuracy": shown["accuracy"],
        "same_class": float((floats.argmax(1) == ints.argmax(1)).mean()),
        "mean_difference": float(np.abs(floats - ints).mean()),
    }
    return found
