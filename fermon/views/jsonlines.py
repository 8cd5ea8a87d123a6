"""JSON lines for programs."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from fermon.domain import NS_PER_S, Alert, DriverState, Frame, Input, RunFacts, RunSummary
from fermon.session.format import encode
from fermon.views.fields import state_fields
from fermon.views.writer import Writer


class JsonLines:
    """For programs: start, state (once a second of the inputs' time), alert and end objects, one a line."""

    def __init__(self, out: Writer) -> None:
        self._out = out
        self._next_ns: int | None = None
        self._fault: str | None = None

    def _print(self, fields: Mapping[str, Any]) -> None:
        # One write a line: log records come from any thread.
        self._out.write(json.dumps(fields, separators=(",", ":")) + "\n")

    def start(self, facts: RunFacts) -> None:
        self._print({"type": "start", **asdict(facts)})

    def input(self, item: Input, frame: Frame | None, state: DriverState) -> None:
        if self._next_ns is None or item.t_ns >= self._next_ns:
            self._next_ns = item.t_ns + NS_PER_S
            self._print({"type": "state", **state_fields(state), "fault": self._fault})

    def alert(self, alert: Alert) -> None:
        self._out.write(encode(alert) + "\n")

    def fault(self, text: str | None) -> None:
        self._fault = text

    def report(self, level: int, line: str) -> None:
        self._print({"type": "report", "level": logging.getLevelName(level).lower(), "text": line})

    def end(self, summary: RunSummary) -> None:
        self._print({"type": "end", **asdict(summary)})
