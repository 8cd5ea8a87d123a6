"""The demo's alerts come at their known times: for a perfect reader of the script, and for the real networks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest

from fermon.cameras.demo.camera import RATE_HZ
from fermon.cameras.demo.script import END_S, Expected, expected_alerts, moment
from fermon.domain import NS_PER_S, Alert, Box, Eyes, Face, Kind, Level, Observation, Quality
from fermon.policy import Policy
from tests.conftest import Drive


def read_perfectly(angry: float, rest: float) -> Iterator[Observation]:
    """What perfect perception would make of the script: `angry` and `rest` are p(angry) when angry and else."""
    for seq in range(round(END_S * RATE_HZ)):
        t_ns = seq * NS_PER_S // RATE_HZ
        now = moment(t_ns / NS_PER_S)
        quality = Quality(0.3, 0.5, 0.4)
        if now.away > 0.4:
            yield Observation(t_ns, seq, None, None, None, None, quality)
            continue
        p = rest + now.anger * (angry - rest)
        closed = 0.95 if now.lids >= 0.25 else 0.05
        face = Face(Box(230.0, 120.0, 180.0, 180.0), 0.9)
        yield Observation(t_ns, seq, face, (p, 0, 0, 0, 0, 0, 1 - p), Eyes(closed, closed), 0.1, quality)


def lines(alerts: Sequence[Alert]) -> str:
    return "\n".join(f"{a.t_ns / 1e9:6.2f} s {a.kind} {a.level.name} {'on' if a.active else 'off'}" for a in alerts)


def compare(alerts: Sequence[Alert]) -> None:
    """Check that `alerts` are exactly the expected ones, each line in its window."""
    said = lines(alerts)
    rest = list(alerts)

    def take(expected: Expected, active: bool, window: tuple[float, float]) -> None:
        found = next((a for a in rest if a.kind == expected.kind and a.active == active), None)
        assert found is not None, f"{expected.kind}, active {active}: expected at {window}, got\n{said}"
        assert found.level == expected.level, said
        assert window[0] <= found.t_ns / 1e9 <= window[1], f"{expected.kind} expected at {window}, got\n{said}"
        rest.remove(found)

    for expected in expected_alerts():
        take(expected, True, expected.raised_s)
        if expected.cleared_s is not None:
            take(expected, False, expected.cleared_s)
    assert rest == [], f"alerts that were not expected:\n{lines(rest)}"


@pytest.mark.parametrize(("angry", "rest"), [(0.75, 0.05), (0.75, 0.15), (0.97, 0.05), (0.97, 0.15)])
def test_a_perfect_reader_raises_the_expected_alerts(angry: float, rest: float) -> None:
    policy = Policy()
    compare([alert for observation in read_perfectly(angry, rest) for alert in policy.feed(observation)])


def test_the_real_networks_raise_the_expected_alerts(demo_drive: Drive) -> None:
    """Camera, detector, networks and policy together: nothing is faked behind the camera."""
    alerts = [
        Alert(r["t_ns"], Kind(r["kind"]), Level[r["level"]], r["active"], r["since_ns"], r["evidence"])
        for r in demo_drive.records()
        if r["type"] == "alert"
    ]
    compare(alerts)
    blind = next(alert for alert in alerts if alert.kind == Kind.UNAVAILABLE)
    assert blind.evidence["cause"] == "no face"
