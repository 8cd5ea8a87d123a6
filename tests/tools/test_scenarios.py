"""Every named driver, however its frames come: each line on time, none missing, none extra, none repeated."""

from __future__ import annotations

import pytest

from scenarios.drivers import SCENARIOS
from scenarios.language import WAYS, Scenario, Way
from scenarios.runs import run
from timing_contract import violation


@pytest.mark.parametrize("way", WAYS, ids=str)
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda s: s.name)
def test_driver_gets_the_lines_that_are_due(scenario: Scenario, way: Way) -> None:
    assert [violation(result) for result in run(scenario, way) if not result.ok] == []


def test_names_differ() -> None:
    assert len({scenario.name for scenario in SCENARIOS}) == len(SCENARIOS)
