"""The timing table: what it prints, and that it notices what is wrong."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import timing_contract
from fermon.domain import Kind
from fermon.policy import PolicySettings
from scenarios.drivers import SCENARIOS
from scenarios.language import Line, Scenario, Way, on
from scenarios.runs import run

MICROSLEEP = next(s for s in SCENARIOS if s.name == "microsleep")


def test_prints_a_row_for_each_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert timing_contract.main(["--only", "microsleep"]) == 0
    rows = capsys.readouterr().out.splitlines()
    assert len(rows) == 1 + 9 * 2 + 1
    assert rows[-1] == "18 lines, 1 drivers, 9 ways, 0 violations"


def test_prints_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert timing_contract.main(["--only", "microsleep", "--json"]) == 0
    records = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {r["line"] for r in records} == {"MICROSLEEP WARNING raised", "MICROSLEEP WARNING cleared"}
    assert all(r["ok"] and abs(r["difference_s"]) <= r["tolerance_s"] for r in records)


def test_updates_and_checks_a_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = tmp_path / "README.md"
    page.write_text("before\n<!-- timing:begin -->\nold\n<!-- timing:end -->\nafter\n")
    assert timing_contract.main(["--only", "winks", "--check", str(page)]) == 1
    assert "stale" in capsys.readouterr().err
    assert timing_contract.main(["--only", "winks", "--update", str(page)]) == 0
    assert timing_contract.main(["--only", "winks", "--check", str(page)]) == 0
    text = page.read_text()
    assert text.startswith("before\n") and text.endswith("after\n") and "| winks | *no line* |" in text


def test_page_without_markers_is_a_violation(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = tmp_path / "README.md"
    page.write_text("nothing here\n")
    assert timing_contract.main(["--only", "winks", "--update", str(page)]) == 1
    assert "expected both marks" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("expected", "wrong"),
    [
        ([], "not asked for"),
        ([on(Kind.MICROSLEEP, 20, 1.9)], "MICROSLEEP WARNING raised: -0."),
        ([on(Kind.ASLEEP, 20, 3.0)], "missing: ASLEEP CRITICAL raised"),
    ],
)
def test_notices_what_is_wrong(expected: list[Line], wrong: str) -> None:
    scenario = Scenario("wrong", MICROSLEEP.parts, lambda s, w: expected)
    violations = [timing_contract.violation(r) for r in run(scenario, Way())]
    assert any(v.startswith(wrong) for v in violations)


def test_wrong_lines_show_in_both_tables() -> None:
    scenario = Scenario("wrong", MICROSLEEP.parts, lambda s, w: [on(Kind.ASLEEP, 20, 3.0)])
    results = run(scenario, Way())
    assert "MISSING" in timing_contract.text(results) and "NOT ASKED FOR" in timing_contract.text(results)
    assert "**wrong**" in timing_contract.markdown(results, [scenario])


def test_a_repeated_line_is_a_violation() -> None:
    settings = PolicySettings()
    twice = Scenario("twice", [*MICROSLEEP.parts, *MICROSLEEP.parts], MICROSLEEP.expected, settings)
    assert [r.ok for r in run(twice, Way())] == [True, True, False, False]
