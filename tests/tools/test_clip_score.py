"""The clips' score says what its definitions say, and what the data set's own scorer says."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import pytest

from eyes.annotations import Event, Reading, Score, closures, read_events, score

SHUT = Event(2.0, 4.0, "eyes_closed")
TIMES = [i / 30 for i in range(200)]


def readings(*spans: tuple[float, float], unknown: tuple[float, float] = (9.0, 9.0)) -> list[Reading]:
    """Thirty readings a second, closed inside `spans`."""
    return [(t, None if unknown[0] <= t <= unknown[1] else any(a <= t <= b for a, b in spans)) for t in TIMES]


def test_a_closure_read_rightly_is_found() -> None:
    found = score(readings((2.0, 4.0)), [SHUT])
    assert (found.events_found, found.events, found.false_events) == (1, 1, 0)
    assert found.closed_hit == found.closed > 50
    assert found.open > 100
    assert found.open_false == 0


@pytest.mark.parametrize(("spans", "found"), [(((1.5, 4.0),), 1), (((1.3, 4.0),), 0), (((2.0, 2.9), (3.0, 4.0)), 0)])
def test_a_closure_too_long_or_broken_is_not_found(spans: tuple[tuple[float, float], ...], found: int) -> None:
    assert score(readings(*spans), [SHUT]).events_found == found


def test_a_long_closure_beside_every_event_is_false() -> None:
    assert score(readings((4.5, 5.6)), [SHUT]).false_events == 1
    assert score(readings((4.5, 5.6)), [Event(4.4, 5.0, "yawn")]).false_events == 0


def test_unknown_is_neither_closed_nor_open() -> None:
    found = score(readings((2.0, 4.0), unknown=(2.5, 5.0)), [SHUT])
    assert found.closed_unknown > 0
    assert found.open_unknown > 0
    assert found.closed_hit + found.closed_unknown == found.closed


def test_unknown_for_a_second_ends_a_closure() -> None:
    assert closures([(0.0, True), (0.5, None), (0.9, True)]) == [(0.0, 0.9)]
    assert closures([(0.0, True), (0.5, None), (1.0, None), (1.1, True)]) == [(0.0, 0.0), (1.1, 1.1)]


def test_the_shared_scorer_agrees(shared: Path, tmp_path: Path) -> None:
    """On invented readings of every clip: right ones, disturbed by flips, gaps of unknown and late edges."""
    scorer = shared.parent / "score" / "score_eyes.py"
    if not scorer.exists():
        pytest.skip(f"needs the data set's scorer {scorer}")
    rng, together = random.Random(5), Score()
    for clip, events in read_events(shared / "videos").items():
        if clip == "emotion_quiz_grey.mp4":
            continue  # the scorer leaves it out, too
        late_s, flips, gaps = rng.uniform(0, 0.4), rng.choice((0.0, 0.01, 0.1)), rng.choice((0.0, 0.02, 0.2))
        shut = [e for e in events if e.label in ("eyes_closed", "blink", "eyes_half")]
        made: list[Reading] = []
        for t in (round(i / 24, 4) for i in range(24 * 20)):
            closed = any(e.start_s + late_s <= t <= e.end_s + late_s for e in shut) ^ (rng.random() < flips)
            made.append((t, None if rng.random() < gaps else closed))
        lines = ["t_s,closed", *(f"{t:.4f},{'' if closed is None else int(closed)}" for t, closed in made)]
        (tmp_path / f"{Path(clip).stem}.csv").write_text("\n".join(lines) + "\n")
        together.add(score(made, events))
    command = [sys.executable, str(scorer), str(shared / "videos"), str(tmp_path)]
    theirs = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    ours = asdict(together)
    assert theirs["events"] == f"{ours['events_found']}/{ours['events']}"
    assert ours["events_found"] > 0
    assert theirs["false_events"] == ours["false_events"]
    assert (theirs["closed"], theirs["open"]) == (ours["closed"], ours["open"])
    for name, part, whole in (
        ("closed_recall", "closed_hit", "closed"),
        ("closed_unknown", "closed_unknown", "closed"),
        ("open_false", "open_false", "open"),
        ("open_unknown", "open_unknown", "open"),
    ):
        assert theirs[name] == pytest.approx(ours[part] / ours[whole])
