"""Writes a session file: line by line, synced every 2 s, rotated at a size, never in the way of watching."""

from __future__ import annotations

import contextlib
import errno
import os
import threading
from collections.abc import Mapping
from io import FileIO
from itertools import pairwise
from pathlib import Path
from typing import Any

from fermon.domain import Alert, Input
from fermon.errors import OutputError
from fermon.session.format import encode, encode_header

SYNC_S = 2.0  # a power cut loses about so much; more often only wears the card


class Recorder:
    """A session being written to `path`; S.jsonl is rotated to S.1.jsonl, S.2.jsonl, ... when it reaches `max_bytes`.

    Each part begins with the header, so that each can be replayed alone. A write that fails (disk full, unplugged
    stick) raises OutputError once; later lines are tried again, and what was lost is counted.

    `standing` is for the service, which writes the same path at every start: an earlier session becomes an older part,
    and a path that cannot be opened (a disk that is full or read-only) is a failed write like any other.
    """

    def __init__(self, path: Path, max_bytes: int, keep: int, *, standing: bool = False) -> None:
        self._path, self._max_bytes, self._keep = path, max_bytes, keep
        self._head = ""  # the first line of each part
        self._size = 0
        self._failed = False
        self.lost = 0  # lines that could not be written
        self._file: FileIO | None = None
        self._lock = threading.Lock()  # over the exchange of `_file`
        self._closed = threading.Event()
        if standing:
            with contextlib.suppress(OSError):
                if path.stat().st_size:
                    self._shift()
        try:
            self._open()
        except OSError as error:
            if not standing:
                raise OutputError(
                    f"{path}: cannot be recorded to: {error.strerror}", remedy="choose a writable path"
                ) from None
        # Its own thread: a memory card may take a second for it.
        threading.Thread(target=self._sync, name="session-sync", daemon=True).start()

    def _open(self) -> FileIO:
        # Unbuffered: a crash loses at most the line under way, and a failed write leaves no rest behind.
        fresh = self._path.open("wb", buffering=0)
        with self._lock:
            if self._file is not None:
                self._file.close()
            self._file, self._size = fresh, 0
        return fresh

    def _sync(self) -> None:
        while not self._closed.wait(SYNC_S):
            with self._lock:
                copy = os.dup(self._file.fileno()) if self._file is not None and not self._file.closed else None
            if copy is not None:
                with contextlib.suppress(OSError):  # a full disk is reported by the write; a pipe cannot be synced
                    os.fdatasync(copy)
                os.close(copy)

    def header(self, fields: Mapping[str, Any]) -> None:
        """Write the first line: fermon, started, config, models. Raises OutputError as `write` does."""
        self._head = encode_header(fields) + "\n"
        self._write("")

    def write(self, item: Input | Alert) -> None:
        """Write one line. Raises OutputError at the first failure of a row of failures."""
        line = encode(item) + "\n"
        if self._size + len(line) > self._max_bytes and not self._failed:
            self._rotate()
        self._write(line)

    def _write(self, line: str) -> None:
        try:
            file = self._file or self._open()
            if self._size:
                # A line that failed half-way is ended first, so that the next one stands alone.
                content = (("\n" if self._failed else "") + line).encode()
            else:
                content = (self._head + line).encode()
                if self._failed:  # half a header
                    os.ftruncate(file.fileno(), 0)
                    file.seek(0)
            written = file.write(content)
            if written != len(content):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        except OSError as error:
            self.lost += 1
            if not self._failed:
                self._failed = True
                raise OutputError(
                    f"{self._path}: recording stopped: {error.strerror}", remedy="it goes on when there is room again"
                ) from None
            return
        self._size += len(content)
        self._failed = False

    def _rotate(self) -> None:
        try:
            self._shift()
            self._open()
        except OSError:
            self._size = 1  # no rotation now: go on in the same file and try at the next limit

    def _shift(self) -> None:
        """Make each part the next older one."""
        parts = [self._part(n) for n in range(self._keep + 1)]
        for newer, older in reversed(list(pairwise(parts))):
            if newer.exists():
                newer.replace(older)

    def _part(self, number: int) -> Path:
        return self._path.with_suffix(f".{number}{self._path.suffix}") if number else self._path

    def close(self) -> None:
        """Close the file; what the system still refuses is lost, and `lost` says so. Never raises."""
        self._closed.set()
        try:
            if self._file is not None:
                self._file.close()
        except OSError:
            self.lost += 1
