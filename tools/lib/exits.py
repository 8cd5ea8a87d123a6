"""How a tool ends: one line for the error, and an exit code for its kind."""

from __future__ import annotations

import sys
from collections.abc import Callable

from fermon.errors import EXIT_CONFIG, EXIT_DATA, FermonError

STOPPED = 130  # by Ctrl-C, as a shell says it


class DataError(ValueError):
    """Data that cannot be used; the message names the file, the row, what was found and what was expected."""


class NetworkError(ValueError):
    """A network or its framework that cannot be used; the message names it, what is wrong and the remedy."""


def run_and_exit(tool: str, work: Callable[[], None], stopped: str = "") -> int:
    """Do `work`; return 0, or print one line and return the exit code of what went wrong.

    65 after a DataError or a file that cannot be read or written, 78 after a NetworkError, FermonError's own, 130 after
    Ctrl-C, when `stopped` says how to go on.
    """
    try:
        work()
    except DataError as error:
        return _end(tool, error, EXIT_DATA)
    except NetworkError as error:
        return _end(tool, error, EXIT_CONFIG)
    except FermonError as error:
        return _end(tool, error, error.exit_code)
    except OSError as error:
        return _end(tool, error, EXIT_DATA)
    except KeyboardInterrupt:
        print(file=sys.stderr)  # what was being shown stays readable
        return _end(tool, f"stopped{'; ' if stopped else ''}{stopped}", STOPPED)
    return 0


def _end(tool: str, error: object, code: int) -> int:
    print(f"{tool}: {error}", file=sys.stderr)
    return code
