"""The manifest beside a .tflite file: what it is, as its runtime sees it, and what it answered when it was made."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any

import numpy as np

from int8 import synthetic


def describe(tflite: bytes, name: str, classes: tuple[str, ...]) -> dict[str, Any]:
    """The manifest of a converted network, as its runtime sees it; figures are added later."""
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_content=tflite, num_threads=1)
    interpreter.allocate_tensors()

    def tensors(details: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [
            {
                "shape": [int(n) for n in d["shape"]],
                "dtype": np.dtype(d["dtype"]).name,
                "scale": float(d["quantization"][0]),
                "zero_point": int(d["quantization"][1]),
            }
            for d in details
        ]

    return {
        "name": name,
        "file": f"{name}.tflite",
        "sha256": hashlib.sha256(tflite).hexdigest(),
        "inputs": tensors(interpreter.get_input_details()),
        "outputs": tensors(interpreter.get_output_details()),
        "classes": list(classes),
        "signatures": sorted(interpreter.get_signature_list()),  # their order in the file
        "temperature": 1.0,
    }


def golden_answers(tflite: bytes) -> list[list[int]]:
    """The int8 answers to the eight pictures of `synthetic.golden`, all outputs in a row, for comparing runtimes.

    They come from TFLite's own kernels, which answer alike in every runtime; XNNPACK rounds each layer otherwise.
    """
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    plain = OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    interpreter = Interpreter(model_content=tflite, num_threads=1, experimental_op_resolver_type=plain)
    interpreter.allocate_tensors()
    into, outs = interpreter.get_input_details()[0], interpreter.get_output_details()
    scale, zero_point = into["quantization"]
    answers = []
    for picture in synthetic.golden(*(int(n) for n in into["shape"][1:3])):
        levels = np.clip(np.round(picture / 255 / scale) + zero_point, -128, 127).astype(np.int8)
        interpreter.set_tensor(into["index"], levels.reshape(into["shape"]))
        interpreter.invoke()
        answers.append([int(value) for out in outs for value in interpreter.get_tensor(out["index"])[0]])
    return answers


def write(path: Path, content: dict[str, Any]) -> None:
    """Write a manifest, one line for each list of plain values: it is read by people too."""
    text = json.dumps(content, indent=1)
    text = re.sub(
        r"\[[^\[\]{}]*\]", lambda found: " ".join(found[0].split()).replace("[ ", "[").replace(" ]", "]"), text
    )
    write_whole(path, (text + "\n").encode())


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that it is never there by half."""
    part = path.with_name(path.name + ".part")
    part.write_bytes(content)
    part.replace(path)
