"""tools/report.py: the paper's tables with our rows beside."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import report

ROOT = Path(__file__).resolve().parents[2]
RESULT = {
    "model": "best.keras",
    "usage": "PublicTest",
    "accuracy": 0.7012,
    "seconds": 12.5,
    "confusion": [[3, 1, 0, 0, 0, 0, 0]] * 7,
}


@pytest.fixture
def run(tmp_path: Path) -> Path:
    folder = tmp_path / "run"
    folder.mkdir()
    about = {"arch": "cnn6", "recipe": "paper", "epochs_done": 40, "seconds": 4000.0}
    (folder / "run.json").write_text(json.dumps(about))
    (folder / "publictest.json").write_text(json.dumps(RESULT))
    return folder


def test_the_printed_rows_stand_as_printed(run: Path) -> None:
    text = report.tables([run])
    for cells in ("66.67 | 6,903,367 | 5448.50 | 15.98", "68.34 | 1,202,759 | 5569.54 | 16.57", "63.68 | 175,623 |"):
        assert cells in text
    for name in ("VGG-16 | as printed | 57.30", "FERNet | as printed | 69.57", "GoogLeNet | as printed | 65.20"):
        assert name in text


def test_our_row_follows_the_printed_one_and_says_what_it_is(run: Path) -> None:
    lines = report.tables([run]).splitlines()
    printed = next(i for i, line in enumerate(lines) if "66.67" in line)
    ours = "recipe paper, 40 epochs, best.keras on PublicTest"
    assert lines[printed + 1] == f"| 6-layer CNN | {ours} | 70.12 | 6,903,367 | 4000.00 | 12.50 |"


def test_the_shipped_manifest_is_a_source() -> None:
    assert "expression.tflite on PublicTest" in report.tables([ROOT / "models" / "expression.json"])


def test_a_manifests_row_tells_the_epochs_done_and_how_many_networks_it_is_the_mean_of(tmp_path: Path) -> None:
    training = {"recipe": "again", "stages": [[48, 15]]}
    manifest = {"file": "x.tflite", "metrics": {"PublicTest": {"accuracy": 0.7}}, "training": training}
    (tmp_path / "x.json").write_text(json.dumps(manifest))
    assert "recipe again, 15 epochs, x.tflite on PublicTest | 70.00" in report.tables([tmp_path / "x.json"])
    training |= {"epochs_done": 10, "mean_of": 22}
    (tmp_path / "x.json").write_text(json.dumps(manifest))
    assert "recipe again, 10 epochs, mean of 22 networks, x.tflite" in report.tables([tmp_path / "x.json"])


def test_a_single_result_is_a_source(run: Path) -> None:
    assert "best.keras on PublicTest | 70.12" in report.tables([run / "publictest.json"])


@pytest.mark.parametrize("content", ["{}", "[]", "{", '{"metrics": {}}'])
def test_a_source_without_results_is_one_line_and_exit_65(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str
) -> None:
    path = tmp_path / "a.json"
    path.write_text(content)
    assert report.main([str(path)]) == 65
    err = capsys.readouterr().err
    assert err.startswith(f"report: {path}: ")
    assert err.count("\n") == 1


def test_a_run_that_was_never_evaluated_says_how(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (run / "publictest.json").unlink()
    assert report.main([str(run)]) == 65
    assert f"run tools/evaluate.py --out {run}/publictest.json" in capsys.readouterr().err


@pytest.mark.training
def test_the_confusion_matrix_is_drawn(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("matplotlib", reason="matplotlib is in the environment of ./tools/test --all")
    assert report.main([str(run), "--confusion-png", str(run / "confusion.png")]) == 0
    assert (run / "confusion.png").read_bytes()[:4] == b"\x89PNG"
