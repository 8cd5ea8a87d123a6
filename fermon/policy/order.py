"""The order of inputs: which are skipped, and when the others take effect."""

from __future__ import annotations

from fermon.domain import CameraChange, Input, Observation
from fermon.policy.settings import PolicySettings, ns


class InputOrder:
    """Gives each input the time at which it takes effect, so that the measures' time never runs backwards.

    Frames have an order of their own, and so have all other inputs, which are never older than the last frame. A
    frame takes its time from the camera to here: it may be up to `frame_late_s` older than a speed, an
    acknowledgement or a tick that came before it. So while frames come, those take effect at the time that the
    measures have reached, never ahead of a frame under way.
    """

    def __init__(self, settings: PolicySettings) -> None:
        self._late_ns = ns(settings.frame_late_s)
        self.first_ns: int | None = None  # the first input's time, from which the measures count
        self.last_ns = 0  # the latest time so far
        self.line_ns = 0  # the time that the last input's alert lines carry
        self._frame_ns: int | None = None  # the last frame
        self._lost_ns: int | None = None  # the last loss of the camera
        self._other_ns: int | None = None  # the last input that was no frame
        self._types_now: set[type] = set()  # of the inputs that carried that time

    def place(self, item: Input, t_ns: int, now_ns: int, lost: bool) -> int | None:
        """Return when the input of time `t_ns` takes effect, in ns since the first one; None when it is skipped.

        `now_ns` is the time that the measures have reached, `lost` whether the camera is.
        """
        frame = isinstance(item, Observation)
        if not (self._frame_in_order(t_ns) if frame else self._other_in_order(t_ns, item)):
            return None
        if self.first_ns is None:
            self.first_ns = self.last_ns = t_ns
        effect_ns = max(now_ns, t_ns - self.first_ns)
        if frame:
            self._frame_ns = t_ns
        else:
            self._other_ns = t_ns
            if isinstance(item, CameraChange):
                self._lost_ns = t_ns if item.state == "lost" else self._lost_ns
            elif not lost and self._frame_ns is not None and t_ns - self._frame_ns <= self._late_ns:
                effect_ns = now_ns  # a frame may be under way
        self.line_ns = max(t_ns, effect_ns + self.first_ns)
        self.last_ns = max(self.last_ns, self.line_ns)
        return effect_ns

    def _frame_in_order(self, t_ns: int) -> bool:
        return (
            (self._frame_ns is None or t_ns > self._frame_ns)
            and (self._lost_ns is None or t_ns >= self._lost_ns)
            and (self._other_ns is None or t_ns >= self._other_ns - self._late_ns)
        )

    def _other_in_order(self, t_ns: int, item: Input) -> bool:
        """Inputs of different kinds may carry the same time; anything else has to increase."""
        if self._frame_ns is not None and t_ns < self._frame_ns:
            return False
        if self._other_ns is None or t_ns > self._other_ns:
            self._types_now.clear()
        elif t_ns < self._other_ns or type(item) in self._types_now:
            return False
        self._types_now.add(type(item))
        return True
