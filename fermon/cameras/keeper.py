"""Keeps a live camera: notices that it is lost, opens it again with back-off, never blocks the loop.

A camera is back with its first new picture, not when it can be opened: a hung sensor shows its last picture again.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Hashable

from fermon.cameras import reopen_delays
from fermon.cameras.contract import Camera
from fermon.cameras.live import same_picture
from fermon.domain import NS_PER_S, Frame
from fermon.errors import CameraLost, DeviceError

log = logging.getLogger(__name__)


class CameraKeeper:
    """Frames of a camera that may go and come back.

    `open_camera` opens it and raises CameraNotFound. Each loss and each return is logged once.
    `camera` None: it could not be opened yet, and is tried again and again.
    """

    def __init__(
        self,
        open_camera: Callable[[], Camera],
        camera: Camera | None,
        wait: Callable[[float], object],
    ) -> None:
        self._open, self._camera, self._wait = open_camera, camera, wait
        self._delay_s = reopen_delays()
        self._next_try_ns = 0
        self._opening: threading.Thread | None = None
        self._opened: Camera | None = None
        self._told: Hashable = None  # the trouble that was logged last
        self._proven = camera is not None  # it gave a picture since it was opened, or was there from the start
        self._last: Frame | None = None
        self._closed = False

    @property
    def ok(self) -> bool:
        """Whether a camera is there now and shows what is before it."""
        return self._proven

    def read(self, now_ns: int, timeout_s: float) -> Frame | None:
        """Return the next frame, or None when none came within `timeout_s`.

        EndOfFrames passes through, and CameraLost of a source that is not live.
        """
        camera = self._camera
        if camera is None:
            self._try_again(now_ns)
            self._wait(timeout_s)
            return None
        try:
            frame = camera.read(timeout_s)
        except CameraLost as error:
            if not camera.live:
                raise  # a clip that is opened again would begin again
            self._tell("camera lost", error)
            camera.close()
            self._camera, self._proven = None, False
            self._try_after(now_ns)
            return None
        if frame is None or (not self._proven and self._shown_before(frame)):
            return None
        if not self._proven:
            self._proven, self._told = True, None
            log.info("camera back")
        self._delay_s = reopen_delays()
        self._last = frame
        return frame

    def _shown_before(self, frame: Frame) -> bool:
        return self._last is not None and same_picture(frame.gray, self._last.gray)

    def _tell(self, event: str, error: DeviceError, bug: Exception | None = None) -> None:
        """Log it, but not again and again what differs in what was found (for how many seconds) at most."""
        trouble = (event, error.problem.what, error.problem.remedy)
        if trouble != self._told:
            self._told = trouble
            log.log(logging.ERROR if bug else logging.WARNING, "%s: %s", event, error, exc_info=bug)

    def _try_again(self, now_ns: int) -> None:
        if self._opening is not None:
            if self._opening.is_alive():
                return
            self._opening = None
            if self._opened is not None:
                self._camera, self._opened = self._opened, None
                return
            self._try_after(now_ns)
        if now_ns >= self._next_try_ns:
            # A driver may hang in open(): a thread does it, so that ticks, outputs and the watchdog go on.
            self._opening = threading.Thread(target=self._open_once, name="camera-open", daemon=True)
            self._opening.start()

    def _try_after(self, now_ns: int) -> None:
        self._next_try_ns = now_ns + int(self._delay_s() * NS_PER_S)

    def _open_once(self) -> None:
        try:
            camera = self._open()
        except DeviceError as error:
            self._tell("camera", error)
            return
        except Exception as bug:  # nobody else sees what ends this thread
            self._tell("camera", DeviceError(f"{type(bug).__name__}: {bug}"), bug)
            return
        if self._closed:
            camera.close()
        else:
            self._opened = camera

    def close(self) -> None:
        self._closed = True
        for camera in (self._camera, self._opened):
            if camera is not None:
                camera.close()
