"""The named drivers whose head moves: attention, nodding off, the driver's place."""

from __future__ import annotations

import dataclasses

from fermon.policy import PolicySettings
from scenarios.head_parts import (
    AHEAD,
    ASIDE,
    CHIN,
    DROWSY,
    LEARNED_S,
    LOST_AT,
    NOD,
    NODS_OFF,
    NODS_OFF_IN_THE_SUN,
    OTHER,
    RADIO_S,
    SLUMPS,
    at,
    distracted,
    forward,
    gone,
    head_down,
    long_away,
    nods_off,
    nothing,
    passes,
    profile,
    radio,
    slumps,
    takes_over,
    turned,
)
from scenarios.language import Part, Scenario, fleet, on

SCENARIOS = (
    Scenario(
        "mirror and shoulder glances",
        [
            forward(LEARNED_S),
            *[turned(1.5, 50), forward(4), turned(1, -30, 24), forward(3), profile(2), forward(5)] * 4,
        ],
        nothing,
    ),
    Scenario(
        "telephone in the lap 8 s",
        [forward(LEARNED_S), turned(8, 5, -35), forward(10)],
        lambda s, w: distracted(s, 25, 33),
    ),
    Scenario(
        "looks down in the first seconds",
        [
            forward(4),
            turned(0.4, to=at(0, -20)),
            turned(4, 0, -20, eyes="closed"),
            turned(0.4, 0, -20, to=AHEAD),
            forward(8),
        ],
        nothing,
    ),
    Scenario(
        "looks to the belt, the lids first",
        [
            forward(LEARNED_S),
            turned(0.1, eyes="closed"),
            turned(0.3, eyes="closed", to=at(28, -22)),
            turned(2.6, 28, -22, eyes="closed"),
            turned(0.3, 28, -22, to=AHEAD),
            forward(8),
        ],
        nothing,
    ),
    Scenario("turned away 12 s", [forward(LEARNED_S), turned(12, -50), forward(10)], long_away),
    Scenario(
        "glances back while turned away",
        [forward(LEARNED_S), turned(2, 40), turned(0.3), turned(2, 40), forward(10)],
        lambda s, w: distracted(s, 25, 29.3),
    ),
    Scenario(
        "looks forward between two looks away",
        [forward(LEARNED_S), turned(2, 40), forward(0.8), turned(2, 40), forward(10)],
        nothing,
    ),
    Scenario(
        "radio, 1 s forward", [forward(LEARNED_S), *[turned(RADIO_S, 30, -8), forward(1)] * 8, forward(10)], radio
    ),
    Scenario(
        "radio, 2.1 s forward", [forward(LEARNED_S), *[turned(RADIO_S, 30, -8), forward(2.1)] * 12, forward(9)], nothing
    ),
    Scenario(
        "away at 30 km/h",
        [forward(LEARNED_S, kmh=30.0), turned(8, 40, kmh=30.0), forward(10, kmh=30.0)],
        lambda s, w: distracted(s, 25, 33, s.distracted_warning_slow_s),
    ),
    Scenario(
        "away at 15 km/h",
        [forward(LEARNED_S, kmh=30.0), turned(9, 40, kmh=15.0), forward(10, kmh=15.0)],
        nothing,
    ),
    Scenario(
        "away while it gets faster",
        [forward(LEARNED_S, kmh=15.0), turned(5, 40, kmh=15.0), turned(3, 40, kmh=60.0), forward(10, kmh=60.0)],
        lambda s, w: distracted(s, 30, 33, 0.0),
    ),
    Scenario(
        "away, speed signal lost",
        [forward(LEARNED_S, kmh=30.0), turned(4, 40, kmh=0.0), turned(4, 40), forward(10)],
        lambda s, w: distracted(s, 29, 33, s.speed_timeout_s),
    ),
    Scenario(
        "reversing",
        [forward(LEARNED_S, kmh=30.0), profile(8, kmh=4.0), forward(5, kmh=4.0), turned(20, -60, kmh=4.0)],
        nothing,
    ),
    Scenario(
        "face in profile 5 s",
        [forward(LEARNED_S), turned(0.4, to=at(70)), profile(5), forward(10)],
        lambda s, w: distracted(s, passes(25, 0.4, 0, 70, s.away_yaw_deg), 30.4),
    ),
    Scenario(
        "nods off, chin on the chest",
        NODS_OFF,
        lambda s, w: nods_off(s, LEARNED_S, passes(25.8, 0.5, 0, CHIN, -s.away_down_deg), 33.3),
    ),
    Scenario(
        "nods off in the sun",
        NODS_OFF_IN_THE_SUN,
        lambda s, w: nods_off(s, 25.5, passes(25.1, 0.4, 0, -20, -s.away_down_deg), 32.8),
    ),
    Scenario("slumps out of the picture", [*SLUMPS, gone(12), forward(10)], lambda s, w: slumps(s, LOST_AT + 12)),
    # The passenger's face is outside the seat: to the policy nobody is there.
    Scenario("slumps, the passenger stays in view", [*SLUMPS, gone(40)], lambda s, w: slumps(s, None)),
    Scenario(
        "slumps at 5 km/h", [dataclasses.replace(part, kmh=5.0) for part in (*SLUMPS, gone(8), forward(5))], nothing
    ),
    Scenario(
        "turns to the back seat",
        [forward(LEARNED_S), turned(0.8, eyes="closed", to=at(80)), profile(0.5), gone(7), forward(10)],
        nothing,
    ),
    Scenario(
        "looks down under lowered lids 5 s",
        [
            forward(LEARNED_S),
            turned(0.4, to=at(0, -20)),
            turned(5, 0, -20, eyes="closed"),
            turned(0.4, 0, -20, to=AHEAD),
            forward(10),
        ],
        lambda s, w: distracted(
            s,
            passes(25.0, 0.4, 0, -20, -s.away_down_deg),
            passes(30.4, 0.4, -20, 0, -s.forward_down_deg),
        ),
    ),
    Scenario(
        "looks down, the lids follow slowly",
        [
            forward(LEARNED_S),
            turned(0.35, to=at(0, -16)),
            turned(0.15, 0, -16, eyes=0.3, to=at(0, -20)),
            turned(5, 0, -20, eyes="closed"),
            turned(0.4, 0, -20, to=AHEAD),
            forward(10),
        ],
        lambda s, w: distracted(
            s,
            passes(25.35, 0.15, -16, -20, -s.away_down_deg),
            passes(30.5, 0.4, -20, 0, -s.forward_down_deg),
        ),
    ),
    Scenario(
        "lids go down before the head",
        [
            forward(LEARNED_S),
            turned(0.2, eyes="closed", cause="lowered"),
            turned(0.2, eyes="closed", cause="lowered", to=at(0, -15)),
            turned(2.5, 0, -15, eyes="closed", cause="lowered"),
            turned(0.4, 0, -15, to=AHEAD),
            forward(10),
        ],
        nothing,
    ),
    Scenario(
        "sleeps with the head down",
        [
            forward(LEARNED_S),
            turned(0.4, to=at(0, -20)),
            turned(12, 0, -20, eyes="closed"),
            turned(0.4, 0, -20, to=AHEAD),
            forward(10),
        ],
        head_down,
    ),
    Scenario(
        "laughs with narrow eyes",
        [forward(LEARNED_S), *[turned(4, 8, 9, eyes=0.4, expression="happy", mouth=0.9), forward(6)] * 4],
        nothing,
    ),
    Scenario("nods three times", [forward(LEARNED_S), *NOD * 3], lambda s, w: [on(DROWSY, 45.9, 0.3)]),
    Scenario(
        "another driver takes over",
        [
            forward(LEARNED_S),
            gone(12, kmh=0.0),
            forward(30, head=OTHER),
            turned(5, head=at(40, 0, OTHER)),
            forward(10, head=OTHER),
        ],
        takes_over,
    ),
    Scenario(
        "camera mounted 30 degrees aside",
        [forward(60, head=ASIDE), turned(5, head=at(-35, 0, ASIDE)), forward(10, head=ASIDE)],
        lambda s, w: distracted(s, 60, 65),
    ),
    Scenario("no pose for minutes", [forward(LEARNED_S), Part(120, eyes="blinking")], nothing),
    Scenario(
        "turned away, fleet profile",
        [forward(LEARNED_S), turned(5, -40), forward(10)],
        lambda s, w: distracted(s, 25, 30),
        fleet(PolicySettings()),
    ),
)
