"""Lines for people: alerts, clearings, the monitor's own mode; and the log that gets them."""

from __future__ import annotations

import doctest
import importlib
import logging
import re
from dataclasses import replace

import pytest

from fermon.domain import NS_PER_S, Alert, Kind, Level
from fermon.outputs.log import LogOutput, LogSettings
from fermon.words import alert_text, mode_text
from tests.outputs_kit import BLIND, BOOTING, FAULT, WARNING, WELL, alert, status

LINE = re.compile(r" *\d+\.\d s  (NOTICE|WARNING|CRITICAL)  [A-Z]+(  .+)?")


def at(seconds: float, kind: Kind, level: Level, active: bool = True, since: float = 0.0, **evidence: object) -> Alert:
    return Alert(int(seconds * NS_PER_S), kind, level, active, int(since * NS_PER_S), evidence)


@pytest.mark.parametrize(
    ("a", "line"),
    [
        (at(31.5, Kind.MICROSLEEP, Level.WARNING, closed_s=1.5), "  31.5 s  WARNING  MICROSLEEP  eyes closed 1.5 s"),
        (
            at(3.04, Kind.ASLEEP, Level.CRITICAL, closed_s=3.0, fps=15.0),
            "   3.0 s  CRITICAL  ASLEEP  eyes closed 3.0 s",
        ),
        (
            at(9, Kind.DISTRACTED, Level.WARNING, away_s=3.51, away_sum_s=3.6, away_window_s=30.0, lowered=False),
            "   9.0 s  WARNING  DISTRACTED  turned away without a break for 3.5 s",
        ),
        (
            at(9, Kind.DISTRACTED, Level.NOTICE, away_s=1.0, away_sum_s=10.0, away_window_s=30.0, lowered=True),
            "   9.0 s  NOTICE  DISTRACTED  turned away without a break for 1.0 s, "
            "turned away for 10.0 s of the last 30 s, lids lowered",
        ),
        (
            at(9, Kind.DISTRACTED, Level.NOTICE, away_s=0.0, away_sum_s=10.0, away_window_s=30.0),
            "   9.0 s  NOTICE  DISTRACTED  turned away for 10.0 s of the last 30 s",
        ),
        (
            at(9, Kind.ASLEEP, Level.CRITICAL, closed_s=0.0, lost_s=3.0, why="lost in a closure"),
            "   9.0 s  CRITICAL  ASLEEP  lost in a closure for 3.0 s",
        ),
        (
            at(9, Kind.ASLEEP, Level.CRITICAL, closed_s=0.0, unopened_s=6.0, why="eyes not seen open"),
            "   9.0 s  CRITICAL  ASLEEP  eyes not seen open for 6.0 s",
        ),
        (
            at(9, Kind.ASLEEP, Level.CRITICAL, closed_s=0.0, unopened_s=6.0, why="closed whenever seen"),
            "   9.0 s  CRITICAL  ASLEEP  closed whenever seen, not seen open for 6.0 s",
        ),
        (
            at(9, Kind.DROWSY, Level.NOTICE, nods=3, nod_window_s=300.0),
            "   9.0 s  NOTICE  DROWSY  3 nods in 5 min",
        ),
        (
            at(9, Kind.UNRESPONSIVE, Level.CRITICAL, closed_s=0.0, unanswered_s=3.0),
            "   9.0 s  CRITICAL  UNRESPONSIVE  eyes not seen open for 3.0 s",
        ),
        (
            at(
                300,
                Kind.DROWSY,
                Level.NOTICE,
                perclos_short=0.081,
                perclos_short_window_s=60.0,
                perclos_long=None,
                yawns=3,
                yawn_window_s=300.0,
                long_blinks=0,
                weary=True,
            ),
            " 300.0 s  NOTICE  DROWSY  PERCLOS 60 s 8%, 3 yawns in 5 min, weary expression",
        ),
        (
            at(
                300,
                Kind.DROWSY,
                Level.NOTICE,
                perclos_short=0.081,
                perclos_short_window_s=45.0,
                yawns=3,
                yawn_window_s=90.0,
                long_blinks=6,
                blink_window_s=600,
            ),
            " 300.0 s  NOTICE  DROWSY  PERCLOS 45 s 8%, 3 yawns in 90 s, 6 long blinks in 10 min",
        ),
        (
            at(12, Kind.ASLEEP, Level.CRITICAL, closed_s=0.4, unopened_s=6.0, why="closed whenever seen"),
            "  12.0 s  CRITICAL  ASLEEP  eyes closed 0.4 s, closed whenever seen, not seen open for 6.0 s",
        ),
        (
            at(12345.6, Kind.ANGER, Level.NOTICE, angry_expression=0.71),
            "12345.6 s  NOTICE  ANGER  angry expression 71%",
        ),
        (at(1, Kind.ANGER, Level.NOTICE), "   1.0 s  NOTICE  ANGER  angry expression"),
        (
            at(10, Kind.UNAVAILABLE, Level.NOTICE, cause="no face"),
            "  10.0 s  NOTICE  UNAVAILABLE  cannot see the driver: no face",
        ),
        (at(10, Kind.MICROSLEEP, Level.WARNING, closed_s="?", other=3), "  10.0 s  WARNING  MICROSLEEP"),
    ],
)
def test_alert_lines(a: Alert, line: str) -> None:
    assert alert_text(a, 0) == line
    assert LINE.fullmatch(line)


def test_times_count_from_the_start() -> None:
    a = replace(at(1031.5, Kind.MICROSLEEP, Level.WARNING, closed_s=1.5), since_ns=0)
    assert alert_text(a, 1000 * NS_PER_S).startswith("  31.5 s  WARNING")


def test_a_cleared_line_cannot_be_taken_for_an_alert() -> None:
    line = alert_text(at(33.1, Kind.MICROSLEEP, Level.WARNING, active=False, since=30.0), 0)
    assert line == "  33.1 s  cleared  MICROSLEEP  was WARNING, began 3.1 s ago"
    assert not LINE.fullmatch(line)


def test_anger_is_an_expression_never_a_verdict() -> None:
    assert "you" not in alert_text(at(1, Kind.ANGER, Level.NOTICE, angry_expression=0.9), 0).lower()


def test_the_monitor_s_own_mode() -> None:
    lines = [mode_text(s) for s in (BOOTING, WELL, BLIND, FAULT)]
    assert lines == [
        "  41.0 s  state  booting",
        "  41.0 s  state  monitoring",
        "  41.0 s  state  cannot see: no face",
        "  41.0 s  FAULT  loop stalled",
    ]


def test_the_log_writes_changes_only(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="fermon.alerts")
    output = LogOutput(LogSettings())
    drowsy = alert(Kind.DROWSY, Level.NOTICE, yawns=3, yawn_window_s=300.0)
    for shown in (
        WELL,
        WELL,
        WARNING,
        WARNING,
        status(drowsy),
        status(replace(drowsy, level=Level.WARNING)),
        WELL,
        WELL,
    ):
        output.show(shown)
    assert [(r.levelname, r.getMessage()) for r in caplog.records] == [
        ("INFO", "  41.0 s  state  monitoring"),
        ("WARNING", "  40.0 s  WARNING  MICROSLEEP  eyes closed 1.5 s"),
        ("INFO", "  41.0 s  cleared  MICROSLEEP  was WARNING, began 3.0 s ago"),
        ("INFO", "  40.0 s  NOTICE  DROWSY  3 yawns in 5 min"),
        ("WARNING", "  40.0 s  WARNING  DROWSY  3 yawns in 5 min"),
        ("INFO", "  41.0 s  cleared  DROWSY  was WARNING, began 3.0 s ago"),
    ]


def test_an_alert_that_cleared_and_came_back_between_two_shows_is_told(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="fermon.alerts")
    output = LogOutput(LogSettings())
    first = alert(Kind.MICROSLEEP, Level.WARNING, closed_s=1.5)
    output.show(status(first))
    output.show(status(replace(first, since_ns=first.since_ns + NS_PER_S)))
    kinds = [r.getMessage().split("  ")[-2:] for r in caplog.records]
    assert [line.getMessage().split()[2] for line in caplog.records[1:]] == ["WARNING", "cleared", "WARNING"], kinds


@pytest.mark.parametrize(
    "module",
    [
        "words",
        "domain.alerts",
        "policy.head",
        "errors",
        "systemd",
        "outputs.gpio.patterns",
        "outputs.serial.sentences",
        "outputs.can.e2e",
        "outputs.can.bits",
        "outputs.can.settings",
        "outputs.can.slcan",
        "outputs.can.units",
        "schema",
        "paths",
    ],
)
def test_examples_in_docstrings(module: str) -> None:
    result = doctest.testmod(importlib.import_module(f"fermon.{module}"))
    assert result.failed == 0 and result.attempted > 0
