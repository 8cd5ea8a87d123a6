"""tools/expression/soup.py: the mean of networks of one architecture, with batch statistics of its own."""

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

from expression import networks, predictors, soup
from tests.tools import fer2013_sample as make


def test_the_mean_lies_between_and_its_run_is_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    paths = []
    for seed in (1, 2):
        keras.utils.set_random_seed(seed)
        paths.append(tmp_path / f"run{seed}" / "best.keras")
        paths[-1].parent.mkdir()
        networks.build("cnn10", "best").save(paths[-1])
    (paths[-1].parent / "run.json").write_text('{"seed": 5, "validation": 0.2}', encoding="utf-8")
    data, out = make.sample(tmp_path / "fer2013.csv"), tmp_path / "mean" / "best.keras"
    words = ["--models", *map(str, paths), "--data", str(data), "--out", str(out)]
    assert soup.main(words) == 0
    printed = capsys.readouterr().out
    assert printed.count("validation accuracy") == 3
    assert "mean: validation accuracy" in printed
    one, other = (predictors.load_keras(path).trainable_variables for path in paths)
    mean = predictors.load_keras(out)
    for a, b, m in zip(one, other, mean.trainable_variables, strict=True):
        np.testing.assert_allclose(m.numpy(), (a.numpy() + b.numpy()) / 2, atol=1e-6)
    norm = next(layer for layer in mean.layers if isinstance(layer, keras.layers.BatchNormalization))
    assert float(np.abs(norm.moving_mean.numpy()).max()) > 0  # taken anew: an untrained network's are zeros
    kept = json.loads((out.parent / "run.json").read_text(encoding="utf-8"))
    assert kept["seed"] == 5
    assert kept["mean_of"] == [str(path) for path in paths]


def test_networks_of_two_kinds_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    networks.build("cnn10", "best").save(tmp_path / "a.keras")
    networks.build("cnn6", "best").save(tmp_path / "b.keras")
    data = make.sample(tmp_path / "fer2013.csv")
    words = ["--models", str(tmp_path / "b.keras"), str(tmp_path / "a.keras"), "--data", str(data)]
    assert soup.main([*words, "--out", str(tmp_path / "out.keras")]) == 78
    assert "differ in their layers" in capsys.readouterr().err
    assert not (tmp_path / "out.keras").exists()
