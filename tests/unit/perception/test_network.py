"""Networks against their manifests: every mismatch is one clear error."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fermon.errors import ModelError
from fermon.perception.network import Network, models_dir, network_path, open_network, runtime_name

NAMES = ("face", "expression", "eyes", "mouth", "blazeface")


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A writable copy of the expression network with its manifest."""
    for ending in ("tflite", "json"):
        shutil.copy(models_dir() / f"expression.{ending}", tmp_path)
    return tmp_path / "expression.tflite"


def change(path: Path, **fields: Any) -> None:
    manifest = json.loads(path.with_suffix(".json").read_text())
    manifest |= fields
    path.with_suffix(".json").write_text(json.dumps(manifest))


@pytest.mark.parametrize("name", NAMES)
def test_the_shipped_networks_fit_their_manifests(name: str) -> None:
    network = Network(models_dir() / f"{name}.tflite")
    assert network.runtime == runtime_name()
    results = network.run(np.zeros(network.input_shape, np.float32))
    assert all(np.isfinite(result).all() for result in results)


def test_a_gray_picture_and_its_floats_give_the_same_answer(copy: Path) -> None:
    network = Network(copy)
    gray = np.random.default_rng(0).integers(0, 256, network.input_shape[1:3], dtype=np.uint8)
    floats = (gray / 255).astype(np.float32).reshape(network.input_shape)
    np.testing.assert_array_equal(network.run_gray(gray)[0], network.run(floats)[0])


def test_of_several_functions_the_wanted_one_is_run_where_the_file_has_it(copy: Path) -> None:
    network = Network(copy, prefer="look")
    assert network.signature == "look"
    gray = np.random.default_rng(2).integers(0, 256, network.input_shape[1:3], dtype=np.uint8)
    sides = network.run_gray(gray)[0], network.run_gray(gray[:, ::-1])[0]
    assert Network(copy).run_gray(gray)[0] == pytest.approx(np.mean(sides, 0), abs=2 / 256)
    for other in (Network(copy, prefer="glance"), Network(models_dir() / "eyes.tflite", prefer="look")):
        assert other.signature == ""


def test_a_function_that_only_the_manifest_knows(copy: Path) -> None:
    change(copy, signatures=["answer", "glance"])
    with pytest.raises(ModelError, match=r"functions: found \['answer', 'look'\], expected 'glance' too"):
        Network(copy, prefer="glance")
    change(copy, signatures=2)
    with pytest.raises(ModelError, match=r"expression\.json: signatures: found 2, expected a list of names"):
        Network(copy)


def test_expression_probabilities_add_up(copy: Path) -> None:
    network = Network(copy)
    gray = np.random.default_rng(1).integers(0, 256, network.input_shape[1:3], dtype=np.uint8)
    assert network.run_gray(gray)[0].sum() == pytest.approx(1, abs=7 / 256)


def test_a_file_cut_in_half(copy: Path) -> None:
    content = copy.read_bytes()
    copy.write_bytes(content[: len(content) // 2])
    with pytest.raises(ModelError, match=r"replaced: found \d+ bytes with sha256 .*, expected .* its manifest says"):
        Network(copy)


def test_a_cut_file_with_a_forged_digest_is_refused_by_the_runtime(copy: Path) -> None:
    import hashlib

    if runtime_name().startswith("tflite-runtime"):
        pytest.skip("tflite-runtime 2.14 crashes on a cut file instead of refusing it: there only the digest protects")
    content = copy.read_bytes()[:1000]
    copy.write_bytes(content)
    change(copy, sha256=hashlib.sha256(content).hexdigest())
    with pytest.raises(ModelError, match="cannot load it"):
        Network(copy)


def test_a_file_that_is_no_model_with_a_forged_digest(copy: Path) -> None:
    import hashlib

    copy.write_bytes(b"no model at all")
    change(copy, sha256=hashlib.sha256(b"no model at all").hexdigest())
    with pytest.raises(ModelError, match="no TFLite model"):
        Network(copy)


def test_another_digest(copy: Path) -> None:
    change(copy, sha256="0" * 64)
    with pytest.raises(ModelError, match="000000000000"):
        Network(copy)


def test_another_shape(copy: Path) -> None:
    change(copy, inputs=[{"shape": [1, 64, 64, 1], "dtype": "int8", "scale": 1 / 255, "zero_point": -128}])
    with pytest.raises(ModelError, match=r"inputs\[0\]: found \(1, 48, 48, 1\) int8, expected \(1, 64, 64, 1\)"):
        Network(copy)


def test_another_scale(copy: Path) -> None:
    change(copy, inputs=[{"shape": [1, 48, 48, 1], "dtype": "int8", "scale": 0.01, "zero_point": 0}])
    with pytest.raises(ModelError, match=r"found scale 0\.00392157 and zero point -128, expected 0\.01 and 0"):
        Network(copy)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"file": 1, "sha256": 2}', "\x00"])
def test_a_broken_manifest(copy: Path, text: str) -> None:
    copy.with_suffix(".json").write_text(text)
    with pytest.raises(ModelError, match=r"expression\.json"):
        Network(copy)


def test_a_manifest_without_inputs(copy: Path) -> None:
    change(copy, inputs=[])
    with pytest.raises(ModelError, match=r"expression\.json: inputs: found an empty list, expected one entry for each"):
        Network(copy)


def test_missing_files(tmp_path: Path, copy: Path) -> None:
    with pytest.raises(ModelError, match="no such manifest"):
        Network(tmp_path / "other.tflite")
    copy.unlink()
    with pytest.raises(ModelError, match="No such file"):
        Network(copy)


def test_a_models_folder_may_hold_one_network_of_its_own(tmp_path: Path) -> None:
    for ending in ("tflite", "json"):
        shutil.copy(models_dir() / f"eyes.{ending}", tmp_path)
    assert network_path("eyes", str(tmp_path)) == tmp_path / "eyes.tflite"
    assert network_path("mouth", str(tmp_path)) == models_dir() / "mouth.tflite"
    assert open_network("mouth", str(tmp_path)).path == models_dir() / "mouth.tflite"
    (tmp_path / "eyes.tflite").unlink()  # a manifest without its network is damage, no wish for the shipped one
    with pytest.raises(ModelError, match=r"eyes\.tflite: cannot be read: No such file"):
        open_network("eyes", str(tmp_path))


def test_a_models_folder_without_any_network_is_a_mistake(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "missing"):
        with pytest.raises(ModelError, match=r"holds no network: expected .*expression\.tflite.*perception\.models"):
            network_path("eyes", str(folder))
