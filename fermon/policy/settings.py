"""Every number of the alert policy, with its unit in its name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fermon.domain import NS_PER_S
from fermon.errors import Problem
from fermon.schema import Choice, Range, key

Share = Annotated[float, Range(0.0, 1.0, "")]
Seconds = Annotated[float, Range(0.0, 3600.0, "s")]
Window = Annotated[float, Range(1.0, 3600.0, "s")]
Hertz = Annotated[float, Range(0.0, 120.0, "Hz")]
Speed = Annotated[float, Range(0.0, 400.0, "km/h")]
Degrees = Annotated[float, Range(0.0, 180.0, "degrees")]
Turn = Annotated[float, Range(0.0, 180.0, "degrees/s")]
Count = Annotated[int, Range(1, 100, "times")]


@dataclass(frozen=True, slots=True)
class PolicySettings:
    """The `[policy]` table. The defaults are the published policy; what each row means is told in `rules.py`."""

    profile: Annotated[str, Choice("private", "fleet")] = key(
        "private", "fleet: no ANGER, no weary expression (EU law at the workplace)"
    )

    # Eye state and closure
    closed_probability: Share = key(0.5, "eyes are closed from this mean closed probability (of log-odds) on ...")
    clearly_open_probability: Share = key(0.10, "... and neither eye's is below this: that is a wink")
    closure_open_gap_s: Seconds = key(0.15, "shorter openings do not end a closure")
    closure_unknown_gap_s: Seconds = key(1.0, "eyes unknown for this long end a closure")
    frame_gap_s: Seconds = key(0.5, "a longer time between two frames counts in no measure")
    open_disturbing_closure_s: Seconds = key(
        0.4, 'a closure this long interrupts "eyes open for N s"; blinks are shorter'
    )

    # MICROSLEEP, ASLEEP, UNRESPONSIVE
    microsleep_closed_s: Seconds = key(1.5, "MICROSLEEP (WARNING): eyes closed for this long")
    microsleep_clear_open_s: Seconds = key(0.5, "MICROSLEEP clears: eyes open for this long")
    asleep_closed_s: Seconds = key(3.0, "ASLEEP (CRITICAL): eyes closed for this long")
    asleep_clear_open_s: Seconds = key(2.0, "ASLEEP clears: eyes open for this long")
    unresponsive_closed_s: Seconds = key(6.0, "UNRESPONSIVE (CRITICAL): eyes closed for this long")
    unresponsive_after_asleep_s: Seconds = key(3.0, "UNRESPONSIVE also: eyes not seen open for this long after ASLEEP")
    unresponsive_clear_open_s: Seconds = key(5.0, "UNRESPONSIVE clears: eyes open for this long")

    # Closed whenever seen
    unopened_stretches: Count = key(2, "closed whenever seen, the next six keys: least number of closed stretches")
    microsleep_unopened_s: Seconds = key(3.0, "MICROSLEEP also: eyes not seen open for this long ...")
    microsleep_unopened_closed_s: Seconds = key(0.5, "... and seen closed for this much of it")
    asleep_unopened_s: Seconds = key(6.0, "ASLEEP also: eyes not seen open for this long ...")
    asleep_unopened_closed_s: Seconds = key(1.0, "... and seen closed for this much of it")
    unresponsive_unopened_s: Seconds = key(10.0, "UNRESPONSIVE also: eyes not seen open for this long ...")
    unresponsive_unopened_closed_s: Seconds = key(1.5, "... and seen closed for this much of it")

    # Acknowledgement
    ack_again_open_s: Seconds = key(1.0, "the next acknowledgement counts only after eyes open for this long")
    ack_told_s: Seconds = key(10.0, "of acknowledgements that change nothing, at most one in this time is reported")

    # PERCLOS and blinks
    perclos_short_window_s: Window = key(60.0, "short window of PERCLOS, the share of time with closed eyes")
    perclos_long_window_s: Window = key(180.0, "long window of PERCLOS")
    perclos_start_s: Seconds = key(60.0, "PERCLOS is unavailable for this long after the start")
    perclos_min_usable: Share = key(0.70, "least share of the short window that must be usable")
    perclos_ignored_closure_s: Seconds = key(0.25, "shorter closures count as open in PERCLOS")
    long_blink_min_s: Seconds = key(0.5, "shortest closure that is a long blink")
    long_blink_max_s: Seconds = key(1.5, "longest closure that is a long blink")
    blink_window_s: Window = key(60.0, "window in which blinks are counted")

    # DROWSY
    drowsy_warning_perclos_short: Share = key(0.15, "DROWSY (WARNING): at least this PERCLOS in the short window ...")
    drowsy_warning_perclos_long: Share = key(0.10, "... and at least this in the long window")
    drowsy_warning_clear_perclos: Share = key(0.08, "DROWSY WARNING clears: short-window PERCLOS below this ...")
    drowsy_warning_clear_s: Seconds = key(30.0, "... for this long")
    drowsy_notice_perclos: Share = key(0.08, "DROWSY (NOTICE): at least this PERCLOS in the short window")
    drowsy_notice_yawns: Count = key(3, "DROWSY NOTICE also: so many yawns in yawn_window_s")
    drowsy_notice_long_blinks: Count = key(6, "DROWSY NOTICE also: so many long blinks in blink_window_s")
    drowsy_notice_clear_s: Seconds = key(60.0, "DROWSY NOTICE clears: none of the three for this long")
    weary_sad_probability: Share = key(0.6, "weary expression: smoothed sad probability of at least this ...")
    weary_s: Seconds = key(60.0, "... for this long; the next three then replace the limits of DROWSY NOTICE")
    weary_perclos: Share = key(0.04, "PERCLOS of the short window, with a weary expression")
    weary_yawns: Count = key(2, "yawns, with a weary expression")
    weary_long_blinks: Count = key(3, "long blinks, with a weary expression")

    # Yawns and expression
    yawn_mouth_probability: Share = key(0.5, "yawn: mouth wide open with at least this probability ...")
    yawn_s: Seconds = key(2.0, "... for this long")
    yawn_happy_probability: Share = key(0.5, "no yawn while the smoothed happy probability is at least this")
    yawn_window_s: Window = key(300.0, "window in which yawns are counted")
    smoothing_tau_s: Annotated[float, Range(0.01, 600.0, "s")] = key(
        2.5, "time constant of the exponentially smoothed expression"
    )
    smoothing_gap_s: Seconds = key(2.0, "smoothing restarts after this long without an expression")

    # ANGER
    anger_probability: Share = key(0.6, "ANGER (NOTICE): smoothed angry probability of at least this ...")
    anger_s: Window = key(10.0, "... for this long ...")
    anger_min_readable: Share = key(0.70, "... with a readable expression for at least this share of it")
    anger_clear_probability: Share = key(0.4, "ANGER clears: smoothed angry probability below this ...")
    anger_clear_s: Seconds = key(5.0, "... for this long")
    anger_pause_s: Seconds = key(300.0, "no new ANGER for this long after one has cleared")

    # UNAVAILABLE
    sight_window_s: Window = key(10.0, "UNAVAILABLE (NOTICE): in a window of this length ...")
    sight_min_usable_s: Seconds = key(0.5, "... less usable time than this")
    sight_clear_window_s: Window = key(3.0, "UNAVAILABLE clears: in a window of this length ...")
    sight_clear_usable_s: Seconds = key(2.0, "... at least this much usable time")
    camera_lost_s: Seconds = key(2.0, "UNAVAILABLE also: no camera for this long")
    slow_hz: Hertz = key(8.0, "UNAVAILABLE also: mean frame rate below this ...")
    slow_s: Seconds = key(5.0, "... for this long")
    slow_clear_s: Seconds = key(3.0, "it clears when the frame rate has been back for this long")
    seen_window_s: Window = key(30.0, "UNAVAILABLE also, seen too little: in a window of this length ...")
    seen_min_share: Share = key(0.5, "... less than this share usable, while the vehicle moves")
    seen_clear_window_s: Window = key(10.0, "seen too little clears: in a window of this length ...")
    seen_clear_usable_s: Seconds = key(8.0, "... at least this much usable time")
    dark_brightness: Share = key(0.08, 'cause "dark": mean brightness below this')
    too_bright_share: Share = key(0.5, 'cause "too bright": this share of the face (else of the picture) is burnt out')
    blocked_sharpness: Share = key(0.02, 'cause "blocked": sharpness below this')
    blocked_contrast: Share = key(0.02, 'cause "blocked" also: contrast below this')

    # Frame rate
    rate_window_s: Window = key(5.0, "window of the mean frame rate")
    closure_floor_hz: Hertz = key(8.0, "below this frame rate closure timing and PERCLOS are unavailable")
    blink_floor_hz: Hertz = key(15.0, "below this frame rate blink statistics are unavailable")
    floor_slack: Share = key(0.03, "share by which the frame rate may miss these two: a nominal 15 may be 14.9")

    # Speed, the order of inputs, and the driver who got out
    moving_kmh: Speed = key(10.0, "the vehicle moves from this speed on; without a speed signal it always does")
    closure_gate_kmh: Speed = key(10.0, "below this speed MICROSLEEP, ASLEEP and UNRESPONSIVE are not raised")
    drowsy_gate_kmh: Speed = key(20.0, "below this speed DROWSY is not raised")
    anger_gate_kmh: Speed = key(1.0, "below this speed ANGER is not raised")
    speed_timeout_s: Seconds = key(2.0, "after this long without a speed the vehicle counts as moving fast")
    speed_max_kmh: Speed = key(300.0, "a higher or negative speed is ignored")
    frame_late_s: Seconds = key(1.0, "how much older a frame may be than a speed, acknowledgement or tick before it")
    driver_gone_s: Seconds = key(60.0, "no face for this long ...")
    driver_gone_kmh: Speed = key(10.0, "... below this speed clears everything: the driver got out")

    # Head: forward, away, DISTRACTED. All angles are differences from forward, as sizes.
    new_driver_s: Seconds = key(10.0, "without a face for this long forward is learned anew: perhaps another driver")
    forward_first_s: Seconds = key(20.0, "where forward is is known after this long with open eyes in a moving vehicle")
    forward_memory_s: Window = key(180.0, "forward is the median over this much of such time")
    forward_max_deg_per_s: Turn = key(0.2, "forward moves at most this much a second")
    away_yaw_deg: Degrees = key(25.0, "the head is turned away from this far to either side of forward on ...")
    away_down_deg: Degrees = key(18.0, "... or this far down ...")
    away_up_deg: Degrees = key(22.0, "... or this far up")
    forward_yaw_deg: Degrees = key(18.0, "it is forward again below this to either side ...")
    forward_down_deg: Degrees = key(12.0, "... and down ...")
    forward_up_deg: Degrees = key(15.0, "... and up; between the two it stays what it was")
    away_forward_gap_s: Seconds = key(0.5, "a shorter time forward does not end a time turned away")
    away_unknown_gap_s: Seconds = key(1.0, "no head angles for this long end a time turned away, or forward")
    attention_floor_hz: Hertz = key(5.0, "below this frame rate attention is not determined")
    distracted_warning_s: Seconds = key(3.5, "DISTRACTED (WARNING): turned away without a break for this long ...")
    distracted_warning_slow_s: Seconds = key(6.0, "... or this long below distracted_fast_kmh")
    distracted_fast_kmh: Speed = key(50.0, "from this speed on, or without a speed, distracted_warning_s holds")
    distracted_warning_clear_s: Seconds = key(1.0, "the WARNING clears: forward for this long")
    distracted_notice_s: Seconds = key(10.0, "DISTRACTED (NOTICE): turned away for this much ...")
    distracted_window_s: Window = key(30.0, "... of this window")
    distracted_notice_clear_s: Seconds = key(2.0, "the NOTICE clears, its window is emptied: forward for this long")
    distracted_gate_kmh: Speed = key(20.0, "below this speed DISTRACTED is not raised")

    # Lids and head: lowered, dropped, lost in a closure, nods
    lowered_deg: Degrees = key(8.0, "lids that look shut follow the gaze with the head so far down: lowered")
    lowered_first_s: Seconds = key(2.0, "open-eye time from which that is told, before forward is known")
    lowered_level_deg: Degrees = key(4.0, "with the head no further down than this such lids are closed again")
    lowered_fall_s: Seconds = key(0.5, "where lids and head sink within this time, what began first counts")
    lowered_turn_deg: Degrees = key(10.0, "... or within it the head turns aside by so much as it sinks: a look")
    lowered_shut_s: Seconds = key(4.0, "lids lowered or closed for this much ...")
    asleep_lowered_s: Seconds = key(6.0, "... of this time in which the eyes were not seen open: ASLEEP")
    unresponsive_lowered_s: Seconds = key(10.0, "... and of this: UNRESPONSIVE")
    dropped_deg: Degrees = key(20.0, "with the head so far down a closure goes on though no eye is read")
    lost_closed_s: Seconds = key(0.5, "lost in a closure: it had lasted this long, ...")
    lost_within_s: Seconds = key(1.0, "... the face is lost within this time after its last frame, ...")
    lost_again_s: Seconds = key(1.0, "... and has not been back for this long")
    asleep_lost_s: Seconds = key(3.0, "ASLEEP: lost for this long without open eyes")
    unresponsive_lost_s: Seconds = key(6.0, "UNRESPONSIVE: lost for this long without open eyes")
    nod_fall_deg: Degrees = key(15.0, "a nod: the head falls by this much ...")
    nod_fall_s: Seconds = key(0.8, "... within this time, ...")
    nod_closed_s: Seconds = key(0.3, "... the eyes are closed for this long, ...")
    nod_back_deg: Degrees = key(5.0, "... and it is back within this much ...")
    nod_back_s: Seconds = key(3.0, "... inside this time")
    nod_window_s: Window = key(300.0, "nods are counted over this time")
    drowsy_notice_nods: Count = key(3, "DROWSY (NOTICE): this many nods within nod_window_s")
    weary_nods: Count = key(2, "the same with a weary expression")

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
