"""What is known of a drive: its digest, second by second, for page and picture."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from fermon.domain import EXPRESSIONS, NS_PER_S, Alert
from fermon.policy import PolicySettings

CELL_NS = NS_PER_S
AWAY, NOT_KNOWN = "turned away", "attention not determined"


@dataclass(slots=True)
class Cell:
    """One second of the drive, or several merged. None = not available in it."""

    start_s: float
    end_s: float
    longest_s: float = 0.0  # longest closure under way
    perclos_60s: float | None = None  # highest
    perclos_180s: float | None = None
    rate_hz: float | None = None  # lowest
    speed_kmh: float | None = None
    expressions: int = 0  # frames with a readable one
    expression_sum: list[float] = field(default_factory=lambda: [0.0] * len(EXPRESSIONS))

    @property
    def expression(self) -> list[float] | None:
        """Mean of the smoothed probabilities, EXPRESSIONS' order."""
        return [p / self.expressions for p in self.expression_sum] if self.expressions else None

    def merge(self, other: Cell) -> None:
        """Take a later cell in."""
        self.end_s = other.end_s
        self.longest_s = max(self.longest_s, other.longest_s)
        self.perclos_60s = highest(self.perclos_60s, other.perclos_60s)
        self.perclos_180s = highest(self.perclos_180s, other.perclos_180s)
        self.rate_hz = min((r for r in (self.rate_hz, other.rate_hz) if r is not None), default=None)
        self.speed_kmh = other.speed_kmh if other.speed_kmh is not None else self.speed_kmh
        self.expressions += other.expressions
        self.expression_sum = [a + b for a, b in zip(self.expression_sum, other.expression_sum, strict=True)]


def highest(a: float | None, b: float | None) -> float | None:
    return max((v for v in (a, b) if v is not None), default=None)


@dataclass(frozen=True, slots=True)
class Span:
    """From `start_s` to `end_s` something was so: an alert's kind and level, or why the driver was not seen."""

    start_s: float
    end_s: float
    what: str
    level: str = ""
    alert: Alert | None = None


@dataclass(slots=True)
class Drive:
    """A drive's digest; all times in seconds since its first input."""

    name: str
    header: Mapping[str, Any]
    settings: PolicySettings
    cells: list[Cell] = field(default_factory=list)
    alerts: list[Alert] = field(default_factory=list)
    spans: list[Span] = field(default_factory=list)  # of alerts, one for each level that one had
    blind: list[Span] = field(default_factory=list)
    attention: list[Span] = field(default_factory=list)  # AWAY and NOT_KNOWN; none at all in a drive without heads
    attended_s: float = 0.0  # time in which it was known where the head pointed
    away_s: float = 0.0  # of that, turned away
    seconds: dict[str, float] = field(default_factory=dict)  # "open", "closed", and each cause of blindness
    duration_s: float = 0.0
    frames: int = 0
    yawns: int = 0
    nods: int = 0
    blinks_per_min: float | None = None  # mean where it is available
    start_ns: int = 0
    recorded: str = ""  # how the recording's own alert lines compare
    problems: list[str] = field(default_factory=list)
    not_used: Counter[str] = field(default_factory=Counter)

    @property
    def seen(self) -> float | None:
        """Share 0..1 of the time in which a face and an eye were readable; None for an empty session."""
        usable = self.seconds.get("open", 0.0) + self.seconds.get("closed", 0.0)
        return usable / self.duration_s if self.duration_s > 0 else None

    @property
    def closed(self) -> float | None:
        """Share 0..1 of the time with readable eyes in which they were closed, blinks included."""
        usable = self.seconds.get("open", 0.0) + self.seconds.get("closed", 0.0)
        return self.seconds.get("closed", 0.0) / usable if usable > 0 else None

    @property
    def away(self) -> float | None:
        """Share 0..1 of the time with a known attention in which the head was turned away; None without any."""
        return self.away_s / self.attended_s if self.attended_s > 0 else None

    @property
    def raised(self) -> Counter[tuple[str, str]]:
        """How often each (level, kind) was raised."""
        return Counter((alert.level.name, alert.kind.value) for alert in self.alerts if alert.active)

    def summary(self) -> str:
        """One line."""
        raised = ", ".join(f"{level} {kind} {n}" for (level, kind), n in sorted(self.raised.items())) or "none"
        seen = "-" if self.seen is None else f"{self.seen:.0%}"
        return f"{self.duration_s:.0f} s, {self.frames} frames, driver seen {seen}; alerts: {raised}"

    def columns(self, most: int) -> list[Cell]:
        """Return the cells merged into `most` columns at most."""
        if not self.cells or self.duration_s <= 0:
            return []
        width_s = max(CELL_NS / NS_PER_S, self.duration_s / most)
        merged: dict[int, Cell] = {}
        for cell in self.cells:
            number = int(cell.start_s / width_s)
            column = merged.get(number)
            if column is None:
                column = merged[number] = Cell(number * width_s, (number + 1) * width_s)
            end_s = column.end_s
            column.merge(cell)
            column.end_s = end_s
        return list(merged.values())
