"""tools/expression/align.py: the last layer's bias moves, nothing else does."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

pytestmark = [
    pytest.mark.training,
    pytest.mark.timeout(400),
    # Keras and TensorFlow warn about each other's and numpy's deprecations.
    pytest.mark.filterwarnings("default"),
]
pytest.importorskip("tensorflow", reason="TensorFlow is in the environment of ./tools/test --all")

import keras
import numpy as np

from expression import align, networks, predictors
from tests.tools import fer2013_sample as make


def test_only_the_classes_bias_moves(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    keras.utils.set_random_seed(2)
    model, out = networks.build("cnn10"), tmp_path / "aligned" / "best.keras"
    kernel, _ = model.layers[-1].get_weights()
    model.layers[-1].set_weights([kernel, np.array([0.7, 0, 0, 0, 0, 0, 0], np.float32)])  # leans towards "angry"
    model.save(tmp_path / "best.keras")
    (tmp_path / "run.json").write_text('{"seed": 5, "validation": 0.2}', encoding="utf-8")
    data = make.sample(tmp_path / "fer2013.csv")
    assert align.main(["--model", str(tmp_path / "best.keras"), "--data", str(data), "--out", str(out)]) == 0
    assert "validation  before: accuracy" in capsys.readouterr().out
    before, after = model.get_weights(), predictors.load_keras(out).get_weights()
    for old, new in zip(before[:-1], after[:-1], strict=True):
        np.testing.assert_array_equal(old, new)
    moved = after[-1] - before[-1]
    # An untrained network calls every picture the same, and the labels are spread evenly: the lean is undone.
    assert moved == pytest.approx([-0.6, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1], abs=0.2)
    assert moved.mean() == pytest.approx(0, abs=1e-5)
    kept = json.loads((out.parent / "run.json").read_text(encoding="utf-8"))
    assert kept["seed"] == 5  # export.py sets the same validation pictures apart
    assert list(kept["aligned"].values()) == pytest.approx(moved.tolist(), abs=1e-4)


def test_a_network_of_other_classes_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    inputs = keras.Input((48, 48, 1))
    keras.Model(inputs, keras.layers.Dense(2)(keras.layers.Flatten()(inputs))).save(tmp_path / "two.keras")
    data = make.sample(tmp_path / "fer2013.csv")
    arguments = ["--model", str(tmp_path / "two.keras"), "--data", str(data), "--out", str(tmp_path / "out.keras")]
    assert align.main(arguments) == 78
    assert "no dense layer with a bias for 7 classes" in capsys.readouterr().err
