"""Numbers of the policy that contradict each other are found."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from fermon.config import load, policy_table
from fermon.errors import ConfigError
from fermon.policy import PolicySettings
from fermon.policy.settings import BELOW, RELATIONS, UP_TO


def test_the_defaults_do_not_contradict_each_other() -> None:
    assert PolicySettings().problems() == []


def test_relations_name_numbers_that_there_are() -> None:
    names = {f.name for f in dataclasses.fields(PolicySettings)}
    assert {name for key, _, limit in RELATIONS for name in (key, limit)} <= names
    assert {relation for _, relation, _ in RELATIONS} == {BELOW, UP_TO}


@pytest.mark.parametrize(("key", "relation", "limit"), RELATIONS)
def test_each_contradiction_is_named(key: str, relation: str, limit: str) -> None:
    usual = PolicySettings()
    allowed = getattr(usual, limit)
    same = dataclasses.replace(usual, **{key: allowed})
    above = dataclasses.replace(usual, **{key: allowed + 1})
    told = f"policy.{key}: found {allowed:g}, expected {relation} {limit} ({allowed:g})" in map(str, same.problems())
    assert told == (relation == BELOW)
    assert f"policy.{key}: found {allowed + 1:g}, expected {relation} {limit} ({allowed:g})" in map(
        str, above.problems()
    )


def test_the_configuration_is_checked(tmp_path: Path) -> None:
    path = tmp_path / "fermon.toml"
    path.write_text("[policy]\nmicrosleep_closed_s = 4\nslow_hz = 6\n")
    with pytest.raises(ConfigError) as error:
        load(path)
    assert str(error.value).splitlines() == [
        f"{path}: policy.microsleep_closed_s: found 4, expected less than asleep_closed_s (3)",
        f"{path}: policy.closure_floor_hz: found 8, expected at most slow_hz (6)",
    ]


def test_each_number_is_checked_first(tmp_path: Path) -> None:
    path = tmp_path / "fermon.toml"
    path.write_text("[policy]\nmicrosleep_closed_s = 4\nslow_hz = -6\n")
    with pytest.raises(ConfigError, match="slow_hz: found -6"):
        load(path)


def test_what_goes_over_recorded_settings_may_be_right_with_them(tmp_path: Path) -> None:
    path = tmp_path / "fermon.toml"
    path.write_text("[policy]\nmicrosleep_closed_s = 4\n")
    assert policy_table(path) == {"microsleep_closed_s": 4}
