"""What a person at the bench, or a program behind a pipe, sees of a running monitor."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol

from fermon.domain import Alert, DriverState, Frame, Input, RunFacts, RunSummary

ALERTS_LOG = "fermon.alerts"  # the logger of the log output: views get alerts as such


class View(Protocol):
    """Gets everything that happens, in order, from the daemon's loop; must return at once."""

    def start(self, facts: RunFacts) -> None:
        """Before the first frame."""

    def input(self, item: Input, frame: Frame | None, state: DriverState) -> None:
        """After each input; `frame` belongs to an observation."""

    def alert(self, alert: Alert) -> None:
        """At each alert line."""

    def fault(self, text: str | None) -> None:
        """When something of the monitor itself breaks (an output), and with None when all of it works again."""

    def report(self, level: int, line: str) -> None:
        """A log record for people, of logging's `level`: a device lost or back, a problem. From any thread."""

    def end(self, summary: RunSummary) -> None:
        """After the last input."""


class Several:
    """Views side by side; each gets everything."""

    def __init__(self, views: Sequence[View]) -> None:
        self._views = tuple(views)

    def start(self, facts: RunFacts) -> None:
        for view in self._views:
            view.start(facts)

    def input(self, item: Input, frame: Frame | None, state: DriverState) -> None:
        for view in self._views:
            view.input(item, frame, state)

    def alert(self, alert: Alert) -> None:
        for view in self._views:
            view.alert(alert)

    def fault(self, text: str | None) -> None:
        for view in self._views:
            view.fault(text)

    def report(self, level: int, line: str) -> None:
        for view in self._views:
            view.report(level, line)

    def end(self, summary: RunSummary) -> None:
        for view in self._views:
            view.end(summary)


class ReportHandler(logging.Handler):
    """Brings what is logged to a view; alerts apart, which it gets as such."""

    def __init__(self, view: View) -> None:
        super().__init__(logging.INFO)
        self._view = view
        self.addFilter(lambda record: record.name != ALERTS_LOG)

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self._view.report(record.levelno, self.format(record))
        except Exception:
            self.handleError(record)


@contextmanager
def spoken_through(*handlers: logging.Handler) -> Iterator[None]:
    """Let everything that is logged meanwhile, from INFO on, come out at `handlers`."""
    root = logging.getLogger()
    before = root.level
    root.setLevel(logging.INFO)
    for handler in handlers:
        root.addHandler(handler)
    try:
        yield
    finally:
        for handler in handlers:
            root.removeHandler(handler)
            handler.close()
        root.setLevel(before)
