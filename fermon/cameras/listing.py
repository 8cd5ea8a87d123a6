"""Which cameras there are on this machine."""

from __future__ import annotations

import os

from fermon.cameras import nodes
from fermon.cameras.picamera2 import picamera2_class
from fermon.errors import CameraNotFound
from fermon.paths import shown


def list_cameras() -> list[str]:
    """Return a line for each camera: what --camera takes, then what it is. Opens none of them; takes a second at most.

    Pi cameras are in it where picamera2 is installed.
    """
    found = [(device, card or _silent(device)) for device, card in nodes.cameras()]
    found += [(f"picamera{number or ''}", model) for number, model in enumerate(_pi_cameras())]
    return [f"{source:<12}  {shown(what)}" for source, what in found]


def _silent(device: str) -> str:
    if os.access(device, os.R_OK | os.W_OK):
        return "does not answer"
    return "no permission: join the group 'video' (sudo usermod -aG video $USER, then log in again)"


def _pi_cameras() -> list[str]:
    """Return the models of the Pi cameras, in the order of their numbers."""
    try:
        cls = picamera2_class()
    except CameraNotFound:  # not installed, as on most machines
        return []
    try:
        return [str(info.get("Model", "a camera")) for info in cls.global_camera_info()]
    except Exception:  # whatever libcamera raises: it has no cameras for us
        return []
