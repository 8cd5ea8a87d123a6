"""Shell completion: a script that the shell reads once, so that a press of TAB never starts fermon."""

from __future__ import annotations

import argparse
from collections.abc import Mapping

from fermon.errors import DeviceError
from fermon.paths import expand

SHELLS = ("bash", "zsh", "tcsh")


def script(shell: str, watch: argparse.ArgumentParser, commands: Mapping[str, argparse.ArgumentParser]) -> str:
    """Return the completion script for one of SHELLS: of `fermon`'s own options, and of its commands with theirs.

    Raises DeviceError when shtab is not installed.
    """
    try:
        import shtab
    except ImportError:
        raise DeviceError(
            "shell completion", found="no shtab", remedy="pip install 'fermon[completion]' (needed for this only)"
        ) from None
    own = argparse.ArgumentParser(prog="fermon", description=watch.description, parents=[watch], add_help=False)
    several = own.add_subparsers()
    for name, command in commands.items():
        several.add_parser(name, help=command.description, parents=[command], add_help=False)
    for parser in (own, *several.choices.values()):
        for action in parser._actions:
            if action.type is expand or action.dest == "camera":
                action.complete = shtab.FILE  # type: ignore[attr-defined]  # it is how shtab is told
    return str(shtab.complete(own, shell=shell))
