"""What drivers do with eyes and face, and the lines that the policy owes them for it."""

from __future__ import annotations

from fermon.domain import Kind, Level
from fermon.policy import PolicySettings
from scenarios.language import (
    LIKELY,
    Line,
    Part,
    Run,
    first,
    off,
    on,
    perclos,
    smoothed_s,
)

ANGER, ASLEEP, DROWSY = Kind.ANGER, Kind.ASLEEP, Kind.DROWSY
MICROSLEEP, UNAVAILABLE, UNRESPONSIVE = Kind.MICROSLEEP, Kind.UNAVAILABLE, Kind.UNRESPONSIVE
OTHER = (1 - LIKELY) / 6

Lines = list[Line]


def nothing(s: PolicySettings, w: Run) -> Lines:
    """No line at all."""
    return []


def closed(s: float, **more: object) -> Part:
    return Part(s, eyes="closed", **more)  # type: ignore[arg-type]


def unknown(s: float, **more: object) -> Part:
    return Part(s, eyes="unknown", **more)  # type: ignore[arg-type]


def hidden(s: float, **more: object) -> Part:
    return Part(s, face=False, **more)  # type: ignore[arg-type]


def awake(s: float, **more: object) -> Part:
    return Part(s, eyes="blinking", **more)  # type: ignore[arg-type]


def microsleep(s: PolicySettings, began: float, ended: float) -> Lines:
    return [on(MICROSLEEP, began, s.microsleep_closed_s), off(MICROSLEEP, ended, s.microsleep_clear_open_s)]


def asleep(s: PolicySettings, began: float, ended: float) -> Lines:
    lines = [on(ASLEEP, began, s.asleep_closed_s), off(ASLEEP, ended, s.asleep_clear_open_s)]
    return microsleep(s, began, ended) + lines


def unresponsive(s: PolicySettings, began: float, ended: float) -> Lines:
    return [
        *asleep(s, began, ended),
        on(UNRESPONSIVE, began, s.unresponsive_closed_s),
        off(UNRESPONSIVE, ended, s.unresponsive_clear_open_s),
    ]


def blind(s: PolicySettings, began: float, ended: float | None = None) -> Lines:
    """Sight lost at `began`, had again from `ended` on."""
    lines = [on(UNAVAILABLE, began, s.sight_window_s - s.sight_min_usable_s)]
    return lines if ended is None else [*lines, off(UNAVAILABLE, ended, s.sight_clear_usable_s)]


# Drowsiness: PERCLOS straight from its definition -------------------------------------------------------------------

DROWSIER = [awake(64), *[Part(8.6), closed(1.4)] * 8, *[Part(3.4), closed(1.4)] * 20, awake(210)]


def drowsier(s: PolicySettings, w: Run) -> Lines:
    short, long = perclos(DROWSIER, s.perclos_short_window_s), perclos(DROWSIER, s.perclos_long_window_s)
    notice = first(lambda t: short(t) >= s.drowsy_notice_perclos, s.perclos_start_s)
    both = s.drowsy_warning_perclos_short, s.drowsy_warning_perclos_long
    warning = first(lambda t: short(t) >= both[0] and long(t) >= both[1], notice)
    low = first(lambda t: short(t) < s.drowsy_warning_clear_perclos, warning)
    quiet = first(lambda t: short(t) < s.drowsy_notice_perclos, warning)
    return [
        on(DROWSY, notice, 0.0),
        on(DROWSY, warning, 0.0, Level.WARNING),
        on(DROWSY, low, s.drowsy_warning_clear_s),
        off(DROWSY, quiet, s.drowsy_notice_clear_s),
    ]


def after_long_blinks(s: PolicySettings, w: Run) -> Lines:
    """The sixth ends at 83.6 s; five are left from 63.6 s after the first one's end on."""
    if w.way.rate < s.blink_floor_hz:
        return []
    return [on(DROWSY, 83.6, 0.0), off(DROWSY, 60.6 + s.blink_window_s, s.drowsy_notice_clear_s)]


LONG_BLINKS = [Part(60), *[closed(0.6), Part(4.0)] * 5, closed(0.6), awake(130)]
YAWN = [Part(2.5, mouth=0.8), Part(17.5)]
WEARY = [Part(70, expression="sad"), *[Part(4.0, expression="sad"), closed(0.7, expression="sad")] * 4]


def weary(s: PolicySettings, w: Run) -> Lines:
    at = perclos(WEARY, s.perclos_short_window_s)
    by_perclos = first(lambda t: at(t) >= s.weary_perclos, 70)
    by_blinks = 70 + 3 * 4.7 if w.way.rate >= s.blink_floor_hz else by_perclos
    return [on(DROWSY, min(by_perclos, by_blinks), 0.0)]


def angry(s: PolicySettings, began: float, ended: float) -> Lines:
    top = LIKELY - (LIKELY - OTHER) * 0.0005  # after some 20 s the smoothed value has arrived
    calm = s.smoothing_tau_s * _log((top - OTHER) / (s.anger_clear_probability - OTHER))
    return [
        on(ANGER, began, smoothed_s(s, OTHER, LIKELY, s.anger_probability) + s.anger_s),
        off(ANGER, ended, calm + s.anger_clear_s),
    ]


def _log(x: float) -> float:
    import math

    return math.log(x)


def slow(s: PolicySettings, w: Run) -> Lines:
    """At 40 s the rate falls to 6 fps, at 70 s it is back."""
    return [on(UNAVAILABLE, falls(s, w, 40), s.slow_s), off(UNAVAILABLE, rises(s, w, 70), s.slow_clear_s)]


def falls(s: PolicySettings, w: Run, after: float) -> float:
    """When the mean frame rate is first below the floor."""
    return first(lambda t: w.mean_hz(t, s.rate_window_s) < s.slow_hz * (1 - s.floor_slack), after)


def rises(s: PolicySettings, w: Run, after: float) -> float:
    """When the mean frame rate is first up to the floor again."""
    return first(lambda t: w.mean_hz(t, s.rate_window_s) >= s.slow_hz * (1 - s.floor_slack), after)


def asleep_slow(s: PolicySettings, w: Run) -> Lines:
    """At 20 s the rate falls to 6 fps and stays there."""
    return [on(UNAVAILABLE, falls(s, w, 20), s.slow_s)]


# Seen in parts ------------------------------------------------------------------------------------------------------

GLIMPSED = [awake(20), *[closed(0.5), unknown(1.4)] * 15, awake(20)]
PLUGGED = [awake(20), *[closed(1.3), Part(1.2, camera="lost")] * 5, awake(20)]
LITTLE = [awake(40), *[Part(0.6), hidden(0.9)] * 30, awake(20)]
LATE_ASLEEP = [awake(40), *[unknown(2.0), closed(0.6)] * 5, awake(20)]


def seen_little(s: PolicySettings, w: Run, parts: list[Part], began: float, ended: float) -> Lines:
    """Too little of the last half minute is usable; enough of the last 10 s is, after `ended`."""
    window, recent = w.usable_s(parts, s.seen_window_s), w.usable_s(parts, s.seen_clear_window_s)
    down = first(lambda t: window(t) < s.seen_min_share * s.seen_window_s, began)
    up = first(lambda t: recent(t) >= s.seen_clear_usable_s, ended)
    return [on(UNAVAILABLE, down, 0.0), off(UNAVAILABLE, up, 0.0)]


def closed_whenever_seen(s: PolicySettings, began: float, ended: float) -> Lines:
    """Eyes last seen open at `began`, and again from `ended` on; closed in all that is seen between."""
    return [
        on(MICROSLEEP, began, s.microsleep_unopened_s),
        on(ASLEEP, began, s.asleep_unopened_s),
        on(UNRESPONSIVE, began, s.asleep_unopened_s + s.unresponsive_after_asleep_s),
        off(MICROSLEEP, ended, s.microsleep_clear_open_s),
        off(ASLEEP, ended, s.asleep_clear_open_s),
        off(UNRESPONSIVE, ended, s.unresponsive_clear_open_s),
    ]


def late_asleep(s: PolicySettings, w: Run) -> Lines:
    """Closed for 0.6 s after each 2 s of unknown from 40 s to 53 s: the second stretch begins at 44.6 s."""
    lines = closed_whenever_seen(s, 40, 53)
    return [on(MICROSLEEP, 44.6, 0.0), *lines[1:]]


def held_button(s: PolicySettings, w: Run) -> Lines:
    """Eyes closed from 20 s to 30 s, acknowledged ten times a second: only one of them counts."""
    counted = 20 + s.asleep_closed_s
    return [
        on(MICROSLEEP, 20, s.microsleep_closed_s),
        on(ASLEEP, 20, s.asleep_closed_s),
        off(ASLEEP, counted, 0.0),
        on(ASLEEP, counted, s.asleep_closed_s),
        on(UNRESPONSIVE, counted, s.unresponsive_closed_s),
        off(MICROSLEEP, 30, s.microsleep_clear_open_s),
        off(ASLEEP, 30, s.asleep_clear_open_s),
        off(UNRESPONSIVE, 30, s.unresponsive_clear_open_s),
    ]


def dodger(s: PolicySettings, w: Run) -> Lines:
    """Falls asleep at 20 s, hides from 24 s to 50 s, then shows open eyes."""
    return [
        on(MICROSLEEP, 20, s.microsleep_closed_s),
        on(ASLEEP, 20, s.asleep_closed_s),
        on(UNRESPONSIVE, 20, s.asleep_closed_s + s.unresponsive_after_asleep_s),
        *blind(s, 24, 50),
        off(MICROSLEEP, 50, s.microsleep_clear_open_s),
        off(ASLEEP, 50, s.asleep_clear_open_s),
        off(UNRESPONSIVE, 50, s.unresponsive_clear_open_s),
    ]


def acknowledged(s: PolicySettings, w: Run) -> Lines:
    """Eyes closed from 20 s to 30.5 s, acknowledged at 27 s."""
    return [
        on(MICROSLEEP, 20, s.microsleep_closed_s),
        on(ASLEEP, 20, s.asleep_closed_s),
        on(UNRESPONSIVE, 20, s.unresponsive_closed_s),
        off(ASLEEP, 27, 0.0),
        off(UNRESPONSIVE, 27, 0.0),
        on(ASLEEP, 27, s.asleep_closed_s),
        off(MICROSLEEP, 30.5, s.microsleep_clear_open_s),
        off(ASLEEP, 30.5, s.asleep_clear_open_s),
    ]


def got_out(s: PolicySettings, w: Run) -> Lines:
    """Microsleep at 20 s, no face from 22 s on, standing."""
    gone = 22 + s.driver_gone_s
    return [
        on(MICROSLEEP, 20, s.microsleep_closed_s),
        *blind(s, 22),
        off(MICROSLEEP, gone, 0.0),
        off(UNAVAILABLE, gone, 0.0),
    ]
