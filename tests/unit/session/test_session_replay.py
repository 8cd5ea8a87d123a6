"""Replay: the same lines as while driving, nothing else on standard output."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

from fermon.domain import Alert
from fermon.policy import Policy
from fermon.session.format import encode, encode_header
from fermon.session.replay import policy_settings, replay
from scenarios.drivers import SCENARIOS
from scenarios.language import Part, Way, inputs

ASLEEP = [Part(10), Part(4, eyes="closed"), Part(5)]


def recorded(path: Path, parts: Any, config: dict[str, Any] | None = None, with_alerts: bool = True) -> list[Alert]:
    """Write a session as the daemon does; return the alerts of the drive."""
    header = {} if config is None else {"config": config}
    policy = Policy(policy_settings(header)[0])
    found = []
    with path.open("w", encoding="utf-8") as file:
        print(encode_header(header), file=file)
        for item in inputs(parts, Way(15, jitter=0.2)):
            print(encode(item), file=file)
            for alert in policy.feed(item):
                found.append(alert)
                if with_alerts:
                    print(encode(alert), file=file)
    return found


def replayed(path: Path, config: dict[str, Any] | None = None) -> tuple[list[dict[str, Any]], str]:
    out, messages = io.StringIO(), io.StringIO()
    count = replay(path, config, out, messages)
    lines = [json.loads(line) for line in out.getvalue().splitlines()]
    assert len(lines) == count
    return lines, messages.getvalue()


@pytest.mark.parametrize("scenario", [s for s in SCENARIOS if s.length_s < 100], ids=lambda s: s.name)
def test_replaying_gives_the_same_alerts(tmp_path: Path, scenario: Any) -> None:
    path = tmp_path / "S.jsonl"
    config = {"policy": {"profile": scenario.settings.profile}}
    alerts = recorded(path, scenario.parts, config)
    lines, messages = replayed(path)
    assert lines == [json.loads(encode(alert)) for alert in alerts]
    assert messages == ""


def test_recorded_alerts_are_ignored(tmp_path: Path) -> None:
    with_alerts, without = tmp_path / "a.jsonl", tmp_path / "b.jsonl"
    recorded(with_alerts, ASLEEP)
    recorded(without, ASLEEP, with_alerts=False)
    assert replayed(with_alerts) == replayed(without) != ([], "")


def test_the_recorded_configuration_counts_and_the_given_one_goes_over_it(tmp_path: Path) -> None:
    path = tmp_path / "S.jsonl"
    recorded(path, ASLEEP, {"policy": {"microsleep_closed_s": 2.5, "asleep_closed_s": 3.5}, "camera": {"fps": 15}})

    lines, _ = replayed(path)
    assert [line["evidence"]["closed_s"] for line in lines if line["active"]] == pytest.approx([2.5, 3.5], abs=0.1)
    lines, _ = replayed(path, {"microsleep_closed_s": 1.0})
    assert [line["evidence"]["closed_s"] for line in lines if line["active"]] == pytest.approx([1.0, 3.5], abs=0.1)


def test_what_could_not_be_used_is_told_on_the_other_stream(tmp_path: Path) -> None:
    path = tmp_path / "S.jsonl"
    path.write_text(
        encode_header({"config": {"policy": {"mikrosleep": 1, "asleep_closed_s": "long"}}})
        + '\n{"type":"speed","t_ns":1,"kmh":-1}\n{\n{"type":"speed","t_ns":1,"kmh":5}\n{"type":"hm"}\n{"type":"ti'
    )
    lines, messages = replayed(path)
    assert lines == []
    assert "header.config.policy.mikrosleep: no such key" in messages
    assert "header.config.policy.asleep_closed_s: found 'long', expected a number" in messages
    assert "line 3 is no JSON object" in messages and "line 6, the last one, is cut off" in messages
    assert "could not use: broken line 1, speed 1, time not increasing 1, truncated line 1, unknown type 1" in messages


def test_a_header_needs_only_type_and_version(tmp_path: Path) -> None:
    assert policy_settings({"type": "session", "version": 1})[0] == Policy().settings
    assert policy_settings({"config": None})[0] == policy_settings({"config": {"policy": 3}})[0] == Policy().settings
