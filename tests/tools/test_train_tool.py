"""tools/train.py: a small run from CSV to best.keras, stopped and gone on with."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
from pathlib import Path

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

import evaluate
import report
import train
from expression import recipes, teach
from tests.tools import fer2013_sample as make

ROOT = Path(__file__).resolve().parents[2]
TINY = dataclasses.replace(recipes.RECIPES["best"], stages=((32, 1), (48, 2)), batch=16, validation=0.2)


@pytest.fixture
def tiny(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Arguments of a run of three epochs, 32 px then 48 px, on 70 pictures."""
    monkeypatch.setitem(recipes.RECIPES, "best", TINY)
    data = make.sample(tmp_path / "fer2013.csv")
    votes = make.votes(tmp_path / "fer2013new.csv", [i % 7 for i in range(92)])
    return ["--data", str(data), "--votes", str(votes), "--recipe", "best"]


def weights(run: Path) -> list[np.ndarray]:
    return keras.models.load_model(run / "best.keras", compile=False).get_weights()


def test_a_run_leaves_a_complete_folder_and_never_reads_the_test_pictures(tiny: list[str], tmp_path: Path) -> None:
    run = tmp_path / "run"
    assert train.main([*tiny, "--run", str(run)]) == 0
    assert {p.name for p in run.iterdir()} == {"run.json", "history.csv", "curves.png", "last.npz", "best.keras"}
    about = json.loads((run / "run.json").read_text())
    assert (about["arch"], about["epochs_done"], about["training"], about["validation_pictures"]) == (
        "cnn10",
        3,
        56,
        14,
    )
    assert about["best_epoch"] in {2, 3}  # the first is at 32 px, which is not shipped
    assert len(about["data_sha256"]) == 64
    assert about["versions"]["keras"] == keras.__version__
    assert (run / "curves.png").read_bytes()[:4] == b"\x89PNG"
    assert (
        evaluate.main(["--model", str(run / "best.keras"), "--data", tiny[1], "--json", "--out", str(run / "t.json")])
        == 0
    )
    assert "10-layer CNN" in report.tables([run])


def test_a_stopped_run_goes_on_to_the_same_weights(
    tiny: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(recipes.RECIPES, "best", dataclasses.replace(TINY, bfloat16=False))
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    assert train.main([*tiny, "--run", str(whole)]) == 0
    for _ in range(2):
        assert train.main([*tiny, "--run", str(parts), "--stop-after", "1", "--resume"]) == 0
    assert train.main([*tiny, "--run", str(parts), "--resume"]) == 0
    history = [(run / "history.csv").read_text().splitlines() for run in (whole, parts)]
    assert [line.split(",")[:2] for line in history[0]] == [line.split(",")[:2] for line in history[1]]
    # Several threads sum in any order: near, not equal. A lost optimiser state is off by 3e-3, and so is other dropout.
    with np.load(whole / "last.npz") as one, np.load(parts / "last.npz") as two:
        assert one["step"] == two["step"] == 9
        distance = max(float(np.abs(one[k] - two[k]).max()) for k in one.files if k[0] == "a")
    assert distance < 1e-4


def test_a_finished_run_can_be_made_longer(tiny: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = tmp_path / "run"
    assert train.main([*tiny, "--run", str(run)]) == 0
    assert train.main([*tiny, "--run", str(run), "--resume"]) == 0
    assert "all 3 epochs are done; --epochs 15 goes on" in capsys.readouterr().out
    assert train.main([*tiny, "--run", str(run), "--resume", "--epochs", "4"]) == 0
    about = json.loads((run / "run.json").read_text())
    assert (about["epochs_done"], about["stages"]) == (4, [[32, 1], [48, 3]])
    assert train.main([*tiny, "--run", str(run), "--resume", "--epochs", "2"]) == 65
    assert "has 4 epochs already" in capsys.readouterr().err


@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_other_frameworks_train_and_go_on(tiny: list[str], tmp_path: Path, backend: str) -> None:
    pytest.importorskip(backend, reason=f"pip install {backend} into .venv-train to train with it")
    words = [*tiny, "--epochs", "2", "--limit", "40", "--run", str(tmp_path / "run"), "--resume"]
    code = f"""
import dataclasses, sys
sys.path.insert(0, {str(ROOT / "tools")!r})
from expression import recipes
recipes.RECIPES["best"] = dataclasses.replace(recipes.RECIPES["best"], batch=16, validation=0.2)
import train
sys.exit(train.main({words!r}) or train.main({[*words, "--epochs", "3"]!r}))
"""
    environment = {**os.environ, "KERAS_BACKEND": backend}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    assert f"on {backend} " in done.stdout
    about = json.loads((tmp_path / "run" / "run.json").read_text())
    assert about["epochs_done"] == 3
    assert backend in about["versions"]
    keras.models.load_model(tmp_path / "run" / "best.keras", compile=False)  # whoever made it


def test_a_folder_of_another_run_is_refused(
    tiny: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = tmp_path / "run"
    assert train.main([*tiny, "--run", str(run), "--stop-after", "1"]) == 0
    assert train.main([*tiny, "--run", str(run)]) == 65
    assert "holds a run already" in capsys.readouterr().err
    assert train.main([*tiny, "--run", str(run), "--resume", "--seed", "2"]) == 65
    assert "its seed is 1, now 2" in capsys.readouterr().err
    state = run / "last.npz"
    state.write_bytes(state.read_bytes()[:5000])
    assert train.main([*tiny, "--run", str(run), "--resume"]) == 78
    assert "cannot go on from it" in capsys.readouterr().err


def test_every_epochs_weights_are_kept_when_asked_for(tiny: list[str], tmp_path: Path) -> None:
    run = tmp_path / "run"
    assert train.main([*tiny, "--run", str(run), "--keep", "--stop-after", "2"]) == 0
    kept = sorted(run.glob("epoch-*.keras"))
    assert [path.name for path in kept] == ["epoch-001.keras", "epoch-002.keras"]
    first, second = (keras.models.load_model(path, compile=False).get_weights() for path in kept)
    assert any((one != two).any() for one, two in zip(first, second, strict=True))


def test_a_run_can_start_from_another_ones_network(tiny: list[str], tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    assert train.main([*tiny, "--run", str(first)]) == 0
    arguments = [*tiny, "--run", str(second), "--start", str(first / "best.keras"), "--stop-after", "1"]
    assert train.main(arguments) == 0
    assert json.loads((second / "run.json").read_text())["start"] == "best.keras"


def test_a_run_learns_from_what_a_network_and_taggers_say_together(
    tiny: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(recipes.RECIPES, "taught", dataclasses.replace(TINY, votes=0.0, taught=0.75))
    first, taught = tmp_path / "first" / "best.keras", tmp_path / "taught.npz"
    assert train.main([*tiny, "--run", str(first.parent)]) == 0
    made = ["--model", str(first), *tiny[:4], "--out", str(taught), "--validation", "0.2"]
    assert teach.main(made) == 0
    assert "targets for 56 pictures" in capsys.readouterr().out
    arguments = [*tiny[:4], "--recipe", "taught", "--run", str(tmp_path / "second"), "--stop-after", "1"]
    assert train.main(arguments) == 65
    assert "--recipe taught learns with --taught" in capsys.readouterr().err
    assert train.main([*arguments, "--taught", str(taught), "--seed", "2"]) == 65
    assert "same --validation and --seed" in capsys.readouterr().err
    assert train.main([*arguments, "--taught", str(taught)]) == 0
    assert teach.main([*made, "--votes", str(tmp_path / "none.csv")]) == 65
    assert "no such file" in capsys.readouterr().err


@pytest.mark.parametrize("arch", ["cnn6", "vgg16"])
def test_the_other_networks_train_on_a_few_pictures(tmp_path: Path, arch: str) -> None:
    data = make.sample(tmp_path / "fer2013.csv", training=45)
    run = tmp_path / "run"
    arguments = ["--arch", arch, "--recipe", "paper", "--data", str(data), "--run", str(run), "--epochs", "1"]
    assert train.main(arguments) == 0
    assert json.loads((run / "run.json").read_text())["epochs_done"] == 1
    assert (run / "best.keras").exists()


def test_bad_data_is_one_line_and_exit_65(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = make.write(tmp_path / "fer2013.csv", [make.row(7, make.picture(0), "Training")])
    assert train.main(["--data", str(data), "--run", str(tmp_path / "run")]) == 65
    err = capsys.readouterr().err
    assert "row 1: column 'emotion': found '7'" in err
    assert err.count("\n") == 1
    assert not (tmp_path / "run").exists()
