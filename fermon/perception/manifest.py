"""Reads the manifest of a network and checks every value before anybody relies on it.

    {"name": "eyes", "file": "eyes.tflite", "sha256": "…",
     "inputs":  [{"shape": [1, 32, 48, 1], "dtype": "int8", "scale": 0.00392, "zero_point": -128}],
     "outputs": [{"shape": [1, 2], "dtype": "int8", "scale": 0.00391, "zero_point": -128}],
     "classes": […], "temperature": 1.0, "metrics": {…}, "training": {…}}

"signatures", where it is given, names the file's functions in their order; they have the same input and output. The
expression network has two: "answer" goes by a picture and its mirror image, "look" by the picture alone.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fermon.errors import ModelError
from fermon.files import content
from fermon.schema import shown

EXPORT = "export the network anew"
MOST_BYTES = 1024 * 1024
_WIDEST = 65_536  # entries of a tensor along one of its axes


@dataclass(frozen=True, slots=True)
class Tensor:
    """What one input or output is said to be; `scale` is 0.0 and `zero_point` 0 where it is not quantised."""

    shape: tuple[int, ...]
    dtype: str
    scale: float
    zero_point: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """The checked values; `fields` is everything that stands in the file."""

    fields: Mapping[str, Any]
    sha256: str
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    classes: tuple[str, ...]
    signatures: tuple[str, ...]
    temperature: float


def read_manifest(path: Path) -> Manifest:
    """Return what a manifest says. Raises ModelError that names the file, the value, and what was expected."""
    fields = _Fields(_parse(path), str(path))
    fields.take("file", _is_text, "the name of a .tflite file")
    return Manifest(
        fields=fields.table,
        sha256=str(fields.take("sha256", _is_digest, "64 hexadecimal digits")).lower(),
        inputs=_tensors(fields, "inputs"),
        outputs=_tensors(fields, "outputs"),
        classes=tuple(fields.take("classes", _are_texts, "a list of names", [])),
        signatures=tuple(fields.take("signatures", _are_texts, "a list of names", [])),
        temperature=float(fields.take("temperature", _within(0.01, 100), "a number of 0.01 to 100", 1.0)),
    )


def _parse(path: Path) -> dict[str, Any]:
    try:
        fields = json.loads(content(path, MOST_BYTES).decode("utf-8-sig"))
    except FileNotFoundError:
        raise ModelError(
            f"{path}: no such manifest", remedy="every network needs one beside its .tflite file"
        ) from None
    except OSError as error:
        raise ModelError(f"{path}: cannot be read: {error.strerror}", remedy="reinstall fermon") from None
    except (ValueError, RecursionError) as error:
        raise ModelError(f"{path}: not a manifest: {error}", expected="JSON in UTF-8", remedy=EXPORT) from None
    if not isinstance(fields, dict):
        raise ModelError(f"{path}: not a manifest", found=shown(fields), expected="a JSON object", remedy=EXPORT)
    return fields


class _Fields:
    """The values of one JSON object; `where` names it in errors."""

    def __init__(self, table: Mapping[str, Any], where: str) -> None:
        self.table, self.where = table, where

    def take(self, key: str, good: Callable[[Any], bool], expected: str, missing: Any = None) -> Any:
        """Return the value of `key`, `missing` where there is none. Raises ModelError when it is not `good`."""
        value = self.table.get(key, missing)
        if good(value) or (key not in self.table and missing is not None):
            return value
        found = shown(value) if value is not None else "null" if key in self.table else "nothing"
        raise ModelError(f"{self.where}: {key}", found=found, expected=expected, remedy=EXPORT)


def _tensors(fields: _Fields, side: str) -> tuple[Tensor, ...]:
    entries = fields.take(side, lambda value: isinstance(value, list) and value != [], "one entry for each")
    tensors = []
    for index, entry in enumerate(entries):
        where = f"{fields.where}: {side}[{index}]"
        if not isinstance(entry, dict):
            raise ModelError(where, found=shown(entry), expected="shape, dtype, scale, zero_point", remedy=EXPORT)
        own = _Fields(entry, where)
        dtype = own.take("dtype", _is_text, "a type of number, as int8")
        quantised = dtype == "int8"
        tensors.append(
            Tensor(
                shape=tuple(own.take("shape", _is_shape, f"1 to 6 whole numbers of 1 to {_WIDEST}")),
                dtype=dtype,
                scale=float(own.take("scale", _within(1e-12, 1e6), "a number above 0", None if quantised else 0.0)),
                zero_point=own.take("zero_point", _is_zero_point, "-128 to 127", None if quantised else 0),
            )
        )
    return tuple(tensors)


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and value != ""


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(part, str) for part in value)


def _is_digest(value: Any) -> bool:
    return isinstance(value, str) and re.fullmatch(r"[0-9a-fA-F]{64}", value) is not None


def _is_shape(value: Any) -> bool:
    return isinstance(value, list) and 1 <= len(value) <= 6 and all(type(n) is int and 1 <= n <= _WIDEST for n in value)


def _is_zero_point(value: Any) -> bool:
    return type(value) is int and -128 <= value <= 127


def _within(low: float, high: float) -> Callable[[Any], bool]:
    def good(value: Any) -> bool:
        return type(value) in (int, float) and low <= value <= high and math.isfinite(value)

    return good
