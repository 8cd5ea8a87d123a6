"""The command line."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from fermon import __version__
from fermon.errors import FermonError

if TYPE_CHECKING:
    from fermon.views.preview.address import Address

# Command -> the module whose `main(words) -> exit code` runs it; imported when it is asked for.
COMMANDS = {"replay": "fermon.session.replay", "report": "fermon.report", "doctor": "fermon.doctor"}
EXIT_CODES = """Exit codes: 0 well, and after the end of a clip or the demo; 1 a bug; 2 wrong usage; 65 a session that \
cannot be read; 69 the camera or the recording could not be opened; 78 the configuration or a model cannot be used."""


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    words = sys.argv[1:] if arguments is None else arguments
    try:
        if words and words[0] in COMMANDS:
            return int(import_module(COMMANDS[words[0]]).main(words[1:]))
        return _watch(words)
    except FermonError as error:
        for line in str(error).splitlines():
            print(f"fermon: {line}", file=sys.stderr)
        return error.exit_code
    except BrokenPipeError:
        # The reader of our standard output has gone (`| head`): nothing to say, nobody to say it to.
        with contextlib.suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 0


def _watch_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="fermon",
        description=f"Watch the driver through a camera and warn. Other commands: fermon {', '.join(COMMANDS)}",
        epilog=EXIT_CODES,
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
    parser.add_argument("--fps", metavar="N", type=_rate, help="frames a second, for a clip that does not say its own")
    parser.add_argument("--json", action="store_true", help="JSON lines on standard output")
    parser.add_argument("--version", action="version", version=f"fermon {__version__}")
    return parser


def _address(text: str) -> Address:
    from fermon.views.preview.address import parse

    try:
        return parse(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _rate(text: str) -> float:
    """Return frames a second. Raises ArgumentTypeError."""
    with contextlib.suppress(ValueError):
        if 0.1 <= float(text) <= 1000:
            return float(text)
    raise argparse.ArgumentTypeError(f"found {text!r}, expected 0.1 to 1000 frames a second")


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


if __name__ == "__main__":
    sys.exit(main())
