"""The vehicle's speed, trusted only while it is fresh."""

from __future__ import annotations

from fermon.policy.settings import PolicySettings, ns


class SpeedSignal:
    """The last speed that could be used. No signal, or an old one, means moving fast."""

    def __init__(self, settings: PolicySettings) -> None:
        self._timeout_ns = ns(settings.speed_timeout_s)
        self._slow_kmh = settings.driver_gone_kmh
        self._kmh: float | None = None
        self._read_ns = 0
        self._slow_since_ns: int | None = None

    def advance(self, t_ns: int) -> None:
        """Time passed: an old signal is none."""
        if self._kmh is not None and t_ns - self._read_ns > self._timeout_ns:
            self._kmh = self._slow_since_ns = None

    def read(self, t_ns: int, kmh: float) -> None:
        """The vehicle told its speed in km/h."""
        self._kmh, self._read_ns = kmh, t_ns
        if kmh >= self._slow_kmh:
            self._slow_since_ns = None
        elif self._slow_since_ns is None:
            self._slow_since_ns = t_ns

    @property
    def kmh(self) -> float | None:
        """The speed; None = no signal."""
        return self._kmh

    def at_least(self, kmh: float) -> bool:
        """Whether the vehicle is that fast, or may be."""
        return self._kmh is None or self._kmh >= kmh

    @property
    def slow_since_ns(self) -> int | None:
        """Since when the vehicle has been so slow that a driver may get out; None when it is not, or may not be."""
        return self._slow_since_ns
