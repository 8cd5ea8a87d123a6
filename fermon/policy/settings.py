"""Every number of the alert policy, with its unit in its name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fermon.domain import NS_PER_S
from fermon.errors import Problem
from fermon.schema import Choice, Range

Share = Annotated[float, Range(0.0, 1.0, "(a share or probability)")]
Seconds = Annotated[float, Range(0.0, 3600.0, "s")]
Window = Annotated[float, Range(1.0, 3600.0, "s")]
Hertz = Annotated[float, Range(0.0, 120.0, "Hz")]
Speed = Annotated[float, Range(0.0, 400.0, "km/h")]
Degrees = Annotated[float, Range(0.0, 180.0, "degrees")]
Count = Annotated[int, Range(1, 100, "times")]


@dataclass(frozen=True, slots=True)
class PolicySettings:
    """The `[policy]` table. The defaults are the published policy; what each row means is told in `rules.py`."""

    profile: Annotated[str, Choice("private", "fleet")] = "private"

    # Eye state and closure
    closed_probability: Share = 0.5
    clearly_open_probability: Share = 0.10
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

    # Closed whenever seen
    unopened_stretches: Count = 2
    microsleep_unopened_s: Seconds = 3.0
    microsleep_unopened_closed_s: Seconds = 0.5
    asleep_unopened_s: Seconds = 6.0
    asleep_unopened_closed_s: Seconds = 1.0
    unresponsive_unopened_s: Seconds = 10.0
    unresponsive_unopened_closed_s: Seconds = 1.5

    # Acknowledgement
    ack_again_open_s: Seconds = 1.0
    ack_told_s: Seconds = 10.0

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
    slow_clear_s: Seconds = 3.0
    seen_window_s: Window = 30.0
    seen_min_share: Share = 0.5
    seen_clear_window_s: Window = 10.0
    seen_clear_usable_s: Seconds = 8.0
    dark_brightness: Share = 0.08
    too_bright_share: Share = 0.5
    blocked_sharpness: Share = 0.02
    blocked_contrast: Share = 0.02

    # Frame rate
    rate_window_s: Window = 5.0
    closure_floor_hz: Hertz = 8.0
    blink_floor_hz: Hertz = 15.0
    floor_slack: Share = 0.03

    # Speed, the order of inputs, and the driver who got out
    moving_kmh: Speed = 10.0
    closure_gate_kmh: Speed = 10.0
    drowsy_gate_kmh: Speed = 20.0
    anger_gate_kmh: Speed = 1.0
    speed_timeout_s: Seconds = 2.0
    speed_max_kmh: Speed = 300.0
    frame_late_s: Seconds = 1.0
    driver_gone_s: Seconds = 60.0
    driver_gone_kmh: Speed = 10.0

    # Head: forward, away, DISTRACTED. All angles are differences from forward, as sizes.
    new_driver_s: Seconds = 10.0
    forward_first_s: Seconds = 20.0
    forward_memory_s: Window = 180.0
    forward_max_deg_per_s: Degrees = 0.2
    away_yaw_deg: Degrees = 25.0
    away_down_deg: Degrees = 18.0
    away_up_deg: Degrees = 22.0
    forward_yaw_deg: Degrees = 18.0
    forward_down_deg: Degrees = 12.0
    forward_up_deg: Degrees = 15.0
    away_forward_gap_s: Seconds = 0.5
    away_unknown_gap_s: Seconds = 1.0
    attention_floor_hz: Hertz = 5.0
    distracted_warning_s: Seconds = 3.5
    distracted_warning_slow_s: Seconds = 6.0
    distracted_fast_kmh: Speed = 50.0
    distracted_warning_clear_s: Seconds = 1.0
    distracted_notice_s: Seconds = 10.0
    distracted_window_s: Window = 30.0
    distracted_notice_clear_s: Seconds = 2.0
    distracted_gate_kmh: Speed = 20.0

    # Lids and head: lowered, dropped, lost in a closure, nods
    lowered_deg: Degrees = 8.0
    lowered_level_deg: Degrees = 4.0
    lowered_fall_s: Seconds = 0.5
    lowered_shut_s: Seconds = 4.0
    asleep_lowered_s: Seconds = 6.0
    unresponsive_lowered_s: Seconds = 10.0
    dropped_deg: Degrees = 20.0
    lost_closed_s: Seconds = 0.5
    lost_within_s: Seconds = 1.0
    lost_again_s: Seconds = 1.0
    asleep_lost_s: Seconds = 3.0
    unresponsive_lost_s: Seconds = 6.0
    nod_fall_deg: Degrees = 15.0
    nod_fall_s: Seconds = 0.8
    nod_closed_s: Seconds = 0.3
    nod_back_deg: Degrees = 5.0
    nod_back_s: Seconds = 3.0
    nod_window_s: Window = 300.0
    drowsy_notice_nods: Count = 3
    weary_nods: Count = 2

    def problems(self) -> list[Problem]:
        """Return what contradicts itself; empty when nothing does."""
        return [
            Problem(f"policy.{key}", f"{getattr(self, key):g}", f"{relation} {limit} ({getattr(self, limit):g})")
            for key, relation, limit in RELATIONS
            if not (
                getattr(self, key) < getattr(self, limit)
                if relation == BELOW
                else getattr(self, key) <= getattr(self, limit)
            )
        ]


BELOW, UP_TO = "less than", "at most"
RELATIONS: tuple[tuple[str, str, str], ...] = (  # what has to hold between two numbers for both to have a meaning
    ("clearly_open_probability", BELOW, "closed_probability"),
    ("microsleep_closed_s", BELOW, "asleep_closed_s"),
    ("asleep_closed_s", BELOW, "unresponsive_closed_s"),
    ("microsleep_unopened_s", BELOW, "asleep_unopened_s"),
    ("asleep_unopened_s", BELOW, "unresponsive_unopened_s"),
    ("microsleep_unopened_closed_s", UP_TO, "asleep_unopened_closed_s"),
    ("asleep_unopened_closed_s", UP_TO, "unresponsive_unopened_closed_s"),
    ("microsleep_unopened_closed_s", UP_TO, "microsleep_unopened_s"),
    ("asleep_unopened_closed_s", UP_TO, "asleep_unopened_s"),
    ("unresponsive_unopened_closed_s", UP_TO, "unresponsive_unopened_s"),
    ("microsleep_clear_open_s", UP_TO, "asleep_clear_open_s"),
    ("asleep_clear_open_s", UP_TO, "unresponsive_clear_open_s"),
    ("closure_open_gap_s", BELOW, "microsleep_closed_s"),
    ("closure_unknown_gap_s", BELOW, "asleep_closed_s"),
    ("frame_gap_s", BELOW, "microsleep_closed_s"),
    ("perclos_short_window_s", UP_TO, "perclos_long_window_s"),
    ("perclos_ignored_closure_s", UP_TO, "long_blink_min_s"),
    ("long_blink_min_s", BELOW, "long_blink_max_s"),
    ("drowsy_warning_clear_perclos", BELOW, "drowsy_warning_perclos_short"),
    ("drowsy_notice_perclos", UP_TO, "drowsy_warning_perclos_short"),
    ("weary_perclos", UP_TO, "drowsy_notice_perclos"),
    ("weary_yawns", UP_TO, "drowsy_notice_yawns"),
    ("weary_long_blinks", UP_TO, "drowsy_notice_long_blinks"),
    ("yawn_s", BELOW, "yawn_window_s"),
    ("anger_clear_probability", BELOW, "anger_probability"),
    ("sight_min_usable_s", BELOW, "sight_window_s"),
    ("sight_clear_usable_s", BELOW, "sight_clear_window_s"),
    ("seen_clear_usable_s", BELOW, "seen_clear_window_s"),
    ("seen_clear_window_s", UP_TO, "seen_window_s"),
    ("sight_window_s", UP_TO, "seen_window_s"),
    ("closure_floor_hz", UP_TO, "blink_floor_hz"),
    ("forward_yaw_deg", BELOW, "away_yaw_deg"),
    ("forward_down_deg", BELOW, "away_down_deg"),
    ("forward_up_deg", BELOW, "away_up_deg"),
    ("forward_first_s", UP_TO, "forward_memory_s"),
    ("away_forward_gap_s", BELOW, "distracted_warning_s"),
    ("away_unknown_gap_s", BELOW, "distracted_warning_s"),
    ("frame_gap_s", BELOW, "distracted_warning_s"),
    ("distracted_warning_s", UP_TO, "distracted_warning_slow_s"),
    ("distracted_gate_kmh", UP_TO, "distracted_fast_kmh"),
    ("distracted_notice_s", BELOW, "distracted_window_s"),
    ("lowered_level_deg", BELOW, "lowered_deg"),
    ("lowered_shut_s", UP_TO, "asleep_lowered_s"),
    ("asleep_lowered_s", BELOW, "unresponsive_lowered_s"),
    ("asleep_lost_s", BELOW, "unresponsive_lost_s"),
    ("nod_back_deg", BELOW, "nod_fall_deg"),
    ("nod_fall_s", BELOW, "nod_back_s"),
    ("nod_closed_s", BELOW, "nod_back_s"),
    ("nod_back_s", BELOW, "nod_window_s"),
    ("weary_nods", UP_TO, "drowsy_notice_nods"),
    ("closure_floor_hz", UP_TO, "slow_hz"),  # else a rate between the two is neither timed nor told
)


def ns(seconds: float) -> int:
    """Return `seconds` in whole nanoseconds."""
    return round(seconds * NS_PER_S)


def seconds(duration_ns: int, digits: int = 2) -> float:
    """Return ns as rounded seconds, for evidence."""
    return round(duration_ns / NS_PER_S, digits)
