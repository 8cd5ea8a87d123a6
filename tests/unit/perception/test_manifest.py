"""Every value of a manifest that may be wrong, and every way in which it may be."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fermon.errors import ModelError
from fermon.perception.expression import ExpressionReader
from fermon.perception.eyes import EyeReader
from fermon.perception.manifest import MOST_BYTES, read_manifest
from fermon.perception.mouth import MouthReader
from fermon.perception.network import Network, models_dir

MISSING = object()
WRONG = [MISSING, None, True, 0, -1, 3, 1.5, float("nan"), float("inf"), -float("inf"), 10**400, -(10**400), "", "x",
         "\ud800", [], [1], ["x"], [[]], [None], {}, {"shape": 1}, [[[[[[1]]]]]]]  # fmt: skip
MANIFEST = json.loads((models_dir() / "expression.json").read_text(encoding="utf-8"))
# Nobody but people reads these.
IGNORED = {"name", "golden", "mirror", "calibration", "metrics", "training"}
Path_ = tuple[str | int, ...]


def places(value: Any, at: Path_ = ()) -> Iterator[Path_]:
    """Yield where in a manifest a value may be exchanged."""
    if at:
        yield at
    items: Any = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in items:
        if at or key not in IGNORED:
            yield from places(part, (*at, key))


def exchanged(at: Path_, value: Any) -> str:
    manifest = json.loads(json.dumps(MANIFEST))
    table = manifest
    for key in at[:-1]:
        table = table[key]
    if value is MISSING:
        del table[at[-1]]
    else:
        table[at[-1]] = value
    return json.dumps(manifest)


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the expression network, whose manifest is exchanged."""
    folder = tmp_path_factory.mktemp("models")
    shutil.copy(models_dir() / "expression.tflite", folder)
    return folder / "expression.tflite"


def told(network: Path, manifest: str | bytes, prefer: str = "look") -> str:
    """Return what is said about a manifest, "" for nothing."""
    beside = network.with_suffix(".json")
    beside.write_bytes(manifest if isinstance(manifest, bytes) else manifest.encode("utf-8", "surrogatepass"))
    try:
        ExpressionReader(Network(network, prefer=prefer))
    except ModelError as error:
        [line] = str(error).splitlines()
        assert line.startswith(str(network.with_suffix(""))) and line.isprintable() and len(line) < 600
        return line
    return ""


def sound(at: Path_, value: Any) -> bool:
    """Whether a value is not wrong there: a temperature is any number, a name any text, both lists may be shorter."""
    if at[0] == "temperature":
        return value is MISSING or (type(value) in (int, float) and value in (3, 1.5))
    if at == ("file",):
        return isinstance(value, str) and value != ""
    if at[0] == "signatures":
        return value is MISSING or (value in ([], ["x"]) if len(at) == 1 else isinstance(value, str))
    return False


@pytest.mark.parametrize("at", list(places(MANIFEST)), ids=lambda at: ".".join(map(str, at)))
def test_a_wrong_value_is_one_line_that_names_the_file(network: Path, at: Path_) -> None:
    for value in WRONG:
        line = told(network, exchanged(at, value))
        assert bool(line) is not sound(at, value), (at, value, line)


@given(st.sampled_from(list(places(MANIFEST))), st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda part: st.lists(part, max_size=3) | st.dictionaries(st.text(), part, max_size=3), max_leaves=6,
))  # fmt: skip
def test_any_json_in_any_place(network: Path, at: Path_, value: Any) -> None:
    told(network, exchanged(at, value))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (b"[" * 100_000, "not a manifest: "),
        (b'{"a":' * 100_000, "not a manifest: "),
        (b"9" * 5000, "not a manifest: Exceeds the limit"),
        (b"\xff\xfe{\0", "not a manifest: 'utf-8' codec"),
        (b"3", "not a manifest: found 3, expected a JSON object"),
        (b" " * (MOST_BYTES + 1), "cannot be read: larger than 1024 KiB"),
    ],
)
def test_a_file_that_is_no_manifest(network: Path, text: bytes, says: str) -> None:
    assert says in told(network, text)


@pytest.mark.parametrize("side", ["inputs", "outputs"])
def test_as_many_inputs_and_outputs_as_the_network_has(network: Path, side: str) -> None:
    entries = MANIFEST[side]
    assert f"{side}: found 1, expected 2 as the manifest says" in told(network, exchanged((side,), entries * 2))
    both = exchanged((side,), entries * 2)
    assert f"{side}: found 1, expected 2" in told(network, both, prefer=""), "of the first function too"


def test_a_byte_order_mark_is_no_error(network: Path) -> None:
    assert told(network, b"\xef\xbb\xbf" + json.dumps(MANIFEST).encode()) == ""


def test_a_temperature_that_is_no_number_is_told(network: Path) -> None:
    line = told(network, exchanged(("temperature",), float("nan")))
    assert "expression.json: temperature: found nan, expected a number of 0.01 to 100; export the network anew" in line


def test_pipes_are_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "eyes.json")
    with pytest.raises(ModelError, match=r"eyes\.json: cannot be read: a pipe, expected a regular file"):
        Network(tmp_path / "eyes.tflite")
    (tmp_path / "eyes.json").unlink()
    shutil.copy(models_dir() / "eyes.json", tmp_path)
    os.mkfifo(tmp_path / "eyes.tflite")
    with pytest.raises(ModelError, match=r"eyes\.tflite: cannot be read: a pipe, expected a regular file"):
        Network(tmp_path / "eyes.tflite")


@pytest.mark.parametrize("other", ["mouth", "expression", "blazeface"])
def test_a_sound_network_for_something_else_is_told(tmp_path: Path, other: str) -> None:
    for ending in ("tflite", "json"):
        shutil.copy(models_dir() / f"{other}.{ending}", tmp_path / f"eyes.{ending}")
    with pytest.raises(
        ModelError, match=r"eyes\.tflite: found classes .*, expected classes \('closed', 'unreadable', 'lowered'\)"
    ):
        EyeReader(Network(tmp_path / "eyes.tflite"))
    with pytest.raises(ModelError, match=r"eyes\.tflite: found classes") if other != "mouth" else _fine():
        MouthReader(Network(tmp_path / "eyes.tflite"))


def _fine() -> Any:
    from contextlib import nullcontext

    return nullcontext()


def test_outputs_that_the_reader_does_not_know_are_told(tmp_path: Path) -> None:
    """The classes and the input of the eyes, on a network with one output."""
    for ending in ("tflite", "json"):
        shutil.copy(models_dir() / f"mouth.{ending}", tmp_path / f"eyes.{ending}")
    network = Network(tmp_path / "eyes.tflite")
    with pytest.raises(ModelError, match=r"with outputs of 3 values, expected .* with outputs of 3, 5 values"):
        network.must_be(network.classes, network.input_shape, (3, 5))


def test_the_shipped_manifests_are_read_as_they_are() -> None:
    for name in ("face", "expression", "eyes", "mouth", "blazeface"):
        manifest = read_manifest(models_dir() / f"{name}.json")
        assert len(manifest.sha256) == 64 and manifest.inputs and manifest.outputs
