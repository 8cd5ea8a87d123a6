"""Stand-ins for camera hardware, with scripted misbehaviour, for tests on machines without a camera.

`FakeCapture` has the part of cv2.VideoCapture that v4l2.py uses, `FakePicamera2` the part of picamera2.Picamera2
(signatures as in picamera2 0.3.38). What they do not simulate: USB bandwidth, exposure, a driver's memory, damaged
pictures, colour.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fermon.cameras.opencv import quiet_cv2

CLOCK_REAL = "monotonic"
CLOCK_NONE = "none"  # a driver that stamps its frames with 0


@dataclass(frozen=True, slots=True)
class Script:
    """How a stand-in behaves. Counts are of frames given before the event; None = never."""

    rate_hz: float = 60.0
    width: int = 640
    height: int = 480
    pixel_format: str = "YUYV"  # what the device gives unless it is asked for one of the next
    others: tuple[str, ...] = ()  # further formats that it has
    one_row: bool = False  # OpenCV hands out the driver's buffer as one row, as 4.11 does
    stamps: str = CLOCK_REAL
    unplugged_after: int | None = None  # the node vanishes, and every grab fails at once
    frozen_after: int | None = None  # a grab hangs until the device is released
    repeats_after: int | None = None  # the very same picture for ever
    dead_after: int | None = None  # the node stays, and every grab fails at once
    resized_after: int | None = None  # the frames have half the size from then on
    busy: bool = False  # cannot be opened

    def picture(self, seq: int) -> NDArray[np.uint8]:
        """Return the gray picture that the sensor gives as number `seq`."""
        width, height = self.width, self.height
        if self.resized_after is not None and seq >= self.resized_after:
            width, height = width // 2, height // 2
        return picture(seq if self.repeats_after is None else min(seq, self.repeats_after), width, height)


def picture(seq: int, width: int, height: int) -> NDArray[np.uint8]:
    """Return the gray picture number `seq`: a bright bar on a ramp, one step further in each picture."""
    ramp = np.linspace(20, 160, width, dtype=np.uint8)
    gray = np.repeat(ramp[None, :], height, axis=0)
    left = (seq * 8) % width
    gray[:, left : left + 8] = 230
    return gray


def raw(gray: NDArray[np.uint8], pixel_format: str) -> NDArray[np.uint8]:
    """Return the bytes that a V4L2 driver would give for `gray`, in the shape in which OpenCV hands them out."""
    cv2 = quiet_cv2()
    height, width = gray.shape
    if pixel_format == "GREY":
        return gray
    if pixel_format in ("YUYV", "UYVY"):
        packed = np.full((height, width, 2), 128, dtype=np.uint8)
        packed[:, :, 0 if pixel_format == "YUYV" else 1] = gray
        return packed
    if pixel_format in ("Y10", "Y12", "Y16"):
        return gray.astype(np.uint16) << {"Y10": 2, "Y12": 4, "Y16": 4}[pixel_format]  # of 12 bits, in the low ones
    if pixel_format in ("NV12", "YU12"):
        return np.concatenate([gray, np.full((height // 2, width), 128, dtype=np.uint8)])
    if pixel_format == "MJPG":
        return np.asarray(cv2.imencode(".jpg", gray)[1], dtype=np.uint8).reshape(1, -1)
    return np.repeat(gray[:, :, None], 3, axis=2)  # what OpenCV converts itself


class FakeCapture:
    """A cv2.VideoCapture of one device that follows a Script. `device` is a file; unplugging removes it."""

    def __init__(self, device: str, script: Script) -> None:
        self._device = Path(device)
        self._script = script
        self._wanted: dict[int, float] = {}
        self._released = threading.Event()
        self._seq = -1
        self._stamp_ms = 0.0
        self.grabs = 0  # attempts, for tests that nothing spins

    def isOpened(self) -> bool:
        return not self._script.busy and not self._released.is_set()

    def set(self, prop: int, value: float, /) -> bool:
        self._wanted[prop] = value
        return True

    def get(self, prop: int, /) -> float:
        cv2 = quiet_cv2()
        script = self._script
        given = {
            cv2.CAP_PROP_FOURCC: float(cv2.VideoWriter_fourcc(*self._format().ljust(4))),
            cv2.CAP_PROP_FRAME_WIDTH: float(script.width),
            cv2.CAP_PROP_FRAME_HEIGHT: float(script.height),
            cv2.CAP_PROP_FPS: script.rate_hz,
            cv2.CAP_PROP_POS_MSEC: self._stamp_ms,
        }
        return given.get(prop, 0.0)

    def _format(self) -> str:
        """Return the format that the driver has set: the one asked for, or its own."""
        cv2 = quiet_cv2()
        asked = self._wanted.get(cv2.CAP_PROP_FOURCC)
        known = {float(cv2.VideoWriter_fourcc(*name.ljust(4))): name for name in self._script.others}
        return self._script.pixel_format if asked is None else known.get(asked, self._script.pixel_format)

    def grab(self) -> bool:
        script = self._script
        self.grabs += 1
        if self._released.is_set():
            return False
        given = self._seq + 1
        if script.unplugged_after is not None and given >= script.unplugged_after:
            self._device.unlink(missing_ok=True)
            return False
        if script.dead_after is not None and given >= script.dead_after:
            return False
        if script.frozen_after is not None and given >= script.frozen_after:
            self._released.wait()
            return False
        time.sleep(1 / script.rate_hz)
        self._seq += 1
        self._stamp_ms = time.monotonic_ns() / 1e6 if script.stamps == CLOCK_REAL else 0.0
        return True

    def retrieve(self) -> tuple[bool, NDArray[np.uint8] | None]:
        picture = raw(self._script.picture(self._seq), self._format())
        return True, picture.reshape(-1).view(np.uint8).reshape(1, -1) if self._script.one_row else picture

    def release(self) -> None:
        self._released.set()


class FakeRequest:
    """A picamera2 CompletedRequest of one YUV420 stream whose rows are padded to 64 bytes."""

    def __init__(self, owner: FakePicamera2, gray: NDArray[np.uint8], metadata: dict[str, Any]) -> None:
        self._owner = owner
        self._gray = gray
        self._metadata = metadata

    def make_array(self, name: str) -> NDArray[np.uint8]:
        if name != "main":
            raise RuntimeError(f"Stream {name!r} is not defined")
        height, width = self._gray.shape
        array = np.full((height * 3 // 2, -(-width // 64) * 64), 128, dtype=np.uint8)
        array[:height, :width] = self._gray
        return array

    def get_metadata(self) -> dict[str, Any]:
        return self._metadata

    def release(self) -> None:
        self._owner.held -= 1
        if self._owner.held < 0:
            raise RuntimeError("CompletedRequest: lock now has negative ref_count")


class FakePicamera2:
    """A picamera2.Picamera2 that follows `script`. Like the real one it loses a request that is never released.

    `script`, `models` and `made` are class attributes: the real class is told nothing but a number.
    """

    script = Script()
    models: tuple[str, ...] = ("ov9281",)
    made: list[FakePicamera2] = []  # noqa: RUF012

    def __init__(
        self, camera_num: int = 0, verbose_console: None = None, tuning: object = None, allocator: object = None
    ) -> None:
        if self.script.busy:
            raise RuntimeError("Camera __init__ sequence did not complete.")
        self.held = 0
        self.closed = False
        self.configuration: dict[str, Any] = {}
        self._started = False
        self._seq = -1
        self._released = threading.Event()
        type(self).made.append(self)

    @staticmethod
    def factory(script: Script, models: tuple[str, ...] = ("ov9281",)) -> Callable[[], type[FakePicamera2]]:
        """Return what `open_picamera` takes as its factory, for a machine with these cameras."""
        cls = type("ScriptedPicamera2", (FakePicamera2,), {"script": script, "models": models, "made": []})
        return lambda: cls

    @classmethod
    def global_camera_info(cls) -> list[dict[str, Any]]:
        return [{"Model": model, "Num": number, "Id": f"/base/i2c/{model}"} for number, model in enumerate(cls.models)]

    def create_video_configuration(
        self,
        main: dict[str, Any] = {},  # noqa: B006 (the real signature)
        lores: dict[str, Any] | None = None,
        raw: dict[str, Any] | None = {},  # noqa: B006
        transform: object = None,
        colour_space: object = None,
        buffer_count: int = 6,
        controls: dict[str, Any] = {},  # noqa: B006
        display: str | None = "main",
        encode: str | None = "main",
        queue: bool = True,
        sensor: dict[str, Any] = {},  # noqa: B006
        use_case: str = "video",
    ) -> dict[str, Any]:
        unknown = set(main) - {"format", "size", "stride", "preserve_ar"}
        if unknown:
            raise ValueError(f"Bad key {unknown.pop()!r}")
        width, height = main["size"]
        stream = {"format": main["format"], "size": (width - width % 2, height - height % 2)}  # align_stream()
        return {"main": stream, "controls": controls, "buffer_count": buffer_count, "display": display}

    def configure(self, camera_config: dict[str, Any] | None = None) -> None:
        if camera_config is None or camera_config["main"]["format"] != "YUV420":
            raise RuntimeError(f"Invalid camera configuration: {camera_config}")
        self.configuration = camera_config

    def stream_configuration(self, name: str = "main") -> dict[str, Any]:
        config: dict[str, Any] = self.configuration[name]
        return config

    def start(self, config: object = None, show_preview: bool = False) -> None:
        if not self.configuration:
            raise RuntimeError("Camera has not been configured")
        self._started = True

    def capture_request(self, wait: object = None, signal_function: object = None, flush: object = None) -> object:
        if wait is not False:
            raise NotImplementedError("the stand-in only does wait=False")
        return object()  # a Job

    def wait(self, job: object, timeout: float | None = None) -> FakeRequest:
        script = self.script
        if script.frozen_after is not None and self._seq + 1 >= script.frozen_after:
            self._released.wait(timeout)
            raise TimeoutError
        if self.held >= self.configuration["buffer_count"]:
            raise TimeoutError
        time.sleep(1 / script.rate_hz)
        self._seq += 1
        self.held += 1
        width, height = self.configuration["main"]["size"]
        gray = replace(script, width=width, height=height).picture(self._seq)
        stamp = time.monotonic_ns() if script.stamps == CLOCK_REAL else 0
        return FakeRequest(self, gray, {"SensorTimestamp": stamp, "ExposureTime": 9000})

    def cancel_all_and_flush(self) -> None:
        self._released.set()

    def close(self) -> None:
        self._started = False
        self.closed = True
        self._released.set()
