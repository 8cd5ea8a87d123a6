"""A rotated drive is read as one; what was rotated away is named."""

from __future__ import annotations

from pathlib import Path

from fermon.domain import Tick
from fermon.session.parts import DriveReader
from fermon.session.recorder import Recorder

HEADER = {"fermon": "0.1.0", "started": "2026-01-01T00:00:00Z", "config": {}, "models": {}}


def record(path: Path, count: int, keep: int, started: str = "2026-01-01T00:00:00Z", standing: bool = True) -> None:
    recorder = Recorder(path, 2000, keep, standing=standing, patience_s=30.0)
    recorder.header(HEADER | {"started": started})
    for t_ns in range(count):
        recorder.write(Tick(t_ns))
    recorder.close()


def times(path: Path) -> tuple[list[int], list[str]]:
    with DriveReader(path) as reader:
        found = [item.t_ns for item in reader]
        return found, reader.problems


def test_all_parts_are_read_as_one_drive(tmp_path: Path) -> None:
    record(tmp_path / "s.jsonl", 300, keep=20)
    assert len(list(tmp_path.iterdir())) > 3
    assert times(tmp_path / "s.jsonl") == (list(range(300)), [])


def test_parts_that_are_gone_are_named(tmp_path: Path) -> None:
    record(tmp_path / "s.jsonl", 300, keep=2)
    found, problems = times(tmp_path / "s.jsonl")
    assert found == list(range(found[0], 300)) and found[0] > 0
    assert len(problems) == 1 and "parts of this drive: not here any more" in problems[0]


def test_a_gap_in_the_middle_ends_the_drive_there(tmp_path: Path) -> None:
    record(tmp_path / "s.jsonl", 300, keep=20)
    (tmp_path / "s.2.jsonl").unlink()
    found, problems = times(tmp_path / "s.jsonl")
    assert found == list(range(found[0], 300)) and found[0] > 100
    assert "not here any more" in problems[0]


def test_an_older_drive_is_not_part_of_this_one(tmp_path: Path) -> None:
    record(tmp_path / "s.jsonl", 10, keep=20, started="2026-01-01T00:00:00Z")
    record(tmp_path / "s.jsonl", 20, keep=20, started="2026-01-02T00:00:00Z")
    assert times(tmp_path / "s.jsonl") == (list(range(20)), [])
    assert times(tmp_path / "s.1.jsonl") == (list(range(10)), [])


def test_an_older_part_is_read_with_those_before_it(tmp_path: Path) -> None:
    record(tmp_path / "s.jsonl", 300, keep=20)
    found, problems = times(tmp_path / "s.2.jsonl")
    assert found == list(range(len(found))) and 0 < len(found) < 300 and problems == []


def test_parts_of_a_recording_that_numbers_none_are_known_by_their_start(tmp_path: Path) -> None:
    head = '{"type":"session","version":1,"started":"2026-01-01T00:00:00Z"}\n'
    (tmp_path / "s.1.jsonl").write_text(head + '{"type":"tick","t_ns":1}\n')
    (tmp_path / "s.jsonl").write_text(head + '{"type":"tick","t_ns":2}\n')
    assert times(tmp_path / "s.jsonl") == ([1, 2], [])


def test_something_else_beside_it_is_left_alone(tmp_path: Path) -> None:
    record(tmp_path / "s.jsonl", 10, keep=20)
    (tmp_path / "s.1.jsonl").write_text("no session\n")
    assert times(tmp_path / "s.jsonl") == (list(range(10)), [])
