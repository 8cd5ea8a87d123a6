"""The exception tree.

FermonError
├── ConfigError      the configuration cannot be used (exit 78; systemd does not restart on it)
├── ModelError       a model file or its manifest cannot be used (exit 78)
├── SessionError     a recorded session cannot be read (exit 65)
└── DeviceError      something outside the process failed (exit 69 at start, reported and retried while running)
    ├── CameraNotFound   no such camera, or no permission
    ├── CameraLost       an opened camera stopped giving usable frames
    └── OutputError      an output could not show the state

Every message names the object, what was found, what was expected with its unit, and the remedy.
Anything else that escapes is a bug: traceback, exit 1, systemd restarts.
"""

from __future__ import annotations


class FermonError(Exception):
    """Root of everything that fermon raises on purpose."""


class ConfigError(FermonError, ValueError):
    """The configuration cannot be used; the message lists every problem, one a line."""


class ModelError(FermonError):
    """A model file is missing, damaged, of another shape, or does not fit its manifest."""


class SessionError(FermonError, ValueError):
    """A recorded session has no readable header, or an unknown version."""


class DeviceError(FermonError):
    """A camera or an output failed."""


class CameraNotFound(DeviceError):
    """The camera does not exist, is busy, may not be opened, or is no video."""


class CameraLost(DeviceError):
    """A camera that worked stopped: unplugged, frozen, or giving frames of another size."""


class OutputError(DeviceError):
    """An output could not be opened or could not show the state."""
