"""Puts a generated part into a page, between two marks that stay there."""

from __future__ import annotations

import sys
from pathlib import Path


def put(page: str, name: str, part: str) -> str:
    """Return `page` with `part` between `<!-- NAME:begin -->` and `<!-- NAME:end -->`.

    Raises ValueError when the page does not have both marks, in that order.
    """
    begin, end = f"<!-- {name}:begin -->", f"<!-- {name}:end -->"
    start, stop = page.find(begin), page.find(end)
    if start < 0 or stop < start:
        raise ValueError(f"found no {begin} ... {end}, expected both marks")
    return f"{page[: start + len(begin)]}\n{part}\n{page[stop:]}"


def update_or_check(path: Path, name: str, part: str, remedy: str, write: bool) -> int:
    """Write the part into a page, or only look whether it is there; return 1 and say why when it is not fresh."""
    page = path.read_text(encoding="utf-8")
    try:
        fresh = put(page, name, part)
    except ValueError as error:
        print(f"{path}: {error}", file=sys.stderr)
        return 1
    if write:
        path.write_text(fresh, encoding="utf-8")
    elif fresh != page:
        print(f"{path}: what stands between the marks of {name!r} is stale; run {remedy}", file=sys.stderr)
        return 1
    return 0
