"""tools/export.py: from a freshly built Keras file to answers of the daemon's own runner."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytestmark = [
    pytest.mark.training,
    pytest.mark.timeout(1200),
    # Keras and TensorFlow warn about each other's and numpy's deprecations.
    pytest.mark.filterwarnings("default"),
]
pytest.importorskip("tensorflow", reason="TensorFlow is in the environment of ./tools/test --all")

import keras

import export
from expression import fer2013, networks, predictors, runs
from eyes import networks as networks_of_eyes
from fermon.perception import eyes, mouth
from fermon.perception.eyes import EyeReader
from fermon.perception.mouth import MouthReader
from fermon.perception.network import Network, models_dir
from int8 import convert, files, synthetic
from int8 import manifest as describe
from lib.exits import NetworkError
from tests.tools import fer2013_sample as make

# The operators of the 10-layer network after export, and nothing else: no shape arithmetic, no variables, no casts.
OPERATORS = {"CONV_2D", "ADD", "MUL", "MAX_POOL_2D", "RESHAPE", "FULLY_CONNECTED", "SOFTMAX"}
PICTURES = synthetic.calibration(24, seed=7)


def lively(policy: str = "float32", arch: str = "cnn10") -> keras.Model:
    """A network with weights and batch statistics as unlike as training makes them."""
    keras.utils.set_random_seed(3)
    keras.mixed_precision.set_global_policy(policy)
    try:
        model = networks.build(arch, "best")
    finally:
        keras.mixed_precision.set_global_policy("float32")
    rng = np.random.default_rng(3)
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            n = layer.get_weights()[0].shape
            signs = np.where(rng.random(n) < 0.2, -1.0, 1.0)
            values = [signs * rng.uniform(0.3, 1.5, n), rng.normal(0, 0.3, n), rng.uniform(0, 0.5, n)]
            layer.set_weights([*values, rng.uniform(0.01, 1.0, n)])
    return model


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> tuple[keras.Model, Path]:
    """A lively network, trained under bfloat16, exported from its file without data."""
    folder = tmp_path_factory.mktemp("export")
    model = lively("mixed_bfloat16")
    model.save(folder / "best.keras")
    out = folder / "models" / "expression.tflite"
    assert export.main(["--model", str(folder / "best.keras"), "--out", str(out)]) == 0
    return model, out


def operators(path: Path) -> list[str]:
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    plain = OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    interpreter = Interpreter(model_path=str(path), experimental_op_resolver_type=plain)
    return [op["op_name"] for op in interpreter._get_ops_details()]


def test_the_daemons_runner_answers_as_keras_does(exported: tuple[keras.Model, Path]) -> None:
    model, path = exported
    ours = predictors.of_tflite(path).predict(PICTURES)
    theirs = predictors.of_keras_model(convert.inference_copy(model)).predict(PICTURES[:1])
    assert theirs.shape == (1, 7)
    copy = convert.inference_copy(model)
    floats = np.concatenate([np.asarray(copy(p[None, ..., None] / np.float32(255))) for p in PICTURES])
    assert np.abs(ours - floats).max() < 0.1
    assert np.abs(ours - floats).mean() < 0.02


def test_input_and_output_are_int8_batch_one_and_a_grey_level_is_one_step(
    exported: tuple[keras.Model, Path],
) -> None:
    manifest = json.loads(exported[1].with_suffix(".json").read_text())
    (inputs,), (outputs,) = manifest["inputs"], manifest["outputs"]
    assert (inputs["shape"], inputs["dtype"], inputs["zero_point"]) == ([1, 48, 48, 1], "int8", -128)
    assert inputs["scale"] == pytest.approx(1 / 255, rel=1e-4)
    assert (outputs["shape"], outputs["dtype"], outputs["zero_point"]) == ([1, 7], "int8", -128)
    assert outputs["scale"] == 1 / 256


def test_the_manifest_tells_what_it_is_and_that_nothing_was_measured(exported: tuple[keras.Model, Path]) -> None:
    manifest = json.loads(exported[1].with_suffix(".json").read_text())
    assert (manifest["name"], manifest["file"]) == ("expression", "expression.tflite")
    assert manifest["classes"] == list(networks.CLASSES)
    assert manifest["calibration"]["source"] == "synthetic"
    assert (manifest["metrics"], manifest["temperature"]) == ({}, 1.0)
    assert np.array(manifest["golden"]).shape == (8, 7)


def test_only_operators_that_both_runtimes_know(exported: tuple[keras.Model, Path]) -> None:
    found = operators(exported[1])
    assert set(found) <= OPERATORS
    assert found.count("CONV_2D") == 10
    assert found.count("FULLY_CONNECTED") == 2


def test_with_its_mirror_image_the_answer_is_the_mean_of_both(tmp_path: Path) -> None:
    inputs = keras.Input((48, 48, 1))
    hidden = keras.layers.Flatten()(keras.layers.MaxPooling2D(8)(keras.layers.Conv2D(4, 3, padding="same")(inputs)))
    model = keras.Model(inputs, keras.layers.Dense(7, activation="softmax")(hidden))
    kernel = np.zeros(model.layers[-1].get_weights()[0].shape, np.float32).reshape(6, 6, 4, 7)
    kernel[:, :3, :, 2], kernel[:, 3:, :, 5] = 0.5, 0.5  # what is bright on the left is class 2, on the right class 5
    model.layers[-1].set_weights([kernel.reshape(-1, 7), np.zeros(7, np.float32)])
    model.layers[1].set_weights([np.full((3, 3, 1, 4), 0.1, np.float32), np.zeros(4, np.float32)])
    model.save(tmp_path / "best.keras")
    left = np.full((48, 48), 30, np.uint8)
    left[:, :24] = 220
    answers = {}
    for name, words in (("plain", []), ("twice", ["--mirror"])):
        out = tmp_path / f"{name}.tflite"
        assert export.main(["--model", str(tmp_path / "best.keras"), "--out", str(out), *words]) == 0
        answers[name] = predictors.of_tflite(out).predict(np.stack([left, left[:, ::-1]]))
        assert json.loads(out.with_suffix(".json").read_text())["mirror"] is bool(words)
    assert answers["plain"].argmax(1).tolist() == [2, 5]
    assert answers["twice"][0] == pytest.approx(answers["plain"].mean(0), abs=2.001 / 256)
    np.testing.assert_array_equal(answers["twice"][0], answers["twice"][1])
    look = Network(tmp_path / "twice.tflite", prefer="look")
    assert look.signature == "look"
    assert look.run_gray(left)[0] == pytest.approx(answers["plain"][0], abs=2.001 / 256)


def test_the_shipped_file_holds_its_weights_once_and_knows_the_same_operators() -> None:
    path = models_dir() / "expression.tflite"
    found = operators(path)
    assert set(found) <= OPERATORS | {"REVERSE_V2", "CONCATENATION", "AVERAGE_POOL_2D", "RESHAPE"}
    assert found.count("CONV_2D") == 10
    assert path.stat().st_size < 1.2 * networks.PARAMETERS["cnn10"]


def test_convolutions_are_quantised_per_channel(exported: tuple[keras.Model, Path]) -> None:
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_path=str(exported[1]))
    kernels = [t for t in interpreter.get_tensor_details() if tuple(t["shape"][1:3]) == (3, 3) and t["shape"][0] >= 64]
    assert len(kernels) == 10
    assert all(len(k["quantization_parameters"]["scales"]) == k["shape"][0] for k in kernels)


def test_no_data_is_announced(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    inputs = keras.Input((48, 48, 1))
    hidden = keras.layers.Flatten()(keras.layers.MaxPooling2D(8)(keras.layers.Conv2D(4, 3)(inputs)))
    keras.Model(inputs, keras.layers.Dense(3, activation="softmax")(hidden)).save(tmp_path / "small.keras")
    assert export.main(["--model", str(tmp_path / "small.keras"), "--out", str(tmp_path / "small.tflite")]) == 0
    assert "calibrated on synthetic pictures, accuracy not measured; do not ship" in capsys.readouterr().err
    manifest = json.loads((tmp_path / "small.json").read_text())
    assert manifest["classes"] == ["class0", "class1", "class2"]


def test_with_data_temperature_accuracy_parity_and_origin_go_into_the_manifest(tmp_path: Path) -> None:
    lively().save(tmp_path / "best.keras")
    run: dict[str, Any] = {"arch": "cnn10", "seed": 5, "validation": 0.2, "machine": "not for the manifest"}
    (tmp_path / "run.json").write_text(json.dumps(run))
    data = make.sample(tmp_path / "fer2013.csv", training=70, test=20)
    out = tmp_path / "expression.tflite"
    arguments = ["--model", str(tmp_path / "best.keras"), "--out", str(out), "--data", str(data), "--note", "a test"]
    assert export.main(arguments) == 0
    manifest = json.loads(out.with_suffix(".json").read_text())
    assert manifest["training"] == {"arch": "cnn10", "seed": 5, "validation": 0.2, "note": "a test"}
    assert manifest["metrics"]["validation"]["n"] == 14
    assert manifest["metrics"]["PublicTest"]["n"] == 21
    assert manifest["metrics"]["parity"]["n"] == 21
    assert 0.25 <= manifest["temperature"] <= 4
    predictors.of_tflite(out)  # the runner accepts the final manifest


def test_folding_the_scales_changes_no_answer_not_even_for_negative_ones() -> None:
    plain, folded = convert.inference_copy(lively()), convert.inference_copy(lively())
    convert.fold_scales(folded)
    for picture in PICTURES[:6]:
        x = picture[None, ..., None] / np.float32(255)
        np.testing.assert_allclose(np.asarray(folded(x)), np.asarray(plain(x)), atol=1e-5)
    norms = [layer for layer in folded.layers if isinstance(layer, keras.layers.BatchNormalization)]
    assert all(set(np.unique(norm.get_weights()[0])) <= {-1.0, 1.0} for norm in norms)


@pytest.mark.parametrize("arch", ["cnn10", "cnn6"])
def test_equalising_the_channels_changes_no_answer_and_evens_their_reach(arch: str) -> None:
    plain, evened = convert.inference_copy(lively(arch=arch)), convert.inference_copy(lively(arch=arch))
    convert.fold_scales(evened)
    floats = PICTURES[..., None] / np.float32(255)
    first = evened.layers[1]
    before = convert._reach(evened, first, floats)
    convert.equalise(evened, floats)
    after = convert._reach(evened, first, floats)
    for x in floats[:6]:
        np.testing.assert_allclose(np.asarray(evened(x[None])), np.asarray(plain(x[None])), atol=1e-5)
    live = before > 1e-6
    assert np.log(after[live]).std() < np.log(before[live]).std()


def test_networks_that_are_no_plain_chain_are_left_alone() -> None:
    inputs = keras.Input((48, 48, 1))
    left = keras.layers.Conv2D(4, 3, activation="relu")(inputs)
    both = keras.layers.Concatenate()([keras.layers.BatchNormalization()(left), left])
    outputs = keras.layers.Dense(7)(keras.layers.GlobalAveragePooling2D()(both))
    model = convert.inference_copy(keras.Model(inputs, outputs))
    before = [w.copy() for w in model.get_weights()]
    convert.fold_scales(model)
    convert.equalise(model, PICTURES[:2, ..., None] / np.float32(255))
    for one, two in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, two)


def a_network(name: str) -> keras.Model:
    """The eye or the mouth network, with weights and batch statistics as unlike as training makes them."""
    keras.utils.set_random_seed(5)
    model = {"eyes": networks_of_eyes.eye, "mouth": networks_of_eyes.mouth}[name]()
    rng = np.random.default_rng(5)
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            n = layer.get_weights()[0].shape
            values = [rng.uniform(0.3, 1.5, n), rng.normal(0, 0.3, n), rng.normal(0, 0.3, n), rng.uniform(0.2, 1.5, n)]
            layer.set_weights(values)
    if name == "eyes":  # begins with zeros, which would hide it
        kernel, bias = model.get_layer("where").get_weights()
        model.get_layer("where").set_weights([rng.normal(0, 0.1, kernel.shape), bias])
    return model


def answers(model: keras.Model, pictures: np.ndarray) -> list[np.ndarray]:
    found = [model(p[None, ..., None] / np.float32(255)) for p in pictures]
    return [np.concatenate([np.asarray(a).ravel() for a in (f if isinstance(f, list) else [f])]) for f in found]


@pytest.mark.parametrize("name", ["eyes", "mouth"])
def test_folding_and_equalising_change_no_answer_of_the_eye_and_mouth_network(name: str) -> None:
    plain = convert.inference_copy(a_network(name))
    pictures = synthetic.calibration(6, *plain.input_shape[1:3], seed=3)
    floats = pictures[..., None] / np.float32(255)
    folded = convert.fold_norms(convert.inference_copy(a_network(name)))
    assert not [layer for layer in folded.layers if isinstance(layer, keras.layers.BatchNormalization)]
    first = next(layer for layer in folded.layers if isinstance(layer, keras.layers.Conv2D))
    before = convert._reach(folded, first, floats)
    convert.equalise(folded, floats)
    after = convert._reach(folded, first, floats)
    np.testing.assert_allclose(answers(folded, pictures), answers(plain, pictures), atol=1e-5)
    live = before > 1e-6
    assert np.log(after[live]).std() < np.log(before[live]).std()


@pytest.mark.parametrize(("name", "reader"), [("eyes", EyeReader), ("mouth", MouthReader)])
def test_eyes_and_mouth_are_converted_as_the_expression_is_and_answer_as_keras_does(
    tmp_path: Path, name: str, reader: Any
) -> None:
    model = a_network(name)
    model.save(tmp_path / f"{name}.keras")
    pictures = synthetic.calibration(60, *model.input_shape[1:3], seed=4)
    out = tmp_path / f"{name}.tflite"
    classes = {"eyes": eyes.CLASSES, "mouth": mouth.CLASSES}[name]
    content = files.write(tmp_path / f"{name}.keras", out, classes, pictures, "nothing")
    network = Network(out)
    reader(network)  # the daemon's own reader takes it
    assert all(tensor["dtype"] == "int8" for tensor in (*content["inputs"], *content["outputs"]))
    assert content["inputs"][0]["scale"] == pytest.approx(1 / 255, rel=1e-4)
    assert content["signatures"] == ["answer"]
    outputs = sum(tensor["shape"][1] for tensor in content["outputs"])
    assert np.array(content["golden"]).shape == (8, outputs)
    found = files.parity(model, out, pictures)
    assert found["n"] == 60
    assert found["mean_difference"] < 0.02
    assert found["99 % below"] < 0.08


def test_the_shipped_expression_network_is_what_the_converter_makes_of_its_float_weights(shared: Path) -> None:
    """Byte for byte, where framework and processor are those that it was made with.

    On another processor (seen: an Intel Xeon in place of an AMD EPYC) TensorFlow folds constants in another way and the
    file differs; its answers to the golden pictures then lie 1.6 of 256 steps apart in the mean, 10 at most.
    """
    import tensorflow

    shipped = json.loads((models_dir() / "expression.json").read_text(encoding="utf-8"))
    versions = {"tensorflow": tensorflow.__version__, "keras": keras.__version__}
    if any(shipped["training"]["versions"][name] != version for name, version in versions.items()):
        pytest.skip(f"made with {shipped['training']['versions']}, found {versions}")
    training, _ = runs.split_as({}, fer2013.read(shared / "fer2013" / "fer2013.csv.xz", "Training"))
    pictures = export.calibration_pictures(training, export.CALIBRATION_PICTURES)
    made = files.converted_here(models_dir() / "expression.keras", pictures, mirror=True)
    if hashlib.sha256(made).hexdigest() == shipped["sha256"]:
        return
    apart = np.abs(np.array(describe.golden_answers(made)) - np.array(shipped["golden"]))
    assert apart.mean() <= 3
    assert apart.max() <= 16


def test_where_keras_computes_with_another_framework_a_process_of_its_own_converts(tmp_path: Path) -> None:
    model = a_network("mouth")
    model.save(tmp_path / "mouth.keras")
    pictures = synthetic.calibration(8, *model.input_shape[1:3])
    here = files.converted_here(tmp_path / "mouth.keras", pictures, False)
    assert files.converted_elsewhere(tmp_path / "mouth.keras", pictures, False) == here
    (tmp_path / "broken.keras").write_text("no network")
    with pytest.raises(NetworkError, match=r"broken\.keras: cannot be converted \("):
        files.converted_elsewhere(tmp_path / "broken.keras", pictures, False)


@pytest.mark.parametrize("case", ["missing", "cut in half", "text", "colour"])
def test_a_keras_file_that_cannot_be_used_is_one_line_and_exit_78(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], case: str
) -> None:
    path = tmp_path / "best.keras"
    if case == "text":
        path.write_text("no network")
    elif case != "missing":
        inputs = keras.Input((8, 8, 3))
        keras.Model(inputs, keras.layers.Dense(7)(keras.layers.Flatten()(inputs))).save(path)
    if case == "cut in half":
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    capsys.readouterr()
    assert export.main(["--model", str(path), "--out", str(tmp_path / "a.tflite")]) == 78
    err = capsys.readouterr().err
    assert err.startswith(f"export: {path}: ")
    assert err.count("\n") == 1
    assert not (tmp_path / "a.tflite").exists()


def test_data_without_training_is_exit_65(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lively().save(tmp_path / "best.keras")
    data = make.write(tmp_path / "a.csv", make.rows("PublicTest", 3))
    arguments = ["--model", str(tmp_path / "best.keras"), "--out", str(tmp_path / "a.tflite"), "--data", str(data)]
    assert export.main(arguments) == 65
    assert "no rows with Usage 'Training'" in capsys.readouterr().err
