"""tools/evaluate.py on the shipped network, through the daemon's runner, without TensorFlow."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import evaluate
from int8 import synthetic
from tests.tools import fer2013_sample as make

ROOT = Path(__file__).resolve().parents[2]
MODEL = ROOT / "models" / "expression.tflite"


def ask(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    code = evaluate.main([str(a) for a in ("--model", MODEL, *arguments)])
    out, err = capsys.readouterr()
    return code, out, err


def figures(capsys: pytest.CaptureFixture[str], *arguments: object) -> dict[str, Any]:
    code, out, err = ask(capsys, *arguments, "--json")
    assert (code, err) == (0, "")
    result = json.loads(out)
    assert isinstance(result, dict)
    return result


def test_prints_one_json_object_with_all_figures(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("cv2", reason="the robustness table needs OpenCV")
    data = make.sample(tmp_path / "fer2013.csv.xz", training=14, test=7)
    votes = make.votes(tmp_path / "fer2013new.csv", [i % 7 for i in range(22)])
    result = figures(capsys, "--data", data, "--usage", "PublicTest", "--votes", votes, "--robustness")
    assert result["n"] == 8
    assert sum(map(sum, result["confusion"])) == 8
    assert [sum(row) for row in result["confusion"]] == [2, 1, 1, 1, 1, 1, 1]  # rows are the truth
    right = sum(result["confusion"][i][i] for i in range(7))
    assert result["accuracy"] == pytest.approx(right / 8)
    assert result["without_duplicates"]["n"] == 7  # one test picture is a Training picture
    assert result["ferplus"]["n"] == 8
    assert set(result) >= {"macro_f1", "seconds", "ms_per_picture", "recall", "runtime", "temperature"}
    assert result["robustness"]["as it is"] == result["accuracy"]
    assert len(result["robustness"]) == 11


def test_works_on_a_file_that_holds_the_test_pictures_only(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = make.write(tmp_path / "private.csv", make.rows("PrivateTest", 3))
    result = figures(capsys, "--data", data, "--usage", "PrivateTest")
    assert (result["n"], result["without_duplicates"], result["ferplus"]) == (3, None, None)


def test_the_figures_for_people_name_network_data_and_runtime(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = ask(capsys, "--data", make.sample(tmp_path / "fer2013.csv", 7, 7))
    assert code == 0
    assert out.startswith("expression.tflite on PublicTest (8 pictures), ")
    assert "accuracy" in out


@pytest.mark.parametrize(
    ("lines", "header", "message"),
    [
        (make.rows("PublicTest", 2), "emotion,pixel,Usage", "header: column pixels missing"),
        ([make.row(0, " ".join(["1"] * 2303), "PublicTest")], make.HEADER, "row 1: column 'pixels': found 2303"),
        ([make.row(0, " ".join(["256"] * 2304), "PublicTest")], make.HEADER, "row 1: column 'pixels': found the value"),
        ([make.row(7, make.picture(0), "PublicTest")], make.HEADER, "row 1: column 'emotion': found '7'"),
        (make.rows("Training", 2), make.HEADER, "no rows with Usage 'PublicTest'"),
    ],
    ids=["column", "2303", "256", "label 7", "empty split"],
)
def test_bad_data_is_one_line_and_exit_65(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], lines: list[str], header: str, message: str
) -> None:
    code, out, err = ask(capsys, "--data", make.write(tmp_path / "fer2013.csv", lines, header), "--json")
    assert (code, out) == (65, "")
    assert message in err
    assert err.count("\n") == 1


def test_a_truncated_xz_is_one_line_and_exit_65(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = make.sample(tmp_path / "fer2013.csv.xz")
    data.write_bytes(data.read_bytes()[:-2000])
    code, out, err = ask(capsys, "--data", data, "--json")
    assert (code, out) == (65, "")
    assert "damaged or cut off in row" in err
    assert err.count("\n") == 1


@pytest.mark.parametrize("case", ["missing", "no manifest", "changed", "ending"])
def test_a_network_that_cannot_be_used_is_one_line_and_exit_78(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], case: str
) -> None:
    model = tmp_path / ("a.onnx" if case == "ending" else "a.tflite")
    if case != "missing":
        model.write_bytes(MODEL.read_bytes()[:1000])
    if case == "changed":
        manifest = json.loads(MODEL.with_suffix(".json").read_text()) | {"file": "a.tflite"}
        model.with_suffix(".json").write_text(json.dumps(manifest))
    data = make.sample(tmp_path / "fer2013.csv", 7, 7)
    code = evaluate.main(["--model", str(model), "--data", str(data)])
    out, err = capsys.readouterr()
    assert (code, out) == (78, "")
    assert err.startswith("evaluate: ")
    assert err.count("\n") == 1


def test_asked_with_the_mirror_image_too_the_answer_is_the_mean() -> None:
    import numpy as np

    from expression import predictors

    def left_is_bright(pictures: np.ndarray) -> np.ndarray:
        return np.stack([pictures[:, :, 0], pictures[:, :, -1]], -1).mean(1).astype(np.float32) / 255

    picture = np.zeros((1, 48, 48), np.uint8)
    picture[:, :, 0] = 255
    asked = predictors.Predictor(left_is_bright, "a function", 1.5)
    both = predictors.with_mirror(asked)
    assert asked.predict(picture).tolist() == [[1.0, 0.0]]
    assert both.predict(picture).tolist() == [[0.5, 0.5]]
    assert (both.runtime, both.temperature) == ("a function", 1.5)


def test_runs_as_a_script_from_anywhere_and_needs_no_tensorflow(tmp_path: Path) -> None:
    data = make.sample(tmp_path / "fer2013.csv", 7, 7)
    blocker = "import sys; sys.modules.update(tensorflow=None, keras=None, matplotlib=None, pandas=None)"
    (tmp_path / "sitecustomize.py").write_text(blocker)
    command = [sys.executable, ROOT / "tools" / "evaluate.py", "--model", MODEL, "--data", data, "--json"]
    done = subprocess.run(
        command,
        cwd=tmp_path,
        env={"PYTHONPATH": f"{tmp_path}:{ROOT}", "PATH": ""},
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["n"] == 8


@pytest.mark.training
def test_the_confusion_matrix_is_drawn(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("matplotlib", reason="matplotlib is in the environment of ./tools/test --all")
    picture = tmp_path / "confusion.png"
    assert ask(capsys, "--data", make.sample(tmp_path / "a.csv", 7, 7), "--confusion-png", picture)[0] == 0
    assert picture.read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"


def test_this_runtime_gives_the_answers_that_were_recorded_at_export() -> None:
    """tflite-runtime's kernels are those that were recorded; ai-edge-litert's XNNPACK rounds otherwise."""
    import numpy as np

    from expression import predictors

    predictor = predictors.of_tflite(MODEL)
    output = predictor.manifest["outputs"][0]
    steps = predictor.predict(synthetic.golden()) / output["scale"] + output["zero_point"]
    worst = np.abs(steps - np.array(predictor.manifest["golden"])).max()
    # Of 256 steps; with XNNPACK 9 seen here, 14 on 1447 pictures of faces.
    assert worst <= (10.001 if predictor.runtime.startswith("ai-edge-litert") else 0.001)
