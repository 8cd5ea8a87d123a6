"""Scripts, timelines, and a drive through the whole daemon."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fermon.domain import Kind
from fermon.policy import Policy
from synth import judge
from synth.drives import DRIVES, segments
from synth.film import frames, setting
from synth.moves import CLOSE_S, OPEN_S, SEGMENTS, SHUT_S, Driver, Segment, parse
from synth.render import Renderer

ROOT = Path(__file__).resolve().parents[3]


def run(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    paths = os.pathsep.join([str(ROOT), str(ROOT / "tools")])
    return subprocess.run(
        [sys.executable, "-m", *words],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        env={**os.environ, "PYTHONPATH": paths, **environment},
    )


def test_a_script_is_read() -> None:
    found = parse("50 km/h, awake 3, 2 x (closed 1.5, awake), slump 4")
    assert [(part.s, part.lids) for part in found] == [(3, 1), (1.5, 0), (10, 1), (1.5, 0), (10, 1), (4, 0)]
    assert {part.kmh for part in found} == {50}


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("awake 3, snoring 2", "unknown segment 'snoring 2'; expected one of: awake"),
        ("awake -3", "'awake -3': expected a number of seconds"),
        ("awake soon", "'awake soon': expected a number of seconds"),
        ("", "an empty script"),
    ],
)
def test_a_bad_script_is_told(script: str, said: str) -> None:
    with pytest.raises(ValueError, match=said.replace("(", r"\(")):
        parse(script)


def test_every_drive_and_segment_can_be_had() -> None:
    for name in DRIVES:
        assert Driver(segments(name), 1).length_s > 10
    for name, segment in SEGMENTS.items():
        driver = Driver([segment], 1)
        for t in np.linspace(0, segment.s, 5):
            moment = driver.moment(float(t))
            assert all(0 <= lids <= 1.2 for lids in moment.look.lids), name


def test_scenarios_of_the_policys_tests_are_drawn_or_told_why_not() -> None:
    assert [part.lids for part in segments("asleep")] == [1, 0, 1]  # a drive of that name goes first
    assert [part.gone for part in segments("dodger")] == [False, False, True, False]
    with pytest.raises(ValueError, match="a camera that fails, slows down or loses a face cannot be drawn"):
        segments("camera unplugged and back")
    with pytest.raises(ValueError, match="did you mean 'microsleep'"):
        segments("microslep")


@given(st.integers(0, 1000))
def test_blinks_have_their_real_speed(seed: int) -> None:
    driver = Driver([Segment(30)], seed)
    shut = np.array([driver.blink(t) for t in np.arange(0, 30, 0.01)])
    closed = shut > 0.8
    starts = int((closed[1:] & ~closed[:-1]).sum())
    assert starts >= 4
    assert closed.sum() * 0.01 / starts < 0.5 * (CLOSE_S + OPEN_S) + SHUT_S  # never near the 0.5 s of a long one


def test_a_closure_has_the_length_that_the_script_says() -> None:
    driver = Driver(parse("staring 5, closed 2, staring 5"), 3)
    shut = [t for t in np.arange(0, 12, 0.01) if driver.moment(float(t)).look.lids[0] <= 0.2]
    assert min(shut) == pytest.approx(5.0, abs=0.15)
    assert max(shut) == pytest.approx(7.0, abs=0.15)


def test_the_truth_of_a_drive_raises_what_its_script_says() -> None:
    """Without a picture: the truth alone, as perfect perception would tell it."""
    driver, where, policy, raised = Driver(parse("60 km/h, awake 6, closed 4, awake 3"), 1), setting(1, 2), Policy(), []
    for seq, (_, picture, record) in enumerate(frames(driver, where, 1, None)):
        assert picture is None
        raised += [a for a in policy.feed(judge.observation(record, seq, "neutral")) if a.active]
    assert [(a.kind, round(a.t_ns / 1e9, 1)) for a in raised] == [
        (Kind.MICROSLEEP, pytest.approx(7.6, abs=0.25)),
        (Kind.ASLEEP, pytest.approx(9.1, abs=0.25)),
    ]


@pytest.mark.timeout(300)  # seventy drawn frames take fifteen seconds of a processor
def test_a_drive_through_the_whole_daemon(tmp_path: Path, renderer: Renderer) -> None:
    """Drawn, encoded, watched by the real command: the closure is seen, and nothing else is."""
    clip = tmp_path / "drive.mp4"
    drawn = run(
        "synth.drive", "--script", "60 km/h, staring 2, closed 2.2, staring 1", "--person", "27", "--out", str(clip)
    )
    assert drawn.returncode == 0, drawn.stderr
    lines = [json.loads(line) for line in clip.with_suffix(".jsonl").read_text(encoding="utf-8").splitlines()]
    told = [line for line in lines if line["type"] == "frame"]
    assert len(told) == round(5.2 * 15)
    assert lines[0]["segments"][1] == [2.0, 2.2, "closed"]
    assert {line["kmh"] for line in lines if line["type"] == "speed"} == {60.0}
    session = tmp_path / "session.jsonl"
    watched = run("fermon", "--camera", str(clip), "--pace", "max", "--record", str(session))
    assert watched.returncode == 0, watched.stderr
    records = [json.loads(line) for line in session.read_text(encoding="utf-8").splitlines()]
    seen = [record for record in records if record["type"] == "observation"]
    assert [record["t_ns"] for record in seen] == pytest.approx([line["t_ns"] for line in told], abs=2e6)
    for observed, line in zip(seen, told, strict=True):
        x, y, w, h = observed["face"]["box"]
        true_x, true_y, true_w, true_h = line["face"]["box"]
        assert abs(x + w / 2 - true_x - true_w / 2) < 0.3 * w and abs(y + h / 2 - true_y - true_h / 2) < 0.3 * h
    raised = [(r["kind"], r["t_ns"] / 1e9) for r in records if r["type"] == "alert" and r["active"]]
    assert raised == [("MICROSLEEP", pytest.approx(3.6, abs=0.4))]


def test_bad_calls_end_with_one_line(tmp_path: Path) -> None:
    for words, said in (
        (("synth.drive", "microslep", "--out", str(tmp_path / "a.mp4")), "did you mean 'microsleep'"),
        (
            ("synth.drive", "asleep", "--person", "1000000", "--out", str(tmp_path / "a.mp4")),
            "person 1000000: expected 0",
        ),
        (
            ("synth.pictures", "--people", "9", "--first", "899999", "--seed", "1", "--out", str(tmp_path)),
            "measuring alone",
        ),
    ):
        done = run(*words)
        assert done.returncode == 1
        assert said in done.stderr and len(done.stderr.splitlines()) == 1


def test_without_egl_the_remedy_is_told(tmp_path: Path) -> None:
    pytest.importorskip("moderngl", reason="needs the extra synth")
    nowhere = str(tmp_path / "none.json")
    done = run("synth.drive", "asleep", "--out", str(tmp_path / "a.mp4"), __EGL_VENDOR_LIBRARY_FILENAMES=nowhere)
    assert done.returncode == 1
    assert "apt install libegl1 libgl1-mesa-dri" in done.stderr and len(done.stderr.splitlines()) == 1
