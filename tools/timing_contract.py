"""The timing contract: every named driver at every frame rate, when each alert was due and when it came.

    python tools/timing_contract.py [--json | --markdown | --update README.md | --check README.md]

Exit code 1 when a line is missing, extra, repeated or outside the tolerance, or when --check finds a stale table.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from lib import page
from scenarios.drivers import SCENARIOS
from scenarios.language import WAYS, Line, Scenario
from scenarios.runs import TOLERANCE_S, Result, run

NAME = "timing"  # of the marks in the page


def words(line: Line) -> str:
    """Return an expected line in words."""
    return f"{line.kind.value} {line.level.name} {'raised' if line.active else 'cleared'}"


def violation(result: Result) -> str:
    """Say what is wrong with a result; "" when nothing is."""
    if result.ok:
        return ""
    if result.expected is None:
        return f"not asked for: {result.found} at {result.measured_s:.2f} s"
    if result.measured_s is None:
        return f"missing: {words(result.expected)} at {result.expected.at_s:.2f} s"
    return f"{words(result.expected)}: {result.difference_s:+.2f} s, tolerance {result.tolerance_s:.2f} s"


def text(results: Sequence[Result]) -> str:
    """Return one row for each scenario, way and line."""
    rows = [f"{'scenario':33}{'frames':22}{'line':30}{'due s':>9}{'came s':>9}{'diff s':>8}{'tol s':>7}"]
    for r in results:
        if r.expected is None:
            rows.append(f"{r.scenario:33}{r.way!s:22}{r.found:30}{'-':>9}{r.measured_s:9.2f}   NOT ASKED FOR")
        elif r.measured_s is None:
            rows.append(f"{r.scenario:33}{r.way!s:22}{words(r.expected):30}{r.expected.at_s:9.2f}   MISSING")
        else:
            mark = "" if r.ok else "   LATE" if (r.difference_s or 0) > 0 else "   EARLY"
            rows.append(
                f"{r.scenario:33}{r.way!s:22}{words(r.expected):30}{r.expected.at_s:9.2f}"
                f"{r.measured_s:9.2f}{r.difference_s:+8.2f}{r.tolerance_s:7.2f}{mark}"
            )
    return "\n".join(rows)


def markdown(results: Sequence[Result], scenarios: Sequence[Scenario] = SCENARIOS) -> str:
    """Return a table with one row for each scenario and line; the differences are the worst at that frame rate."""
    rates = sorted({way.fps for way in WAYS})
    rows = [
        "| driver | alert line | due (s) | " + " | ".join(f"{fps:g} fps" for fps in rates) + " |",
        "|---|---|---:|" + "---:|" * len(rates),
    ]
    for scenario in scenarios:
        mine = [r for r in results if r.scenario == scenario.name]
        if not mine:
            rows.append(f"| {scenario.name} | *no line* | | " + " | ".join("none" for _ in rates) + " |")
        # The nth line of each kind belongs together, although a random frame loss moves when it is due.
        table: dict[tuple[str, int], dict[float, list[Result]]] = {}
        seen: dict[tuple[str, str], int] = {}
        for r in mine:
            name = words(r.expected) if r.expected else f"**{r.found}**"
            nth = seen[name, str(r.way)] = seen.get((name, str(r.way)), -1) + 1
            table.setdefault((name, nth), {}).setdefault(r.way.fps, []).append(r)
        for (name, _), by_rate in table.items():
            due = [r.expected.at_s for group in by_rate.values() for r in group if r.expected]
            when = f"{min(due):.1f}" + (f" to {max(due):.1f}" if max(due) - min(due) > 0.05 else "") if due else "-"
            rows.append(f"| {scenario.name} | {name} | {when} | " + " | ".join(_cell(by_rate, f) for f in rates) + " |")
    worst = max((abs(r.difference_s) for r in results if r.difference_s is not None), default=0.0)
    bad = sum(not r.ok for r in results)
    rows += [
        "",
        f"Each figure is the worst of three runs (steady, 20 % jitter, 10 % of the frames dropped): measured minus "
        f"due, in s. {len(results)} lines over {len(scenarios)} drivers and {len(WAYS)} ways to deliver frames; "
        f"largest difference {worst:.2f} s. Outside the tolerance ({TOLERANCE_S} s plus the longest gap between frames "
        f"at the start and at the onset), missing, extra or repeated: {bad}.",
    ]
    return "\n".join(rows)


def _cell(by_rate: dict[float, list[Result]], fps: float) -> str:
    group = by_rate.get(fps)
    if group is None:
        return "not available"  # below a measure's frame-rate floor
    if any(r.difference_s is None for r in group):
        return "**wrong**"
    worst = max((r.difference_s or 0.0 for r in group), key=abs)
    mark = "" if all(r.ok for r in group) else " **!**"
    return f"{worst:+.2f}{mark}"


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--json", action="store_true", help="one JSON object a line and run")
    how.add_argument("--markdown", action="store_true", help="the README's table")
    how.add_argument("--update", type=Path, metavar="FILE", help="put the table between the file's markers")
    how.add_argument("--check", type=Path, metavar="FILE", help="fail when the file's table is stale")
    parser.add_argument("--only", default="", metavar="WORD", help="only drivers whose name holds this")
    args = parser.parse_args(argv)
    chosen = [s for s in SCENARIOS if args.only in s.name]
    results = [r for scenario in chosen for way in WAYS for r in run(scenario, way)]
    violations, stale = [f"{r.scenario}, {r.way}: {violation(r)}" for r in results if not r.ok], 0
    if args.json:
        for r in results:
            print(json.dumps(_record(r)))
    elif args.markdown:
        print(markdown(results, chosen))
    elif args.update or args.check:
        path, table = args.update or args.check, markdown(results, chosen)
        stale = page.update_or_check(
            path, NAME, table, f"python tools/timing_contract.py --update {path}", write=bool(args.update)
        )
    else:
        print(text(results))
        print(f"{len(results)} lines, {len(chosen)} drivers, {len(WAYS)} ways, {len(violations)} violations")
    for line in violations:
        print(f"VIOLATION {line}", file=sys.stderr)
    return 1 if violations else stale


def _record(r: Result) -> dict[str, object]:
    return {
        "scenario": r.scenario,
        "frames": str(r.way),
        "line": words(r.expected) if r.expected else r.found,
        "due_s": r.expected and round(r.expected.at_s, 3),
        "came_s": r.measured_s and round(r.measured_s, 3),
        "difference_s": r.difference_s and round(r.difference_s, 3),
        "tolerance_s": round(r.tolerance_s, 3),
        "ok": r.ok,
    }


if __name__ == "__main__":
    sys.exit(main())
