"""Lines that are only logged, to try lamp, buzzer and button patterns on a laptop: GPIOZERO_PIN_FACTORY=mock."""

from __future__ import annotations

import logging
from typing import Any

log = logging.getLogger(__name__)


def mock_lines() -> Any:
    """Return gpiozero's mock factory; each change of a line that is driven is logged: "line GPIO23 high"."""
    from gpiozero.pins.mock import MockFactory, MockPin

    class LoggedPin(MockPin):  # type: ignore[misc]
        def _set_state(self, value: float) -> None:
            before = self.state
            super()._set_state(value)
            if self.state != before:
                log.info("gpio: line %s %s", self.info.name, "high" if self.state else "low")

    log.warning("gpio: GPIOZERO_PIN_FACTORY=mock: lines are logged, none is driven")
    return MockFactory(pin_class=LoggedPin)
