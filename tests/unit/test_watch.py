"""The parts of one run, as configuration and command line ask for them."""

from __future__ import annotations

import io
import urllib.request
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fermon.config import Config, SessionSettings
from fermon.domain import DriverState, RunSummary, Tick
from fermon.errors import CameraNotFound, ModelError, OutputError
from fermon.perception.pipeline import PerceptionSettings
from fermon.session.recorder import Recorder
from fermon.systemd import Systemd
from fermon.views.journal import Silent
from fermon.views.jsonlines import JsonLines
from fermon.views.terminal import Terminal
from fermon.watch import choose_view, make_parts, make_preview, make_recorder, runs_in_real_time
from tests.outputs_kit import until
from tests.watch_kit import no_outputs, options_of, with_serial

# Views --------------------------------------------------------------------------------------------------------------


class Screen(io.StringIO):
    """A standard output that says whether it is a terminal."""

    def __init__(self, tty: bool) -> None:
        super().__init__()
        self._tty = tty

    def isatty(self) -> bool:
        return self._tty


class Paper:
    """Takes what a view writes."""

    def __init__(self) -> None:
        self.text, self.idle = "", True

    def write(self, text: str) -> bool:
        self.text += text
        return True


@pytest.mark.parametrize(
    ("as_json", "under_systemd", "kind"),
    [(True, False, JsonLines), (True, True, JsonLines), (False, True, Silent), (False, False, Terminal)],
)
def test_who_is_told(as_json: bool, under_systemd: bool, kind: type) -> None:
    assert type(choose_view(Paper(), as_json, under_systemd)) is kind  # type: ignore[arg-type]


@pytest.mark.parametrize("stdout", [Screen(True), Screen(False), None])
@pytest.mark.parametrize("as_json", [True, False])
def test_a_panel_is_drawn_on_a_terminal_only(
    stdout: Screen | None, as_json: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr("sys.stdout", stdout)
    paper = Paper()
    view = choose_view(paper, as_json, under_systemd=False)  # type: ignore[arg-type]
    view.input(Tick(0), None, DriverState(0))
    assert ("\x1b" in paper.text) == (not as_json and stdout is not None and stdout.isatty())
    view.end(RunSummary(0, 1.0, 0.0, 0.0, 0.0, {}))
    assert paper.text, "it writes where it was told to"


def test_a_page_is_served_only_when_asked_for(clip: Path) -> None:
    assert make_preview(options_of()) is None
    preview = make_preview(options_of("--preview", "127.0.0.1:0"))
    assert preview is not None
    with urllib.request.urlopen(preview.url, timeout=30) as page:
        assert b"fermon" in page.read()
    with pytest.raises(OutputError):
        make_preview(options_of("--preview", preview.url.removeprefix("http://").strip("/")))
    preview.end(RunSummary(0, 1.0, 0.0, 0.0, 0.0, {}))


# Parts --------------------------------------------------------------------------------------------------------------


def make(config: Config, *words: object, in_real_time: bool = True) -> Any:
    return make_parts(config, options_of(*words), Silent(), Systemd({}), in_real_time)


def test_the_camera_of_the_command_line_goes_before_the_configured_one(clip: Path) -> None:
    configured = replace(Config(), camera=replace(Config().camera, source=str(clip)))
    for config, words in ((configured, ()), (Config(), ("--camera", clip))):
        parts = make(config, *words)
        assert parts.camera.name == str(clip)
        assert parts.open_camera().name == str(clip), "and it is what is opened again"
        parts.hub.close()
    with pytest.raises(CameraNotFound, match=r"missing\.avi: no such file"):
        make(configured, "--camera", clip.with_name("missing.avi"))


@pytest.mark.parametrize(("pace", "at_once"), [("max", True), ("real", False)])
def test_a_clip_is_played_at_the_pace_of_the_command_line(clip: Path, pace: str, at_once: bool) -> None:
    parts = make(Config(), "--camera", clip, "--pace", pace)
    for camera in (parts.camera, parts.open_camera()):
        assert camera.read(0.0) is not None
        assert (camera.read(0.0) is not None) == at_once
        camera.close()
    parts.hub.close()


def test_a_missing_camera_ends_the_start_unless_it_is_to_be_waited_for(reports: list[str]) -> None:
    config = replace(Config(), camera=replace(Config().camera, source="/dev/video99"))
    with pytest.raises(CameraNotFound, match="/dev/video99"):
        make(config)
    assert reports == []
    parts = make(replace(config, camera=replace(config.camera, wait_for_camera=True)))
    assert parts.camera is None
    assert reports[0].startswith("/dev/video99") and reports[0].endswith("; waiting for it")
    with pytest.raises(CameraNotFound, match="/dev/video99"):
        parts.open_camera()
    parts.hub.close()


def test_perception_is_the_configured_one(clip: Path, tmp_path: Path) -> None:
    config = replace(Config(), perception=PerceptionSettings(models=str(tmp_path)))
    with pytest.raises(ModelError, match=str(tmp_path)):
        make(config, "--camera", clip)


def test_the_enabled_outputs_are_opened(clip: Path) -> None:
    """`Hub([])` would be as silent as a mute monitor."""
    parts = make(no_outputs(Config()), "--camera", clip)
    parts.hub.close()
    assert parts.hub.broken() == {}
    parts = make(with_serial(Config()), "--camera", clip)
    until(parts.hub.broken, "the failure of the serial port")
    assert list(parts.hub.broken()) == ["serial"]
    parts.hub.close()


@pytest.mark.parametrize(
    ("source", "pace", "expected"),
    [("demo", "real", True), ("demo", "max", False), ("/dev/video0", "max", True), ("picamera", "real", True)],
)
def test_what_runs_in_real_time(source: str, pace: str, expected: bool) -> None:
    assert runs_in_real_time(source, pace) is expected


@pytest.mark.parametrize("in_real_time", [True, False])
def test_only_a_run_in_real_time_reads_less_under_load(clip: Path, in_real_time: bool) -> None:
    parts = make(Config(), "--camera", clip, in_real_time=in_real_time)
    parts.hub.close()
    assert (parts.rates is not None) == in_real_time


def test_the_view_and_systemd_are_those_given(clip: Path) -> None:
    view, systemd = Silent(), Systemd({})
    parts = make_parts(Config(), options_of("--camera", clip), view, systemd, True)
    parts.hub.close()
    assert parts.view is view and parts.systemd is systemd


# Recording ----------------------------------------------------------------------------------------------------------


def fill(recorder: Any, count: int = 1000) -> None:
    recorder.header({})
    for t_ns in range(count):
        recorder.write(Tick(t_ns))
    recorder.close()


def test_nothing_is_recorded_unasked() -> None:
    assert make_recorder(None, SessionSettings(), 0.0) is None


def test_the_command_line_names_the_recording(tmp_path: Path, clip: Path) -> None:
    """Even where a file is configured; and it must be possible to write it."""
    settings = SessionSettings(file=str(tmp_path / "configured.jsonl"), max_mib=0.01, keep=2)
    fill(make_recorder(tmp_path / "asked.jsonl", settings, 60.0))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["asked.1.jsonl", "asked.2.jsonl", "asked.jsonl"]
    assert (tmp_path / "asked.1.jsonl").stat().st_size <= 0.01 * 2**20
    with pytest.raises(OutputError, match="nowhere"):
        make_recorder(tmp_path / "nowhere" / "s.jsonl", settings, 0.0)
    parts = make(Config(), "--camera", clip, "--record", tmp_path / "run.jsonl")
    parts.recorder.close()
    parts.hub.close()
    assert (tmp_path / "run.jsonl").exists()


@pytest.mark.parametrize(("in_real_time", "patience_s"), [(True, 0.0), (False, 60.0)])
def test_only_a_run_without_a_clock_waits_for_a_slow_disk(
    in_real_time: bool, patience_s: float, clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Noted(Recorder):
        def __init__(self, *words: Any, patience_s: float = -1.0, **more: Any) -> None:
            super().__init__(*words, patience_s=patience_s, **more)
            self.noted_s = patience_s

    monkeypatch.setattr("fermon.watch.Recorder", Noted)
    parts = make(Config(), "--camera", clip, "--record", tmp_path / "s.jsonl", in_real_time=in_real_time)
    parts.hub.close()
    parts.recorder.close()
    assert parts.recorder.noted_s == patience_s


def test_the_configured_recording_keeps_what_was_recorded_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    settings = SessionSettings(file="~/drive.jsonl", keep=1)
    fill(make_recorder(None, settings, 60.0), 10)
    fill(make_recorder(None, settings, 60.0), 20)
    parts = {path.name: len(path.read_bytes().splitlines()) for path in tmp_path.iterdir()}
    assert parts == {"drive.jsonl": 21, "drive.1.jsonl": 11}
    recorder = make_recorder(None, SessionSettings(file=str(tmp_path / "no" / "s.jsonl")), 0.0)
    assert recorder is not None, "a service watches without its recording, too"
    recorder.close()
