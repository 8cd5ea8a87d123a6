"""Load shedding: which networks run less often when the processor cannot keep up, and when they resume.

Pure: time comes with every call. Eyes go last, since the alerts that matter rest on them; below its floor the policy
itself calls a measure unavailable.
"""

from __future__ import annotations

from dataclasses import dataclass

from fermon.domain import NS_PER_S
from fermon.perception.cadence import EVERY_FRAME_HZ, Pace


@dataclass(frozen=True, slots=True)
class Step:
    """How often things are read, at most, a second; 0 = not at all."""

    text: str
    expression_hz: float = EVERY_FRAME_HZ
    mouth_hz: float = EVERY_FRAME_HZ
    frames_hz: float = EVERY_FRAME_HZ


# Each step takes a load to two thirds at the least, so that going back up from under _CALM does not overload again.
STEPS = (
    Step("everything is read again"),
    Step("expression is read twice and the mouth five times a second", 2.0, 5.0),
    Step("expression and mouth are not read: no anger, no yawns", 0.0, 0.0),
    Step("expression and mouth are not read, eyes ten times a second: no blink statistics either", 0.0, 0.0, 10.0),
)

_BLOCK_NS = NS_PER_S  # the load is judged over so long
_OVERLOADED = 0.9  # share of the time that goes into frames, ...
_LOST = 0.2  # ... or share of the frames that came and went before the loop was ready for them, ...
_LOST_BLOCKS = 3  # ... in so many blocks in a row: a busy moment elsewhere is no reason to read less
_CALM = 0.55
_CALM_LOST = 2  # frames in a block that may be lost by chance
_RECOVER_NS = 10 * NS_PER_S  # calm for so long before one step back up; doubled each time that did not last, ...
_RECOVER_MOST_NS = 320 * NS_PER_S
_LASTED_NS = 60 * NS_PER_S  # ... until it lasted for so long


class RateControl:
    """Holds the step in force. The same calls give the same steps.

    Two signs of overload count: turns that take nearly all the time, and frames lost between turns, as a process that
    is kept from running (another program, a quota) is late without working.

    >>> rates = RateControl()
    >>> [rates.turn(k * 100_000_000, 99_000_000) for k in range(1, 40)].count(True)
    3
    >>> rates.step.frames_hz
    10.0
    """

    def __init__(self) -> None:
        self._level = 0
        self._frames = Pace(EVERY_FRAME_HZ)
        self._since_ns: int | None = None  # the block began
        self._busy_ns = 0
        self._seq: int | None = None  # of the last frame
        self._came = self._lost = 0  # frames in the block
        self._lost_blocks = 0  # in a row that lost too many
        self._calm_ns = 0
        self._recover_ns = _RECOVER_NS
        self._raised_ns: int | None = None  # the last step back up
        self.load = 0.0  # share of the last block that went into frames
        self.lost = 0.0  # share of its frames that were lost

    @property
    def step(self) -> Step:
        return STEPS[self._level]

    @property
    def percentages(self) -> tuple[float, float]:
        """`load` and `lost` in per cent."""
        return 100 * self.load, 100 * self.lost

    @property
    def lowered(self) -> bool:
        """Whether anything is read less often than usual."""
        return self._level > 0

    def takes(self, t_ns: int, seq: int) -> bool:
        """Whether the frame of time `t_ns` and number `seq` is to be read; the others are passed over, evenly.

        Call it for each frame; a gap in `seq` is frames that were lost. A number that does not rise begins anew.
        """
        came = 1 if self._seq is None or seq <= self._seq else seq - self._seq
        self._seq = seq
        self._came += came
        self._lost += came - 1
        return self._frames.due(t_ns)

    def turn(self, now_ns: int, busy_ns: int) -> bool:
        """Take one turn of the loop that ended at `now_ns` and worked for `busy_ns`; return whether the step changed.

        Turns without a frame count too, with what they worked.
        """
        if self._since_ns is None or now_ns < self._since_ns:  # the first turn, or a clock that was set back
            self._begin(now_ns - busy_ns)
        self._busy_ns += busy_ns
        assert self._since_ns is not None
        elapsed_ns = now_ns - self._since_ns
        if elapsed_ns < _BLOCK_NS:
            return False
        self.load = min(1.0, self._busy_ns / elapsed_ns)
        self.lost = self._lost / max(1, self._came)
        calm = self.load < _CALM and self._lost <= _CALM_LOST
        self._begin(now_ns)
        return self._judge(now_ns, elapsed_ns, calm)

    def _begin(self, now_ns: int) -> None:
        self._since_ns, self._busy_ns, self._came, self._lost = now_ns, 0, 0, 0

    def _judge(self, now_ns: int, elapsed_ns: int, calm: bool) -> bool:
        if self._raised_ns is not None and now_ns - self._raised_ns >= _LASTED_NS:
            self._raised_ns, self._recover_ns = None, _RECOVER_NS
        # A long block (a suspended system) is no long calm.
        self._calm_ns = self._calm_ns + min(elapsed_ns, 2 * _BLOCK_NS) if calm else 0
        self._lost_blocks = self._lost_blocks + 1 if self.lost >= _LOST else 0
        if (self.load >= _OVERLOADED or self._lost_blocks >= _LOST_BLOCKS) and self._level + 1 < len(STEPS):
            if self._raised_ns is not None:
                self._raised_ns, self._recover_ns = None, min(_RECOVER_MOST_NS, 2 * self._recover_ns)
            return self._go(1)
        if self._level and self._calm_ns >= self._recover_ns:
            self._raised_ns = now_ns
            return self._go(-1)
        return False

    def _go(self, by: int) -> bool:
        self._level += by
        self._calm_ns = self._lost_blocks = 0
        self._frames.rate_hz = self.step.frames_hz
        return True
