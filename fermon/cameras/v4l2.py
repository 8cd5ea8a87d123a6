"""V4L2 cameras (USB, CSI through the kernel driver, v4l2loopback) through OpenCV."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from fermon.cameras import nodes
from fermon.cameras.formats import READABLE, GrayReader, name_of
from fermon.cameras.live import Gray, LiveCamera, Timeouts, plausible_ns
from fermon.cameras.opencv import quiet_cv2
from fermon.cameras.settings import CameraSettings
from fermon.domain import NS_PER_S
from fermon.errors import CameraLost, CameraNotFound

log = logging.getLogger(__name__)

AUTO = ("YUYV", "GREY", "MJPG")  # cheapest first; JPEG costs decoding, but is all that some cameras give at full rate
# A driver's rate above the one asked for is thinned out: of 30 a second, 15 are taken. A frame is taken when it comes
# at least this share of the wanted period after the last, so that jitter does not cost every second one.
TAKE_AFTER = 0.7


class Capture(Protocol):
    """The part of cv2.VideoCapture that is used."""

    def isOpened(self) -> bool: ...
    def set(self, prop: int, value: float, /) -> bool: ...
    def get(self, prop: int, /) -> float: ...
    def grab(self) -> bool: ...
    def retrieve(self) -> tuple[bool, NDArray[np.uint8] | None]: ...
    def release(self) -> None: ...


def cv2_capture(device: str) -> Capture:
    """Open `device` with OpenCV's V4L2 backend."""
    cv2 = quiet_cv2()
    # The node itself, not a link to it: OpenCV crashes at a name that is no UTF-8.
    capture: Capture = cv2.VideoCapture(os.path.realpath(device), cv2.CAP_V4L2)
    return capture


@dataclass(frozen=True, slots=True)
class Mode:
    """What the driver says it gives. `rate_hz` is 0 where it does not say."""

    pixel_format: str
    width: int
    height: int
    rate_hz: float

    def differs(self, wanted: CameraSettings, pixel_format: str) -> list[str]:
        """List what is not as asked for. A higher rate is no problem: frames are thinned out."""
        found = []
        if self.pixel_format != pixel_format:
            found.append(f"pixel format {self.pixel_format}, asked for {pixel_format}")
        if (self.width, self.height) != (wanted.width, wanted.height):
            found.append(f"{self.width}x{self.height} px, asked for {wanted.width}x{wanted.height} px")
        if 0 < self.rate_hz < 0.95 * wanted.rate_hz:
            found.append(f"{self.rate_hz:g} frames a second, asked for {wanted.rate_hz:g}")
        return found


def open_v4l2(
    device: str, settings: CameraSettings, factory: Callable[[str], Capture] = cv2_capture, *, check_node: bool = True
) -> LiveCamera:
    """Open `device` ("/dev/video0"), ask for the settings' mode and start reading.

    What the driver gives instead is logged as a warning: any size and rate works, if less well. `factory` and
    `check_node` are for stand-ins (see fakes.py). Raises CameraNotFound: missing, no permission, busy, no camera.
    """
    if check_node and (problem := nodes.problem(device)):
        raise CameraNotFound.of([problem])
    capture = factory(device)
    if not capture.isOpened():
        capture.release()
        raise CameraNotFound.of([nodes.refused(device)])
    try:
        mode = negotiate(capture, settings, device)
    except BaseException:
        capture.release()
        raise
    grabber = V4l2Grabber(device, capture, mode, settings)
    timeouts = Timeouts(settings.first_frame_s, settings.frozen_after_s)
    return LiveCamera(device, grabber, timeouts, turn_deg=settings.turn_deg)


def negotiate(capture: Capture, settings: CameraSettings, device: str) -> Mode:
    """Ask for size, rate and pixel format, and return what the driver really set."""
    asked = settings.pixel_format
    mode, differs = _best(capture, settings, AUTO if asked == "auto" else (asked,))
    if mode.pixel_format not in READABLE:  # whatever the driver falls back on: some other format may do
        mode, differs = _best(capture, settings, READABLE)
    if mode.pixel_format not in READABLE:
        raise CameraNotFound.of([nodes.unreadable(device, [mode.pixel_format])])
    if mode.width <= 0 or mode.height <= 0:
        raise CameraNotFound(
            f"{device}: the driver gives pictures of {mode.width}x{mode.height} px",
            remedy=f"is it a camera? {nodes.listing()}",
        )
    if differs:
        log.warning("%s gives %s; continuing with that", device, "; ".join(differs))
    else:
        log.info("%s gives %s", device, mode)
    return mode


def _best(capture: Capture, settings: CameraSettings, formats: tuple[str, ...]) -> tuple[Mode, list[str]]:
    """Set the one of `formats` with which the driver comes nearest to the settings; return what differs, too."""
    best: tuple[bool, int, str, Mode, list[str]] | None = None
    for pixel_format in formats:
        mode = _ask(capture, pixel_format, settings)
        differs = mode.differs(settings, pixel_format)
        rank = (mode.pixel_format not in READABLE, len(differs))
        if best is None or rank < best[:2]:
            best = (*rank, pixel_format, mode, differs)
        if not differs:
            break
    assert best is not None
    _, _, pixel_format, mode, differs = best
    if differs and len(formats) > 1:
        mode = _ask(capture, pixel_format, settings)
    return mode, differs


def _ask(capture: Capture, pixel_format: str, settings: CameraSettings) -> Mode:
    cv2 = quiet_cv2()
    # Raw first, as each later call lays out OpenCV's frame anew; then the pixel format, on which sizes and rates
    # depend. What cannot be set is seen by reading it back.
    capture.set(cv2.CAP_PROP_CONVERT_RGB, 0)
    capture.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter_fourcc(*pixel_format.ljust(4)))
    capture.set(cv2.CAP_PROP_FRAME_WIDTH, settings.width)
    capture.set(cv2.CAP_PROP_FRAME_HEIGHT, settings.height)
    capture.set(cv2.CAP_PROP_FPS, settings.rate_hz)
    return Mode(
        name_of(int(capture.get(cv2.CAP_PROP_FOURCC))),
        int(capture.get(cv2.CAP_PROP_FRAME_WIDTH)),
        int(capture.get(cv2.CAP_PROP_FRAME_HEIGHT)),
        max(0.0, capture.get(cv2.CAP_PROP_FPS)),
    )


class V4l2Grabber:
    """Takes pictures from a cv2.VideoCapture (or a stand-in) at about the rate asked for."""

    def __init__(self, device: str, capture: Capture, mode: Mode, settings: CameraSettings) -> None:
        self._device = device
        self._capture = capture
        self._reader = GrayReader(mode.pixel_format, mode.width, mode.height, reduction(mode, settings))
        self._gap_ns = int(TAKE_AFTER * NS_PER_S / settings.rate_hz)
        self._taken_ns = -self._gap_ns

    def grab(self) -> tuple[int, Gray] | None:
        cv2 = quiet_cv2()
        while self._capture.grab():
            t_ns = plausible_ns(round(self._capture.get(cv2.CAP_PROP_POS_MSEC) * 1e6))
            if t_ns - self._taken_ns < self._gap_ns:
                continue
            ok, picture = self._capture.retrieve()
            gray = self._reader.read(picture) if ok and picture is not None else None
            if gray is None:  # a damaged JPEG, for one
                return None
            self._taken_ns = t_ns
            return t_ns, gray
        if not Path(self._device).exists():
            raise CameraLost(f"{self._device}: gone (unplugged?)", remedy=f"plug it in again; {nodes.listing()}")
        return None

    def why_no_frames(self) -> str:
        return nodes.why_no_frames(self._device)

    def release(self) -> None:
        self._capture.release()


def reduction(mode: Mode, settings: CameraSettings) -> int:
    """Return 1, 2, 4 or 8: by how much a JPEG may be decoded smaller and still be at least the size asked for."""
    for divisor in (8, 4, 2):
        if mode.width >= divisor * settings.width and mode.height >= divisor * settings.height:
            return divisor
    return 1
