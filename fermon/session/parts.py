"""The parts of a rotated drive, read as one session: S.2.jsonl, S.1.jsonl, S.jsonl."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from fermon.domain import Input
from fermon.errors import SessionError
from fermon.session.file import part_of
from fermon.session.reading import RecordedAlert, SessionReader


class DriveReader:
    """Reads the whole drive whose newest part is `path`: the parts before it too, oldest first.

    As a SessionReader; `header` is the oldest part's. Older parts that are not there any more are named in `problems`.
    Raises SessionError when `path` is no session.
    """

    def __init__(self, path: Path) -> None:
        self.name = str(path)
        newest = SessionReader(path)
        self._readers = [newest]
        self.problems, self.not_used, self.recorded = [], Counter[str](), list[RecordedAlert]()
        for older in _older(path):
            try:
                reader = SessionReader(older)
            except SessionError:
                break
            if not _before(reader.header, self._readers[0].header):
                reader.close()
                break
            self._readers.insert(0, reader)
        missing = _part(self._readers[0].header)
        if missing:
            what = "part" if missing == 1 else f"{missing} parts"
            self.problems.append(f"{self.name}: the first {what} of this drive: not here any more (see session.keep)")

    @property
    def header(self) -> dict[str, Any]:
        return self._readers[0].header

    def __enter__(self) -> DriveReader:
        return self

    def __exit__(self, *_: object) -> None:
        for reader in self._readers:
            reader.close()

    def __iter__(self) -> Iterator[Input]:
        """Yield the inputs of all parts; then `problems`, `not_used` and `recorded` are complete."""
        for reader in self._readers:
            yield from reader
            self.problems += reader.problems
            self.not_used += reader.not_used
            self.recorded += reader.recorded


def _older(path: Path) -> Iterator[Path]:
    """Yield where the parts before `path` would be, newest first."""
    found = re.fullmatch(r"(.*)\.(\d{1,4})", path.stem)
    base = path.with_name(found[1] + path.suffix) if found else path
    number = int(found[2]) if found else 0
    while (older := part_of(base, number := number + 1)).exists():
        yield older


def _part(header: dict[str, Any]) -> int:
    """Return the part's number, counted from 0; 0 for a recording that does not say it."""
    part = header.get("part")
    return part if type(part) is int and part >= 0 else 0


def _before(older: dict[str, Any], newer: dict[str, Any]) -> bool:
    """Whether one header's part comes just before the other's, of the same drive."""
    same = older.get("started") is not None and older.get("started") == newer.get("started")
    return same and ("part" not in newer or _part(older) + 1 == _part(newer))
