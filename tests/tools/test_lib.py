"""What several tools share: marks in a page, progress, exit codes, and the line that is said where Keras is missing."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fermon.errors import ModelError
from lib import page
from lib.exits import DataError, NetworkError, run_and_exit
from lib.progress import Progress, duration
from lib.truths import truths

ROOT = Path(__file__).resolve().parents[2]
TEXT = st.text(st.characters(exclude_characters="<>"))


@given(TEXT, TEXT, TEXT, TEXT)
def test_a_part_takes_the_place_of_the_old_one_and_nothing_else_moves(
    before: str, old: str, new: str, after: str
) -> None:
    text = f"{before}<!-- a:begin -->{old}<!-- a:end -->{after}"
    fresh = page.put(text, "a", new)
    assert fresh == f"{before}<!-- a:begin -->\n{new}\n<!-- a:end -->{after}"
    assert page.put(fresh, "a", new) == fresh


@pytest.mark.parametrize(
    "text", ["", "<!-- a:begin -->", "<!-- a:end --><!-- a:begin -->", "<!-- b:begin --><!-- b:end -->"]
)
def test_a_page_without_both_marks_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"a:begin.*expected both marks"):
        page.put(text, "a", "")


class Clock:
    """A clock that goes when it is told."""

    now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def test_time_left_is_known_from_the_second_step_and_counts_by_work() -> None:
    clock, out = Clock(), io.StringIO()
    progress = Progress(100.0, out, clock)
    progress.start("begins")
    assert progress.left_s() is None
    clock.now_s += 60  # a first step that compiles
    progress.step(10, "one")
    assert progress.left_s() is None
    clock.now_s += 2
    progress.step(10, "two")
    assert progress.left_s() == pytest.approx(2 / 10 * 80)
    clock.now_s += 40
    progress.step(20, "three")
    assert progress.left_s() == pytest.approx(42 / 30 * 60)
    assert out.getvalue().splitlines() == [
        "begins",
        "the first step takes longest ...",
        "one, time left not known yet",
        "three, about 84 s left",  # a log file gets a line every half minute
    ]


def test_a_terminal_keeps_one_line_that_is_renewed() -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    clock, out = Clock(), Terminal()
    progress = Progress(4.0, out, clock)
    for _ in range(3):
        clock.now_s += 1
        progress.step(1, "step")
    progress.line("done with it")
    assert "\n" not in out.getvalue()[: out.getvalue().index("done")]
    assert out.getvalue().endswith("\x1b[Kdone with it\n")


@pytest.mark.parametrize(("seconds", "text"), [(0.2, "0 s"), (99, "99 s"), (101, "2 min"), (3600, "1 h 0 min")])
def test_durations_are_said_in_two_numbers_at_most(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("error", "code"),
    [(DataError("row 1"), 65), (NetworkError("no"), 78), (ModelError("m"), 78), (OSError("disk"), 65)],
)
def test_an_error_is_one_line_and_its_code(error: Exception, code: int, capsys: pytest.CaptureFixture[str]) -> None:
    def work() -> None:
        raise error

    assert run_and_exit("tool", work) == code
    assert capsys.readouterr().err == f"tool: {error}\n"


def test_ctrl_c_says_how_to_go_on(capsys: pytest.CaptureFixture[str]) -> None:
    def work() -> None:
        raise KeyboardInterrupt

    assert run_and_exit("train", work, stopped="go on with --resume") == 130
    assert capsys.readouterr().err.splitlines()[-1] == "train: stopped; go on with --resume"


@pytest.mark.parametrize(
    ("tool", "words"),
    [
        (["tools/train.py"], ["--data", "x.csv", "--run", "run"]),
        (["tools/export.py"], ["--model", "x.keras", "--out", "x.tflite"]),
        (["-m", "eyes.train"], ["--eyes", "eyes", "--out", "x.tflite"]),
        (["-m", "eyes.train_mouth"], ["--patches", "x.npz", "--out", "x.tflite"]),
    ],
)
def test_without_keras_a_training_tool_says_where_to_get_it(tmp_path: Path, tool: list[str], words: list[str]) -> None:
    (tmp_path / "keras.py").write_text("raise ImportError('no keras', name='keras')")  # stands before any other
    command = [sys.executable, *tool, *words]
    path = f"{tmp_path}:{ROOT}:{ROOT / 'tools'}"
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT, env={"PYTHONPATH": path})
    assert (done.returncode, done.stdout) == (78, "")
    assert done.stderr.count("\n") == 1
    assert "Keras is not installed here; ./tools/test --all makes .venv-train" in done.stderr


def test_the_truth_of_drawn_pictures_is_read_line_by_line(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"truth\.jsonl: No such file .*synth\.pictures"):
        list(truths(tmp_path))
    (tmp_path / "truth.jsonl").write_text('{"picture": "a.png"}\n{"pict')
    with pytest.raises(DataError, match="line 2 is no JSON"):
        list(truths(tmp_path))
    (tmp_path / "truth.jsonl").write_text('{"picture": "a.png"}\n{"picture": "b.png"}\n')
    assert [truth["picture"] for truth in truths(tmp_path)] == ["a.png", "b.png"]
