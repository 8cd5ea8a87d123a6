"""Runs one TFLite network, after checking it against its manifest.

A network is two files in the models folder: NAME.tflite and NAME.json, its manifest (see manifest.py).

The runtime is ai-edge-litert or, where that is not installed, its forerunner tflite-runtime.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fermon.errors import ModelError
from fermon.files import content
from fermon.paths import expand
from fermon.perception.manifest import EXPORT, Manifest, read_manifest
from fermon.shipped import shipped

Floats = NDArray[np.float32]
MOST_BYTES = 64 * 1024 * 1024  # the largest of the shipped ones has 1.4 MiB

# The signature of a file that reads the picture once; the default one averages it with its mirror image.
SINGLE_VIEW = "look"
# The networks of a frame, and the signature that the daemon asks for where a file has it.
NETWORKS = {"face": "", "expression": SINGLE_VIEW, "eyes": "", "mouth": ""}


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


def read_network(path: Path) -> tuple[Manifest, bytes]:
    """Return the manifest beside a .tflite file, and the file's bytes, which are those that the manifest means.

    Needs no runtime. Raises ModelError when either is missing, damaged, or not the other's.
    """
    manifest = read_manifest(path.with_suffix(".json"))
    try:
        found = content(path, MOST_BYTES)
    except OSError as error:
        raise ModelError(
            f"{path}: cannot be read: {error.strerror}", remedy="reinstall fermon or name another models folder"
        ) from None
    digest = hashlib.sha256(found).hexdigest()
    if digest != manifest.sha256:
        raise ModelError(
            f"{path}: damaged or replaced",
            found=f"{len(found)} bytes with sha256 {digest[:12]}…",
            expected=f"{manifest.sha256[:12]}… as its manifest says",
            remedy="reinstall it or export it with its manifest",
        )
    return manifest, found


class Network:
    """One network, loaded once, on one thread unless told otherwise.

    `path` is the .tflite file, whose manifest lies beside it with the ending .json. Of a file with several functions
    `prefer` is run where the manifest names it, else the first; `signature` says which: "" is the first. Raises
    ModelError, naming the file, what was found and what the manifest says, when a file is missing, damaged, or not
    what the manifest says.
    """

    def __init__(self, path: Path, threads: int = 1, prefer: str = "") -> None:
        self.path = path
        said, found = read_network(path)
        self.manifest, self.sha256 = said.fields, said.sha256
        self.classes, self.temperature = said.classes, said.temperature
        self.signature = prefer if prefer in said.signatures else ""
        self._load(found, threads)
        self._check(said)
        self._table = self._gray_table() if self._in["dtype"] is np.int8 else None

    def _load(self, model: bytes, threads: int) -> None:
        if model[4:8] != b"TFL3":  # the file identifier of TFLite's FlatBuffers
            raise ModelError(f"{self.path}: no TFLite model", found=repr(model[:8]), remedy=EXPORT)
        interpreter_class, self.runtime = _interpreter_class()
        try:
            with _quiet_stderr():
                self._interpreter = interpreter_class(model_content=model, num_threads=threads)
                known = self._interpreter.get_signature_list()
                if not self.signature:
                    self._interpreter.allocate_tensors()
                elif self.signature in known:
                    self._function = self._interpreter.get_signature_runner(self.signature)
                    # It allocates, and announces its delegate, when it is called first: here, where nobody hears it.
                    inputs = self._function.get_input_details().items()
                    self._function(**{name: np.zeros(detail["shape"], detail["dtype"]) for name, detail in inputs})
        except (ValueError, RuntimeError) as error:
            why = next(iter(str(error).splitlines()), type(error).__name__)
            raise ModelError(f"{self.path}: {self.runtime} cannot load it: {why}") from None
        if self.signature and self.signature not in known:
            raise ModelError(
                f"{self.path}: functions",
                found=str(sorted(known)),
                expected=f"{self.signature!r} too, as the manifest says",
                remedy=EXPORT,
            )
        if self.signature:
            inputs = self._function.get_input_details()
            self._in_name = next(iter(inputs))
            self._ins, self._outs = list(inputs.values()), list(self._function.get_output_details().values())
        else:
            self._ins, self._outs = self._interpreter.get_input_details(), self._interpreter.get_output_details()
        self._in = self._ins[0]

    def _check(self, said: Manifest) -> None:
        """Raise ModelError where the network is not what its manifest says."""
        for side, details, tensors in (("inputs", self._ins, said.inputs), ("outputs", self._outs, said.outputs)):
            if len(details) != len(tensors):
                raise self._differs(side, str(len(details)), str(len(tensors)))
            for index, (detail, tensor) in enumerate(zip(details, tensors, strict=True)):
                shape, dtype = tuple(int(n) for n in detail["shape"]), np.dtype(detail["dtype"]).name
                if (shape, dtype) != (tensor.shape, tensor.dtype):
                    raise self._differs(f"{side}[{index}]", f"{shape} {dtype}", f"{tensor.shape} {tensor.dtype}")
                scale, zero_point = detail["quantization"]
                close = abs(scale - tensor.scale) <= 1e-6 * max(1.0, tensor.scale)
                if dtype == "int8" and not (close and zero_point == tensor.zero_point):
                    raise self._differs(
                        f"{side}[{index}]",
                        f"scale {scale:g} and zero point {zero_point}",
                        f"{tensor.scale:g} and {tensor.zero_point}",
                    )

    def _differs(self, what: str, found: str, expected: str) -> ModelError:
        return ModelError(
            f"{self.path}: {what}", found=found, expected=f"{expected} as the manifest says", remedy=EXPORT
        )

    @property
    def input_shape(self) -> tuple[int, ...]:
        """(1, height, width, channels)."""
        return tuple(int(n) for n in self._in["shape"])

    def must_be(self, classes: tuple[str, ...], input_shape: tuple[int, ...], outputs: tuple[int, ...]) -> None:
        """Raise ModelError unless it has these classes, this input, and outputs of so many values each, in any order.

        A network that is what its manifest says may still be one for something else.
        """
        sizes = tuple(sorted(int(np.prod(detail["shape"])) for detail in self._outs))
        found = (self.classes, self.input_shape, sizes)
        if found != (classes, input_shape, outputs):
            told, wanted = (
                f"classes {c} on input {i} with outputs of {', '.join(map(str, o))} values"
                for c, i, o in (found, (classes, input_shape, outputs))
            )
            raise ModelError(str(self.path), found=told, expected=wanted, remedy="put the right network there")

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
    own = expand(folder)
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
