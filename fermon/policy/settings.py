"""Every number of the alert policy, with its unit in its name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fermon.domain import NS_PER_S
from fermon.schema import Choice, Range

Share = Annotated[float, Range(0.0, 1.0, "(a share or probability)")]
Seconds = Annotated[float, Range(0.0, 3600.0, "s")]
Window = Annotated[float, Range(1.0, 3600.0, "s")]
Hertz = Annotated[float, Range(0.0, 120.0, "Hz")]
Speed = Annotated[float, Range(0.0, 400.0, "km/h")]
Count = Annotated[int, Range(1, 100, "times")]


@dataclass(frozen=True, slots=True)
class PolicySettings:
    """The `[policy]` table. The defaults are the published policy; what each row means is told in `rules.py`."""

    profile: Annotated[str, Choice("private", "fleet")] = "private"

    # Eye state and closure
    closed_probability: Share = 0.5
    closure_open_gap_s: Seconds = 0.15
    closure_unknown_gap_s: Seconds = 1.0
    frame_gap_s: Seconds = 0.5
    open_disturbing_closure_s: Seconds = 0.4

    # MICROSLEEP, ASLEEP, UNRESPONSIVE
    microsleep_closed_s: Seconds = 1.5
    microsleep_clear_open_s: Seconds = 0.5
    asleep_closed_s: Seconds = 3.0
    asleep_clear_open_s: Seconds = 2.0
    unresponsive_closed_s: Seconds = 6.0
    unresponsive_after_asleep_s: Seconds = 3.0
    unresponsive_clear_open_s: Seconds = 5.0

    # PERCLOS and blinks
    perclos_short_window_s: Window = 60.0
    perclos_long_window_s: Window = 180.0
    perclos_start_s: Seconds = 60.0
    perclos_min_usable: Share = 0.70
    perclos_ignored_closure_s: Seconds = 0.25
    long_blink_min_s: Seconds = 0.5
    long_blink_max_s: Seconds = 1.5
    blink_window_s: Window = 60.0

    # DROWSY
    drowsy_warning_perclos_short: Share = 0.15
    drowsy_warning_perclos_long: Share = 0.10
    drowsy_warning_clear_perclos: Share = 0.08
    drowsy_warning_clear_s: Seconds = 30.0
    drowsy_notice_perclos: Share = 0.08
    drowsy_notice_yawns: Count = 3
    drowsy_notice_long_blinks: Count = 6
    drowsy_notice_clear_s: Seconds = 60.0
    weary_sad_probability: Share = 0.6
    weary_s: Seconds = 60.0
    weary_perclos: Share = 0.04
    weary_yawns: Count = 2
    weary_long_blinks: Count = 3

    # Yawns and expression
    yawn_mouth_probability: Share = 0.5
    yawn_s: Seconds = 2.0
    yawn_happy_probability: Share = 0.5
    yawn_window_s: Window = 300.0
    smoothing_tau_s: Annotated[float, Range(0.01, 600.0, "s")] = 2.5
    smoothing_gap_s: Seconds = 2.0

    # ANGER
    anger_probability: Share = 0.6
    anger_s: Window = 10.0
    anger_min_readable: Share = 0.70
    anger_clear_probability: Share = 0.4
    anger_clear_s: Seconds = 5.0
    anger_pause_s: Seconds = 300.0

    # UNAVAILABLE
    sight_window_s: Window = 10.0
    sight_min_usable_s: Seconds = 0.5
    sight_clear_window_s: Window = 3.0
    sight_clear_usable_s: Seconds = 2.0
    camera_lost_s: Seconds = 2.0
    slow_hz: Hertz = 8.0
    slow_s: Seconds = 5.0
    dark_brightness: Share = 0.08
    blocked_sharpness: Share = 0.02
    blocked_contrast: Share = 0.02

    # Frame rate
    rate_window_s: Window = 5.0
    closure_floor_hz: Hertz = 8.0
    blink_floor_hz: Hertz = 15.0
    floor_slack: Share = 0.03

    # Speed and the driver who got out
    closure_gate_kmh: Speed = 10.0
    drowsy_gate_kmh: Speed = 20.0
    anger_gate_kmh: Speed = 1.0
    speed_timeout_s: Seconds = 2.0
    speed_max_kmh: Speed = 300.0
    driver_gone_s: Seconds = 60.0
    driver_gone_kmh: Speed = 10.0


def ns(seconds: float) -> int:
    """Return `seconds` in whole nanoseconds."""
    return round(seconds * NS_PER_S)


def seconds(duration_ns: int, digits: int = 2) -> float:
    """Return ns as rounded seconds, for evidence."""
    return round(duration_ns / NS_PER_S, digits)
