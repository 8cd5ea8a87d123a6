"""A simulated driver: needs no camera and no file of one's own, and runs the same way every time.

The clip was drawn once (tools/synth/demo.py holds who and in what light); the real detector and the real networks read
it. What the driver does when, and the alerts that must follow, is data: `script.SCRIPT` and `script.expected_alerts`.
"""

from __future__ import annotations

from pathlib import Path

from fermon.cameras.contract import EndOfFrames
from fermon.cameras.demo.script import END_S
from fermon.cameras.playback import Pacer
from fermon.cameras.video import VideoCamera
from fermon.domain import NS_PER_S, Frame

CLIP = Path(__file__).with_name("demo.mp4")
RATE_HZ = 15


class DemoCamera(VideoCamera):
    """Plays the script once: 640x480 px, 15 frames a second, from time 0."""

    def __init__(self, pacer: Pacer) -> None:
        super().__init__(CLIP, pacer)
        self.name = "demo"

    def read(self, timeout_s: float) -> Frame | None:
        """See Camera.read."""
        end = EndOfFrames(f"{self.name}: end after {END_S:g} s")
        try:
            frame = super().read(timeout_s)
        except EndOfFrames:
            raise end from None
        if frame is not None and frame.t_ns >= END_S * NS_PER_S:
            raise end
        return frame
