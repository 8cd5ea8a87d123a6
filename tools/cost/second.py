"""What a second of frames is made of."""

from __future__ import annotations

FRAMES_HZ = 15
# What a second of frames is made of, steady state: how often each stage runs.
A_SECOND = {
    "gray": FRAMES_HZ,
    "quality": FRAMES_HZ,
    "track": FRAMES_HZ,
    "expression": 5,
    "eyes": FRAMES_HZ,
    "mouth": FRAMES_HZ,
    "policy": FRAMES_HZ,
    "outputs": FRAMES_HZ,
}
