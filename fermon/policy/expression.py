"""The smoothed expression, for how long it has been angry, calm or sad, and yawns."""

from __future__ import annotations

import math
from collections import deque

from fermon.domain import EXPRESSIONS, NS_PER_S
from fermon.policy.settings import PolicySettings, ns
from fermon.policy.windows import TimeBins

Probabilities = tuple[float, ...]
ANGRY, HAPPY, SAD = (EXPRESSIONS.index(name) for name in ("angry", "happy", "sad"))
SAME_YAWN_NS = NS_PER_S // 2  # a mouth that closes for less than this in a yawn does not begin another one
MAX_YAWNS = 256


class Smoothing:
    """Exponential smoothing in real time, and since when the smoothed value has been past a threshold.

    It starts with the first readable expression, and anew after `smoothing_gap_s` without one. Times are ns since
    the first input.
    """

    def __init__(self, settings: PolicySettings) -> None:
        self._tau_ns = settings.smoothing_tau_s * NS_PER_S
        self._gap_ns, self._frame_gap_ns = ns(settings.smoothing_gap_s), ns(settings.frame_gap_s)
        self._angry, self._calm = settings.anger_probability, settings.anger_clear_probability
        self._sad = settings.weary_sad_probability
        self._window_ns = ns(settings.anger_s)
        self._readable = TimeBins(self._window_ns)
        self._values: Probabilities = ()
        self._read_ns: int | None = None  # the last readable expression
        self._frame_ns: int | None = None
        self.angry_since_ns: int | None = None
        self.calm_since_ns: int | None = None
        self.sad_since_ns: int | None = None

    def advance(self, t_ns: int) -> None:
        """Time passed, with or without a frame: after too long a gap there is no smoothed value."""
        self._readable.advance(t_ns)
        if self._read_ns is not None and t_ns - self._read_ns > self._gap_ns:
            self._read_ns = None
            self.angry_since_ns = self.calm_since_ns = self.sad_since_ns = None

    def observe(self, t_ns: int, expression: Probabilities | None) -> None:
        """A frame came, its expression None when not readable."""
        if (
            self._frame_ns is not None
            and self._frame_ns == self._read_ns
            and t_ns - self._frame_ns <= self._frame_gap_ns
        ):
            self._readable.add(self._frame_ns, t_ns)
        self._frame_ns = t_ns
        if expression is None:
            return
        if self._read_ns is None:
            self._values = expression
        else:
            keep = math.exp((self._read_ns - t_ns) / self._tau_ns)
            take = 1.0 - keep
            self._values = tuple([keep * old + take * new for old, new in zip(self._values, expression, strict=True)])
        self._read_ns = t_ns
        angry = self._values[ANGRY]
        self.angry_since_ns = _since(self.angry_since_ns, angry >= self._angry, t_ns)
        self.calm_since_ns = _since(self.calm_since_ns, angry < self._calm, t_ns)
        self.sad_since_ns = _since(self.sad_since_ns, self._values[SAD] >= self._sad, t_ns)

    @property
    def values(self) -> Probabilities | None:
        """The smoothed probabilities; None when there is no readable expression, or too old a one."""
        return None if self._read_ns is None else self._values

    @property
    def happy(self) -> float | None:
        """The smoothed probability of happy."""
        return None if self._read_ns is None else self._values[HAPPY]

    @property
    def readable(self) -> float:
        """Share 0..1 of ANGER's window with a readable expression."""
        return self._readable.total(0) / self._window_ns


def _since(since_ns: int | None, holds: bool, t_ns: int) -> int | None:
    if not holds:
        return None
    return t_ns if since_ns is None else since_ns


class Yawns:
    """Counts yawns: the mouth wide open for `yawn_s` without a happy face."""

    def __init__(self, settings: PolicySettings) -> None:
        self._mouth, self._happy = settings.yawn_mouth_probability, settings.yawn_happy_probability
        self._yawn_ns, self._window_ns = ns(settings.yawn_s), ns(settings.yawn_window_s)
        self._gap_ns = ns(settings.frame_gap_s)
        self._since_ns: int | None = None  # the mouth has been open from here
        self._read_ns = 0  # the last readable mouth
        self._counted_ns: int | None = None  # the counted yawn was last seen here
        self._times: deque[int] = deque(maxlen=MAX_YAWNS)

    def advance(self, t_ns: int) -> None:
        """Forget yawns older than the window."""
        while self._times and self._times[0] <= t_ns - self._window_ns:
            self._times.popleft()

    def observe(self, t_ns: int, mouth: float | None, happy: float | None) -> None:
        """A frame came, with the mouth's probability of being wide open and the smoothed probability of happy."""
        if t_ns - self._read_ns > self._gap_ns:
            self._since_ns = None
        if mouth is None:
            return
        self._read_ns = t_ns
        if mouth < self._mouth or happy is None or happy >= self._happy:
            self._since_ns = None
            if mouth >= self._mouth and happy is not None and self._counted(t_ns):
                self._times.pop()  # it was a laugh: smoothing takes a while to show it
                self._counted_ns = None
            return
        if self._since_ns is None:
            self._since_ns = t_ns
        if self._counted(t_ns):
            self._counted_ns = t_ns
        elif t_ns - self._since_ns >= self._yawn_ns:
            self._counted_ns = t_ns
            self._times.append(t_ns)

    def _counted(self, t_ns: int) -> bool:
        """Whether the mouth is still open from a yawn that was counted."""
        return bool(self._times) and self._counted_ns is not None and t_ns - self._counted_ns <= SAME_YAWN_NS

    @property
    def count(self) -> int:
        """Yawns inside the window."""
        return len(self._times)
