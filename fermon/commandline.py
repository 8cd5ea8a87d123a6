"""Reads a command's words; a mistake is told in one line, with the nearest word that there is."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

from fermon.errors import one_line

EXIT_USAGE = 2


class Parser(argparse.ArgumentParser):
    """An ArgumentParser whose help keeps its line breaks. `read` in place of `parse_args`."""

    def __init__(self, **more: Any) -> None:
        super().__init__(formatter_class=argparse.RawDescriptionHelpFormatter, **more)

    def read(self, words: list[str]) -> argparse.Namespace:
        """Return the options; ends the process with code 2 for words that are none."""
        options, rest = self.parse_known_args(words)
        if rest:
            self.error(self._unknown(rest[0]))
        return options

    def error(self, message: str) -> NoReturn:
        wrong_usage(message, self.prog)

    def _unknown(self, word: str) -> str:
        name = word.partition("=")[0]
        if not name.startswith("-"):
            return f"{word!r} belongs to no option; a command comes first, a source after --camera"
        from fermon.schema import near  # only when something is wrong: a start pays for every import

        remedy = near(name, [option for action in self._actions for option in action.option_strings])
        return f"{name}: no such option{'; ' if remedy else ''}{remedy}"


def wrong_usage(message: str, program: str = "fermon") -> NoReturn:
    """Say in one line what is wrong with the command line, and end the process with code 2."""
    print(f"{program}: {one_line(message)} (see {program} --help)", file=sys.stderr)
    sys.exit(EXIT_USAGE)


@contextmanager
def unwinding() -> Iterator[None]:
    """Let Ctrl-C be an exception meanwhile: whoever holds something, as a line that is high, lets it go on the way."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
