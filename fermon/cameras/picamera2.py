"""Pi cameras through picamera2: the gray plane of a small YUV420 stream, stamped by the sensor, no conversion.

Written against the source of picamera2 0.3.38; not yet run on a Pi. What the tests run is a stand-in with the same
signatures (fakes.py). picamera2 0.3.38 itself was loaded on Debian 13's libcamera 0.4, where no camera was. Not tried:
a real sensor's start-up time, strides other than the width's, USB cameras behind libcamera, hot-unplugging.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import numpy as np

from fermon.cameras.live import Gray, LiveCamera, Timeouts, plausible_ns
from fermon.cameras.settings import CameraSettings
from fermon.errors import CameraNotFound

log = logging.getLogger(__name__)

WAIT_S = 0.5  # for one frame; bounds how long the reader thread takes to notice that it shall stop
REMEDY = "check the ribbon cable, and that 'rpicam-hello --list-cameras' shows it"


def picamera2_class() -> Any:
    """Return the class Picamera2. Raises CameraNotFound where picamera2 is not installed or does not load."""
    try:
        from picamera2 import Picamera2
    except ImportError as error:
        raise CameraNotFound(
            f"picamera: the library picamera2 cannot be loaded ({error})",
            remedy="on Raspberry Pi OS: sudo apt install python3-picamera2, in an environment made with "
            "--system-site-packages",
        ) from error
    except ValueError as error:  # NumPy's "dtype size changed": apt's libraries are built for another NumPy
        raise CameraNotFound(
            f"picamera: picamera2's libraries do not fit this environment's NumPy {np.__version__} ({error})",
            remedy="on Raspberry Pi OS 12 (Bookworm): pip install 'numpy<2'",
        ) from error
    except Exception as error:  # AttributeError where apt's kms++ or libcamera are older than picamera2 expects
        raise CameraNotFound(
            f"picamera: the library picamera2 does not load ({type(error).__name__}: {error})",
            remedy="its parts are of different versions? sudo apt full-upgrade",
        ) from error
    return Picamera2


def open_picamera(number: int, settings: CameraSettings, factory: Callable[[], Any] = picamera2_class) -> LiveCamera:
    """Open Pi camera `number` (0 = the first) and start it. `factory` is for stand-ins.

    Raises CameraNotFound: no picamera2, no such camera, or it is in use.
    """
    name = f"picamera{number or ''}"
    cls = factory()
    try:
        found = cls.global_camera_info()
    except Exception as error:
        raise CameraNotFound(f"{name}: libcamera does not answer ({error})", remedy=REMEDY) from error
    if number >= len(found):
        models = ", ".join(str(info.get("Model", "?")) for info in found) or "none"
        raise CameraNotFound(f"{name}: no such camera", found=f"{len(found)} ({models})", remedy=REMEDY)
    try:
        camera = cls(number)
    except Exception as error:  # RuntimeError, IndexError, ... in every case: it could not be had
        raise CameraNotFound(
            f"{name}: cannot be opened ({error})", remedy=f"in use by another program? Else {REMEDY}"
        ) from error
    try:
        camera.configure(configuration(camera, settings))
        camera.start()
        stream = camera.stream_configuration("main")
    except Exception as error:
        camera.close()
        raise CameraNotFound(
            f"{name}: cannot give {settings.width}x{settings.height} px at {settings.rate_hz:g} frames a second "
            f"({error})",
            remedy="set width, height and rate_hz under [camera] to what the sensor offers",
        ) from error
    width, height = stream["size"]
    if (width, height) != (settings.width, settings.height):
        log.warning("%s gives %dx%d px, asked for %dx%d px", name, width, height, settings.width, settings.height)
    timeouts = Timeouts(settings.first_frame_s, settings.frozen_after_s)
    return LiveCamera(name, PicameraGrabber(camera, width, height), timeouts, turn_deg=settings.turn_deg)


def configuration(camera: Any, settings: CameraSettings) -> Any:
    """Return picamera2's configuration: one YUV420 stream (the first plane is the gray picture) at the settings' rate.

    The sensor's rate may fall to half the one asked for in the dark, so that a longer exposure keeps the driver
    visible; a fixed rate would go black.
    """
    period_us = round(1e6 / settings.rate_hz)
    return camera.create_video_configuration(
        main={"size": (settings.width, settings.height), "format": "YUV420"},
        raw=None,
        buffer_count=4,
        controls={"FrameDurationLimits": (period_us, min(2 * period_us, 125_000))},  # 125 ms: policy's floor of 8 fps
        display=None,
        encode=None,
    )


class PicameraGrabber:
    """Takes one completed request after the other; the oldest are taken first, the mailbox keeps the newest."""

    def __init__(self, camera: Any, width: int, height: int) -> None:
        self._camera = camera
        self._width = width
        self._height = height
        self._job: Any = None

    def grab(self) -> tuple[int, Gray] | None:
        # A job that timed out stays in picamera2's list and would take a request that nobody gives back: keep it.
        job = self._job or self._camera.capture_request(wait=False)
        self._job = job
        try:
            request = self._camera.wait(job, timeout=WAIT_S)
        except TimeoutError:
            return None
        self._job = None
        try:
            # make_array copies: the buffer goes back to the camera. Of YUV420 it makes 3h/2 rows, padded to the stride;
            # the gray plane is the top left corner.
            gray = request.make_array("main")[: self._height, : self._width]
            stamp_ns = int(request.get_metadata().get("SensorTimestamp", 0))
        finally:
            request.release()
        # SensorTimestamp is of CLOCK_BOOTTIME, which is the monotonic clock but for the time spent suspended.
        return plausible_ns(stamp_ns), np.ascontiguousarray(gray)

    def why_no_frames(self) -> str:
        return f"frozen? {REMEDY[0].upper()}{REMEDY[1:]}"

    def release(self) -> None:
        try:
            if self._job is not None:
                self._camera.cancel_all_and_flush()
            self._camera.close()
        except Exception as error:
            log.warning("picamera: closing failed: %s", error)
