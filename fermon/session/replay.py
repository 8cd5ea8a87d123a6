"""Replay: a recorded session through the policy, alert lines out."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TextIO

from fermon.commandline import Parser
from fermon.config import policy_table
from fermon.domain import Alert
from fermon.errors import Problem
from fermon.paths import expand
from fermon.policy import Policy, PolicySettings
from fermon.schema import read
from fermon.session.format import encode
from fermon.session.reading import SessionReader
from fermon.words import alert_text


def recorded_policy_table(header: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the `policy` table of the configuration that a session's header recorded; empty without one."""
    config = header.get("config")
    table = config.get("policy") if isinstance(config, Mapping) else None
    return table if isinstance(table, Mapping) else {}


def policy_settings(
    header: Mapping[str, Any], config: Mapping[str, Any] | None = None
) -> tuple[PolicySettings, list[Problem]]:
    """Return the settings of a replay, and what could not be used of the recorded ones.

    Defaults, then the configuration recorded in the header, then `config` (a TOML `[policy]` table, already checked
    by whoever read it).
    """
    problems: list[Problem] = []
    table = {**recorded_policy_table(header), **(config or {})}
    return read(PolicySettings, table, "header.config.policy", problems), problems


def alerts(reader: SessionReader, policy: Policy) -> Iterator[Alert]:
    """Yield the alert lines that `policy` raises over the session."""
    for item in reader:
        yield from policy.feed(item)


def replay(
    path: Path | str,
    config: Mapping[str, Any] | None = None,
    out: TextIO | None = None,
    messages: TextIO | None = None,
    show: Callable[[Alert], str] = encode,
) -> int:
    """Print the alert lines of a session, each as `show` gives it; return how many. `config` overrides the recorded
    policy.

    Only alert lines go to `out` (standard output); what could not be used goes to `messages` (standard error).
    Raises SessionError when the file is no session.
    """
    out, messages = out or sys.stdout, messages or sys.stderr
    count = 0
    with SessionReader(path) as reader:
        settings, problems = policy_settings(reader.header, config)
        for problem in problems:
            print(f"{reader.name}: {problem}", file=messages)
        policy = Policy(settings)
        for alert in alerts(reader, policy):
            print(show(alert), file=out)
            count += 1
        for line in reader.problems:
            print(line, file=messages)
        not_used = reader.not_used + Counter(policy.state.not_used)
        if not_used:
            causes = ", ".join(f"{cause} {n}" for cause, n in sorted(not_used.items()))
            print(f"{reader.name}: could not use: {causes}", file=messages)
    return count


def parser() -> Parser:
    """Return what reads the command's words."""
    own = Parser(
        prog="fermon replay", description="Run the policy over a recorded session and print the alerts it raises."
    )
    own.add_argument("session", type=expand, metavar="S.jsonl", help="a recorded session")
    own.add_argument("--json", action="store_true", help="alert lines as in a session, nothing else")
    own.add_argument(
        "--config", type=expand, metavar="FILE", help="TOML file whose [policy] keys override the recorded ones"
    )
    return own


def main(words: list[str]) -> int:
    """Run the command; returns the exit code. Raises SessionError, ConfigError."""
    options = parser().read(words)
    table = policy_table(options.config)
    if options.json:
        replay(options.session, table)
        return 0
    with SessionReader(options.session) as reader:
        start_ns = next((item.t_ns for item in reader), 0)
    count = replay(options.session, table, show=lambda alert: alert_text(alert, start_ns))
    print(f"{count} alert lines")
    return 0
