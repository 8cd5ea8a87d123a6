"""The types that flow through fermon: Frame -> Observation -> DriverState -> Alert -> Status.

All are frozen and slotted. Times are integer nanoseconds of one monotonic clock that starts anywhere.
"""

from __future__ import annotations

from fermon.domain.alerts import (
    AckAnswer,
    AckOutcome,
    Alert,
    Attention,
    EyeState,
    Gated,
    Kind,
    Level,
    Mode,
    Spoken,
    Visibility,
    Wakefulness,
)
from fermon.domain.observation import (
    EXPRESSIONS,
    NS_PER_S,
    Ack,
    Box,
    CameraChange,
    Eyes,
    Face,
    Frame,
    Head,
    Input,
    Observation,
    Points,
    Quality,
    Speed,
    Tick,
)
from fermon.domain.status import (
    Acknowledged,
    DriverState,
    Received,
    RunFacts,
    RunSummary,
    Status,
    VehicleSpeed,
)

__all__ = [
    "EXPRESSIONS",
    "NS_PER_S",
    "Ack",
    "AckAnswer",
    "AckOutcome",
    "Acknowledged",
    "Alert",
    "Attention",
    "Box",
    "CameraChange",
    "DriverState",
    "EyeState",
    "Eyes",
    "Face",
    "Frame",
    "Gated",
    "Head",
    "Input",
    "Kind",
    "Level",
    "Mode",
    "Observation",
    "Points",
    "Quality",
    "Received",
    "RunFacts",
    "RunSummary",
    "Speed",
    "Spoken",
    "Status",
    "Tick",
    "VehicleSpeed",
    "Visibility",
    "Wakefulness",
]
