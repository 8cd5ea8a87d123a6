"""The named drivers: every scenario of the policy, with the lines it has to give."""

from __future__ import annotations

import dataclasses

from fermon.policy import PolicySettings
from scenarios import heads
from scenarios.eyes_parts import (
    ANGER,
    ASLEEP,
    DROWSIER,
    DROWSY,
    GLIMPSED,
    LATE_ASLEEP,
    LITTLE,
    LONG_BLINKS,
    MICROSLEEP,
    PLUGGED,
    UNAVAILABLE,
    WEARY,
    YAWN,
    acknowledged,
    after_long_blinks,
    angry,
    asleep,
    asleep_slow,
    awake,
    blind,
    closed,
    closed_whenever_seen,
    dodger,
    drowsier,
    got_out,
    held_button,
    hidden,
    late_asleep,
    microsleep,
    nothing,
    seen_little,
    slow,
    unknown,
    unresponsive,
    weary,
)
from scenarios.language import (
    Part,
    Scenario,
    fleet,
    off,
    on,
)

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
