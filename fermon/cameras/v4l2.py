"""V4L2 cameras (USB, CSI through the kernel driver, v4l2loopback) through OpenCV.

The driver's raw picture is taken without OpenCV's conversion to BGR: of YUYV every second byte is the gray picture.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from fermon.cameras import nodes
from fermon.cameras.live import Gray, LiveCamera, Timeouts, plausible_ns
from fermon.cameras.opencv import quiet_cv2
from fermon.cameras.settings import CameraSettings
from fermon.domain import NS_PER_S
from fermon.errors import CameraLost, CameraNotFound

log = logging.getLogger(__name__)

AUTO = ("YUYV", "GREY", "MJPG")  # cheapest first; JPEG costs decoding, but is all that some cameras give at full rate
PLANAR = ("NV12", "NV21", "YU12", "YV12")  # gray plane first, then half as many rows of colour
PACKED = ("YUYV", "UYVY")  # every second byte is gray
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
    capture: Capture = cv2.VideoCapture(device, cv2.CAP_V4L2)
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
    return LiveCamera(device, grabber, timeouts, upside_down=settings.upside_down)


def negotiate(capture: Capture, settings: CameraSettings, device: str) -> Mode:
    """Ask for size, rate and pixel format, and return what the driver really set."""
    candidates = AUTO if settings.pixel_format == "auto" else (settings.pixel_format,)
    best: tuple[int, str, Mode, list[str]] | None = None
    for pixel_format in candidates:
        mode = _ask(capture, pixel_format, settings)
        differs = mode.differs(settings, pixel_format)
        if best is None or len(differs) < best[0]:
            best = (len(differs), pixel_format, mode, differs)
        if not differs:
            break
    assert best is not None
    _, pixel_format, mode, differs = best
    if differs and len(candidates) > 1:
        mode = _ask(capture, pixel_format, settings)
    if mode.width <= 0 or mode.height <= 0:
        raise CameraNotFound(
            f"{device}: the driver gives pictures of {mode.width}x{mode.height} px",
            remedy=f"is it a camera? {nodes.listing()}",
        )
    if differs:
        log.warning("%s gives %s; going on with it", device, "; ".join(differs))
    else:
        log.info("%s gives %s", device, mode)
    return mode


def _ask(capture: Capture, pixel_format: str, settings: CameraSettings) -> Mode:
    cv2 = quiet_cv2()
    # Raw first, as each later call lays out OpenCV's frame anew; then the pixel format, on which sizes and rates
    # depend. What cannot be set is seen by reading it back.
    capture.set(cv2.CAP_PROP_CONVERT_RGB, 0)
    capture.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter_fourcc(*pixel_format))
    capture.set(cv2.CAP_PROP_FRAME_WIDTH, settings.width)
    capture.set(cv2.CAP_PROP_FRAME_HEIGHT, settings.height)
    capture.set(cv2.CAP_PROP_FPS, settings.rate_hz)
    code = int(capture.get(cv2.CAP_PROP_FOURCC)) & 0xFFFFFFFF
    return Mode(
        code.to_bytes(4, "little").decode("ascii", "replace").strip("\0 "),
        int(capture.get(cv2.CAP_PROP_FRAME_WIDTH)),
        int(capture.get(cv2.CAP_PROP_FRAME_HEIGHT)),
        max(0.0, capture.get(cv2.CAP_PROP_FPS)),
    )


class V4l2Grabber:
    """Takes pictures from a cv2.VideoCapture (or a stand-in) at about the rate asked for."""

    def __init__(self, device: str, capture: Capture, mode: Mode, settings: CameraSettings) -> None:
        self._device = device
        self._capture = capture
        self._mode = mode
        self._shrink = reduction(mode, settings)
        self._gap_ns = int(TAKE_AFTER * NS_PER_S / settings.rate_hz)
        self._taken_ns = -self._gap_ns

    def grab(self) -> tuple[int, Gray] | None:
        cv2 = quiet_cv2()
        while self._capture.grab():
            t_ns = plausible_ns(round(self._capture.get(cv2.CAP_PROP_POS_MSEC) * 1e6))
            if t_ns - self._taken_ns < self._gap_ns:
                continue
            ok, picture = self._capture.retrieve()
            gray = to_gray(picture, self._mode, self._shrink) if ok and picture is not None else None
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


def to_gray(picture: NDArray[np.uint8], mode: Mode, shrink: int = 1) -> Gray | None:
    """Return the gray picture uint8 (height, width) inside the driver's raw `picture`, or None if it is damaged.

    Told by its shape, since OpenCV versions differ in what they leave unconverted: one row is the driver's buffer as
    it was (OpenCV 4.11 does so for every format); else (h, w) gray, (h, w, 2) packed YUV 4:2:2, (3h/2, w) planar YUV
    4:2:0, gray first, (h, w, 3) BGR or RGB. The result never shares memory with the driver's buffers (OpenCV copied
    them) and is contiguous.
    """
    cv2 = quiet_cv2()
    if mode.pixel_format in ("MJPG", "JPEG") and picture.ndim == 2 and 1 in picture.shape:
        flags = {
            1: cv2.IMREAD_GRAYSCALE,
            2: cv2.IMREAD_REDUCED_GRAYSCALE_2,
            4: cv2.IMREAD_REDUCED_GRAYSCALE_4,
            8: cv2.IMREAD_REDUCED_GRAYSCALE_8,
        }
        decoded: Gray | None = cv2.imdecode(picture.reshape(-1), flags[shrink])
        return decoded
    if picture.ndim == 2 and 1 in picture.shape:
        depth = 2 if mode.pixel_format in PACKED else 1
        wanted = mode.width * mode.height * depth
        if mode.pixel_format not in (*PACKED, *PLANAR, "GREY") or picture.size < wanted:
            return None
        picture = picture.reshape(-1)[:wanted].reshape(mode.height, mode.width, depth)
        if depth == 1:
            return picture[:, :, 0]
    if picture.ndim == 2:
        return picture[: picture.shape[0] * 2 // 3] if mode.pixel_format in PLANAR else picture
    if picture.shape[2] == 2:
        return np.asarray(cv2.extractChannel(picture, 1 if mode.pixel_format == "UYVY" else 0), np.uint8)
    order = cv2.COLOR_RGB2GRAY if mode.pixel_format == "RGB3" else cv2.COLOR_BGR2GRAY
    return np.asarray(cv2.cvtColor(picture, order), np.uint8)
