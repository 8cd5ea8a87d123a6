"""`fermon doctor`: is everything here that a drive needs? Each line is OK, a warning or a fault, with the remedy."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from fermon.commandline import Parser
from fermon.config import Config, load
from fermon.doctor.camera import check_camera
from fermon.doctor.finding import Finding, Verdict, fault, faults, ok
from fermon.doctor.host import check_host
from fermon.doctor.models import check_models
from fermon.doctor.outputs import check_outputs
from fermon.errors import EXIT_CONFIG, EXIT_DEVICE, ConfigError
from fermon.paths import expand

__all__ = ["main", "parser"]

COLOURS = {Verdict.OK: "32", Verdict.WARNING: "33", Verdict.FAULT: "31"}


def parser() -> Parser:
    """Return what reads the command's words."""
    own = Parser(
        prog="fermon doctor",
        description="Check configuration, models, camera, outputs and machine; say what is wrong and what to do.",
        epilog="Exit codes: 0 no fault (perhaps warnings); 69 a fault; 78 the configuration or a model is at fault.",
    )
    own.add_argument("--config", metavar="FILE", type=expand, help="TOML file (default: the defaults)")
    own.add_argument("--camera", metavar="SOURCE", help="check this camera instead of the configured one")
    own.add_argument(
        "--test-outputs", action="store_true", help="sound the buzzer, light the lamp, send one frame and one sentence"
    )
    own.add_argument("--json", action="store_true", help="print one JSON object")
    return own


def main(words: list[str]) -> int:
    """Run the command; returns 0 when nothing is at fault (warnings apart), else 69 or 78."""
    options = parser().read(words)
    findings: list[Finding] = []
    for finding in examine(options.config, options.camera, options.test_outputs):
        findings.append(finding)
        if not options.json:
            print(line(finding, sys.stdout.isatty()), flush=True)
    counts = {verdict: sum(f.verdict is verdict for f in findings) for verdict in Verdict}
    if options.json:
        summary = {verdict.value: n for verdict, n in counts.items()}
        print(json.dumps({"findings": [finding.fields() for finding in findings], "summary": summary}))
    else:
        told = ", ".join(f"{n} {verdict.value}" for verdict, n in counts.items() if n)
        print(f"\n{told}" + ("" if counts[Verdict.FAULT] else "; nothing at fault"))
    if not counts[Verdict.FAULT]:
        return 0
    own = any(f.verdict is Verdict.FAULT and f.area in ("config", "models") for f in findings)
    return EXIT_CONFIG if own else EXIT_DEVICE


def line(finding: Finding, colour: bool) -> str:
    """Return a finding for people: verdict, area, what was found; the remedy on a line of its own."""
    word = f"{finding.verdict.value.upper():<8}"
    if colour:
        word = f"\x1b[{COLOURS[finding.verdict]}m{word}\x1b[0m"
    text = f"{word}{finding.area:<9}{finding.text}"
    return f"{text}\n{'':17}-> {finding.remedy}" if finding.remedy else text


def examine(path: Path | None, source: str | None, test_outputs: bool) -> Iterator[Finding]:
    """Yield the findings one by one, as they are made. A check that breaks is itself a finding."""
    try:
        config = load(path)
        yield ok("config", f"{path or 'defaults'}: good")
    except ConfigError as error:
        config = Config()
        yield from faults("config", error, "correct it; the checks below use the defaults")
    camera = source or config.camera.source
    checks: tuple[tuple[str, Callable[[], Iterator[Finding]]], ...] = (
        ("machine", lambda: check_host(config)),
        ("models", lambda: check_models(config)),
        ("camera", lambda: check_camera(config, camera)),
        ("outputs", lambda: check_outputs(config.outputs, test_outputs)),
    )
    for area, check in checks:
        try:
            yield from check()
        except Exception as error:  # a doctor that dies tells nothing about the rest
            yield fault(area, f"the check itself failed: {error!r}", "report this as a bug of fermon")
