"""The vehicle's speed, trusted only while it is fresh."""

from __future__ import annotations

from fermon.policy.settings import PolicySettings, ns


class SpeedSignal:
    """The highest of the speeds that are fresh, one from each source. None at all means moving fast."""

    def __init__(self, settings: PolicySettings) -> None:
        self._timeout_ns = ns(settings.speed_timeout_s)
        self._slow_kmh = settings.driver_gone_kmh
        self._fresh: dict[str, tuple[float, int]] = {}  # source -> km/h, and when it was read
        self.kmh: float | None = None  # None = no signal
        self.source = ""  # whose it is
        self.slow_since_ns: int | None = None  # so slow that a driver may get out; None = it is not, or may not be

    def advance(self, t_ns: int) -> None:
        """Time passed: an old signal is none."""
        old = [source for source, (_, read_ns) in self._fresh.items() if t_ns - read_ns > self._timeout_ns]
        if old:
            for source in old:
                del self._fresh[source]
            self._choose(t_ns)

    def read(self, t_ns: int, kmh: float, source: str) -> None:
        """A source told the speed in km/h."""
        self._fresh[source] = kmh, t_ns
        self._choose(t_ns)

    def _choose(self, t_ns: int) -> None:
        self.source = max(self._fresh, key=lambda source: self._fresh[source][0], default="")
        self.kmh = self._fresh[self.source][0] if self._fresh else None
        if self.kmh is None or self.kmh >= self._slow_kmh:
            self.slow_since_ns = None
        elif self.slow_since_ns is None:
            self.slow_since_ns = t_ns

    def at_least(self, kmh: float) -> bool:
        """Whether the vehicle is that fast, or may be."""
        return self.kmh is None or self.kmh >= kmh
