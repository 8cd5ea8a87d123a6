"""Recording: line by line, rotated, and a full disk does not end the monitor."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fermon.domain import Tick
from fermon.errors import OutputError
from fermon.recorder import Recorder
from fermon.session import SessionReader

HEADER = {"fermon": "0.1.0", "started": "2026-01-01T00:00:00Z", "config": {}, "models": {}}


def test_every_line_is_on_disk_at_once(tmp_path: Path) -> None:
    path = tmp_path / "s.jsonl"
    recorder = Recorder(path, 10**6, 1)
    recorder.header(HEADER)
    recorder.write(Tick(5))
    assert [json.loads(line)["type"] for line in path.read_text().splitlines()] == ["session", "tick"]
    recorder.close()
    recorder.close()


def test_rotation_keeps_the_newest_parts_and_each_can_be_replayed(tmp_path: Path) -> None:
    path = tmp_path / "s.jsonl"
    recorder = Recorder(path, 2000, 2)
    recorder.header(HEADER)
    for t_ns in range(400):
        recorder.write(Tick(t_ns))
    recorder.close()
    parts = sorted(p.name for p in tmp_path.iterdir())
    assert parts == ["s.1.jsonl", "s.2.jsonl", "s.jsonl"]
    times = []
    for name in ("s.2.jsonl", "s.1.jsonl", "s.jsonl"):
        assert (tmp_path / name).stat().st_size <= 2100
        with SessionReader(tmp_path / name) as reader:
            times += [item.t_ns for item in reader]
    assert times == list(range(times[0], 400))


def test_a_full_disk_is_reported_once_and_counted() -> None:
    recorder = Recorder(Path("/dev/full"), 10**6, 1)
    with pytest.raises(OutputError, match="/dev/full: recording stopped: No space left on device"):
        recorder.header(HEADER)
    recorder.write(Tick(1))
    recorder.write(Tick(2))
    assert recorder.lost == 3
    recorder.close()


def test_a_path_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="choose a writable path"):
        Recorder(tmp_path / "no" / "s.jsonl", 10**6, 1)
