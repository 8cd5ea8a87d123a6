"""The named drivers: every scenario of the policy, with the lines it has to give."""

from __future__ import annotations

import dataclasses

from fermon.domain import Kind, Level
from fermon.policy import PolicySettings
from scenarios import heads
from scenarios.language import (
    LIKELY,
    Line,
    Part,
    Run,
    Scenario,
    first,
    fleet,
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


EYES_AND_FACE = (
    Scenario("attentive for ten minutes", [awake(600)], nothing),
    Scenario("blinks only", [Part(1.0), *[closed(0.2), Part(1.8)] * 60], nothing),
    Scenario("microsleep", [awake(20), closed(2), awake(20)], lambda s, w: microsleep(s, 20, 22)),
    Scenario("asleep", [awake(20), closed(4), awake(20)], lambda s, w: asleep(s, 20, 24)),
    Scenario(
        "unresponsive, recovers blinking",
        [awake(20), closed(8), awake(20)],
        lambda s, w: unresponsive(s, 20, 28),
    ),
    Scenario("slowly drowsier", DROWSIER, drowsier),
    Scenario(
        "talks and laughs",
        [Part(30), *[Part(0.4, mouth=0.9), Part(0.3)] * 60, *[Part(4, "open", "happy", mouth=0.9), Part(10)] * 5],
        nothing,
    ),
    Scenario("angry 20 s", [awake(30), Part(20, expression="angry"), awake(30)], lambda s, w: angry(s, 30, 50)),
    Scenario("angry 6 s", [awake(30), Part(6, expression="angry"), awake(60)], nothing),
    Scenario(
        "angry, hardly readable",
        [Part(30), Part(30, expression="angry", readable=0.6), Part(30)],
        nothing,
    ),
    Scenario(
        "angry again",
        [Part(30), Part(20, expression="angry"), Part(20), Part(300, expression="angry")],
        lambda s, w: [*angry(s, 30, 50), on(ANGER, angry(s, 30, 50)[1].at_s, s.anger_pause_s)],
    ),
    Scenario("looks away 8 s", [awake(20), unknown(8), awake(20)], nothing),
    Scenario("looks away 15 s", [awake(20), unknown(15), awake(20)], lambda s, w: blind(s, 20, 35)),
    Scenario("sunglasses", [awake(20), unknown(130)], lambda s, w: blind(s, 20)),
    Scenario("sunglasses from the start", [unknown(130)], lambda s, w: [on(UNAVAILABLE, 0, s.sight_window_s)]),
    Scenario("camera covered", [awake(20), Part(20, camera="covered"), awake(20)], lambda s, w: blind(s, 20, 40)),
    Scenario(
        "camera unplugged and back",
        [awake(20), Part(20, camera="lost"), awake(20)],
        lambda s, w: [on(UNAVAILABLE, 20, s.camera_lost_s), off(UNAVAILABLE, 40, s.sight_clear_usable_s)],
    ),
    Scenario("camera unplugged 1.5 s", [awake(20), Part(1.5, camera="lost"), awake(20)], nothing),
    Scenario("flickering detection", [awake(120, lost_every=3)], nothing),
    Scenario("glimpses", [awake(20), *[hidden(4.8), Part(0.2)] * 6], lambda s, w: blind(s, 20.2)),
    Scenario("dodger", [Part(20), closed(4), hidden(26), awake(9)], dodger),
    Scenario("standstill", [awake(20, kmh=0.0), closed(8, kmh=0.0), awake(20, kmh=0.0)], nothing),
    Scenario(
        "drives off asleep",
        [awake(20, kmh=5.0), closed(4, kmh=5.0), closed(1, kmh=30.0), awake(20, kmh=5.0)],
        lambda s, w: [
            on(MICROSLEEP, 24, 0.0),
            on(ASLEEP, 24, 0.0),
            off(MICROSLEEP, 25, s.microsleep_clear_open_s),
            off(ASLEEP, 25, s.asleep_clear_open_s),
        ],
    ),
    Scenario(
        "15 km/h",
        [awake(60, kmh=15.0), *[Part(4.2, kmh=15.0), closed(1.8, kmh=15.0)] * 4, awake(20, kmh=15.0)],
        lambda s, w: [line for i in range(4) for line in microsleep(s, 64.2 + 6 * i, 66 + 6 * i)],
    ),
    Scenario(
        "speed signal lost",
        [awake(20, kmh=0.0), closed(2.1, kmh=0.0), closed(2.4), awake(20)],
        lambda s, w: [
            on(MICROSLEEP, 22, s.speed_timeout_s),
            on(ASLEEP, 22, s.speed_timeout_s),
            off(MICROSLEEP, 24.5, s.microsleep_clear_open_s),
            off(ASLEEP, 24.5, s.asleep_clear_open_s),
        ],
    ),
    Scenario("frame rate falls to 6 fps", [awake(40), awake(30, fps=6), awake(20)], slow),
    Scenario(
        "asleep at 6 fps",
        [awake(20), awake(20, fps=6), closed(5, fps=6), awake(4, fps=6)],
        asleep_slow,
    ),
    Scenario(
        "system suspended for an hour",
        [awake(20), Part(3600, camera="asleep"), awake(20)],
        lambda s, w: [on(UNAVAILABLE, 3620, 0.0), off(UNAVAILABLE, 3620, s.sight_clear_usable_s)],
    ),
    Scenario("acknowledges", [Part(20), closed(7), closed(3.5, ack=True), awake(20)], acknowledged),
    Scenario("gets out", [Part(20), closed(2), hidden(90, kmh=0.0), awake(20, kmh=0.0)], got_out),
    Scenario(
        "fleet profile",
        [awake(30), Part(20, expression="angry"), *WEARY],
        nothing,
        fleet(PolicySettings()),
    ),
    Scenario("long blinks", LONG_BLINKS, after_long_blinks),
    Scenario("yawns", [Part(20), *YAWN * 3, awake(20)], lambda s, w: [on(DROWSY, 60, s.yawn_s)]),
    Scenario("weary", WEARY, weary),
    Scenario("sad, awake", [awake(200, expression="sad")], nothing),
    Scenario(
        "closed eyes, one readable",
        [awake(20), Part(2, eyes="one"), awake(20)],
        lambda s, w: microsleep(s, 20, 22),
    ),
    Scenario("winks", [awake(20), Part(6, eyes="half"), awake(20)], nothing),
    Scenario(
        "eyes flicker open for 0.1 s",
        [awake(20), closed(1), Part(0.1), closed(1), awake(20)],
        lambda s, w: microsleep(s, 20, 22.1),
    ),
    Scenario("eyes open for 0.4 s", [awake(20), closed(1.2), Part(0.4), closed(1.2), awake(20)], nothing),
    Scenario(
        "unknown for 0.7 s in a closure",
        [awake(20), closed(1), unknown(0.7), closed(1), awake(20)],
        lambda s, w: [on(MICROSLEEP, 20, 1.7), off(MICROSLEEP, 22.7, s.microsleep_clear_open_s)],
    ),
    Scenario(
        "unknown for 1.3 s in a closure",
        [awake(20), closed(0.7), unknown(1.3), closed(0.7), awake(20)],
        nothing,
    ),
    Scenario(
        "unknown for 1.3 s in a longer one",
        [awake(20), closed(1), unknown(1.3), closed(1.2), awake(20)],
        lambda s, w: [
            on(MICROSLEEP, 20, s.microsleep_unopened_s),
            off(MICROSLEEP, 23.5, s.microsleep_clear_open_s),
        ],
    ),
    Scenario(
        "glimpses of closed eyes",
        GLIMPSED,
        lambda s, w: [*closed_whenever_seen(s, 20, 48.5), *seen_little(s, w, GLIMPSED, 20, 48.5)],
    ),
    Scenario(
        "glimpses of closed eyes, standing",
        [dataclasses.replace(part, kmh=0.0) for part in GLIMPSED],
        nothing,
    ),
    Scenario("a loose plug, eyes closed", PLUGGED, lambda s, w: closed_whenever_seen(s, 20, 32.5)),
    Scenario("a loose plug, awake", [awake(20), *[Part(1.3), Part(0.9, camera="lost")] * 15, awake(20)], nothing),
    Scenario("seldom seen, always closed", LATE_ASLEEP, late_asleep),
    Scenario("seen too little", LITTLE, lambda s, w: seen_little(s, w, LITTLE, 40, 85)),
    Scenario("seen too little, standing", [dataclasses.replace(part, kmh=0.0) for part in LITTLE], nothing),
    Scenario(
        "one closed stretch amid unknown",
        [awake(20), unknown(5), closed(1.2), unknown(5.8), awake(20)],
        lambda s, w: [on(UNAVAILABLE, 20, s.sight_window_s), off(UNAVAILABLE, 32, s.sight_clear_usable_s)],
    ),
    Scenario(
        "looks away between blinks",
        [awake(20), *[closed(0.2), unknown(2.6), closed(0.2), Part(3)] * 6, awake(20)],
        nothing,
    ),
    Scenario(
        "closed eyes, one seen badly",
        [awake(20), Part(2, eyes="badly"), awake(20)],
        lambda s, w: microsleep(s, 20, 22),
    ),
    Scenario("a held button", [Part(20), *[closed(0.1, ack=True)] * 100, awake(20)], held_button),
    Scenario(
        "a button held before",
        [*[Part(0.1, ack=True)] * 200, *[closed(0.1, ack=True)] * 28, awake(20)],
        lambda s, w: microsleep(s, 20, 22.8),
    ),
    Scenario(
        "frames 0.8 s late",
        [awake(20, late=0.8, kmh=50.0), closed(4, late=0.8, kmh=50.0), awake(20, late=0.8, kmh=50.0)],
        lambda s, w: asleep(s, 20, 24),
    ),
    Scenario(
        "asleep right after a gap",
        [awake(20), Part(4, camera="stalled"), closed(4), awake(20)],
        lambda s, w: asleep(s, 24, 28),
    ),
    Scenario(
        "blinded by the sun",
        [awake(20), hidden(14, quality=(0.9, 0.5, 0.5, 0.8)), awake(20)],
        lambda s, w: blind(s, 20, 34),
    ),
)

SCENARIOS = EYES_AND_FACE + heads.SCENARIOS
