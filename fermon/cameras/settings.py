"""What can be set about the camera."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fermon.schema import Choice, Range, key


@dataclass(frozen=True, slots=True)
class CameraSettings:
    """Which camera, and what is asked of it. A clip and the demo bring their own size and rate."""

    source: str = key("/dev/video0", '/dev/videoN, N, "picamera", "demo" or a video file; --camera overrides it')
    width: Annotated[int, Range(160, 4096, "px")] = key(640, "picture width to ask for")
    height: Annotated[int, Range(120, 4096, "px")] = key(480, "picture height to ask for")
    rate_hz: Annotated[float, Range(1, 120, "frames a second")] = key(
        15.0, "frame rate to ask for; blinks need 15, closure timing 8"
    )
    pixel_format: Annotated[str, Choice("auto", "YUYV", "GREY", "MJPG", "NV12", "YU12")] = key(
        "auto", "auto takes the cheapest that the camera has"
    )
    rotation: Annotated[int, Choice(0, 90, 180, 270)] = key(
        0, "degrees clockwise that turn the picture upright; for clips too"
    )
    upside_down: bool = key(False, "the camera is mounted upside down: the same as rotation = 180")
    frozen_after_s: Annotated[float, Range(0.5, 60, "s")] = key(
        2.0, "after this long without a frame the camera counts as lost"
    )
    first_frame_s: Annotated[float, Range(0.5, 60, "s")] = key(5.0, "time allowed for the first frame")
    wait_for_camera: bool = key(
        False, "true: start without the camera, raise UNAVAILABLE, keep trying; false: exit with code 69"
    )

    @property
    def turn_deg(self) -> int:
        """Degrees clockwise, 0, 90, 180 or 270, by which each picture is turned; `upside_down` is a rotation of 180."""
        return self.rotation or (180 if self.upside_down else 0)
