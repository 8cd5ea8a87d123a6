"""How a tool that reads FER2013 and networks ends: one line for the error, and an exit code for its kind."""

from __future__ import annotations

import sys
from collections.abc import Callable

from expression.fer2013 import DataError
from expression.predictors import NetworkError

UNUSABLE_DATA, UNUSABLE_NETWORK = 65, 78


def after(tool: str, work: Callable[[], None]) -> int:
    """Do `work`; return 0, 65 after a DataError or 78 after a NetworkError, whose message is printed."""
    try:
        work()
    except (DataError, NetworkError) as error:
        print(f"{tool}: {error}", file=sys.stderr)
        return UNUSABLE_DATA if isinstance(error, DataError) else UNUSABLE_NETWORK
    return 0
