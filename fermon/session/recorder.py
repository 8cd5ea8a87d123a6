"""Records a run: whatever the disk does, watching goes on."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fermon.domain import Alert, Input
from fermon.errors import OutputError
from fermon.handover import Handover
from fermon.session.file import SessionFile, set_aside
from fermon.session.format import encode, encode_header

log = logging.getLogger(__name__)

WAITING = 4096  # inputs and alerts that wait for a disk that hangs: four minutes of them
CLOSE_S = 2.0  # how long the end waits for such a disk


class Recorder:
    """A session being written to `path`, rotated as SessionFile does, by a thread of its own.

    What could not be written (disk full, unplugged stick, a disk that hangs for minutes) is counted in `lost` and told
    at the start and at the end of each outage; the rest goes on. Raises OutputError when `path` cannot be opened.

    A session that is there already keeps its contents under another name, that of when it was written. `standing` is
    for the service, which writes the same path at every start: an earlier session becomes an older part, and a path
    that cannot be opened (a disk that is full or read-only) is a failed write like any other.
    `patience_s` is how long a run without a clock waits for the disk before it loses anything.
    """

    def __init__(
        self, path: Path, max_bytes: int, keep: int, *, standing: bool = False, patience_s: float = 0.0
    ) -> None:
        self._fields: Mapping[str, Any] = {}
        self._file = SessionFile(path, max_bytes, keep, self._head)
        self._standing = standing
        self._patience_s = patience_s
        self._failed = False  # the last write
        self._dropping = False  # it was told that there is no room
        self._dropped = 0  # lines for which there was no room: counted by the loop's thread
        self._unwritten = 0  # lines that the system refused: counted by the recorder's
        self._told = 0  # lost lines that were told of
        if not standing:
            try:
                if (older := set_aside(path)) is not None:
                    log.info("%s: the session that was there is now %s", path, older)
                self._file.open()
            except OSError as error:
                what = f"{path}: cannot be recorded to: {error.strerror}"
                raise OutputError(what, remedy="choose a writable path") from None
        self._handover: Handover[str] = Handover("session", self._write, WAITING, patience_s)

    @property
    def lost(self) -> int:
        """Lines that could not be written."""
        return self._dropped + self._unwritten

    def header(self, fields: Mapping[str, Any]) -> None:
        """Begin with what the first line of each part says: fermon, started, config, models."""
        self._fields = dict(fields)
        self._put("")

    def write(self, item: Input | Alert) -> None:
        """Hand one line over; returns at once."""
        self._put(encode(item) + "\n")

    def _put(self, line: str) -> None:
        if self._handover.put(line):
            return
        self._dropped += 1
        if not self._dropping:
            self._dropping = True
            log.error("%s: the disk does not keep up: lines are lost", self._file.path)

    def close(self) -> None:
        """Write what waits and close the file. Never raises."""
        if not self._handover.finish(max(CLOSE_S, self._patience_s)):
            log.error("%s: the disk hangs; the end of the recording may be missing", self._file.path)
            return
        try:
            self._file.close()
        except OSError as error:
            self._unwritten += 1
            log.error("%s: the end could not be written: %s", self._file.path, error.strerror)
        self._tell_lost()

    # In the recorder's own thread -------------------------------------------------------------------------------------

    def _head(self, part: int) -> str:
        return encode_header({**self._fields, "part": part}) + "\n"

    def _write(self, line: str) -> None:
        try:
            if self._standing:
                self._standing = False
                self._file.shift()
            self._file.write(line)
        except OSError as error:
            self._unwritten += 1
            if not self._failed:
                self._failed = True
                remedy = "it goes on when there is room again"
                log.error("%s: recording stopped: %s; %s", self._file.path, error.strerror, remedy)
            return
        self._failed = False
        if self._handover.idle:
            self._tell_lost()

    def _tell_lost(self) -> None:
        if self.lost > self._told:
            self._dropping = False
            log.warning("%s: %d lines of the recording were lost", self._file.path, self.lost - self._told)
            self._told = self.lost
