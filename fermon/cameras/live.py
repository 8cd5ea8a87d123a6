"""What live cameras share: a reader thread and a mailbox with room for one frame.

The thread may hang inside a driver for as long as it likes; whoever reads is told within `frozen_after_s`.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from fermon.cameras.opencv import turned
from fermon.domain import NS_PER_S, Frame
from fermon.errors import CameraLost

IDLE_S = 0.02  # pause after a grab that gave nothing: an unplugged device fails at once and would spin
JOIN_S = 0.5  # how long close() waits for the thread: enough for one that is not stuck
FLAT = 4.0  # grey levels of standard deviation up to which a picture shows nothing: darkness, a covered lens

Gray = NDArray[np.uint8]


class Grabber(Protocol):
    """A device. All of it is called by the reader thread only, except `why_no_frames`."""

    def grab(self) -> tuple[int, Gray] | None:
        """Wait, a second at most, for the next picture: (capture time in monotonic ns, gray picture of our own).

        None: nothing came. Raises CameraLost when the device is known to be gone.
        """

    def why_no_frames(self) -> str:
        """Say why there may be no frames and what to do, as the end of a sentence. Must not touch the driver."""

    def release(self) -> None:
        """Give the device back. Never raises."""


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds without a frame after which the camera counts as lost, before and after its first frame."""

    first_frame_s: float
    frozen_after_s: float


class LiveCamera:
    """A Camera that fills its mailbox by itself; the newest frame wins."""

    live = True

    def __init__(self, name: str, grabber: Grabber, timeouts: Timeouts, *, turn_deg: int = 0) -> None:
        self.name = name
        self._grabber = grabber
        self._timeouts = timeouts
        self._turn_deg = turn_deg
        self._changed = threading.Condition()
        self._stop = threading.Event()
        self._frame: Frame | None = None
        self._error: Exception | None = None
        self._last: Gray | None = None
        self._last_t_ns = -1
        self._seq = 0
        self._repeats = 0  # pictures since the last frame that were the very same
        self._arrival_s = time.monotonic()  # of the last frame, or of the start
        # A daemon thread: one that hangs in a driver must not keep the process alive.
        self._thread = threading.Thread(target=self._run, name=f"camera {name}", daemon=True)
        self._thread.start()

    def read(self, timeout_s: float) -> Frame | None:
        """See Camera.read. A frozen device raises CameraLost at most `frozen_after_s` after its last new picture."""
        deadline = time.monotonic() + timeout_s
        with self._changed:
            while self._frame is None:
                if self._error is not None:
                    raise self._error
                now = time.monotonic()
                patience = self._timeouts.frozen_after_s if self._seq else self._timeouts.first_frame_s
                silent_s = now - self._arrival_s
                if silent_s >= patience:
                    what = "the very same picture" if self._repeats else "no frame"
                    raise CameraLost(
                        self.name, found=f"{what} for {silent_s:.1f} s", remedy=self._grabber.why_no_frames()
                    )
                if now >= deadline:
                    return None
                self._changed.wait(min(deadline - now, patience - silent_s))
            frame, self._frame = self._frame, None
            return frame

    def close(self) -> None:
        """See Camera.close. A thread that hangs in the driver is left behind and gives the device back when it can."""
        self._stop.set()
        with self._changed:
            self._frame = None
            self._error = self._error or CameraLost(f"{self.name}: closed")
            self._changed.notify_all()
        if self._thread is not threading.current_thread():
            self._thread.join(JOIN_S)

    def _run(self) -> None:
        try:
            while not self._stop.is_set():
                got = self._grabber.grab()
                if got is None:
                    self._stop.wait(IDLE_S)
                else:
                    self._put(*got)
        except Exception as error:  # handed to the reader: a bug must end the daemon, not just this thread
            with self._changed:
                self._error = self._error or error
                self._changed.notify_all()
        finally:
            self._grabber.release()

    def _put(self, t_ns: int, gray: Gray) -> None:
        gray = turned(gray, self._turn_deg)
        if self._last is not None and gray.shape != self._last.shape:
            raise CameraLost(
                f"{self.name}: the frame size changed from {_size(self._last.shape)} to {_size(gray.shape)}",
                remedy="another program may have changed the camera's settings",
            )
        if self._last is not None and same_picture(gray, self._last):
            self._repeats += 1  # no news: not a frame
            return
        gray.flags.writeable = False
        self._last = gray
        if t_ns <= self._last_t_ns:  # a driver's clock that stands or steps back
            t_ns = max(time.monotonic_ns(), self._last_t_ns + 1)
        self._last_t_ns = t_ns
        with self._changed:
            if self._stop.is_set():
                return
            self._frame = Frame(t_ns, self._seq, gray)
            self._seq += 1
            self._repeats = 0
            self._arrival_s = time.monotonic()
            self._changed.notify_all()


def same_picture(one: Gray, other: Gray) -> bool:
    """Tell whether two pictures are the same in every pixel, and show something.

    A sensor's noise makes every picture differ in some pixel; a flat one (darkness, a covered lens) may well repeat.
    """
    if not np.array_equal(one[::16], other[::16]):  # a sixteenth of the rows tells almost always, for 10 us
        return False
    return np.array_equal(one, other) and float(one.std()) > FLAT


def _size(shape: tuple[int, ...]) -> str:
    return f"{shape[1]}x{shape[0]} px"


def plausible_ns(stamp_ns: int) -> int:
    """Return a driver's time stamp when it can be one of the monotonic clock, else the present.

    A frame is at most a second old; some drivers stamp with the wall clock or not at all (0).
    """
    now = time.monotonic_ns()
    return stamp_ns if 0 <= now - stamp_ns <= NS_PER_S else now
