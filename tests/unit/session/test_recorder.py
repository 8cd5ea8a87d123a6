"""Recording: line by line, rotated; a disk that is full, hangs or is not there does not hold up the monitor."""

from __future__ import annotations

import contextlib
import json
import os
import resource
import signal
import stat
import threading
from pathlib import Path

import pytest

import fermon.session.recorder
from fermon.domain import Tick
from fermon.errors import OutputError
from fermon.session.file import SessionFile, part_of
from fermon.session.reading import SessionReader
from fermon.session.recorder import Recorder

HEADER = {"fermon": "0.1.0", "started": "2026-01-01T00:00:00Z", "config": {}, "models": {}}


def record(path: Path, *times_ns: int, max_bytes: int = 10**6, keep: int = 1, standing: bool = False) -> Recorder:
    """Record ticks of these times, to the end."""
    recorder = Recorder(path, max_bytes, keep, standing=standing, patience_s=30.0)
    recorder.header(HEADER)
    for t_ns in times_ns:
        recorder.write(Tick(t_ns))
    recorder.close()
    return recorder


def replayed(path: Path) -> list[int]:
    with SessionReader(path) as reader:
        assert reader.problems == []
        return [item.t_ns for item in reader]


def lines(path: Path) -> list[str]:
    return [json.loads(line)["type"] for line in path.read_text().splitlines()]


def test_a_session_is_a_header_and_a_line_for_each_input(tmp_path: Path) -> None:
    recorder = record(tmp_path / "s.jsonl", 5)
    assert lines(tmp_path / "s.jsonl") == ["session", "tick"]
    assert recorder.lost == 0
    recorder.close()  # may be called twice


def test_a_run_without_inputs_is_a_session_too(tmp_path: Path) -> None:
    record(tmp_path / "s.jsonl")
    assert replayed(tmp_path / "s.jsonl") == []


def test_nobody_else_may_read_a_session(tmp_path: Path) -> None:
    record(tmp_path / "s.jsonl", 1)
    assert stat.S_IMODE((tmp_path / "s.jsonl").stat().st_mode) & 0o137 == 0


def test_rotation_keeps_the_newest_parts_and_each_can_be_replayed(tmp_path: Path) -> None:
    record(tmp_path / "s.jsonl", *range(400), max_bytes=2000, keep=2)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["s.1.jsonl", "s.2.jsonl", "s.jsonl"]
    times, parts = [], []
    for name in ("s.2.jsonl", "s.1.jsonl", "s.jsonl"):
        assert (tmp_path / name).stat().st_size <= 2100
        times += replayed(tmp_path / name)
        with SessionReader(tmp_path / name) as reader:
            parts.append(reader.header["part"])
    assert times == list(range(times[0], 400))
    assert parts == [parts[0], parts[0] + 1, parts[0] + 2] and parts[0] > 0


def test_a_name_with_dots_keeps_them(tmp_path: Path) -> None:
    assert part_of(Path("a/drive.2026-11.jsonl"), 2) == Path("a/drive.2026-11.2.jsonl")
    assert part_of(Path("drive"), 1) == Path("drive.1")


def test_a_link_stays_a_link_and_what_it_points_to_is_rotated(tmp_path: Path) -> None:
    stick = tmp_path / "stick"
    stick.mkdir()
    (tmp_path / "s.jsonl").symlink_to(stick / "drive.jsonl")
    record(tmp_path / "s.jsonl", *range(100), max_bytes=2000, keep=9)
    assert (tmp_path / "s.jsonl").is_symlink()
    assert [p.name for p in tmp_path.iterdir() if p.is_file()] == ["s.jsonl"]
    assert "drive.1.jsonl" in {p.name for p in stick.iterdir()}


def test_a_device_is_never_rotated(tmp_path: Path, reports: list[str]) -> None:
    record(Path("/dev/null"), *range(100), max_bytes=500)
    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)
    assert not Path("/dev/null.1").exists()
    assert reports == []


def test_a_full_disk_is_told_once_and_counted(reports: list[str]) -> None:
    recorder = record(Path("/dev/full"), 1, 2)
    assert recorder.lost == 3
    stopped = "/dev/full: recording stopped: No space left on device; it goes on when there is room again"
    assert reports == [stopped, "/dev/full: 3 lines of the recording were lost"]


def test_a_standing_recording_keeps_the_last_run(tmp_path: Path) -> None:
    """The service starts anew after a crash or a power cut: what led to it must not be overwritten."""
    for run in range(4):
        record(tmp_path / "s.jsonl", run, keep=2, standing=True)
    assert [replayed(tmp_path / name) for name in ("s.jsonl", "s.1.jsonl", "s.2.jsonl")] == [[3], [2], [1]]
    assert len(list(tmp_path.iterdir())) == 3


def test_a_file_waits_for_a_place_to_write(tmp_path: Path) -> None:
    path = tmp_path / "not there yet" / "s.jsonl"
    file = SessionFile(path, 10**6, 1, lambda part: f"head {part}\n")
    with pytest.raises(FileNotFoundError):
        file.write("lost\n")
    path.parent.mkdir()
    file.write("one\n")
    file.write("two\n")
    file.close()
    assert path.read_text() == "head 0\none\ntwo\n"


def test_a_standing_recording_waits_for_a_place_to_write(tmp_path: Path, reports: list[str]) -> None:
    recorder = record(tmp_path / "not there yet" / "s.jsonl", 1, standing=True)
    assert recorder.lost == 2
    assert "recording stopped: No such file or directory" in reports[0]


def test_a_file_that_was_full_from_the_start_has_one_whole_header_in_the_end(tmp_path: Path) -> None:
    path = tmp_path / "s.jsonl"
    file = SessionFile(path, 10**6, 1, lambda part: "a header of some length\n")
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20, limit[1]))
    try:
        for _ in range(2):
            with pytest.raises(OSError):
                file.write("lost\n")  # 20 bytes of the header fit
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
        signal.signal(signal.SIGXFSZ, handler)
    file.write("kept\n")
    file.close()
    assert path.read_text() == "a header of some length\nkept\n"


def test_lines_are_synced_to_the_disk_every_two_seconds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now_s, synced_s = [0.0], []
    monkeypatch.setattr(os, "fdatasync", lambda fd: synced_s.append(now_s[0]))
    file = SessionFile(tmp_path / "s.jsonl", 10**6, 1, lambda part: "", clock=lambda: now_s[0])
    for tenth in range(50):
        now_s[0] = tenth / 10
        file.write("x\n")
    file.close()
    assert synced_s == [2.0, 4.0]


def test_a_path_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="choose a writable path"):
        Recorder(tmp_path / "no" / "s.jsonl", 10**6, 1)


def test_a_disk_that_hangs_holds_nobody_up_and_what_did_not_fit_is_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reports: list[str]
) -> None:
    """A pipe that nobody reads hangs in write() as a frozen disk does."""
    monkeypatch.setattr(fermon.session.recorder, "WAITING", 100)
    monkeypatch.setattr(fermon.session.recorder, "CLOSE_S", 0.05)
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reading = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    filling = os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(filling, bytes(4096))
    recorder = Recorder(pipe, 10**6, 1)
    recorder.header(HEADER)
    for t_ns in range(1000):
        recorder.write(Tick(t_ns))
    assert 800 < recorder.lost <= 901
    assert reports == [f"{pipe}: the disk does not keep up: lines are lost"]
    recorder.close()  # returns although the write does not
    assert "the end of the recording may be missing" in reports[-1]
    os.close(reading)
    os.close(filling)
    recorder.close()


def test_a_disk_that_comes_back_goes_on_and_says_what_was_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reports: list[str]
) -> None:
    monkeypatch.setattr(fermon.session.recorder, "WAITING", 10)
    begun, thaw = threading.Event(), threading.Event()
    real = SessionFile.write

    def frozen(file: SessionFile, line: str) -> None:
        begun.set()
        thaw.wait(30)
        real(file, line)

    monkeypatch.setattr(SessionFile, "write", frozen)
    path = tmp_path / "s.jsonl"
    recorder = Recorder(path, 10**6, 1)
    recorder.header(HEADER)
    assert begun.wait(30)
    for t_ns in range(100):
        recorder.write(Tick(t_ns))
    thaw.set()
    recorder.close()
    assert replayed(path) == list(range(10)) and recorder.lost == 90
    assert reports[0] == f"{path}: the disk does not keep up: lines are lost"
    assert reports[-1] == f"{path}: {recorder.lost} lines of the recording were lost"


def test_a_session_that_is_there_is_kept_under_the_name_of_when_it_was_written(
    tmp_path: Path, reports: list[str]
) -> None:
    path = tmp_path / "s.jsonl"
    for run in range(3):
        record(path, run)
        os.utime(path, (1_700_000_000, 1_700_000_000))
    names = {"s.jsonl", "s.2023-11-14T22-13-20.jsonl", "s.2023-11-14T22-13-20-2.jsonl"}
    assert {p.name for p in tmp_path.iterdir()} == names
    assert [replayed(tmp_path / name) for name in sorted(names)] == [[1], [0], [2]]
    assert reports[0] == f"{path}: the session that was there is now {tmp_path}/s.2023-11-14T22-13-20.jsonl"


def test_an_empty_file_and_a_device_are_written_to(tmp_path: Path, reports: list[str]) -> None:
    (tmp_path / "s.jsonl").touch()
    record(tmp_path / "s.jsonl", 1)
    record(Path("/dev/null"), 1)
    assert [p.name for p in tmp_path.iterdir()] == ["s.jsonl"] and reports == []
