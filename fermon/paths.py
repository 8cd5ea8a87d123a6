"""The paths that people write on the command line and in the configuration."""

from __future__ import annotations

import os
from pathlib import Path


def expand(text: str | Path) -> Path:
    """Return the path that `text` names, with "~" and "~name" replaced by the home folders. Never raises.

    A home folder that there is not stays as it is written, so that whoever opens the path names it: no such file.
    """
    try:
        return Path(os.path.expanduser(text))  # noqa: PTH111  (Path.expanduser raises where there is no home)
    except ValueError:  # a name with a zero character
        return Path(text)
