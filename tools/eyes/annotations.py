"""Scores eye readings against annotated clips: how many closed frames were read closed, how many open ones were.

Definitions (those of the data set's own scorer): closed frames lie inside an `eyes_closed` interval, 0.10 s from its
ends; open frames lie 0.20 s from every event in which the eyes may be anything. An annotated closure of 0.65 s or more
is found when the predicted closed time covers at least half of it and the predicted closure that overlaps it most
differs in length by at most max(0.3 s, 30 %). A false event is a predicted closure of 1.0 s or more that overlaps no
annotated event in which eyes may be shut or hidden by a third of its length.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path

from lib.exits import DataError

Reading = tuple[float, bool | None]  # seconds from the clip's start; closed, open, or None = unknown
EXCUSED = frozenset(["eyes_closed", "eyes_half", "yawn", "look_away", "no_frontal_face", "hand_over_mouth"])
_FACES = frozenset(["surprise", "frown", "angry", "sad", "fear", "disgust", "contempt", "happy"])
BUSY = EXCUSED | _FACES | {"blink", "wink_image_left", "wink_image_right"}
# The newer clips tell more kinds apart: what is a closure there, and what says nothing for sure of the driver's lids.
CLOSURES = ("eyes_closed", "eyes_closed_in_yawn", "eyes_closed_head_sinks")
_OPEN = "eyes_open"
LISTS = (("videos.csv", "video_events.csv"), ("clips.csv", "clip_events.csv"))


@dataclass(frozen=True, slots=True)
class Event:
    """An annotated stretch of a clip, in seconds."""

    start_s: float
    end_s: float
    label: str


@dataclass(slots=True)
class Score:
    """Counts of one clip or of several together."""

    closed: int = 0
    closed_hit: int = 0
    closed_unknown: int = 0
    open: int = 0
    open_false: int = 0
    open_unknown: int = 0
    events: int = 0
    events_found: int = 0
    false_events: int = 0

    def add(self, other: Score) -> None:
        for f in fields(self):
            setattr(self, f.name, getattr(self, f.name) + getattr(other, f.name))


def read_rows(path: Path) -> dict[str, list[Event]]:
    """Return the events of a file with the columns file, start_s, end_s, label, by clip."""
    events: dict[str, list[Event]] = {}
    with path.open(encoding="utf-8") as text:
        for row in csv.DictReader(text):
            events.setdefault(row["file"], []).append(Event(float(row["start_s"]), float(row["end_s"]), row["label"]))
    return events


def read_events(folder: Path) -> dict[str, list[Event]]:
    """Return each clip's events; clips without events have none. Raises DataError when the folder lists no clips.

    Of the newer list (clips.csv) every closure is called "eyes_closed" and what is neither that nor open "eyes_half".
    """
    clips, events = next((pair for pair in LISTS if (folder / pair[0]).exists()), ("", ""))
    if not clips:
        raise DataError(f"{folder}: found neither {' nor '.join(names[0] for names in LISTS)}, expected one of them")
    with (folder / clips).open(encoding="utf-8") as text:
        found: dict[str, list[Event]] = {row["file"]: [] for row in csv.DictReader(text)}
    rows = read_rows(folder / events)
    if (clips, events) != LISTS[0]:
        rows = {clip: [_plain(event) for event in some if event.label != _OPEN] for clip, some in rows.items()}
    return found | rows


def _plain(event: Event) -> Event:
    label = "eyes_closed" if event.label in CLOSURES else event.label
    return replace(event, label=label if label in BUSY else "eyes_half")


def closures(readings: Iterable[Reading]) -> list[tuple[float, float]]:
    """Return (start, end) of each run of closed readings; an open one, or unknown for a second, ends a run."""
    runs: list[tuple[float, float]] = []
    current: tuple[float, float] | None = None
    for t, closed in readings:
        if current and (closed is False or t - current[1] >= 1.0):
            runs.append(current)
            current = None
        if closed:
            current = (current[0] if current else t, t)
    return [*runs, current] if current else runs


def _overlap(event: Event, run: tuple[float, float]) -> float:
    return max(0.0, min(event.end_s, run[1]) - max(event.start_s, run[0]))


def _found(event: Event, runs: Sequence[tuple[float, float]]) -> bool:
    length = event.end_s - event.start_s
    touching = [(_overlap(event, run), run) for run in runs if _overlap(event, run) > 0]
    if not touching:
        return False
    best = max(touching)[1]
    covered = sum(part for part, _ in touching)
    return covered >= 0.5 * length and abs((best[1] - best[0]) - length) <= max(0.3, 0.3 * length)


def closed_frame(t_s: float, events: Sequence[Event]) -> bool:
    """Whether the eyes are certainly shut at `t_s`."""
    return any(e.start_s + 0.1 <= t_s <= e.end_s - 0.1 for e in events if e.label == "eyes_closed")


def open_frame(t_s: float, events: Sequence[Event]) -> bool:
    """Whether the eyes are certainly open at `t_s`."""
    return not any(e.start_s - 0.2 <= t_s <= e.end_s + 0.2 for e in events if e.label in BUSY)


def score(readings: Sequence[Reading], events: Sequence[Event]) -> Score:
    """Score one clip's readings, in time order."""
    out = Score()
    for t, closed in readings:
        if closed_frame(t, events):
            out.closed += 1
            out.closed_hit += closed is True
            out.closed_unknown += closed is None
        elif open_frame(t, events):
            out.open += 1
            out.open_false += closed is True
            out.open_unknown += closed is None
    runs = closures(readings)
    long = [e for e in events if e.label == "eyes_closed" and e.end_s - e.start_s >= 0.65]
    out.events = len(long)
    out.events_found = sum(_found(e, runs) for e in long)
    for run in runs:
        length = run[1] - run[0]
        if length >= 1.0 and sum(_overlap(e, run) for e in events if e.label in EXCUSED) < length / 3:
            out.false_events += 1
    return out
