"""What a program and a person get to see, without a camera: the views over hand-made inputs."""

from __future__ import annotations

import io
import json
import logging
import math
import re
from dataclasses import replace
from typing import Any

import pytest

from fermon.domain import (
    EXPRESSIONS,
    Alert,
    Attention,
    Box,
    CameraChange,
    DriverState,
    Eyes,
    EyeState,
    Face,
    Gated,
    Head,
    Kind,
    Level,
    Observation,
    Quality,
    RunFacts,
    RunSummary,
    Tick,
    Visibility,
)
from fermon.views.contract import ReportHandler, Several, spoken_through
from fermon.views.fields import alert_fields, observation_fields, state_fields
from fermon.views.journal import Silent
from fermon.views.jsonlines import JsonLines
from fermon.views.terminal import Terminal, bar, fitting, panel
from fermon.words import reason, summary_text


class Out(io.StringIO):
    """A standard output that takes everything at once."""

    idle = True


S = 1_000_000_000
FACTS = RunFacts("0", "demo", "blazeface", "some runtime")
SUMMARY = RunSummary(30, 2.0, 15.0, 1.0, 0.5, {"DROWSY": 1})
MICROSLEEP = Alert(3 * S, Kind.MICROSLEEP, Level.WARNING, True, S, {"closed_s": 1.53})


def seen(t_s: float) -> Observation:
    face = Face(Box(10, 20, 143, 150), 0.9)
    return Observation(int(t_s * S), 0, face, None, Eyes(0.97, None, "glare"), 0.1, Quality(0.4, 0.5))


def state(t_s: float = 3.0, **more: Any) -> DriverState:
    return DriverState(int(t_s * S), **more)


def plain(text: str) -> str:
    return re.sub("\x01.*?\x02", "", text)


def test_a_line_that_is_no_terminal_gets_whole_lines_only() -> None:
    out = Out()
    view = Terminal(out, live=False)
    view.start(FACTS)
    view.input(Tick(0), None, state(0))
    view.alert(MICROSLEEP)
    view.report(logging.WARNING, "camera lost: gone")
    view.end(SUMMARY)
    lines = out.getvalue().splitlines()
    assert "\x1b" not in out.getvalue() and "\r" not in out.getvalue()
    assert lines[0] == "fermon 0: camera demo, detector blazeface, some runtime"
    assert lines[1] == "   3.0 s  WARNING  MICROSLEEP  eyes closed 1.5 s"
    assert lines[2] == "camera lost: gone"
    assert lines[3].startswith("30 frames in 2.0 s (15 fps)") and lines[3].endswith("alerts: DROWSY 1")


class Screen:
    """A terminal that knows what the panel needs: carriage return, lines up, erase below, colours."""

    def __init__(self) -> None:
        self.lines, self.row = [""], 0
        self.idle = True
        self.stalled = False

    def write(self, text: str) -> bool:
        if self.stalled:
            return False
        for part in re.findall(r"\x1b\[\d*(?:;\d+)*[A-Za-z]|\r|\n|[^\x1b\r\n]+", text):
            if part == "\n":
                self.row += 1
                if self.row == len(self.lines):
                    self.lines.append("")
            elif part.endswith("A") and part.startswith("\x1b"):
                self.row -= int(part[2:-1])
                assert self.row >= 0
            elif part == "\x1b[J":
                self.lines[self.row :] = [""]
            elif not part.startswith("\x1b") and part != "\r":
                self.lines[self.row] += part
        return True


@pytest.fixture
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("LINES", "40")


@pytest.mark.usefixtures("wide")
def test_alert_lines_stay_above_the_panel_which_is_erased_at_the_end() -> None:
    screen = Screen()
    view = Terminal(screen, live=True, environment={"TERM": "xterm"})
    view.start(FACTS)
    view.input(seen(0), None, state(0))
    view.alert(MICROSLEEP)
    view.input(seen(3), None, state(3, alerts=(MICROSLEEP,), eyes=EyeState.CLOSED, closure_s=2.0))
    text = "\n".join(screen.lines)
    assert screen.lines[1] == "   3.0 s  WARNING  MICROSLEEP  eyes closed 1.5 s"
    assert text.count("PERCLOS") == 1, "the old panel is gone"
    assert "closed for 2.0 s" in text and "WARNING MICROSLEEP" in screen.lines[-2]
    view.end(SUMMARY)
    assert [line for line in screen.lines if line][2:] == [
        "30 frames in 2.0 s (15 fps); face in 100%, an eye readable in 50%; alerts: DROWSY 1"
    ]


@pytest.mark.usefixtures("wide")
def test_what_is_logged_stands_above_the_panel_and_stays() -> None:
    screen = Screen()
    view = Terminal(screen, live=True, environment={"TERM": "xterm"})
    with spoken_through(ReportHandler(view)):
        view.start(FACTS)
        view.input(seen(0), None, state(0))
        logging.getLogger("fermon.outputs.serial").warning("one sentence was rejected")
        logging.getLogger("fermon.alerts").warning("a view gets alerts as such")
        view.input(seen(1), None, state(1))
    text = "\n".join(screen.lines)
    assert screen.lines[1] == "one sentence was rejected"
    assert text.count("PERCLOS") == 1 and text.count("not judged yet") == 1
    assert "as such" not in text


@pytest.mark.usefixtures("wide")
def test_a_traceback_in_the_log_does_not_tear_the_panel() -> None:
    screen = Screen()
    view = Terminal(screen, live=True, environment={"TERM": "xterm"})
    with spoken_through(ReportHandler(view)):
        view.input(seen(0), None, state(0))
        try:
            raise ZeroDivisionError("a bug")
        except ZeroDivisionError:
            logging.getLogger("fermon.x").exception("unexpected")
        view.input(seen(1), None, state(1))
    assert screen.lines[0] == "unexpected" and "ZeroDivisionError: a bug" in screen.lines
    assert "\n".join(screen.lines).count("PERCLOS") == 1


@pytest.mark.usefixtures("wide")
def test_a_terminal_that_stalls_gets_no_panels_and_is_whole_again_afterwards() -> None:
    screen = Screen()
    view = Terminal(screen, live=True, environment={"TERM": "xterm"})
    view.input(seen(0), None, state(0))
    before = list(screen.lines)
    screen.idle = False
    view.input(seen(1), None, state(1))
    assert screen.lines == before
    screen.stalled = True
    view.alert(MICROSLEEP)  # dropped
    screen.idle, screen.stalled = True, False
    view.input(seen(2), None, state(2))
    text = "\n".join(screen.lines)
    assert text.count("PERCLOS") == 1 and "   2.0 s" in screen.lines[0]


@pytest.mark.usefixtures("wide")
def test_a_fault_of_the_monitor_stands_in_the_panel_until_it_is_over() -> None:
    screen = Screen()
    view = Terminal(screen, live=True, environment={"TERM": "xterm"})
    view.fault("an output failed: can")
    view.input(seen(0), None, state(0))
    assert "FAULT an output failed: can" in screen.lines
    view.fault(None)
    view.input(seen(1), None, state(1))
    assert not [line for line in screen.lines if "FAULT" in line]


@pytest.mark.usefixtures("wide")
@pytest.mark.parametrize("environment", [{"TERM": "dumb"}, {}])
def test_a_terminal_that_cannot_move_its_cursor_gets_no_panel(environment: dict[str, str]) -> None:
    out = Out()
    Terminal(out, live=True, environment=environment).input(seen(0), None, state(0))
    assert out.getvalue() == ""


@pytest.mark.usefixtures("wide")
def test_no_color_is_obeyed() -> None:
    out = Out()
    view = Terminal(out, live=True, environment={"TERM": "xterm", "NO_COLOR": "1"})
    view.input(seen(0), None, state(0))
    view.alert(MICROSLEEP)
    assert not re.search(r"\x1b\[[\d;]*m", out.getvalue())


def test_the_panel_tells_what_is_not_available_and_why_the_driver_is_not_seen() -> None:
    lines = [plain(line) for line in panel(None, state(5, visibility=Visibility.DARK), 0, FACTS, None)]
    text = "\n".join(lines)
    assert "cannot see: dark" in lines[0] and "not judged yet" in lines[0]
    assert all(name in text for name in EXPRESSIONS)
    assert "0%" not in text, "what is not available is a dash, never a zero"


def test_the_panel_tells_what_is_measured() -> None:
    known = state(
        5, expression=(0.7, 0, 0, 0, 0.1, 0, 0.2), perclos_60s=0.12, rate_hz=15.2, determined=True, long_blinks=2,
        blink_rate_per_min=14.0, speed_kmh=63.5, alerts=(MICROSLEEP,),
    )  # fmt: skip
    text = "\n".join(plain(line) for line in panel(seen(5), known, 0, FACTS, None))
    for words in (
        "15 fps",
        "face 143 px",
        "12% 60 s",
        "14 a minute, 2 long",
        "64 km/h",
        "(glare)",
        "eyes closed 1.5 s",
    ):
        assert words in text, text


def test_who_is_not_seen_is_not_called_awake() -> None:
    headline = plain(panel(None, state(5, determined=True), 0, FACTS, None)[0])
    assert "eyes not seen now" in headline and "awake" not in headline
    assert "awake" in plain(panel(seen(5), state(5, determined=True, eyes=EyeState.OPEN), 0, FACTS, None)[0])


AWAY: dict[str, Any] = {
    "attention": Attention.AWAY, "head_yaw_deg": -41.6, "head_pitch_deg": 3.2, "away_s": 2.3, "away_30s": 7.5,
    "nods": 2,
}  # fmt: skip


def test_the_panel_tells_where_the_head_points() -> None:
    known = state(5, determined=True, eyes=EyeState.OPEN, **AWAY)
    lines = [plain(line) for line in panel(seen(5), known, 0, FACTS, None)]
    [line] = [line for line in lines if line.startswith("attention")]
    assert "away for 2.3 s, head 42° right, 3° up" in line
    assert f"{bar(0.25)}   8 s away of 30 s   nods 2" in line
    assert "turned away" in lines[0] and "awake" not in lines[0]
    unknown = [plain(line) for line in panel(seen(5), state(5), 0, FACTS, None)]
    assert "attention not determined" in unknown
    lost = state(5, **AWAY | {"head_yaw_deg": None})
    assert any("head not seen" in line for line in panel(seen(5), lost, 0, FACTS, None))


def test_lowered_lids_are_called_so() -> None:
    lines = [plain(line) for line in panel(seen(5), state(5, lowered=True), 0, FACTS, None)]
    assert any(line.startswith("eyes      lowered") for line in lines)


def test_programs_are_told_of_attention() -> None:
    fields = state_fields(state(5, lowered=True, **AWAY))
    names = ("attention", "head_yaw_deg", "head_pitch_deg", "away_s", "away_30s", "nods", "lowered")
    assert [fields[name] for name in names] == ["away", -41.6, 3.2, 2.3, 7.5, 2, True]
    unknown = state_fields(state(5))
    assert [unknown[name] for name in names] == ["not_determined", None, None, 0.0, None, 0, False]


def test_a_page_is_told_the_head_as_the_camera_sees_it() -> None:
    assert observation_fields(seen(5))["head"] is None
    fields = observation_fields(replace(seen(5), head=Head(-31.26, math.nan, 0.0)))
    assert fields["head"] == {"yaw": -31.3, "pitch": None}
    assert fields["face"]["profile"] is False


def test_bars_and_low_terminals() -> None:
    assert bar(0.5, 4) == "██  " and bar(None, 4) == "····" and bar(7.0, 2) == "██" and bar(0.0, 2) == "  "
    assert bar(1 / 32, 4) == "▏   "
    assert fitting(["a"] * 10, 24) == ["a"] * 10 and fitting(["a", "b", "c"], 4) == ["a"]


def test_json_lines_are_one_object_each_and_a_state_a_second() -> None:
    out = Out()
    view = JsonLines(out)
    view.start(FACTS)
    for tenth in range(25):
        view.input(Tick(tenth * S // 10), None, state(tenth / 10))
    view.alert(MICROSLEEP)
    view.report(logging.WARNING, "words")
    view.end(SUMMARY)
    lines = [json.loads(line) for line in out.getvalue().splitlines()]
    assert lines[5] == {"type": "report", "level": "warning", "text": "words"}
    assert [line["type"] for line in lines] == ["start", "state", "state", "state", "alert", "report", "end"]
    assert lines[1]["perclos_60s"] is None and lines[4]["kind"] == "MICROSLEEP"


def test_under_systemd_only_the_log_speaks(capsys: pytest.CaptureFixture[str], reports: list[str]) -> None:
    view = Silent()
    view.start(FACTS)
    view.input(Tick(0), None, state(0))
    view.alert(MICROSLEEP)
    view.report(logging.INFO, "camera back")
    view.end(SUMMARY)
    assert capsys.readouterr() == ("", "")
    assert reports == [summary_text(SUMMARY)]


def test_views_side_by_side_get_everything() -> None:
    outs = [Out(), Out()]
    view = Several([JsonLines(out) for out in outs])
    view.start(FACTS)
    view.input(CameraChange(0, "lost"), None, state(0))
    view.alert(MICROSLEEP)
    view.report(logging.INFO, "words")
    view.end(SUMMARY)
    assert outs[0].getvalue() == outs[1].getvalue() and len(outs[0].getvalue().splitlines()) == 5


def test_the_reason_of_an_alert_is_in_words() -> None:
    assert reason(MICROSLEEP) == "eyes closed 1.5 s"
    assert reason(Alert(0, Kind.MICROSLEEP, Level.WARNING, True, 0)) == ""
    fields = alert_fields(MICROSLEEP, S)
    assert (fields["t"], fields["since"], fields["text"]) == (2.0, 0.0, "eyes closed 1.5 s")


def test_what_speed_alone_holds_back_is_shown_and_told_to_programs() -> None:
    gated = Gated(Kind.ASLEEP, Level.CRITICAL, 0, 12.04, 10.0, 3.0, "can")
    held = state(12, gated=gated)
    text = "eyes closed for 12 s; ASLEEP is not raised below 10 km/h (can says 3)"
    assert text in [plain(line) for line in panel(None, held, 0, FACTS, None)]
    assert text not in [plain(line) for line in panel(None, state(12), 0, FACTS, None)]
    assert state_fields(held)["gated"] == {
        "kind": "ASLEEP", "level": "CRITICAL", "lasted_s": 12.0, "limit_kmh": 10.0, "speed_kmh": 3.0, "source": "can",
        "text": text,
    }  # fmt: skip
    assert state_fields(state(12))["gated"] is None


def test_programs_are_told_a_fault_of_the_monitor_with_each_state() -> None:
    out = Out()
    view = JsonLines(out)
    for second, fault in enumerate(["an output failed: can", None]):
        view.fault(fault)
        view.input(Tick(second * S), None, state(second))
    assert [json.loads(line)["fault"] for line in out.getvalue().splitlines()] == ["an output failed: can", None]
