"""Short runs of what `watch` puts together: who is told what, and when it ends by itself."""

from __future__ import annotations

import io
import json
import logging
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TextIO

import pytest

from fermon.config import Config
from fermon.errors import CameraNotFound
from fermon.views.preview.view import Preview
from fermon.views.writer import StreamWriter
from fermon.watch import watch
from tests.watch_kit import FRAMES, no_outputs, options_of, with_serial


@pytest.fixture
def run(clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, own_signals: None) -> Callable[..., str]:
    """A function that watches the clip at full pace and returns what came out on standard output."""
    for name in ("NOTIFY_SOCKET", "WATCHDOG_USEC", "JOURNAL_STREAM"):
        monkeypatch.delenv(name, raising=False)
    handlers = list(logging.getLogger().handlers)

    def run(*words: object, config: Config | None = None) -> str:
        camera = ("--camera", clip) if config is None else ()
        with (tmp_path / "stdout").open("w+", encoding="utf-8") as stdout:
            monkeypatch.setattr("sys.stdout", stdout)
            assert watch(config or Config(), options_of(*camera, "--pace", "max", *words)) == 0
        assert logging.getLogger().handlers == handlers, "who was spoken through is let go"
        return (tmp_path / "stdout").read_text(encoding="utf-8")

    return run


def test_at_the_bench_the_terminal_tells_alerts_and_the_log_output_does_not_tell_them_again(
    run: Callable[..., str], clip: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    first, alert, *_, summary = run().splitlines()
    assert first.startswith("fermon ") and f"camera {clip}" in first
    assert "NOTICE  UNAVAILABLE" in alert
    assert summary.startswith(f"{FRAMES} frames in ")
    assert [record for record in caplog.records if record.name == "fermon.alerts"] == []


def test_the_configured_camera_is_watched(run: Callable[..., str], clip: Path) -> None:
    assert f"camera {clip}" in run(config=replace(Config(), camera=replace(Config().camera, source=str(clip))))


def test_programs_get_reports_as_objects(run: Callable[..., str], capsys: pytest.CaptureFixture[str]) -> None:
    out = [json.loads(line) for line in run("--json", "--preview", "127.0.0.1:0").splitlines()]
    assert out[-1]["type"] == "end" and out[-1]["frames"] == FRAMES
    report = out[0]
    assert report["type"] == "report" and report["text"].startswith("preview: http://127.0.0.1:")
    assert report["text"].endswith("/")
    assert [line for line in out if line["type"] == "alert"]
    assert capsys.readouterr().err == "", "and nobody gets them beside"


def test_a_page_that_anybody_may_open_is_warned_of(run: Callable[..., str]) -> None:
    out = run("--json", "--preview", "0.0.0.0:0")
    assert json.loads(out.splitlines()[0])["text"].endswith("(anybody with this address sees the driver)")


def test_the_page_sees_the_run(run: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[object] = []
    shown = Preview.input
    monkeypatch.setattr(Preview, "input", lambda self, *more: (seen.append(more), shown(self, *more))[1])
    assert "UNAVAILABLE" in run("--preview", "127.0.0.1:0"), "the terminal sees it too"
    assert len(seen) == FRAMES


@pytest.mark.parametrize("started_by", ["NOTIFY_SOCKET", "JOURNAL_STREAM"])
def test_under_systemd_the_journal_gets_alerts_with_their_priority(
    run: Callable[..., str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, started_by: str
) -> None:
    monkeypatch.setenv(started_by, str(tmp_path / "nobody"))
    stderr = io.StringIO()
    monkeypatch.setattr("sys.stderr", stderr)
    assert run() == ""
    journal = stderr.getvalue().splitlines()
    assert all(line[:3] in ("<3>", "<4>", "<6>") for line in journal)
    assert [line for line in journal if line.startswith("<6>") and "NOTICE  UNAVAILABLE" in line]
    assert f"<6>{FRAMES} frames in" in journal[-1]


@pytest.mark.parametrize(
    ("words", "patience_s"), [(("--pace", "max"), 60.0), (("--pace", "real", "--camera", "missing"), 0.0)]
)
def test_only_a_run_without_a_clock_waits_for_a_slow_reader(
    run: Callable[..., str], words: tuple[str, ...], patience_s: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Noted(StreamWriter):
        def __init__(self, stream: TextIO | None, patience_s: float = -1.0) -> None:
            super().__init__(stream, patience_s)
            noted.append(patience_s)

    noted: list[float] = []
    monkeypatch.setattr("fermon.watch.StreamWriter", Noted)
    with suppress(CameraNotFound):
        run(*words)
    assert noted == [patience_s]


@pytest.mark.parametrize(
    ("config", "journal", "to_the_end"),
    [(no_outputs, False, False), (with_serial, False, True), (no_outputs, True, True)],
)
def test_without_anybody_who_is_told_there_is_nothing_to_watch_for(
    run: Callable[..., str],
    clip: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    config: Callable[[Config], Config],
    journal: bool,
    to_the_end: bool,
) -> None:
    """`fermon | head` ends with head. With an output, or as a service, it goes on."""
    if journal:
        monkeypatch.setenv("JOURNAL_STREAM", "8:1")
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "w", encoding="utf-8") as stdout:
        monkeypatch.setattr("sys.stdout", stdout)
        options = options_of("--camera", clip, "--pace", "max", "--json", "--record", tmp_path / "s.jsonl")
        assert watch(config(Config()), options) == 0
    lines = (tmp_path / "s.jsonl").read_text().splitlines()
    assert (len([line for line in lines if '"observation"' in line]) == FRAMES) == to_the_end
