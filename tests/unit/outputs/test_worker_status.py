"""What an output's thread is given to show: the newest state, how old it is, and whether it may wait."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from fermon.domain import Alert, Kind, Level, Status, Visibility, Wakefulness
from fermon.outputs.worker import LatestStatus, Timing, _next_beat, urgent_key
from tests.outputs_kit import BOOTING, CRITICAL, NOTICE, WARNING, WELL, alert, status

MICROSLEEP = alert(Kind.MICROSLEEP, Level.WARNING)


def test_before_the_first_state_it_is_booting() -> None:
    first = LatestStatus(100.0, stale_s=2.0, boot_s=60.0).get(100.5)
    assert first.wakefulness is Wakefulness.NOT_DETERMINED
    assert (first.uptime_ms, first.latency_ms, first.fault, first.state.t_ns) == (500, None, None, 0)


def test_a_state_grows_older() -> None:
    latest = LatestStatus(100.0, stale_s=2.0, boot_s=60.0)
    latest.set(replace(WELL, uptime_ms=7_000, latency_ms=40.0), 110.0)
    old = latest.get(111.25)
    assert (old.uptime_ms, old.latency_ms, old.fault) == (8_250, 1_290.0, None)
    assert isinstance(old.uptime_ms, int)
    assert old.state is WELL.state
    latest.set(replace(WELL, latency_ms=None), 112.0)
    assert latest.get(113.0).latency_ms is None
    assert latest.get(111.9).uptime_ms == WELL.uptime_ms, "set by another thread after the time was taken: not younger"


def test_a_start_that_takes_too_long_is_a_fault() -> None:
    latest = LatestStatus(100.0, stale_s=Timing().stale_s, boot_s=Timing().boot_s)
    assert latest.get(160.0).fault is None
    assert latest.get(160.1).fault == "no state within 60 s of the start"


def test_a_loop_that_publishes_nothing_any_more_is_a_fault() -> None:
    latest = LatestStatus(100.0, stale_s=Timing().stale_s, boot_s=Timing().boot_s)
    latest.set(WELL, 170.0)
    assert latest.get(172.0).fault is None
    assert latest.get(172.1).fault == "loop stalled"
    assert latest.get(300.0).wakefulness is Wakefulness.FAULTY
    latest.set(WELL, 300.0)
    assert latest.get(300.1).fault is None


def test_a_fault_that_the_main_loop_reports_stays_its_own() -> None:
    latest = LatestStatus(0.0, stale_s=2.0, boot_s=60.0)
    latest.set(replace(WELL, fault="an output failed: can"), 1.0)
    assert latest.get(2.0).fault == "an output failed: can"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (BOOTING, WELL),
        (WELL, WARNING),
        (WARNING, CRITICAL),
        (WELL, NOTICE),
        (WELL, replace(WELL, fault="loop stalled")),
        (replace(WELL, fault="loop stalled"), replace(WELL, fault="an output failed: can")),
        (status(visibility=Visibility.DARK), status(visibility=Visibility.BLOCKED)),
        (status(MICROSLEEP), status(replace(MICROSLEEP, since_ns=MICROSLEEP.since_ns + 1))),
        (status(MICROSLEEP), status(MICROSLEEP, alert(Kind.DROWSY, Level.WARNING))),
        (status(alert(Kind.DROWSY, Level.NOTICE)), status(alert(Kind.DROWSY, Level.WARNING))),
        (status(alert(Kind.ANGER, Level.NOTICE)), status(alert(Kind.DROWSY, Level.NOTICE))),
        # The fault changes what the state is called, not only the mode.
        (status(alert(Kind.ANGER, Level.NOTICE), fault="x"), status(MICROSLEEP, fault="x")),
    ],
)
def test_what_is_told_at_once(one: Status, other: Status) -> None:
    assert urgent_key(one) != urgent_key(other)
    assert hash(urgent_key(one)) is not None


@pytest.mark.parametrize(
    "measures", [{"closure_s": 9.0}, {"perclos_60s": 0.2}, {"speed_kmh": 3.0}, {"rate_hz": 5.0}, {"yawns": 2}]
)
def test_what_may_wait_for_the_heartbeat(measures: dict[str, Any]) -> None:
    assert urgent_key(status(MICROSLEEP)) == urgent_key(status(_told_anew(MICROSLEEP), uptime_ms=1, **measures))


def _told_anew(old: Alert) -> Alert:
    return replace(old, t_ns=old.t_ns + 1, evidence={"closed_s": 9.0})


@pytest.mark.parametrize(
    ("last", "now", "expected"),
    [
        (10.0, 10.01, 10.2),  # on the grid
        (10.0, 10.19, 10.2),
        (10.0, 10.2, 10.4),  # due right now: the one that was just shown
        (10.0, 10.35, 10.55),  # missed: a full heartbeat from now
        (10.2, 10.05, 10.25),  # shown early, on a change: the next one a heartbeat later
        (10.0, 10.0, 10.2),
    ],
)
def test_heartbeats_keep_their_grid(last: float, now: float, expected: float) -> None:
    assert _next_beat(last, now, 0.2) == pytest.approx(expected)
