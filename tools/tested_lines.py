"""Which lines of one file each test executes, in all threads, and how long it takes: a pytest plugin."""

from __future__ import annotations

import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any


@dataclass(frozen=True, slots=True)
class Test:
    """A test of a module: how long it takes, and which of the module's lines it executes."""

    name: str
    seconds: float
    lines: frozenset[int]


class Watcher:
    """The plugin. `tests` are those that have run; `watch` before the file is imported."""

    def __init__(self, path: Path) -> None:
        self._file, self._lines, self.tests = str(path), set[int](), list[Test]()
        self._began = 0.0
        self.always: frozenset[int] = frozenset()  # executed when the module is imported

    def watch(self) -> None:
        threading.settrace(self._enter)
        sys.settrace(self._enter)

    def _enter(self, frame: FrameType, event: str, arg: Any) -> Any:
        return self._line if frame.f_code.co_filename == self._file else None

    def _line(self, frame: FrameType, event: str, arg: Any) -> Any:
        self._lines.add(frame.f_lineno)
        return self._line

    def pytest_collection_finish(self) -> None:
        self.always, self._lines = frozenset(self._lines), set()

    def pytest_runtest_logstart(self) -> None:
        self._lines, self._began = set(), time.monotonic()

    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        self.tests.append(Test(nodeid, time.monotonic() - self._began, frozenset(self._lines)))
