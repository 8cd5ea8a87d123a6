"""Runs one TFLite network, after checking it against its manifest.

A network is two files in the models folder: NAME.tflite and NAME.json, the manifest:

    {"name": "eyes", "file": "eyes.tflite", "sha256": "…",
     "inputs":  [{"shape": [1, 32, 48, 1], "dtype": "int8", "scale": 0.00392, "zero_point": -128}],
     "outputs": [{"shape": [1, 2], "dtype": "int8", "scale": 0.00391, "zero_point": -128}],
     "classes": […], "temperature": 1.0, "metrics": {…}, "training": {…}}

"signatures", where it is given, names the file's functions in their order; they have the same input and output. The
expression network has two: "answer" goes by a picture and its mirror image, "look" by the picture alone.

The runtime is ai-edge-litert or, where that is not installed, its forerunner tflite-runtime.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fermon.errors import ModelError
from fermon.shipped import shipped

Floats = NDArray[np.float32]
_EXPORT = "export the network anew"

# The signature of a file that reads the picture once; the default one averages it with its mirror image.
SINGLE_VIEW = "look"
# The networks of a frame, and the signature that the daemon asks for where a file has it.
NETWORKS = {"expression": SINGLE_VIEW, "eyes": "", "mouth": ""}


def models_dir() -> Path:
    """Return the folder of the shipped networks."""
    return shipped("models", "models")


@contextlib.contextmanager
def _quiet_stderr() -> Iterator[None]:
    # The runtimes announce their delegates on file descriptor 2, past Python; real failures come as exceptions.
    sys.stderr.flush()
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


def _interpreter_class() -> tuple[Any, str]:
    """Return (Interpreter, "name version") of the runtime at hand. Raises ModelError when there is none."""
    # The packages' own __version__, not importlib.metadata: that costs 10 ms and 2 MiB at start.
    try:
        import ai_edge_litert
        from ai_edge_litert.interpreter import Interpreter

        return Interpreter, f"ai-edge-litert {ai_edge_litert.__version__}"
    except ImportError:
        pass
    try:
        import tflite_runtime
        from tflite_runtime.interpreter import Interpreter as OldInterpreter

        return OldInterpreter, f"tflite-runtime {tflite_runtime.__version__}"
    except ImportError:
        raise ModelError(
            "TFLite runtime", found="neither ai-edge-litert nor tflite-runtime", remedy="pip install ai-edge-litert"
        ) from None


def runtime_name() -> str:
    """Name and version of the runtime that networks run on. Raises ModelError when there is none."""
    return _interpreter_class()[1]


def _read_manifest(path: Path) -> dict[str, Any]:
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
        file, digest = manifest["file"], manifest["sha256"]
    except FileNotFoundError:
        raise ModelError(
            f"{path}: no such manifest", remedy="every network needs one beside its .tflite file"
        ) from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(
            f"{path}: not a manifest ({error!r})", expected="JSON with file, sha256, inputs, outputs", remedy=_EXPORT
        ) from None
    if not isinstance(file, str) or not isinstance(digest, str):
        raise ModelError(f"{path}: file and sha256 must be texts", remedy=_EXPORT)
    if not isinstance(manifest.get("signatures", []), list):
        raise ModelError(
            f"{path}: signatures", found=repr(manifest["signatures"]), expected="a list of names", remedy=_EXPORT
        )
    return dict(manifest)


class Network:
    """One network, loaded once, on one thread unless told otherwise.

    `path` is the .tflite file, whose manifest lies beside it with the ending .json. Of a file with several functions
    `prefer` is run where the manifest names it, else the first; `signature` says which: "" is the first. Raises
    ModelError, naming the file, what was found and what the manifest says, when a file is missing, damaged, or not
    what the manifest says.
    """

    def __init__(self, path: Path, threads: int = 1, prefer: str = "") -> None:
        self.path = path
        self.manifest = _read_manifest(path.with_suffix(".json"))
        try:
            content = path.read_bytes()
        except OSError as error:
            raise ModelError(
                f"{path}: {error.strerror}", remedy="reinstall fermon or name another models folder"
            ) from None
        self.sha256 = hashlib.sha256(content).hexdigest()
        if self.sha256 != self.manifest["sha256"]:
            raise ModelError(
                f"{path}: damaged or exchanged",
                found=f"{len(content)} bytes with sha256 {self.sha256[:12]}…",
                expected=f"{str(self.manifest['sha256'])[:12]}… as its manifest says",
                remedy="reinstall it or export it with its manifest",
            )
        self.signature = prefer if prefer in self.manifest.get("signatures", ()) else ""
        self._load(content, threads)
        self.temperature = float(self.manifest.get("temperature", 1.0))
        self.classes: tuple[str, ...] = tuple(self.manifest.get("classes", ()))
        self._table = self._gray_table() if self._in["dtype"] is np.int8 else None

    def _load(self, content: bytes, threads: int) -> None:
        if content[4:8] != b"TFL3":  # the file identifier of TFLite's FlatBuffers
            raise ModelError(f"{self.path}: no TFLite model", found=repr(content[:8]), remedy=_EXPORT)
        interpreter_class, self.runtime = _interpreter_class()
        try:
            with _quiet_stderr():
                self._interpreter = interpreter_class(model_content=content, num_threads=threads)
                known = self._interpreter.get_signature_list()
                if not self.signature:
                    self._interpreter.allocate_tensors()
                elif self.signature in known:
                    self._function = self._interpreter.get_signature_runner(self.signature)
        except (ValueError, RuntimeError) as error:
            raise ModelError(f"{self.path}: {self.runtime} cannot load it: {str(error).splitlines()[0]}") from None
        if self.signature and self.signature not in known:
            raise ModelError(
                f"{self.path}: functions",
                found=str(sorted(known)),
                expected=f"{self.signature!r} too, as the manifest says",
                remedy=_EXPORT,
            )
        if self.signature:
            (self._in_name, self._in), *_ = self._function.get_input_details().items()
            self._outs = list(self._function.get_output_details().values())
        else:
            self._in, self._outs = self._interpreter.get_input_details()[0], self._interpreter.get_output_details()
        for side, details in (("inputs", [self._in]), ("outputs", self._outs)):
            for index, detail in enumerate(details):
                self._check(side, index, detail)

    def _check(self, side: str, index: int, detail: dict[str, Any]) -> None:
        try:
            wanted = self.manifest[side][index]
            shape, dtype = tuple(wanted["shape"]), str(wanted["dtype"])
            scale, zero_point = float(wanted.get("scale", 0.0)), int(wanted.get("zero_point", 0))
        except (KeyError, IndexError, TypeError, ValueError) as error:
            raise ModelError(
                f"{self.path.with_suffix('.json')}: {side}[{index}] cannot be read ({error!r})", remedy=_EXPORT
            ) from None
        found = (tuple(int(n) for n in detail["shape"]), np.dtype(detail["dtype"]).name)
        if found != (shape, dtype):
            raise ModelError(
                f"{self.path}: {side}[{index}]",
                found=f"{found[0]} {found[1]}",
                expected=f"{shape} {dtype} as the manifest says",
                remedy=_EXPORT,
            )
        real_scale, real_zero = detail["quantization"]
        if dtype == "int8" and (abs(real_scale - scale) > 1e-6 * max(1.0, scale) or real_zero != zero_point):
            raise ModelError(
                f"{self.path}: {side}[{index}]",
                found=f"scale {real_scale:g} and zero point {real_zero}",
                expected=f"{scale:g} and {zero_point} as the manifest says",
                remedy=_EXPORT,
            )

    @property
    def input_shape(self) -> tuple[int, ...]:
        """(1, height, width, channels)."""
        return tuple(int(n) for n in self._in["shape"])

    def _gray_table(self) -> NDArray[np.int8]:
        scale, zero_point = self._in["quantization"]
        levels = np.round(np.arange(256) / 255.0 / scale) + zero_point
        return np.asarray(np.clip(levels, -128, 127), np.int8)

    def run_gray(self, gray: NDArray[np.uint8]) -> list[Floats]:
        """Run on one grey picture, uint8 (height, width) of the input's size; 0..255 stands for 0..1.

        Returns every output as float32, dequantised, without the batch axis.
        """
        if self._table is not None:
            return self._invoke(self._table[gray].reshape(self._in["shape"]))
        return self._invoke((gray.astype(np.float32) / 255).reshape(self._in["shape"]))

    def run(self, values: Floats) -> list[Floats]:
        """Run on float32 values of the input's shape (0..1 for a grey picture), quantised where the network is."""
        if self._table is None:
            return self._invoke(values)
        scale, zero_point = self._in["quantization"]
        return self._invoke(np.clip(np.round(values / scale) + zero_point, -128, 127).astype(np.int8))

    def _answers(self, values: NDArray[Any]) -> list[NDArray[Any]]:
        if self.signature:
            return list(self._function(**{self._in_name: values}).values())
        self._interpreter.set_tensor(self._in["index"], values)
        self._interpreter.invoke()
        return [self._interpreter.get_tensor(detail["index"]) for detail in self._outs]

    def _invoke(self, values: NDArray[Any]) -> list[Floats]:
        results = []
        for detail, (out,) in zip(self._outs, self._answers(values), strict=True):
            if out.dtype == np.int8:
                scale, zero_point = detail["quantization"]
                out = (out.astype(np.float32) - zero_point) * np.float32(scale)
            results.append(out)
        return results


def network_path(name: str, folder: str = "") -> Path:
    """Return where the one of NETWORKS that is called `name` lies: in `folder`, else (as with "") among the shipped.

    A folder may hold one network of its own; raises ModelError for one that holds none of them, which is a mistake.
    """
    if not folder:
        return models_dir() / f"{name}.tflite"
    own = Path(folder).expanduser()
    if not any((own / f"{other}{ending}").exists() for other in NETWORKS for ending in (".tflite", ".json")):
        raise ModelError(
            f"{folder}: holds no network",
            expected=f"one or more of {', '.join(f'{other}.tflite' for other in NETWORKS)}, each with its .json",
            remedy='set perception.models to the right folder, or to "" for the shipped networks',
        )
    path = own / f"{name}.tflite"
    return path if path.exists() or path.with_suffix(".json").exists() else models_dir() / path.name


def open_network(name: str, folder: str = "") -> Network:
    """Return the one of NETWORKS that is called `name`, from where `network_path` finds it. Raises ModelError."""
    return Network(network_path(name, folder), prefer=NETWORKS[name])
