"""Under systemd nothing is drawn: the log output tells the alerts, the journal gets whatever is logged."""

from __future__ import annotations

import logging

from fermon.domain import Alert, DriverState, Frame, Input, RunFacts, RunSummary
from fermon.words import summary_text

log = logging.getLogger(__name__)


class Silent:
    """A View that shows nothing and logs how the run ended."""

    def start(self, facts: RunFacts) -> None: ...

    def input(self, item: Input, frame: Frame | None, state: DriverState) -> None: ...

    def alert(self, alert: Alert) -> None: ...

    def fault(self, text: str | None) -> None: ...

    def report(self, level: int, line: str) -> None: ...

    def end(self, summary: RunSummary) -> None:
        log.info("%s", summary_text(summary))
