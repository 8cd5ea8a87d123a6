"""Alerts as lines for people, into the log (under systemd: the journal). Needs no extra package."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from fermon.domain import Alert, Kind, Level, Mode, Received, Status
from fermon.schema import Range, key
from fermon.words import alert_text, mode_text

log = logging.getLogger("fermon.alerts")

SEVERITY = {Level.NOTICE: logging.INFO, Level.WARNING: logging.WARNING, Level.CRITICAL: logging.CRITICAL}


@dataclass(frozen=True, slots=True)
class LogSettings:
    """Whether and how often alerts are logged."""

    enabled: bool = key(True, "only when started by systemd; in a terminal the panel shows them")
    heartbeat_s: Annotated[float, Range(0.1, 3600, "s")] = key(
        1.0, "time between looks at the state; only changes are written"
    )


class LogOutput:
    """Writes a line when an alert is raised, changes its level or clears, and when the monitor's own mode changes."""

    name = "log"
    poll_s = 1.0

    def __init__(self, settings: LogSettings) -> None:
        self.heartbeat_s = settings.heartbeat_s
        self._shown: dict[Kind, Alert] = {}
        self._mode: tuple[Mode, str | None] | None = None

    def open(self) -> None:
        """Nothing to take. What was shown before a failure is remembered, so that nothing is written twice."""

    def show(self, status: Status) -> None:
        mode = (status.mode, status.fault)
        if mode != self._mode:
            log.log(logging.ERROR if status.fault else logging.INFO, "%s", mode_text(status))
            self._mode = mode
        active = {alert.kind: alert for alert in status.state.alerts}
        for kind, old in self._shown.items():
            if kind not in active or active[kind].since_ns != old.since_ns:
                cleared = dataclasses.replace(old, active=False, t_ns=status.state.t_ns)
                log.info("%s", alert_text(cleared, status.start_ns))
        for kind, alert in active.items():
            before = self._shown.get(kind)
            if before is None or (before.level, before.since_ns) != (alert.level, alert.since_ns):
                log.log(SEVERITY[alert.level], "%s", alert_text(alert, status.start_ns))
        self._shown = active

    def poll(self) -> Sequence[Received]:
        return ()

    def close(self) -> None:
        """Nothing to release."""
