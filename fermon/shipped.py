"""Where the files are that ship with fermon: inside the installed package, else in the folders of a source tree."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def shipped(name: str, in_source_tree: str) -> Path:
    """Return the path of what is called `name` in the package and `in_source_tree` beside it; it need not exist."""
    installed = _PACKAGE / name
    return installed if installed.exists() else _PACKAGE.parent / in_source_tree
