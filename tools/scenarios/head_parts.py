"""What drivers do with the head, and the lines that the policy owes them for it."""

from __future__ import annotations

from fermon.domain import Kind, Level
from fermon.policy import PolicySettings
from scenarios.language import Angles, Line, Part, Run, off, on

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
