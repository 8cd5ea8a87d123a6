"""A session's header may hold anything: what cannot be used of its configuration is told, and the defaults are used."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fermon.cli import main
from fermon.policy import PolicySettings
from fermon.session.replay import policy_settings

HUGE = 10**400


def replayed(path: Path, header: str, capsys: pytest.CaptureFixture[str], command: str = "replay") -> list[str]:
    """Return the lines of standard error of a replay that succeeds."""
    path.write_bytes(header.encode("utf-8", "surrogatepass") + b'\n{"type":"tick","t_ns":0}\n')
    code = main([command, str(path), *(["-o", str(path.with_suffix(".html"))] if command == "report" else [])])
    out, err = capsys.readouterr()
    assert code == 0 and out
    assert all(line.isprintable() and len(line) < 400 for line in err.splitlines())
    return err.splitlines()


@pytest.mark.parametrize(
    ("table", "says"),
    [
        ({"asleep_closed_s": HUGE}, "asleep_closed_s: found a number of about 400 digits, expected a number"),
        ({"drowsy_notice_yawns": HUGE}, "found a number of about 400 digits, expected 1 to 100 times"),
        ({"drowsy_notice_yawns": -HUGE}, "found a number of about 400 digits, expected 1 to 100 times"),
        ({"asleep_closed_s": float("nan")}, "asleep_closed_s: found nan, expected 0 to 3600 s"),
        ({"asleep_closed_s": float("inf")}, "asleep_closed_s: found inf"),
        ({"asleep_closed_s": None}, "asleep_closed_s: found None, expected a number"),
        ({"asleep_closed_s": [[[]]]}, "asleep_closed_s: found a list of 1"),
        ({"asleep_closed_s": {"a": {}}}, "asleep_closed_s: found a table"),
        ({"profile": "\ud800"}, r"profile: found '\ud800', expected one of 'private', 'fleet'"),
        ({"pro\nfile\ud800": 1}, r"pro\nfile\ud800: no such key"),
        ({"x" * 10_000: 1}, "xxx: no such key"),
    ],
)
@pytest.mark.parametrize("command", ["replay", "report"])
def test_a_wrong_value_is_told_and_the_default_is_used(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], table: dict[str, Any], says: str, command: str
) -> None:
    header = {"type": "session", "version": 1, "fermon": "\ud800", "config": {"policy": {"slow_s": 7, **table}}}
    [line] = replayed(tmp_path / "s.jsonl", json.dumps(header), capsys, command)
    assert line.startswith(f"{tmp_path}/s.jsonl: header.config.policy.") and says in line
    settings, _ = policy_settings(header)
    assert settings == PolicySettings(slow_s=7.0)


NONE: list[Any] = [None, 3, [], "x", {"policy": None}, {"policy": [1]}, {"policy": "x"}, {"camera": HUGE}]


@pytest.mark.parametrize("config", NONE)
@pytest.mark.parametrize("command", ["replay", "report"])
def test_a_configuration_that_is_none_is_as_good_as_none(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], config: Any, command: str
) -> None:
    header = {"type": "session", "version": 1, "config": config, "models": config, "started": config, "fermon": config}
    replayed(tmp_path / "s.jsonl", json.dumps(header), capsys, command)


@pytest.mark.parametrize(
    "text", ["[" * 100_000, '{"a":' * 100_000, "9" * 5000, '{"type":"session","version":' + "9" * 400 + "}"]
)
def test_what_is_no_header_is_exit_65_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str
) -> None:
    (tmp_path / "s.jsonl").write_text(text + "\n")
    assert main(["replay", str(tmp_path / "s.jsonl")]) == 65
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith(f"fermon: {tmp_path}/s.jsonl: ") and line.isprintable()


VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.just(HUGE) | st.floats() | st.text(),
    lambda part: st.lists(part, max_size=3) | st.dictionaries(st.text(max_size=5), part, max_size=3),
    max_leaves=5,
)
KEYS = st.sampled_from([*PolicySettings.__dataclass_fields__, "x", ""])


@given(st.dictionaries(KEYS, VALUES, max_size=4))
def test_any_recorded_policy_gives_settings_that_can_be_used(table: dict[str, Any]) -> None:
    settings, problems = policy_settings({"config": {"policy": table}})
    assert len(problems) <= len(table)
    assert all(str(problem).isprintable() and len(str(problem)) < 300 for problem in problems)
    used = {key: getattr(settings, key) for key in table if hasattr(settings, key)}
    assert policy_settings({"config": {"policy": used}}) == (settings, [])
