"""Writes a network's two files, NAME.tflite and NAME.json, from its Keras file: one way for every network."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fermon.perception.network import NETWORKS, Network, models_dir
from int8 import manifest
from lib.exits import DataError, NetworkError
from lib.framework import import_keras

Pictures = NDArray[np.uint8]


def spare_the_shipped(out: Path, force: bool) -> None:
    """Raise DataError when `out` is a network that fermon ships, and nobody said that it may go."""
    shipped = out.resolve().parent == models_dir().resolve() and out.stem in NETWORKS and out.exists()
    if shipped and not force:
        raise DataError(
            f"{out}: is the network that fermon ships; write elsewhere and set perception.models to that folder (one"
            " network is enough, the others stay the shipped ones), or say --force"
        )
    if out.suffix != ".tflite":
        raise DataError(f"{out}: found the ending {out.suffix!r}, expected .tflite")


def write(
    keras_file: Path, out: Path, classes: tuple[str, ...], pictures: Pictures, source: str, mirror: bool = False
) -> dict[str, Any]:
    """Convert a Keras file, and write `out` and the manifest beside it; return the manifest, for figures to be added.

    `pictures` uint8 (n, height, width) are what ranges are measured on, `source` says where they are from. Conversion
    needs TensorFlow; where Keras computes with another framework it happens in a process of its own. Raises
    NetworkError.
    """
    on_tensorflow = import_keras().backend.backend() == "tensorflow"
    convert = converted_here if on_tensorflow else converted_elsewhere
    tflite = convert(keras_file, pictures, mirror)
    out.parent.mkdir(parents=True, exist_ok=True)
    content = manifest.describe(tflite, out.stem, classes)
    content["golden"] = manifest.golden_answers(tflite)
    content["mirror"] = mirror
    content["calibration"] = {"pictures": len(pictures), "source": source}
    content["metrics"] = {}
    manifest.write_whole(out, tflite)
    manifest.write(out.with_suffix(".json"), content)
    return content


def converted_here(keras_file: Path, pictures: Pictures, mirror: bool) -> bytes:
    """Return the int8 file of a Keras file; Keras must compute with TensorFlow."""
    keras = import_keras("tensorflow")
    from int8.convert import to_int8

    return to_int8(keras.models.load_model(keras_file, compile=False), pictures, mirror)


def converted_elsewhere(keras_file: Path, pictures: Pictures, mirror: bool) -> bytes:
    """The same in a process of its own. Raises NetworkError with that one's last line when it fails."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        np.save(folder / "pictures.npy", pictures)
        words = [str(keras_file), str(folder / "pictures.npy"), str(folder / "out"), *(["--mirror"] if mirror else [])]
        environment = {
            **os.environ,
            "KERAS_BACKEND": "tensorflow",
            "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
        }
        done = subprocess.run(
            [sys.executable, "-m", "int8", *words], capture_output=True, text=True, env=environment, check=False
        )
        if done.returncode:
            reason = (done.stderr.strip().splitlines() or ["it ended without a word"])[-1]
            raise NetworkError(f"{keras_file}: cannot be converted ({reason.removeprefix('int8: ')})")
        return (folder / "out").read_bytes()


def parity(model: Any, out: Path, pictures: Pictures) -> dict[str, Any]:
    """How far int8 answers, by the daemon's own runner, are from Keras's on `pictures`, over all outputs."""
    import keras

    network, differences = Network(out), []
    for picture in pictures:
        answers = model(picture[None, ..., None].astype(np.float32) / np.float32(255), training=False)
        floats = [keras.ops.convert_to_numpy(a)[0] for a in (answers if isinstance(answers, list) else [answers])]
        ints = network.run_gray(picture)
        pairs = zip(sorted(floats, key=len), sorted(ints, key=len), strict=True)
        differences.append(np.concatenate([np.abs(a - b) for a, b in pairs]))
    found = np.array(differences)
    return {
        "n": len(pictures),
        "mean_difference": float(found.mean()),
        "99 % below": float(np.percentile(found, 99)),
        "greatest_difference": float(found.max()),
    }
