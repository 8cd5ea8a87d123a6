"""`fermon report`: a recorded drive at a glance, as one page that opens offline, or as a picture."""

from __future__ import annotations

import sys
from pathlib import Path

from fermon.commandline import Parser, unwinding, wrong_usage
from fermon.config import policy_table
from fermon.errors import OutputError
from fermon.paths import expand
from fermon.report.digest import digest
from fermon.targets import over_input, write_whole

__all__ = ["main", "parser"]


def parser() -> Parser:
    """Return what reads the command's words."""
    own = Parser(
        prog="fermon report", description="Show a recorded session at a glance: timeline, alerts and why, coverage."
    )
    own.add_argument("session", type=expand, metavar="S.jsonl", help="a recorded session")
    own.add_argument(
        "-o", "--output", type=expand, metavar="FILE", help="drive.html, or drive.png with matplotlib (default: S.html)"
    )
    own.add_argument(
        "--config", type=expand, metavar="FILE", help="TOML file whose [policy] keys override the recorded ones"
    )
    return own


def main(words: list[str]) -> int:
    """Run the command; returns the exit code. Raises SessionError, ConfigError, OutputError."""
    options = parser().read(words)
    output: Path = options.output or Path(f"{options.session.stem or 'drive'}.html")
    if output.suffix not in (".html", ".png"):
        wrong_usage(f"-o: found {str(output)!r}, expected a name that ends in .html or .png", "fermon report")
    problem = over_input(output, {"the session": options.session, "the configuration": options.config})
    if problem is not None:
        raise OutputError.of([problem])
    drive = digest(options.session, policy_table(options.config))
    if output.suffix == ".png":
        from fermon.report.png import picture

        content = picture(drive)
    else:
        from fermon.report.page import page

        content = page(drive).encode("utf-8", "backslashreplace")  # names of any bytes
    try:
        with unwinding():
            write_whole(output, content)
    except OSError as error:
        raise OutputError(
            f"{output}: cannot be written: {error.strerror}", remedy="choose a writable path with -o"
        ) from None
    for line in drive.problems:
        print(line, file=sys.stderr)
    print(f"{output}: {drive.summary()}")
    return 0
