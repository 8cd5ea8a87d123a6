"""Finds Keras and the framework it computes with, and says in one line what is missing."""

from __future__ import annotations

import os
import sys
from typing import Any

from lib.exits import NetworkError

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # before the first import of TensorFlow: no greetings

REMEDY = "./tools/test --all makes .venv-train, which has it; pip install -e '.[train]' adds it to yours"


def import_keras(backend: str = "") -> Any:
    """Return Keras, computing with `backend` ("" = as KERAS_BACKEND or ~/.keras/keras.json says, else TensorFlow).

    Raises NetworkError when Keras or its framework is not installed, or when Keras computes with another one already.
    """
    if backend and "keras" not in sys.modules:
        os.environ["KERAS_BACKEND"] = backend
    try:
        import keras
    except ImportError as error:
        missing = error.name or str(error)
        if missing.split(".")[0] == "keras":
            raise NetworkError(f"Keras is not installed here; {REMEDY}") from None
        raise NetworkError(
            f"Keras cannot import {missing}, which KERAS_BACKEND={os.environ.get('KERAS_BACKEND', 'tensorflow')} needs;"
            f" pip install it, or choose another of jax, tensorflow, torch"
        ) from None
    except ValueError as error:  # KERAS_BACKEND names no framework
        raise NetworkError(f"Keras: {error}; set KERAS_BACKEND to jax, tensorflow or torch") from None
    if backend and keras.backend.backend() != backend:
        raise NetworkError(f"this needs Keras on {backend}, found it on {keras.backend.backend()}; unset KERAS_BACKEND")
    return keras


def framework() -> str:
    """Name and version of what Keras computes with."""
    import importlib

    import keras

    name = str(keras.backend.backend())
    return f"{name} {getattr(importlib.import_module(name), '__version__', '?')}"


def jit_compile() -> bool | str:
    """What Model.compile is told: TensorFlow's own graphs train faster on a processor without XLA, and start sooner."""
    import keras

    return False if keras.backend.backend() == "tensorflow" else "auto"
