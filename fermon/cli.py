"""The command line.

Exit codes: 0 well, and after the end of a clip or the demo; 1 a bug; 2 wrong usage; 65 a session that cannot be read;
69 the camera or the recording could not be opened; 78 the configuration or a model cannot be used.
"""

from __future__ import annotations

import argparse
import contextlib
import logging
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from fermon import __version__
from fermon.errors import ConfigError, DeviceError, FermonError, ModelError, SessionError

if TYPE_CHECKING:
    from fermon.views.preview.address import Address

EXIT_DATA, EXIT_DEVICE, EXIT_CONFIG = 65, 69, 78


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    words = sys.argv[1:] if arguments is None else arguments
    command = _COMMANDS.get(words[0]) if words else None
    try:
        return command(words[1:]) if command else _watch(words)
    except (ConfigError, ModelError) as error:
        return _fail(error, EXIT_CONFIG)
    except SessionError as error:
        return _fail(error, EXIT_DATA)
    except DeviceError as error:
        return _fail(error, EXIT_DEVICE)
    except BrokenPipeError:
        # The reader of our standard output has gone (`| head`): nothing to say, nobody to say it to.
        with contextlib.suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 0


def _fail(error: FermonError, code: int) -> int:
    for line in str(error).splitlines():
        print(f"fermon: {line}", file=sys.stderr)
    return code


def _watch_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="fermon",
        description="Watch the driver through a camera and warn. Other commands: fermon replay, report, doctor",
        epilog="Exit codes: " + (__doc__ or "").split("Exit codes: ")[1].replace("\n", " "),
    )
    parser.add_argument("--camera", metavar="SOURCE", help="/dev/video0, 0, picamera, a video file, or demo")
    parser.add_argument("--config", metavar="FILE", type=Path, help="TOML file; every key: fermon --default-config")
    parser.add_argument("--check-config", action="store_true", help="check the configuration and exit")
    parser.add_argument("--default-config", action="store_true", help="print the default configuration and exit")
    parser.add_argument("--record", metavar="S.jsonl", type=Path, help="record observations and alerts (no pictures)")
    parser.add_argument(
        "--preview",
        metavar="ADDRESS:PORT",
        nargs="?",
        const="127.0.0.1:8765",
        type=_address,
        help="serve a page with the live picture (default: %(const)s, this machine only)",
    )
    parser.add_argument("--pace", choices=("real", "max"), default="real", help="of a clip or the demo")
    parser.add_argument("--json", action="store_true", help="JSON lines on standard output")
    parser.add_argument("--version", action="version", version=f"fermon {__version__}")
    return parser


def _address(text: str) -> Address:
    from fermon.views.preview.address import parse

    try:
        return parse(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _watch(words: list[str]) -> int:
    options = _watch_parser().parse_args(words)
    if options.default_config:
        print((Path(__file__).parent / "default.toml").read_text(encoding="utf-8"), end="")
        return 0
    from fermon.config import load

    config = load(options.config)
    if options.check_config:
        print(f"{options.config or 'defaults'}: the configuration is good")
        return 0
    from fermon.watch import watch

    return watch(config, options)


def _replay(words: list[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="fermon replay", description="Run the policy over a recorded session and print the alerts it raises."
    )
    parser.add_argument("session", type=Path)
    parser.add_argument("--json", action="store_true", help="alert lines as in a session, nothing else")
    parser.add_argument("--config", type=Path, help="TOML file whose [policy] goes over the recorded one")
    options = parser.parse_args(words)
    from fermon.config import load, read_tables
    from fermon.session.replay import replay

    load(options.config)  # all problems at once
    table = read_tables(options.config).get("policy", {}) if options.config else None
    if options.json:
        replay(options.session, table)
        return 0
    from fermon.words import alert_text
    from fermon.session.format import SessionReader

    with SessionReader(options.session) as reader:
        start_ns = next((item.t_ns for item in reader), 0)
    count = replay(options.session, table, show=lambda alert: alert_text(alert, start_ns))
    print(f"{count} alert lines")
    return 0


def _report(words: list[str]) -> int:
    from fermon.report import main as report

    return report(words)


def _doctor(words: list[str]) -> int:
    from fermon.doctor import main as doctor

    return doctor(words)


_COMMANDS = {"replay": _replay, "report": _report, "doctor": _doctor}


def logging_to_stderr(under_systemd: bool) -> None:
    """Lines on standard error; under systemd the journal adds the time, and <N> gives the priority (sd-daemon(3))."""
    handler = logging.StreamHandler()
    if under_systemd:
        handler.setFormatter(logging.Formatter("<%(priority)d>%(message)s"))
        priorities = {logging.DEBUG: 7, logging.INFO: 6, logging.WARNING: 4, logging.ERROR: 3, logging.CRITICAL: 2}

        def add_priority(record: logging.LogRecord) -> bool:
            record.priority = priorities.get(record.levelno, 5)
            return True

        handler.addFilter(add_priority)
    logging.basicConfig(level=logging.INFO, handlers=[handler])


if __name__ == "__main__":
    sys.exit(main())
