"""What every camera is."""

from __future__ import annotations

from typing import Protocol

from fermon.domain import Frame


class EndOfFrames(Exception):
    """A clip or a simulation is over; not an error."""


class Camera(Protocol):
    """Frames in. Opened by its table entry in `cameras/__init__.py`, which raises CameraNotFound when that fails.

    `live` is True where frames come by themselves and time is CLOCK_MONOTONIC; False where frames carry a time of
    their own (a clip, a simulation), so that the same source gives the same times on every run.
    """

    name: str
    live: bool

    def read(self, timeout_s: float) -> Frame | None:
        """Wait for the next frame; the newest one when several came meanwhile. None: nothing within `timeout_s`.

        Frames' `t_ns` and `seq` strictly increase; a gap in `seq` is frames that nobody read in time. Raises CameraLost
        when the camera went away, changed its frame size, or has been closed, and EndOfFrames after a clip's or a
        simulation's last frame. Both are raised again by every later call.
        """

    def close(self) -> None:
        """Release the device. Never raises; may be called twice."""
