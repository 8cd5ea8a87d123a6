"""Recording: line by line, rotated, and a full disk does not end the monitor."""

from __future__ import annotations

import json
import os
import resource
import signal
import threading
from pathlib import Path

import pytest

import fermon.session.recorder
from fermon.domain import Tick
from fermon.errors import OutputError
from fermon.session.format import SessionReader
from fermon.session.recorder import Recorder

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


def replayed(path: Path) -> list[int]:
    with SessionReader(path) as reader:
        return [item.t_ns for item in reader]


def test_a_standing_recording_keeps_the_last_run(tmp_path: Path) -> None:
    """The service starts anew after a crash or a power cut: what led to it must not be overwritten."""
    path = tmp_path / "s.jsonl"
    for run in range(4):
        recorder = Recorder(path, 10**6, 2, standing=True)
        recorder.header(HEADER)
        recorder.write(Tick(run))
        recorder.close()
    assert [replayed(tmp_path / name) for name in ("s.jsonl", "s.1.jsonl", "s.2.jsonl")] == [[3], [2], [1]]
    assert len(list(tmp_path.iterdir())) == 3


def test_a_standing_recording_waits_for_a_place_to_write(tmp_path: Path) -> None:
    path = tmp_path / "not there yet" / "s.jsonl"
    recorder = Recorder(path, 10**6, 1, standing=True)
    with pytest.raises(OutputError, match="recording stopped: No such file or directory"):
        recorder.header(HEADER)
    recorder.write(Tick(1))
    path.parent.mkdir()
    recorder.write(Tick(2))
    recorder.write(Tick(3))
    recorder.close()
    assert recorder.lost == 2
    assert replayed(path) == [2, 3]


def test_a_file_that_was_full_from_the_start_has_one_whole_header_in_the_end(tmp_path: Path) -> None:
    path = tmp_path / "s.jsonl"
    recorder = Recorder(path, 10**6, 1)
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20, limit[1]))
    try:
        with pytest.raises(OutputError, match="recording stopped"):
            recorder.header(HEADER)  # 20 bytes of it fit
        recorder.write(Tick(1))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
        signal.signal(signal.SIGXFSZ, handler)
    recorder.write(Tick(2))
    recorder.close()
    assert replayed(path) == [2]


def test_lines_are_synced_to_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fermon.session.recorder, "SYNC_S", 0.01)
    synced = threading.Event()
    real = os.fdatasync

    def fdatasync(fd: int) -> None:
        real(fd)
        synced.set()

    monkeypatch.setattr(os, "fdatasync", fdatasync)
    recorder = Recorder(tmp_path / "s.jsonl", 10**6, 1)
    assert synced.wait(30)
    recorder.close()


def test_a_path_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="choose a writable path"):
        Recorder(tmp_path / "no" / "s.jsonl", 10**6, 1)
