"""The named drivers whose head moves: attention, nodding off, the driver's place."""

from __future__ import annotations

import dataclasses

from fermon.domain import Kind, Level
from fermon.policy import PolicySettings
from scenarios.language import Angles, Line, Part, Run, Scenario, fleet, off, on

ASLEEP, DISTRACTED, DROWSY = Kind.ASLEEP, Kind.DISTRACTED, Kind.DROWSY
MICROSLEEP, UNAVAILABLE, UNRESPONSIVE = Kind.MICROSLEEP, Kind.UNAVAILABLE, Kind.UNRESPONSIVE
NOTICE = Level.NOTICE

AHEAD: Angles = (4.0, -5.0)  # forward, as the camera sees it
LEARNED_S = 25.0  # by then it is known where forward is
Lines = list[Line]


def at(yaw: float = 0.0, pitch: float = 0.0, ahead: Angles = AHEAD) -> Angles:
    """Return the angles of a head that is turned so far from forward."""
    return ahead[0] + yaw, ahead[1] + pitch


def forward(s: float, **more: object) -> Part:
    return Part(s, **({"eyes": "blinking", "head": AHEAD} | more))  # type: ignore[arg-type]


def turned(s: float, yaw: float = 0.0, pitch: float = 0.0, **more: object) -> Part:
    return Part(s, **({"head": at(yaw, pitch)} | more))  # type: ignore[arg-type]


def profile(s: float, **more: object) -> Part:
    return Part(s, **({"eyes": "unknown", "profile": True} | more))  # type: ignore[arg-type]


def gone(s: float, **more: object) -> Part:
    return Part(s, face=False, **more)  # type: ignore[arg-type]


def nothing(s: PolicySettings, w: Run) -> Lines:
    return []


def distracted(s: PolicySettings, began: float, ended: float, after: float | None = None) -> Lines:
    """Turned away from `began` to `ended`, for less than the NOTICE needs."""
    raised = on(DISTRACTED, began, s.distracted_warning_s if after is None else after)
    return [raised, off(DISTRACTED, ended, s.distracted_warning_clear_s, Level.WARNING)]


def passes(start: float, lasts: float, begin: float, end: float, limit: float) -> float:
    """Return when an angle that moves from `begin` to `end` passes `limit`."""
    return start + lasts * (limit - begin) / (end - begin)


CHIN = -35.0  # degrees of pitch with the chin on the chest
GLANCES = [turned(1.5, 50), forward(4), turned(1, -30, 24), forward(3), profile(2), forward(5)]
NODS_OFF = [
    forward(LEARNED_S),
    turned(0.8, eyes="closed"),
    turned(0.5, eyes="closed", to=at(0, CHIN)),
    turned(7.0, 0, CHIN, eyes="unknown"),
    turned(0.4, 0, CHIN, eyes="unknown", to=AHEAD),
    forward(10),
]
# Shut lids that look half open while they move in hard light: the chin is down when they first look shut.
NODS_OFF_IN_THE_SUN = [
    forward(LEARNED_S),
    turned(0.1, eyes=0.3),
    turned(0.4, eyes=0.3, to=at(0, -20)),
    turned(0.3, 0, -20, eyes="closed", to=at(0, CHIN)),
    turned(7.0, 0, CHIN, eyes="unknown"),
    turned(0.4, 0, CHIN, eyes="unknown", to=AHEAD),
    forward(10),
]
SLUMPS = [forward(LEARNED_S), turned(0.7, eyes="closed"), turned(0.4, eyes="closed", to=at(10, -30))]
LOST_AT = LEARNED_S + 1.1
RADIO_S = 2.2
NOD = [
    turned(0.3, eyes="closed"),
    turned(0.4, eyes="closed", to=at(0, -25)),
    turned(0.2, 0, -25, eyes="closed"),
    turned(0.3, 0, -25, to=AHEAD),
    forward(8.8),
]


def nods_off(s: PolicySettings, shut: float, low: float, raised: float) -> Lines:
    """Eyes look shut from `shut` on; the chin is away from `low` on, and raised from `raised` on, for 0.4 s."""
    ended = raised + 0.4
    up = passes(raised, 0.4, CHIN, 0.0, -s.forward_down_deg)
    return [
        on(MICROSLEEP, shut, s.microsleep_closed_s),
        on(ASLEEP, shut, s.asleep_closed_s),
        on(UNRESPONSIVE, shut, s.unresponsive_closed_s),
        on(DISTRACTED, low, s.distracted_warning_s),
        off(MICROSLEEP, ended, s.microsleep_clear_open_s),
        off(DISTRACTED, up, s.distracted_warning_clear_s, Level.WARNING),
        off(ASLEEP, ended, s.asleep_clear_open_s),
        off(UNRESPONSIVE, ended, s.unresponsive_clear_open_s),
    ]


def slumps(s: PolicySettings, back: float | None) -> Lines:
    """Lost in a closure; `back` = when the driver sits up with open eyes, None = never."""
    lines = [
        on(ASLEEP, LOST_AT, s.asleep_lost_s),
        on(UNRESPONSIVE, LOST_AT, s.unresponsive_lost_s),
        on(UNAVAILABLE, LOST_AT, s.sight_window_s - s.sight_min_usable_s),
    ]
    if back is None:
        return lines
    return [
        *lines,
        off(ASLEEP, back, s.asleep_clear_open_s),
        off(UNAVAILABLE, back, s.sight_clear_usable_s),
        off(UNRESPONSIVE, back, s.unresponsive_clear_open_s),
    ]


def head_down(s: PolicySettings, w: Run) -> Lines:
    """Lids look shut under a head lowered from 25.4 s on; eyes last seen open then, and again at 37.8 s."""
    low = passes(25.0, 0.4, 0.0, -20.0, -s.away_down_deg)
    up = passes(37.4, 0.4, -20.0, 0.0, -s.forward_down_deg)
    opened = 37.4
    return [
        on(DISTRACTED, low, s.distracted_warning_s),
        on(ASLEEP, 25.4, s.asleep_lowered_s),
        on(UNRESPONSIVE, 25.4, s.asleep_lowered_s + s.unresponsive_after_asleep_s),
        on(UNAVAILABLE, 25.4, s.sight_window_s - s.sight_min_usable_s),
        on(DISTRACTED, up, s.distracted_warning_clear_s, NOTICE),  # 12 s of the last 30 away
        off(DISTRACTED, up, s.distracted_notice_clear_s, NOTICE),
        off(ASLEEP, opened, s.asleep_clear_open_s),
        off(UNAVAILABLE, opened, s.sight_clear_usable_s),
        off(UNRESPONSIVE, opened, s.unresponsive_clear_open_s),
    ]


def long_away(s: PolicySettings, w: Run) -> Lines:
    """Turned away from 25 s to 37 s: the WARNING falls to a NOTICE, which clears in its turn."""
    return [
        on(DISTRACTED, LEARNED_S, s.distracted_warning_s),
        on(DISTRACTED, 37, s.distracted_warning_clear_s, NOTICE),
        off(DISTRACTED, 37, s.distracted_notice_clear_s, NOTICE),
    ]


def radio(s: PolicySettings, w: Run) -> Lines:
    """2.2 s away and 1 s forward, eight times from 25 s on: 10 s of it are over during the fifth time."""
    fifth = LEARNED_S + 4 * (RADIO_S + 1)
    return [
        on(DISTRACTED, fifth, s.distracted_notice_s - 4 * RADIO_S, NOTICE),
        off(DISTRACTED, LEARNED_S + 8 * RADIO_S + 7, s.distracted_notice_clear_s, NOTICE),
    ]


def takes_over(s: PolicySettings, w: Run) -> Lines:
    """No face from 25 s to 37 s; another driver, who looks away from 67 s to 72 s."""
    return [
        on(UNAVAILABLE, LEARNED_S, s.sight_window_s - s.sight_min_usable_s),
        off(UNAVAILABLE, 37, s.sight_clear_usable_s),
        *distracted(s, 67, 72),
    ]


ASIDE: Angles = (30.0, -12.0)  # forward, to a camera mounted 30 degrees aside
OTHER: Angles = (-26.0, 10.0)  # another driver's

RADIO = turned(RADIO_S, 30, -8)

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
