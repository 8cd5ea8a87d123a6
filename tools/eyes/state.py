"""What both eyes of a frame say together: the policy's own answer."""

from __future__ import annotations

from fermon.domain import Eyes, EyeState
from fermon.policy import PolicySettings
from fermon.policy.closure import eye_state


def frame_state(eyes: Eyes | None, settings: PolicySettings) -> EyeState:
    """Return the state of both eyes together as the policy decides it; None (no face) is unknown."""
    if eyes is None:
        return EyeState.UNKNOWN
    return eye_state(eyes.left, eyes.right, settings.closed_probability, settings.clearly_open_probability)
