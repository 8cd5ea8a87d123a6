"""Runs a named driver through the policy and compares the lines that came with those that were due."""

from __future__ import annotations

import bisect
import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from fermon.domain import Alert, Input, Observation, Tick
from fermon.policy import Policy, PolicySettings
from scenarios.language import Line, Part, Run, Scenario, Way, inputs

USUAL = Way(15.0)
TOLERANCE_S = 0.2  # beside the longest gap between frames at the start of the event and at the onset


@dataclass(frozen=True, slots=True)
class Result:
    """One expected line beside the measured one; None where one of them is missing."""

    scenario: str
    way: Way
    expected: Line | None
    measured_s: float | None
    tolerance_s: float
    found: str = ""  # a line that nothing asked for

    @property
    def difference_s(self) -> float | None:
        if self.expected is None or self.measured_s is None:
            return None
        return self.measured_s - self.expected.at_s

    @property
    def ok(self) -> bool:
        return self.difference_s is not None and abs(self.difference_s) <= self.tolerance_s + 1e-6


def alerts(parts: Sequence[Part], way: Way = USUAL, settings: PolicySettings | None = None) -> list[Alert]:
    """Return the alert lines of a driver, for tests."""
    policy = Policy(settings)
    return [alert for item in inputs(parts, way) for alert in policy.feed(item)]


def brief(parts: Sequence[Part], way: Way = USUAL, settings: PolicySettings | None = None) -> list[str]:
    """Return the alert lines of a driver in short, as in "+MICROSLEEP WARNING"."""
    return [f"{'+' if a.active else '-'}{a.kind.value} {a.level.name}" for a in alerts(parts, way, settings)]


def gap_at(times: Sequence[float], t: float) -> float:
    """Return the longest time between the inputs around `t`, one neighbour more on each side; at most 1 s."""
    i = bisect.bisect_left(times, t)
    near = times[max(0, i - 2) : i + 2]
    gap = max((b - a for a, b in itertools.pairwise(near)), default=0.0)
    return min(gap, 1.0)


def run(scenario: Scenario, way: Way, settings: PolicySettings | None = None) -> list[Result]:
    """Run a scenario; return each expected line with the measured one, then lines that nothing asked for.

    `settings` replaces the policy's, not the expectation's: so a changed number has to show.
    """
    fed = inputs(scenario.parts, way, scenario.name)
    return judge(scenario, way, fed, settings or scenario.settings)


def judge(scenario: Scenario, way: Way, fed: Sequence[Input], settings: PolicySettings) -> list[Result]:
    """Feed `fed` to a policy with `settings` and compare its lines with the scenario's."""
    policy = Policy(settings)
    found = [alert for item in fed for alert in policy.feed(item)]
    frames = [item.t_ns / 1e9 for item in fed if isinstance(item, Observation)]
    times = [item.t_ns / 1e9 for item in fed if isinstance(item, (Observation, Tick))]
    results = []
    for line in sorted(scenario.expected(scenario.settings, Run(way, frames)), key=lambda line: line.at_s):
        tolerance = TOLERANCE_S + max(gap_at(times, line.began_s), gap_at(times, line.at_s))
        match = next(
            (a for a in found if (a.kind, a.level, a.active) == (line.kind, line.level, line.active)),
            None,
        )
        if match is not None:
            found.remove(match)
        results.append(Result(scenario.name, way, line, match.t_ns / 1e9 if match else None, tolerance))
    for alert in found:
        text = f"{alert.kind.value} {alert.level.name} {'raised' if alert.active else 'cleared'}"
        results.append(Result(scenario.name, way, None, alert.t_ns / 1e9, 0.0, text))
    return results
