"""Standard output, which may stall (Ctrl-S, a pipe that nobody reads), break (a full disk) or be no UTF-8."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
from collections.abc import Callable
from typing import Protocol, TextIO

from fermon.handover import Handover

log = logging.getLogger(__name__)

WAITING = 1000  # texts that wait for a stalled reader
CLOSE_S = 2.0  # how long the end waits for one

# What a terminal of another character set gets for the characters of the bars and the panel.
PLAIN = str.maketrans("█▉▊▋▌▍▎▏·", "###===--.")


class Writer(Protocol):
    """Takes text for people or programs."""

    @property
    def idle(self) -> bool:
        """Whether everything that was written so far has gone out."""

    def write(self, text: str, /) -> object:
        """Take one or more whole lines, or a panel; what is returned is false when the text was dropped."""


class StreamWriter:
    """Writes to `stream` by a thread of its own; None (a closed standard output) takes everything and shows nothing.

    `patience_s` is how long a run without a clock waits for a stalled reader before it drops anything. What was dropped
    is counted, and told when there is room again. An error of the stream is told once, on standard error.
    """

    def __init__(self, stream: TextIO | None, patience_s: float = 0.0) -> None:
        self._stream = stream
        self._patience_s = patience_s
        self._plain = False
        self._file: int | None = None
        if stream is not None:
            self._plain = not _encodes(stream.encoding, "█·")
            # The bare descriptor: what a buffer could not get rid of would fail again at the end of the process.
            with contextlib.suppress(OSError, ValueError):
                self._file = stream.fileno()
        self.lost = 0
        self._told = False
        self._gone = False
        self._when_gone: Callable[[], None] | None = None
        self._handover: Handover[str] = Handover("standard-output", self._write, WAITING, patience_s)

    @property
    def idle(self) -> bool:
        return self._handover.idle

    def write(self, text: str, /) -> bool:
        """See Writer.write; returns at once, unless there is no room and there is patience."""
        taken = self._handover.put(text)
        self.lost += not taken
        return taken

    def when_gone(self, call: Callable[[], None]) -> None:
        """Call this when whoever read our output has gone (`| head`)."""
        self._when_gone = call
        if self._gone:
            call()

    def close(self) -> None:
        """Let out what waits, as far as the reader takes it."""
        self._handover.finish(max(CLOSE_S, self._patience_s))

    # In the thread ----------------------------------------------------------------------------------------------------

    def _write(self, text: str) -> None:
        if self._stream is None or self._gone:
            return
        lost, self.lost = self.lost, 0
        if lost:
            log.warning("standard output: %d lines were lost, its reader did not keep up", lost)
        if self._plain:
            text = text.translate(PLAIN)
        rest = memoryview(text.encode(self._stream.encoding or "utf-8", "replace"))
        try:
            while rest and self._file is not None:
                rest = rest[os.write(self._file, rest) :]
        except BrokenPipeError:
            self._gone = True
            if self._when_gone is not None:
                self._when_gone()
        except OSError as error:
            if not self._told:
                self._told = True
                with contextlib.suppress(OSError, AttributeError):  # standard error may be as broken, or closed
                    sys.stderr.write(f"fermon: standard output: {error.strerror}; watching goes on without it\n")


def _encodes(encoding: str | None, text: str) -> bool:
    try:
        text.encode(encoding or "utf-8")
    except (UnicodeEncodeError, LookupError):
        return False
    return True
