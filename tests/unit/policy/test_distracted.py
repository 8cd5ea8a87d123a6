"""The rows of DISTRACTED, on measures that are made up. Times in seconds."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from fermon.policy.distracted import away_often, distracted_evidence, forward_for, turned_away
from fermon.policy.measures import Measures
from fermon.policy.settings import PolicySettings, ns


def measures(kmh: float = 60.0, available: bool = True, angles: Any = None, **seconds: float) -> Measures:
    """What the rows read, at 100 s."""
    times = {"seen_away": 0.0, "away": 0.0, "away_sum": 0.0, "forward": 0.0} | seconds
    attention = SimpleNamespace(**{f"{name}_ns": ns(value) for name, value in times.items()})
    head = SimpleNamespace(attention=attention, angles=angles, lowered=SimpleNamespace(on=True))
    speed = SimpleNamespace(at_least=lambda limit: kmh >= limit)
    found = SimpleNamespace(
        settings=PolicySettings(), now_ns=ns(100), head=head, speed=speed, attention_available=available
    )
    return cast(Measures, found)


@pytest.mark.parametrize(
    ("kmh", "seen_s", "due"), [(50, 3.5, True), (50, 3.49, False), (49.9, 6.0, True), (49.9, 5.99, False)]
)
def test_away_without_a_break(kmh: float, seen_s: float, due: bool) -> None:
    assert turned_away(measures(kmh, seen_away=seen_s, away=seen_s + 1)) == (ns(99 - seen_s) if due else None)
    assert turned_away(measures(kmh, available=False, seen_away=seen_s)) is None


def test_away_often() -> None:
    assert away_often(measures(away_sum=10)) == ns(100)
    assert away_often(measures(away_sum=9.99)) is None
    assert away_often(measures(away_sum=10, available=False)) is None


def test_forward_for() -> None:
    until = forward_for(lambda s: s.distracted_warning_clear_s)
    assert until(measures(forward=1.0))
    assert not until(measures(forward=0.99))


def test_evidence() -> None:
    told = distracted_evidence(measures(away=3.6, away_sum=4.5, forward=0.25, angles=(31.26, -2.04)))
    assert told == {
        "away_s": 3.6,
        "away_sum_s": 4.5,
        "away_window_s": 30.0,
        "forward_s": 0.25,
        "head_yaw_deg": 31.3,
        "head_pitch_deg": -2.0,
        "lowered": True,
    }
    hidden = distracted_evidence(measures())
    assert (hidden["head_yaw_deg"], hidden["head_pitch_deg"]) == (None, None)
