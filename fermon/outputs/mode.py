"""What an output can tell at one glance, and which changes of the state are told at once."""

from __future__ import annotations

from collections.abc import Hashable
from enum import IntEnum

from fermon.domain import Kind, Status


class Mode(IntEnum):
    """Whether the monitor's word can be relied on. Numbers as on CAN. Dead is not here: it is silence."""

    BOOTING = 0  # nothing is known yet, neither good nor bad
    MONITORING = 1  # the driver is seen and judged
    CANNOT_SEE = 2  # works, but is blind: the cause is in `visibility`
    FAULT = 3  # the monitor itself is broken


def mode_of(status: Status) -> Mode:
    """Return the mode that `status` stands for.

    While an alert of the driver's stands and the driver is hidden, the mode is CANNOT_SEE and the alert stays on.
    """
    if status.fault:
        return Mode.FAULT
    kinds = {alert.kind for alert in status.state.alerts}
    if Kind.UNAVAILABLE in kinds:
        return Mode.CANNOT_SEE
    return Mode.MONITORING if status.state.determined or kinds else Mode.BOOTING


def told_at_once(status: Status) -> Hashable:
    """Return what, when it differs from what was shown last, does not wait for the next heartbeat."""
    state = status.state
    return (
        mode_of(status),
        status.wakefulness,
        state.level,
        state.visibility,
        status.fault,
        frozenset((alert.kind, alert.level, alert.since_ns) for alert in state.alerts),
    )


def words(number: IntEnum) -> str:
    """Return a member's name as people and the DBC's value tables write it.

    >>> words(Mode.CANNOT_SEE)
    'cannot see'
    """
    return number.name.lower().replace("_", " ")
