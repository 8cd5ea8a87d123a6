"""`fermon report` over hand-made sessions."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from fermon.cli import main
from fermon.errors import OutputError
from fermon.report.charts import clock
from fermon.report.digest import digest
from fermon.report.page import page

S = 1_000_000_000
RATE = 15
FACE = {"box": [100, 80, 150, 160], "score": 0.95}
CALM = [0.05, 0.01, 0.02, 0.05, 0.1, 0.02, 0.75]


def drive(seconds: float, closed: Callable[[float], bool], blind: Callable[[float], bool]) -> Iterable[dict[str, Any]]:
    """A drive of 15 frames a second whose eyes are closed, or whose face is gone, at the times given."""
    yield {"type": "session", "version": 1, "fermon": "0.1.0", "started": "2026-01-01T00:00:00Z"}
    for seq in range(int(seconds * RATE)):
        t = seq / RATE
        gone = blind(t)
        p = 0.95 if closed(t) else 0.04
        yield {
            "type": "observation",
            "t_ns": 5 * S + seq * S // RATE,
            "seq": seq,
            "face": None if gone else FACE,
            "expression": None if gone else CALM,
            "eyes": None if gone else {"left": p, "right": p, "cause": None},
            "mouth": None if gone else 0.1,
            "quality": {"brightness": 0.4, "sharpness": 0.5},
        }


def write(path: Path, lines: Iterable[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return path


@pytest.fixture
def session(tmp_path: Path) -> Path:
    """90 s: eyes shut from 20 s for 2 s and from 70 s for 4 s; nobody there from 40 to 55 s."""
    return write(tmp_path / "S.jsonl", drive(90, lambda t: 20 <= t < 22 or 70 <= t < 74, lambda t: 40 <= t < 55))


def test_a_drive_is_summed_up(session: Path) -> None:
    found = digest(session)
    assert found.duration_s == pytest.approx(90, abs=0.1) and found.frames == 90 * RATE
    assert found.seen == pytest.approx(75 / 90, abs=0.01)
    assert found.seconds["closed"] == pytest.approx(6, abs=0.2)
    assert found.seconds["no face"] == pytest.approx(15, abs=0.2)
    assert sum(found.seconds.values()) == pytest.approx(found.duration_s)
    [blind] = found.blind
    assert (blind.what, blind.start_s, blind.end_s) == (
        "no face",
        pytest.approx(40, abs=0.1),
        pytest.approx(55, abs=0.1),
    )
    kinds = {(span.what, span.level) for span in found.spans}
    assert {("MICROSLEEP", "WARNING"), ("ASLEEP", "CRITICAL"), ("UNAVAILABLE", "NOTICE")} <= kinds
    assert max(cell.longest_s for cell in found.cells) == pytest.approx(4, abs=0.2)


def test_alerts_are_those_of_replay(session: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["replay", str(session), "--json"])
    replayed = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    ours = [(a.t_ns, a.kind.value, a.level.name, a.active) for a in digest(session).alerts]
    assert ours == [(a["t_ns"], a["kind"], a["level"], a["active"]) for a in replayed]


def test_the_recordings_own_alerts_are_compared(session: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert digest(session).recorded == "The recording holds no alert lines of its own."
    main(["replay", str(session), "--json"])
    alerts = capsys.readouterr().out
    text = session.read_text(encoding="utf-8")
    session.write_text(text + alerts, encoding="utf-8")
    assert digest(session).recorded.endswith("are the same.")
    session.write_text(text + alerts.splitlines()[0] + "\n", encoding="utf-8")
    assert "differ" in digest(session).recorded


def test_time_without_frames_and_a_lost_camera_are_told_apart(tmp_path: Path) -> None:
    lines = list(drive(10, lambda t: False, lambda t: False))
    head, rest = lines[:76], lines[76:]  # 5 s; then 20 s without frames, 10 s without a camera
    end = 5 * S + 5 * S
    for line in rest:
        line["t_ns"] += 30 * S
    ticks = [{"type": "tick", "t_ns": end + n * S // 4} for n in range(1, 80)]
    lost = [
        {"type": "camera", "t_ns": end + 20 * S, "state": "lost"},
        {"type": "camera", "t_ns": end + 30 * S - 1, "state": "ok"},
    ]
    found = digest(write(tmp_path / "S.jsonl", [*head, *ticks, *lost, *rest]))
    assert found.seconds["no frames"] == pytest.approx(20, abs=1)
    assert found.seconds["camera lost"] == pytest.approx(10, abs=0.2)
    assert sum(found.seconds.values()) == pytest.approx(found.duration_s)


def test_frames_that_are_older_than_speeds_beside_them_are_all_counted(tmp_path: Path) -> None:
    header, *frames = drive(30, lambda t: 20 <= t < 22, lambda t: False)
    lines = [header]
    for line in frames:
        lines += [{"type": "speed", "t_ns": line["t_ns"] + 7 * S // 10, "kmh": 50.0}, line]
    found = digest(write(tmp_path / "S.jsonl", lines))
    assert found.frames == 30 * RATE
    assert found.not_used == {}
    assert found.seconds["closed"] == pytest.approx(2, abs=0.1)
    assert {span.what for span in found.spans} == {"MICROSLEEP"}


class Checker(HTMLParser):
    """Gathers what a page would fetch, and whether its tags fit."""

    def __init__(self) -> None:
        super().__init__()
        self.fetched: list[str] = []
        self.tags: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.fetched += [value or "" for name, value in attrs if name in ("src", "href")]
        if tag not in ("meta", "link", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def checked(text: str) -> Checker:
    checker = Checker()
    checker.feed(text)
    assert not checker.open
    return checker


def test_the_page_stands_alone_and_tells_each_alert_with_its_reason(session: Path) -> None:
    text = page(digest(session))
    checker = checked(text)
    assert checker.fetched == ["data:,"], "nothing from outside"
    assert "script" not in checker.tags and "svg" in checker.tags
    for words in ("eyes closed 1.5 s", "eyes closed 3.0 s", "no face", "closed_s 1.5", "Driver seen"):
        assert words in text, words


def test_hostile_text_in_a_session_stays_text(tmp_path: Path) -> None:
    lines = list(drive(2, lambda t: False, lambda t: False))
    lines[0] |= {
        "started": "<script>alert(1)</script>",
        "fermon": "</title>",
        "models": {"<b>": "<i>"},
        "config": {"x": "</pre><script>"},
    }
    lines[1]["eyes"] = {"left": None, "right": None, "cause": "<img src=x>"}
    text = page(digest(write(tmp_path / "<i>.jsonl", lines)))
    checker = checked(text)
    assert not {"script", "img", "b", "i"} & set(checker.tags)


def test_an_hour_stays_a_small_page(tmp_path: Path) -> None:
    lines = drive(3600, lambda t: t % 4 < 0.2 or t % 600 < 2, lambda t: t % 300 < 3)
    found = digest(write(tmp_path / "S.jsonl", lines))
    assert len(found.columns(440)) <= 440
    text = page(found)
    assert len(text) < 1_000_000
    assert len(re.findall("<rect", text)) < 6000


@pytest.mark.parametrize("seconds", [0, 0.1])
def test_a_session_without_or_with_hardly_any_frames_makes_a_page(tmp_path: Path, seconds: float) -> None:
    path = write(tmp_path / "S.jsonl", drive(seconds, lambda t: False, lambda t: False))
    found = digest(path)
    checked(page(found))
    assert found.summary().endswith("alerts: none")


def test_times_that_cannot_be_used_do_not_stretch_the_drive(tmp_path: Path) -> None:
    lines = list(drive(5, lambda t: False, lambda t: False))
    lines.insert(20, {"type": "tick", "t_ns": 10**30})
    lines.insert(40, {"type": "tick", "t_ns": 0})
    assert digest(write(tmp_path / "S.jsonl", lines)).duration_s == pytest.approx(5, abs=0.1)


def test_the_command_writes_the_page_and_sums_up(session: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = session.with_name("drive.html")
    assert main(["report", str(session), "-o", str(target)]) == 0
    assert target.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert "90 s, 1350 frames, driver seen 83%" in capsys.readouterr().out


def test_what_is_no_session_ends_with_65(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bad = tmp_path / "bad.jsonl"
    bad.write_text("{}\n", encoding="utf-8")
    assert main(["report", str(bad), "-o", str(tmp_path / "x.html")]) == 65
    assert "no session header" in capsys.readouterr().err and not (tmp_path / "x.html").exists()
    assert main(["report", str(tmp_path / "none.jsonl")]) == 65


def test_a_path_that_cannot_be_written_and_an_unknown_ending(session: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", str(session), "-o", str(session.parent / "no" / "x.html")]) == 69
    with pytest.raises(SystemExit):
        main(["report", str(session), "-o", "x.pdf"])
    assert "expected a name that ends in .html or .png" in capsys.readouterr().err


def test_a_picture_needs_matplotlib(session: Path) -> None:
    from fermon.report.png import picture

    try:
        import matplotlib  # noqa: F401
    except ImportError:
        with pytest.raises(OutputError, match=r"pip install 'fermon\[report\]'"):
            picture(digest(session))
        return
    assert picture(digest(session)).startswith(b"\x89PNG")


def test_settings_go_over_the_recorded_ones(session: Path, tmp_path: Path) -> None:
    config = tmp_path / "c.toml"
    config.write_text("[policy]\nmicrosleep_closed_s = 10.0\n", encoding="utf-8")
    assert main(["report", str(session), "--config", str(config), "-o", str(tmp_path / "x.html")]) == 0
    assert "WARNING MICROSLEEP" not in (tmp_path / "x.html").read_text(encoding="utf-8")


def test_clock() -> None:
    assert [clock(s) for s in (0, 61, 3599.9, 36000)] == ["0:00", "1:01", "59:59", "10:00:00"]


# The head -------------------------------------------------------------------------------------------------------------


@pytest.fixture
def turned_session(tmp_path: Path) -> Path:
    """90 s ahead, but turned to the side from 40 s for 5 s and from 60 s for 2 s, and a nod at 70 s."""

    def lines() -> Iterable[dict[str, Any]]:
        for line in drive(90, lambda t: 70 <= t < 70.8, lambda t: False):
            t = line.get("t_ns", 0) / S - 5
            yaw = 45.0 if 40 <= t < 45 or 60 <= t < 62 else 2.0
            pitch = -30.0 if 70.3 <= t < 71 else -4.0
            yield line | {"head": {"yaw": yaw, "pitch": pitch, "roll": 0.0}} if "seq" in line else line

    return write(tmp_path / "T.jsonl", lines())


def test_attention_is_summed_up(turned_session: Path) -> None:
    found = digest(turned_session)
    assert [(span.what, span.level) for span in found.spans] == [("DISTRACTED", "WARNING")]
    away = [(span.start_s, span.end_s) for span in found.attention if span.what == "turned away"]
    expected = [(40, 45), (60, 62), (70.3, 71)]
    # Under an alert a look forward counts from its first half second on: a shorter one ends nothing.
    assert [value for span in away for value in span] == pytest.approx([v for span in expected for v in span], abs=0.5)
    first = found.attention[0]
    assert (first.start_s, first.what) == (0.0, "attention not determined")
    assert found.attended_s == pytest.approx(70, abs=0.6)
    assert found.away_s == pytest.approx(8.2, abs=0.3)
    assert found.away == pytest.approx(8.2 / 70, abs=0.01)
    assert found.nods == 1


def test_the_page_has_a_lane_and_figures_of_attention(turned_session: Path, session: Path) -> None:
    text = page(digest(turned_session))
    assert re.search(r">attention</text>", text) and "turned away, 0:40 to 0:45" in text
    assert "Turned away<" in text and "5.5 s<" in text and "Nods" in text
    assert "distracted</text>" in text
    without = page(digest(session))
    assert ">attention</text>" not in without and "Turned away" not in without
