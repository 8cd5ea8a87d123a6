"""One session file: written line by line, synced every 2 s, rotated at a size. May stall as long as its disk does."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import time
from collections.abc import Callable
from datetime import UTC, datetime
from io import FileIO
from itertools import pairwise
from pathlib import Path

SYNC_S = 2.0  # a power cut loses about so much; more often only wears the card
MODE = 0o640  # for the owner and the group: when somebody slept at the wheel is nobody else's business


class SessionFile:
    """S.jsonl, which becomes S.1.jsonl, S.2.jsonl, ... (`keep` of them) when it reaches `max_bytes`.

    `head` makes the first line of part N, counted from 0 for the first one of this run; each part can be read alone.
    What is no regular file (a device, a pipe) is never rotated, and a link stays one: what it points to is rotated.
    `clock` gives seconds.
    """

    def __init__(
        self,
        path: Path,
        max_bytes: int,
        keep: int,
        head: Callable[[int], str],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.path, self._max_bytes, self._keep, self._head, self._clock = path, max_bytes, keep, head, clock
        self._file: FileIO | None = None
        self._size = 0
        self._part_number = 0
        self._broken = False  # the last line ended half-way, or not at all
        self._synced_s = clock()

    def open(self) -> None:
        """Open it anew and empty. Raises OSError."""
        # Unbuffered: a crash loses at most the line under way, and a failed write leaves no rest behind.
        number = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, MODE)
        self.close()
        self._file, self._size = FileIO(number, "w"), 0

    def write(self, line: str) -> None:
        """Append a line (with its end), after the head where it is the first. Raises OSError; the next call tries anew.

        A line that failed is lost; the one after it stands alone.
        """
        if self._size and self._size + len(line) > self._max_bytes and not self._broken:
            self._rotate()
        if self._file is None:
            self.open()
        assert self._file is not None
        broken, self._broken = self._broken, True
        if self._size:
            content = (("\n" if broken else "") + line).encode()  # ends what failed half-way
        else:
            content = (self._head(self._part_number) + line).encode()
            if broken:  # half a head
                os.ftruncate(self._file.fileno(), 0)
                self._file.seek(0)
        if self._file.write(content) != len(content):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self._size += len(content)
        self._broken = False
        self._sync()

    def _sync(self) -> None:
        now_s = self._clock()
        if now_s - self._synced_s >= SYNC_S and self._file is not None:
            self._synced_s = now_s
            with contextlib.suppress(OSError):  # a full disk is reported by the write; a pipe cannot be synced
                os.fdatasync(self._file.fileno())

    def _rotate(self) -> None:
        try:
            if self.shift():
                self.open()
                self._part_number += 1
        except OSError:
            self._size = 1  # no rotation now: go on in the same file and try at the next limit

    def shift(self) -> bool:
        """Make each part the next older one; False when there is nothing here that could be. Raises OSError."""
        real = self.path.resolve()
        try:
            status = real.stat()
        except FileNotFoundError:
            return False
        if not stat.S_ISREG(status.st_mode) or not status.st_size:
            return False
        parts = [real, *(part_of(real, number) for number in range(1, self._keep + 1))]
        for newer, older in reversed(list(pairwise(parts))):
            if newer.exists():
                newer.replace(older)
        return True

    def close(self) -> None:
        """Close it. Raises OSError for what the system refuses only now."""
        file, self._file = self._file, None
        if file is not None:
            file.close()


def part_of(path: Path, number: int) -> Path:
    """Return the path of the `number`th older part: S.jsonl, 2 -> S.2.jsonl."""
    return path.with_name(f"{path.stem}.{number}{path.suffix}")


def set_aside(path: Path) -> Path | None:
    """Give what is at `path` a name of its own, which no rotation will touch; None when nothing is lost there.

    S.jsonl becomes S.2026-11-23T08-00-00.jsonl, after when it was last written to (UTC). Raises OSError.
    """
    real = path.resolve()
    if not real.is_file() or not real.stat().st_size:
        return None
    written = datetime.fromtimestamp(real.stat().st_mtime, UTC).strftime("%Y-%m-%dT%H-%M-%S")
    for more in ("", *(f"-{number}" for number in range(2, 1000))):
        aside = real.with_name(f"{real.stem}.{written}{more}{real.suffix}")
        try:
            os.link(real, aside)  # unlike a rename it never replaces another file
        except FileExistsError:
            continue
        except OSError:  # a file system without hard links (FAT on a stick)
            real.rename(aside)
            return aside
        real.unlink()
        return aside
    raise OSError(errno.EEXIST, os.strerror(errno.EEXIST))
