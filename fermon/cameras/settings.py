"""What can be set about the camera."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fermon.schema import Choice, Range


@dataclass(frozen=True, slots=True)
class CameraSettings:
    """Which camera, and what is asked of it. A clip and the demo bring their own size and rate."""

    source: str = "/dev/video0"
    width: Annotated[int, Range(160, 4096, "px")] = 640
    height: Annotated[int, Range(120, 4096, "px")] = 480
    rate_hz: Annotated[float, Range(1, 120, "frames a second")] = 15.0
    pixel_format: Annotated[str, Choice("auto", "YUYV", "GREY", "MJPG", "NV12", "YU12")] = "auto"
    rotation: Annotated[int, Choice(0, 90, 180, 270)] = 0
    upside_down: bool = False
    frozen_after_s: Annotated[float, Range(0.5, 60, "s")] = 2.0
    first_frame_s: Annotated[float, Range(0.5, 60, "s")] = 5.0  # USB cameras take a second or two to wake up
    wait_for_camera: bool = False

    @property
    def turn_deg(self) -> int:
        """Degrees clockwise, 0, 90, 180 or 270, by which each picture is turned; `upside_down` is a rotation of 180."""
        return self.rotation or (180 if self.upside_down else 0)
