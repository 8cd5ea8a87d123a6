"""Attention: where forward is, when the head is turned away, and what it says on every occasion."""

from __future__ import annotations

import dataclasses
import hashlib
import math
from typing import Any

import pytest

from fermon.domain import Alert, Attention, Head, Kind, Level, Observation
from fermon.policy import Policy, PolicySettings
from fermon.policy.forward import SLOT_NS, Forward, Median
from fermon.policy.head import turned as difference
from fermon.session.format import encode
from scenarios.drivers import EYES_AND_FACE, SCENARIOS
from scenarios.head_parts import AHEAD, LEARNED_S, at, forward, gone, profile, turned
from scenarios.language import Part, Way, inputs
from scenarios.runs import alerts, brief

S = 1_000_000_000
WARNED, NOTICED = "+DISTRACTED WARNING", "+DISTRACTED NOTICE"


def fed(parts: list[Part], way: Way | None = None, settings: PolicySettings | None = None) -> Policy:
    policy = Policy(settings)
    for item in inputs(parts, way or Way(15)):
        policy.feed(item)
    return policy


def first(lines: list[Alert]) -> Alert:
    return next(a for a in lines if a.kind is Kind.DISTRACTED)


# Forward --------------------------------------------------------------------------------------------------------------


def test_median_of_the_last_values() -> None:
    median = Median(3)
    assert [median.add(v) for v in (5.0, 1.0, 3.0, 9.0, 9.0)] == [5.0, 3.0, 3.0, 3.0, 9.0]


def test_forward_is_the_median_and_moves_slowly() -> None:
    f = Forward(PolicySettings())
    for n in range(40):
        assert not f.known
        f.observe(SLOT_NS, 10.0 if n % 3 else 80.0, -4.0)
    assert (f.known, f.yaw, f.pitch) == (True, 10.0, -4.0)
    for _ in range(50):
        f.observe(SLOT_NS, 30.0, -4.0)
    # With the twelfth (26 values of 10 degrees, 14 of 80, 12 of 30) the median is not 10 any more.
    assert f.yaw == pytest.approx(10 + 0.1 * 39)
    assert f.pitch == -4.0


def test_forward_is_kept_until_another_drivers_is_known() -> None:
    f = Forward(PolicySettings())
    for _ in range(40):
        f.observe(SLOT_NS, 10.0, 0.0)
    f.restart()
    assert (f.known, f.yaw) == (False, 10.0)
    for _ in range(40):
        f.observe(SLOT_NS, 40.0, 0.0)
    assert (f.known, f.yaw) == (True, 40.0)


def test_angles_are_differences_round_the_circle() -> None:
    assert difference(-170, 175) == 15
    assert difference(175, -170) == -15


@pytest.mark.parametrize(
    "learning",
    [
        [forward(30, kmh=5.0)],  # stands, or nearly
        [forward(30, eyes="closed", kmh=5.0)],
        [Part(30, eyes="blinking")],  # no pose
        [forward(18)],  # not long enough
    ],
)
def test_without_forward_attention_is_not_determined(learning: list[Part]) -> None:
    parts = [*learning, turned(1.5, 60)]
    assert brief([*parts, turned(4, 60, eyes="unknown")]) == []
    state = fed(parts).state
    assert (state.attention, state.head_yaw_deg, state.away_s, state.away_30s) == (0, None, 0.0, None)


def test_who_looks_away_for_most_of_a_minute_is_not_the_norm() -> None:
    """The median is with those who look away after 25 s: forward follows by 0.2 degrees a second."""
    state = fed([forward(LEARNED_S), turned(60, 45)]).state
    assert state.attention is Attention.DISTRACTED
    assert state.head_yaw_deg == pytest.approx(45 - 0.2 * 35, abs=0.6)


def test_the_drivers_own_forward_counts_not_the_cameras() -> None:
    away = [forward(30, head=(30.0, -12.0)), turned(5, head=(0.0, -12.0))]
    assert brief(away) == [WARNED]
    assert brief([forward(30, head=(30.0, -12.0)), turned(5, head=(40.0, -12.0))]) == []


# Away ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("yaw", "pitch", "lines"),
    [(25, 0, 1), (-25, 0, 1), (24, 0, 0), (0, -18, 1), (0, -17, 0), (0, 22, 1), (0, 21, 0), (17, -11, 0)],
)
def test_limits_of_away(yaw: float, pitch: float, lines: int) -> None:
    """Exactly at the limit: forward is 0 here, so that no difference is rounded."""
    assert len(brief([forward(LEARNED_S, head=(0.0, 0.0)), Part(5, head=(float(yaw), float(pitch)))])) == lines


def test_between_away_and_forward_it_stays_what_it_was() -> None:
    assert brief([forward(LEARNED_S), turned(8, 21)]) == []
    assert brief([forward(LEARNED_S), turned(1, 30), turned(3, 21)]) == [WARNED]
    assert fed([forward(LEARNED_S), gone(2), turned(2, 21)]).state.attention is Attention.NOT_DETERMINED
    assert fed([forward(14, eyes="open"), turned(8, 21)]).state.attention is Attention.NOT_DETERMINED


def test_what_the_state_says() -> None:
    parts = [forward(LEARNED_S), turned(2, 40, -3)]
    state = fed(parts).state
    assert state.attention is Attention.AWAY
    assert (state.head_yaw_deg, state.head_pitch_deg) == (40.0, -3.0)
    assert state.away_s == pytest.approx(2.0, abs=0.15) == state.away_30s
    assert fed([*parts, turned(2, 40)]).state.attention is Attention.DISTRACTED
    ahead = fed([*parts, forward(0.7)]).state
    assert (ahead.attention, ahead.away_s) == (Attention.ATTENTIVE, 0.0)
    assert ahead.away_30s == pytest.approx(2.0, abs=0.15)
    assert fed([*parts, forward(2.2)]).state.away_30s == 0.0
    hidden = fed([*parts, gone(1.2)]).state
    assert (hidden.attention, hidden.head_yaw_deg, hidden.away_s) == (Attention.NOT_DETERMINED, None, 0.0)
    assert fed([*parts, gone(0.5)]).state.attention is Attention.AWAY


def test_old_angles_are_none() -> None:
    state = fed([forward(LEARNED_S), Part(1.5, camera="stalled")]).state
    assert (state.head_yaw_deg, state.head_pitch_deg) == (None, None)


def test_evidence_says_where_and_for_how_long() -> None:
    line = first(alerts([forward(LEARNED_S), turned(5, 40, -3)]))
    assert line.since_ns == pytest.approx(LEARNED_S * S, abs=0.1 * S)
    assert line.evidence["away_s"] == pytest.approx(3.5, abs=0.1)
    assert line.evidence["away_sum_s"] == pytest.approx(3.5, abs=0.2)
    assert (line.evidence["away_window_s"], line.evidence["lowered"]) == (30.0, False)
    assert (line.evidence["head_yaw_deg"], line.evidence["head_pitch_deg"]) == (40.0, -3.0)


def test_hiding_does_not_clear_and_forward_does_without_eyes() -> None:
    """In dark glasses the head alone tells."""
    parts = [forward(LEARNED_S), turned(5, 40)]
    assert brief([*parts, gone(8)]) == [WARNED]
    assert brief([*parts, forward(1.3, eyes="unknown")]) == [WARNED, "-DISTRACTED WARNING"]
    assert brief([*parts, forward(0.9), gone(2)]) == [WARNED]


def test_a_missing_frame_is_no_break() -> None:
    assert brief([forward(LEARNED_S), turned(4, 40, lost_every=3)]) == [WARNED]
    assert brief([forward(LEARNED_S), turned(2, 40), Part(0.8, camera="stalled"), turned(1, 40)]) == [WARNED]
    assert brief([forward(LEARNED_S), turned(2, 40), Part(1.2, camera="stalled"), turned(1, 40)]) == []


def test_time_without_frames_is_not_forward() -> None:
    at_once = PolicySettings(frame_late_s=0.0)
    parts = [forward(LEARNED_S), turned(5, 40), forward(0.45), Part(0.95, camera="stalled")]
    assert brief(parts, settings=at_once) == [WARNED]
    learned = fed([forward(1), Part(60, camera="stalled"), forward(0.6)]).state
    assert learned.head_yaw_deg is None  # nor learned from


def test_only_a_frame_in_which_the_head_is_away_raises() -> None:
    assert brief([forward(LEARNED_S), turned(3.3, 40), gone(0.8)]) == []


def test_below_the_floor_it_is_not_determined() -> None:
    policy = fed([forward(LEARNED_S), forward(8, fps=4.5), turned(12, 40, fps=4.5)])
    assert policy.state.attention is Attention.NOT_DETERMINED
    assert Kind.DISTRACTED not in {a.kind for a in policy.state.alerts}


def test_held_back_by_the_speed_alone_is_said() -> None:
    gated = fed([forward(LEARNED_S), turned(8, 40, kmh=12.0)]).state.gated
    assert gated is not None
    assert (gated.kind, gated.limit_kmh, gated.speed_kmh) == (Kind.DISTRACTED, 20.0, 12.0)


def test_closed_eyes_attend_to_nothing() -> None:
    state = fed([forward(LEARNED_S), turned(2, eyes="closed")]).state
    assert (state.head_yaw_deg, state.attention) == (0.0, Attention.NOT_DETERMINED)


def test_another_driver_needs_forward_of_his_own() -> None:
    swap = [forward(LEARNED_S), gone(11)]
    assert fed([*swap, forward(5)]).state.attention is Attention.NOT_DETERMINED
    assert fed([forward(LEARNED_S), gone(9), forward(5)]).state.attention is Attention.ATTENTIVE
    assert WARNED not in brief([*swap, turned(15, 60)])
    lines = brief([*swap, forward(22, head=at(60)), turned(5, head=AHEAD)])
    assert lines == [
        "+UNAVAILABLE NOTICE",
        "-UNAVAILABLE NOTICE",
        WARNED,
    ]  # what looked away by the other's is forgotten


def test_an_alert_outlives_the_driver_who_hides() -> None:
    """He comes back, still turned away: by his former forward, until it is known anew."""
    parts = [forward(LEARNED_S), turned(5, 40), gone(11)]
    lines = brief([*parts, turned(5, 40)])
    assert "-DISTRACTED WARNING" not in lines and NOTICED not in lines
    assert brief([*parts, forward(1.3)])[-1] == "-DISTRACTED WARNING"


def test_a_face_in_profile_is_away_only_without_a_pose() -> None:
    assert brief([forward(LEARNED_S), profile(5)]) == [WARNED]
    assert brief([forward(LEARNED_S), forward(5, profile=True)]) == []
    assert brief([Part(30, eyes="blinking"), profile(5)]) == []


def test_the_order_of_urgency() -> None:
    """DISTRACTED comes after any closure, and a DROWSY WARNING, of its own level."""
    policy = fed([forward(LEARNED_S), turned(2.3, 40), turned(1.7, 40, eyes="closed")])
    assert [a.kind for a in policy.state.alerts] == [Kind.MICROSLEEP, Kind.DISTRACTED]
    drowsy = [forward(64), *[turned(2.2), turned(1.2, eyes="closed")] * 24, turned(4, 40)]
    assert [(a.kind, a.level) for a in fed(drowsy).state.alerts] == [
        (Kind.DROWSY, Level.WARNING),
        (Kind.DISTRACTED, Level.WARNING),
    ]
    radio = [forward(LEARNED_S), *[turned(2.2, 40), turned(1)] * 6, *[turned(2.5, 40, mouth=0.9), turned(0.7)] * 3]
    assert [(a.kind, a.level) for a in fed(radio).state.alerts][:2] == [
        (Kind.DROWSY, Level.NOTICE),
        (Kind.DISTRACTED, Level.NOTICE),
    ]


# What came before -----------------------------------------------------------------------------------------------------

# SHA-256 of the alert lines that every driver under 200 s was given before there were heads.
BEFORE = "ab755c9a36604eabbc7d88947d95da7355256175dd47b036614802d8bfa29e72"


def test_recordings_without_a_head_give_the_same_lines() -> None:
    found = hashlib.sha256()
    for scenario in EYES_AND_FACE:
        if scenario.length_s < 200:
            policy = Policy(scenario.settings)
            for item in inputs(scenario.parts, Way(15), scenario.name):
                for line in policy.feed(item):
                    found.update(encode(line).encode())
    assert found.hexdigest() == BEFORE


@pytest.mark.parametrize("name", [s.name for s in SCENARIOS if s not in EYES_AND_FACE])
def test_without_its_head_a_drive_tells_nothing_of_it(name: str) -> None:
    scenario = next(s for s in SCENARIOS if s.name == name)
    policy = Policy(scenario.settings)
    lines = []
    for item in inputs(scenario.parts, Way(15), name):
        bare = item
        if isinstance(item, Observation):
            face = item.face and dataclasses.replace(item.face, profile=False)
            bare = dataclasses.replace(item, head=None, face=face)
        lines += policy.feed(bare)
        state = policy.state
        assert (state.attention, state.head_yaw_deg, state.away_30s, state.nods, state.lowered) == (
            0,
            None,
            None,
            0,
            False,
        )
    assert not [a for a in lines if a.kind is Kind.DISTRACTED or a.evidence.get("why") == "lost in a closure"]


# Values of any kind ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("head", [Head(math.nan, 0, 0), Head(0, math.inf, 0), Head(181, 0, 0), Head("x", 0, 0), 5])
def test_angles_that_are_none_are_counted(head: Any) -> None:
    policy = Policy()
    items = inputs([forward(1)], Way(10))
    policy.feed(dataclasses.replace(items[0], head=head))  # type: ignore[type-var]
    assert policy.state.not_used == {"head": 1}


def test_a_head_without_a_face_is_nobodys() -> None:
    policy = fed([forward(LEARNED_S)])
    for item in inputs([forward(5)], Way(15)):
        moved = dataclasses.replace(item, t_ns=item.t_ns + 25 * S, face=None, head=Head(60.0, 0.0, 0.0))  # type: ignore[call-arg]
        policy.feed(moved)
    assert policy.state.attention is Attention.NOT_DETERMINED


def test_roll_is_not_needed() -> None:
    policy = Policy()
    for item in inputs([forward(LEARNED_S)], Way(15)):
        head = Head(0.0, 0.0, math.nan)
        policy.feed(dataclasses.replace(item, head=head) if isinstance(item, Observation) else item)
    assert policy.state.attention is Attention.ATTENTIVE
