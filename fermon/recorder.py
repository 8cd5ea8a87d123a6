"""Writes a session file: line by line, flushed at once, rotated at a size, and never in the way of watching."""

from __future__ import annotations

import errno
import os
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

from fermon.domain import Alert, Input
from fermon.errors import OutputError
from fermon.session import encode, encode_header


class Recorder:
    """A session being written to `path`; S.jsonl is rotated to S.1.jsonl, S.2.jsonl, ... when it reaches `max_bytes`.

    Each part begins with the header, so that each can be replayed alone. A write that fails (disk full, unplugged
    stick) raises OutputError once; later lines are tried again, and what was lost is counted.
    """

    def __init__(self, path: Path, max_bytes: int, keep: int) -> None:
        self._path, self._max_bytes, self._keep = path, max_bytes, keep
        self._header: Mapping[str, Any] = {}
        self._size = 0
        self._failed = False
        self.lost = 0  # lines that could not be written
        try:
            # Unbuffered: a power cut loses at most the line under way, and a failed write leaves no rest behind.
            self._file = path.open("wb", buffering=0)
        except OSError as error:
            raise OutputError(f"{path}: cannot be recorded to: {error.strerror}; choose a writable path") from None

    def header(self, fields: Mapping[str, Any]) -> None:
        """Write the first line: fermon, started, config, models. Raises OutputError as `write` does."""
        self._header = fields
        self._write(encode_header(fields))

    def write(self, item: Input | Alert) -> None:
        """Write one line. Raises OutputError at the first failure of a row of failures."""
        line = encode(item)
        if self._size + len(line) > self._max_bytes and not self._failed:
            self._rotate()
        self._write(line)

    def _write(self, line: str) -> None:
        # A line that failed half-way is ended first, so that the next one stands alone.
        content = (("\n" if self._failed else "") + line + "\n").encode()
        try:
            written = self._file.write(content)
            if written != len(content):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        except OSError as error:
            self.lost += 1
            if not self._failed:
                self._failed = True
                raise OutputError(
                    f"{self._path}: recording stopped: {error.strerror}; it goes on when there is room again"
                ) from None
            return
        self._size += len(content)
        self._failed = False

    def _rotate(self) -> None:
        parts = [self._part(n) for n in range(self._keep + 1)]
        try:
            for newer, older in reversed(list(pairwise(parts))):
                if newer.exists():
                    newer.replace(older)
            fresh = self._path.open("wb", buffering=0)
        except OSError:
            self._size = 0  # no rotation now: go on in the same file and try at the next limit
            return
        self._file.close()
        self._file, self._size = fresh, 0
        self._write(encode_header(self._header))

    def _part(self, number: int) -> Path:
        return self._path.with_suffix(f".{number}{self._path.suffix}") if number else self._path

    def close(self) -> None:
        """Close the file; what the system still refuses is lost, and `lost` says so. Never raises."""
        try:
            self._file.close()
        except OSError:
            self.lost += 1
