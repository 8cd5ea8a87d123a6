"""The exception tree.

FermonError          1
├── ConfigError      78   the configuration cannot be used (systemd does not restart on it)
├── ModelError       78   a model file or its manifest cannot be used
├── SessionError     65   a recorded session cannot be read
└── DeviceError      69   something outside the process failed (at the start; while running: reported and retried)
    ├── CameraNotFound    no such camera, or no permission
    ├── CameraLost        an opened camera stopped giving usable frames
    └── OutputError       an output could not show the state

The number is the exit code, as in sysexits.h. Every error names the object, what was found, what was expected with its
unit, and the remedy, each as data of its own: nobody has to cut them out of a text again.
Anything else that escapes is a bug: traceback, exit 1, systemd restarts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Self

EXIT_DATA, EXIT_DEVICE, EXIT_CONFIG = 65, 69, 78


def one_line(text: str) -> str:
    """Return `text` with what a terminal or a log would not show as a character written out, bytes of names too.

    >>> one_line("a\\nb \\x1b[31m \\udcff")
    'a\\\\nb \\\\x1b[31m \\\\xff'
    """
    return text if text.isprintable() else "".join(map(_written_out, text))


def _written_out(character: str) -> str:
    if character.isprintable():
        return character
    if "\udc80" <= character <= "\udcff":  # a byte of a file's name that is no UTF-8
        return f"\\x{ord(character) - 0xDC00:02x}"
    return character.encode("unicode_escape").decode()


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong. `what` names the object, and what is wrong unless the other fields say it."""

    what: str
    found: str = ""
    expected: str = ""
    remedy: str = ""

    def inside(self, of: str) -> Problem:
        """Return the same problem with the name of what it is in before it: a file, a table."""
        return replace(self, what=f"{of}: {self.what}")

    def __str__(self) -> str:
        """One line, whatever names and texts from files are in it.

        >>> str(Problem("camera.rate_hz", "-1", "1 to 120 Hz", "see fermon --default-config"))
        'camera.rate_hz: found -1, expected 1 to 120 Hz; see fermon --default-config'
        """
        found = f": found {self.found}" if self.found else ""
        expected = f"{',' if found else ':'} expected {self.expected}" if self.expected else ""
        return one_line(f"{self.what}{found}{expected}{'; ' if self.remedy else ''}{self.remedy}")


class FermonError(Exception):
    """Root of everything that fermon raises on purpose; `problems` holds one or more."""

    exit_code: ClassVar[int] = 1

    def __init__(self, what: str, *, found: str = "", expected: str = "", remedy: str = "") -> None:
        self.problems: tuple[Problem, ...] = (Problem(what, found, expected, remedy),)
        super().__init__(what)

    @classmethod
    def of(cls, problems: Sequence[Problem]) -> Self:
        """Return one error for several problems; there must be at least one."""
        error = cls(problems[0].what)
        error.problems = tuple(problems)
        return error

    @property
    def problem(self) -> Problem:
        """The first problem."""
        return self.problems[0]

    def __str__(self) -> str:
        return "\n".join(map(str, self.problems))


class ConfigError(FermonError, ValueError):
    """The configuration cannot be used; every problem of it is told at once."""

    exit_code = EXIT_CONFIG


class ModelError(FermonError):
    """A model file is missing, damaged, of another shape, or does not fit its manifest."""

    exit_code = EXIT_CONFIG


class SessionError(FermonError, ValueError):
    """A recorded session has no readable header, or an unknown version."""

    exit_code = EXIT_DATA


class DeviceError(FermonError):
    """A camera or an output failed."""

    exit_code = EXIT_DEVICE


class CameraNotFound(DeviceError):
    """The camera does not exist, is busy, may not be opened, or is no video."""


class CameraLost(DeviceError):
    """A camera that worked stopped: unplugged, frozen, or giving frames of another size."""


class OutputError(DeviceError):
    """An output could not be opened or could not show the state."""
