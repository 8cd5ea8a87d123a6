"""What the training of the eye and of the mouth network share: fitting with progress, and writing the result."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
from numpy.typing import NDArray

from int8 import files, manifest
from lib.framework import framework, jit_compile
from lib.progress import Progress

Array = NDArray[Any]
CALIBRATION_CROPS = 400
PARITY_CROPS = 200


def compiled(model: keras.Model, schedule: Any, losses: list[Callable[[Any, Any], Any]]) -> None:
    """Make the network ready to be fitted, with AdamW."""
    loss = losses if len(losses) > 1 else losses[0]
    model.compile(keras.optimizers.AdamW(schedule, weight_decay=1e-3), loss=loss, jit_compile=jit_compile())


def counting(progress: Progress, text: str) -> Callable[[int], None]:
    """Return what counts crops as work."""
    return lambda count: progress.step(count, text)


class _Counting(keras.callbacks.Callback):  # type: ignore[misc,unused-ignore]
    def __init__(self, batch: int, told: Callable[[int], None]) -> None:
        super().__init__()
        self._batch, self._told = batch, told

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self._told(self._batch)


def fit(model: keras.Model, x: Array, y: Any, batch: int, progress: Progress, text: str) -> dict[str, float]:
    """Show every crop once, in a random order; return the mean losses."""
    counter = _Counting(batch, counting(progress, text))
    result = model.fit(x, y, batch_size=batch, verbose=0, callbacks=[counter])
    return {name: round(float(values[0]), 4) for name, values in result.history.items()}


def write(model: keras.Model, out: Path, classes: tuple[str, ...], sample: Array, training: dict[str, Any]) -> None:
    """Write float weights, int8 network and manifest; `sample` uint8 (n, height, width) is measured and compared on."""
    weights = out.with_suffix(".keras")
    out.parent.mkdir(parents=True, exist_ok=True)
    model.save(weights)
    crops = sample[:: max(1, len(sample) // CALIBRATION_CROPS)]
    content = files.write(weights, out, classes, crops, "training crops")
    content["metrics"] = {"parity": files.parity(model, out, crops[:: max(1, len(crops) // PARITY_CROPS)])}
    content["training"] = training | {"versions": {"keras": keras.__version__, "computes with": framework()}}
    manifest.write(out.with_suffix(".json"), content)
    print(f"{out}: {out.stat().st_size} bytes; manifest and {weights.name} beside it; {content['metrics']['parity']}")
