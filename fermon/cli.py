"""The command line."""

from __future__ import annotations

import argparse
import contextlib
import errno
import io
import os
import sys
from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple

from fermon import __version__
from fermon.commandline import Parser, wrong_usage
from fermon.errors import FermonError, OutputError
from fermon.paths import expand

if TYPE_CHECKING:
    from fermon.views.preview.address import Address


class Command(NamedTuple):
    """A module with `parser()` and `main(words) -> exit code`, imported when it is asked for; and what it is for."""

    module: str
    summary: str


COMMANDS = {
    "replay": Command("fermon.session.replay", "run the policy over a recorded session"),
    "report": Command("fermon.report", "show a recorded session at a glance, as one page"),
    "doctor": Command("fermon.doctor", "check camera, models, outputs and machine, and name the remedies"),
}
EXAMPLES = """\
examples:
  fermon --camera demo                           watch a simulated driver; no camera needed
  fermon --camera 0 --preview                    watch through /dev/video0, with a page to look at
  fermon --camera clip.mp4 --pace max --record drive.jsonl
  fermon replay drive.jsonl                      the alerts of that drive
  fermon --config fermon.toml --check-config     every mistake in it at once
  fermon doctor --config fermon.toml             is everything there that a drive needs?
  fermon --completion bash > ~/.local/share/bash-completion/completions/fermon
                                                 completion by TAB (pip install 'fermon[completion]')
"""
EXIT_CODES = """\
exit codes: 0 success, also at the end of a clip or the demo; 1 a bug; 2 wrong usage; 65 a session that cannot be read;
  69 the camera or the recording could not be opened; 78 the configuration or a model cannot be used; 130 interrupted
  before the start"""


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    words = sys.argv[1:] if arguments is None else arguments
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # names of any bytes, and terminals that know few letters
    try:
        try:
            return _run(words)
        finally:
            if sys.stdout is not None:
                sys.stdout.flush()
    except FermonError as error:
        return _told(error)
    except KeyboardInterrupt:
        print("fermon: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # The reader of our standard output has gone (`| head`): nothing to say, nobody to say it to.
        _drop_output()
        return 0
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EIO) or error.filename is not None:
            raise
        _drop_output()
        return _told(OutputError(f"standard output: {error.strerror}"))


def _told(error: FermonError) -> int:
    for line in str(error).splitlines():
        print(f"fermon: {line}", file=sys.stderr)
    return error.exit_code


def _drop_output() -> None:
    """Let what is still buffered go nowhere, where the interpreter's end would complain about it."""
    with contextlib.suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def _run(words: list[str]) -> int:
    if words and words[0] == "help":
        if not words[1:]:
            return _watch(["--help"])
        return _run([words[1], "--help"])
    if words and words[0] in COMMANDS:
        return int(import_module(COMMANDS[words[0]].module).main(words[1:]))
    if words and not words[0].startswith("-"):
        wrong_usage(_no_command(words[0]))
    return _watch(words)


def _no_command(word: str) -> str:
    """Say that `word` is no command, and what may have been meant."""
    from fermon.schema import near

    options = list(_watch_parser()._option_string_actions)
    if word.endswith(".jsonl"):
        meant = f"did you mean 'fermon replay {word}'?"
    elif word.endswith(".toml"):
        meant = f"did you mean 'fermon --config {word}'?"
    elif word in ("demo", "picamera") or word.isdigit() or word.startswith("/dev/") or expand(word).is_file():
        meant = f"did you mean 'fermon --camera {word}'?"
    else:
        meant = near(word, [*COMMANDS, "help"]) or near(f"--{word}", options) or f"there are {', '.join(COMMANDS)}"
    return f"{word!r}: no such command; {meant}"


def _watch_parser() -> Parser:
    several = "\n".join(f"  fermon {name:<10}{command.summary}" for name, command in COMMANDS.items())
    parser = Parser(
        prog="fermon",
        description=f"Watch the driver through a camera and warn.\n\nother commands (fermon help COMMAND):\n{several}",
        epilog=f"{EXAMPLES}\n{EXIT_CODES}",
    )
    parser.add_argument(
        "--camera", metavar="SOURCE", type=_source, help="/dev/video0, 0, picamera, a video file, or demo"
    )
    parser.add_argument("--list-cameras", action="store_true", help="list the cameras of this machine and exit")
    parser.add_argument("--config", metavar="FILE", type=expand, help="TOML file; every key: fermon --default-config")
    parser.add_argument("--check-config", action="store_true", help="check the configuration and exit")
    parser.add_argument("--default-config", action="store_true", help="print the default configuration and exit")
    parser.add_argument("--record", metavar="S.jsonl", type=expand, help="record observations and alerts (no pictures)")
    parser.add_argument(
        "--preview",
        metavar="ADDRESS:PORT",
        nargs="?",
        const="127.0.0.1:8765",
        type=_address,
        help="serve a page with the live picture (default: %(const)s, this machine only)",
    )
    parser.add_argument(
        "--pace",
        choices=("real", "max"),
        default="real",
        help="play a clip or the demo in real time, or as fast as it can be read (default: real)",
    )
    parser.add_argument("--fps", metavar="N", type=_rate, help="frames a second of a clip that does not state its own")
    parser.add_argument("--json", action="store_true", help="print JSON lines")
    parser.add_argument(
        "--completion",
        metavar="SHELL",
        choices=("bash", "zsh", "tcsh"),
        help="print the completion script of this shell and exit",
    )
    parser.add_argument("--version", action="version", version=f"fermon {__version__}")
    return parser


def _source(text: str) -> str:
    if not text:
        raise argparse.ArgumentTypeError("found nothing, expected /dev/video0, 0, picamera, a video file, or demo")
    return text


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
    options = _watch_parser().read(words)
    if options.default_config:
        from fermon.defaults import default_toml

        print(default_toml(), end="")
        return 0
    if options.completion:
        return _print_completion(options.completion)
    if options.list_cameras:
        return _list_cameras()
    from fermon.config import load

    if options.check_config:
        return _check_config(options)
    config = load(options.config)
    from fermon.watch import watch

    return watch(config, options)


def _check_config(options: argparse.Namespace) -> int:
    """Say everything at once that a run with these options would find wrong. Raises ConfigError."""
    from dataclasses import replace

    from fermon.check import problems
    from fermon.config import read_config
    from fermon.errors import ConfigError
    from fermon.watch import check_targets

    name = str(options.config or "defaults")
    config, wrong = read_config(options.config)
    if options.camera:
        config = replace(config, camera=replace(config.camera, source=options.camera))
    if options.record:
        config = replace(config, session=replace(config.session, file=str(options.record)))
    wrong += [problem.inside(name) for problem in problems(config)]
    try:
        check_targets(config, options)
    except OutputError as error:
        wrong += [problem.inside(name) for problem in error.problems]
    if wrong:
        raise ConfigError.of(wrong)
    print(f"{name}: the configuration is good")
    return 0


def _list_cameras() -> int:
    from fermon.cameras.listing import list_cameras
    from fermon.cameras.nodes import listing

    print("\n".join(list_cameras()) or listing())
    return 0


def _print_completion(shell: str) -> int:
    from fermon.completion import script

    commands = {name: import_module(command.module).parser() for name, command in COMMANDS.items()}
    print(script(shell, _watch_parser(), commands))
    return 0


if __name__ == "__main__":
    sys.exit(main())
