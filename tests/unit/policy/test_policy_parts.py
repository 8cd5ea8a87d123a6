"""Seen in parts: closed whenever seen, seen too little, and never silent about either."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from fermon.domain import EyeState, Input, Kind, Observation, Speed, Visibility, Wakefulness
from fermon.policy import Policy, PolicySettings
from fermon.policy.closure import eye_state
from fermon.policy.unseen import Unseen
from scenarios.language import Part, Way, inputs
from scenarios.runs import alerts, brief

S = 1_000_000_000
MICROSLEEP, ASLEEP, UNRESPONSIVE = "+MICROSLEEP WARNING", "+ASLEEP CRITICAL", "+UNRESPONSIVE CRITICAL"
UNAVAILABLE, CLEARED = "+UNAVAILABLE NOTICE", "-UNAVAILABLE NOTICE"
CLOSURE = {Kind.MICROSLEEP, Kind.ASLEEP, Kind.UNRESPONSIVE}


def closed(s: float, **more: object) -> Part:
    return Part(s, eyes="closed", **more)  # type: ignore[arg-type]


def unknown(s: float, **more: object) -> Part:
    return Part(s, eyes="unknown", **more)  # type: ignore[arg-type]


def hidden(s: float, **more: object) -> Part:
    return Part(s, face=False, **more)  # type: ignore[arg-type]


def fed(parts: list[Part], way: Way | None = None) -> Policy:
    policy = Policy()
    for item in inputs(parts, way or Way(30)):
        policy.feed(item)
    return policy


# Closed whenever seen -------------------------------------------------------------------------------------------------


def test_the_two_drivers_who_were_never_told() -> None:
    """Glimpses of 0.45 s in 1.5 s; a plug that gives 1.3 s of picture and is gone."""
    for parts in ([closed(0.45), unknown(1.05)] * 40, [closed(1.3), Part(1.1, camera="lost")] * 25):
        for way in (Way(10), Way(15), Way(30)):
            lines = alerts([Part(20), *parts], way)
            first = {a.kind: a.t_ns / S - 20 for a in reversed(lines) if a.active}
            assert first[Kind.MICROSLEEP] <= 3.3
            assert first[Kind.ASLEEP] <= 6.3
            assert first[Kind.UNRESPONSIVE] <= 10.3
            assert all(a.active for a in lines if a.kind in CLOSURE)


def test_evidence_says_closed_whenever_seen() -> None:
    lines = alerts([Part(20), *[closed(0.5), unknown(1.4)] * 4])
    assert [a.kind for a in lines] == [Kind.MICROSLEEP, Kind.ASLEEP]
    for line, unopened_s in zip(lines, (3.0, 6.0), strict=True):
        assert line.evidence["why"] == "closed whenever seen"
        assert line.evidence["unopened_s"] == pytest.approx(unopened_s, abs=0.1)
        assert line.since_ns == pytest.approx(20 * S, abs=0.1 * S)
    assert lines[0].evidence["seen_closed_s"] == pytest.approx(1.0, abs=0.15)


def test_a_single_long_closure_is_told_as_such() -> None:
    assert all("why" not in a.evidence for a in alerts([Part(20), closed(8), Part(6)]))
    # in two stretches of one closure, raised when the gate opens
    lines = alerts(
        [Part(20, kmh=0), closed(5, kmh=0), Part(0.1, eyes="unknown", kmh=0), closed(6, kmh=0), closed(1, kmh=50)]
    )
    assert [a.kind for a in lines] == [Kind.MICROSLEEP, Kind.ASLEEP, Kind.UNRESPONSIVE]
    assert all("why" not in a.evidence for a in lines)


@pytest.mark.parametrize(
    ("parts", "lines"),
    [
        ([closed(0.3), unknown(2.4), closed(0.35)], [MICROSLEEP]),  # 3.05 s, 0.65 s closed
        ([closed(0.3), unknown(2.0), closed(0.35)], []),  # not long enough
        ([closed(0.2), unknown(2.7), closed(0.2)], []),  # not closed long enough
        ([closed(1.0), unknown(4)], []),  # one stretch only
        ([closed(0.3), unknown(1.3), closed(0.3), unknown(2)], [MICROSLEEP]),  # time alone decides
        ([closed(0.4), Part(0.3), unknown(2.2), closed(0.4)], []),  # seen open in between
        ([closed(0.4), unknown(1.1), closed(0.4), unknown(1.03)], []),  # they open just before
        ([closed(0.4), Part(0.06), unknown(2.2), closed(0.4)], [MICROSLEEP]),  # a glimpse of open eyes is not
    ],
)
def test_microsleep_of_eyes_closed_whenever_seen(parts: list[Part], lines: list[str]) -> None:
    found = [a for a in alerts([Part(20), *parts, Part(5)], Way(30)) if a.active]
    assert [f"+{a.kind.value} {a.level.name}" for a in found] == lines


@pytest.mark.parametrize(("opened", "count"), [(0.1, 1), (0.2, 0)])
@pytest.mark.parametrize("fps", [10, 15, 30])
def test_open_for_longer_than_a_flicker_starts_it_anew(fps: float, opened: float, count: int) -> None:
    parts = [closed(0.5), unknown(1.2), Part(opened), unknown(1.2), closed(0.5), Part(5)]
    assert brief([Part(20), *parts], Way(fps)).count(MICROSLEEP) == count


def test_open_time_adds_up_over_a_flickering_detection() -> None:
    flicker = [Part(0.07), unknown(0.07)] * 6
    assert brief([Part(20), closed(0.6), *flicker, unknown(1.5), closed(0.6), Part(5)], Way(30)) == []


def test_open_glimpses_far_apart_do_not_add_up() -> None:
    glimpses = [Part(0.07), unknown(0.7)] * 4
    assert brief([Part(20), closed(0.6), *glimpses, closed(0.6)], Way(30)) == [MICROSLEEP]


def test_a_camera_that_is_lost_for_long_is_left_out() -> None:
    lost = [closed(0.9), Part(2.5, camera="lost"), closed(0.9), Part(6)]
    assert brief([Part(20), *lost]) == [UNAVAILABLE, CLEARED]
    assert brief([Part(20), closed(0.3), unknown(0.2), closed(0.3), Part(3, camera="lost"), Part(6)]) == [
        UNAVAILABLE,
        CLEARED,
    ]
    again = [closed(0.9), Part(2.5, camera="lost")] * 12
    assert {MICROSLEEP, ASLEEP, UNRESPONSIVE, UNAVAILABLE} <= set(brief([Part(20), *again]))


def test_it_begins_when_the_driver_is_first_seen() -> None:
    parts = [Part(8, camera="covered"), closed(0.4), unknown(1.1), closed(0.4), unknown(1.0), closed(0.4)]
    line = next(a for a in alerts(parts, Way(30)) if a.kind is Kind.MICROSLEEP)
    assert line.t_ns == pytest.approx(11 * S, abs=0.1 * S)


def test_below_the_gate_it_is_not_raised_but_counted() -> None:
    parts = [dataclasses.replace(part, kmh=5.0) for part in [Part(20), *[closed(0.5), unknown(1.4)] * 6]]
    assert brief(parts) == []
    assert brief([*parts, closed(1, kmh=50)])[:3] == [MICROSLEEP, ASLEEP, UNRESPONSIVE]


def test_flickering_open_eyes_do_not_clear() -> None:
    """Eyes that are never seen open for longer than a flicker clear nothing, however short the closures between."""
    parts = [closed(0.33), Part(0.06), closed(0.2), Part(0.06), unknown(1.2)]
    lines = brief([Part(20), *parts * 6], Way(30))
    assert not any(line.startswith("-") for line in lines)
    assert lines[:2] == [MICROSLEEP, ASLEEP]


def test_glimpses_of_open_eyes_clear_nothing() -> None:
    """Half a second after the first one no closure lies between them, and yet they were never seen open."""
    assert brief([Part(20), closed(2), *[unknown(0.6), Part(0.06)] * 8], Way(30)) == [MICROSLEEP]


def test_acknowledged_it_counts_anew() -> None:
    glimpses = [closed(0.5), unknown(1.4)]
    parts = [Part(20), *glimpses * 3, closed(0.5), Part(0.9, eyes="unknown", ack=True), *glimpses * 5]
    lines = alerts(parts, Way(30))
    acked = next(a for a in lines if not a.active)
    again = [a for a in lines if a.kind is Kind.ASLEEP and a.active][1]
    assert again.t_ns - acked.t_ns == pytest.approx(6 * S, abs=0.1 * S)


def test_a_stretch_that_was_acknowledged_goes_on_as_one() -> None:
    parts = [Part(20), closed(3.5), closed(0.7, ack=True), unknown(2.5), closed(0.5), unknown(3)]
    lines = alerts(parts, Way(30))
    assert [a.t_ns / S for a in lines if a.kind is Kind.ASLEEP and a.active] == [
        pytest.approx(23, abs=0.1),
        pytest.approx(29.5, abs=0.1),
    ]


# Seen too little ------------------------------------------------------------------------------------------------------

LITTLE = [Part(0.6), hidden(0.9)]


def test_seen_too_little_is_told_and_never_looks_well() -> None:
    parts = [Part(40), *LITTLE * 20]
    lines = alerts(parts)
    assert [(a.kind, a.active) for a in lines] == [(Kind.UNAVAILABLE, True)]
    assert lines[0].evidence["cause"] == "no face"
    assert lines[0].evidence["seen_s"] == pytest.approx(15, abs=0.2)
    state = fed(parts).state
    assert state.wakefulness is Wakefulness.NOT_DETERMINED
    assert state.visibility is Visibility.NO_FACE


def test_it_begins_half_a_minute_after_the_start() -> None:
    assert brief(LITTLE * 19) == []
    assert alerts(LITTLE * 30)[0].t_ns == pytest.approx(30 * S, abs=0.1 * S)


@pytest.mark.parametrize(("kmh", "lines"), [(9.0, []), (11.0, [UNAVAILABLE])])
def test_only_while_the_vehicle_moves(kmh: float, lines: list[str]) -> None:
    assert brief([dataclasses.replace(part, kmh=kmh) for part in [Part(20), *LITTLE * 40]]) == lines


@pytest.mark.parametrize(
    ("most", "rest", "cause"),
    [
        (unknown(0.9), hidden(0.2), "eyes unreadable"),
        (hidden(0.9), unknown(0.2), "no face"),
        (Part(0.9, camera="covered"), unknown(0.2), "dark"),
        (hidden(0.9, quality=(0.9, 0.5, 0.5, 0.9)), unknown(0.2), "too bright"),
        (Part(0.9, camera="lost"), unknown(0.2), "lost"),
        (Part(0.9, camera="stalled"), unknown(0.2), "slow"),
    ],
)
def test_the_cause_is_what_took_most_of_the_time(most: Part, rest: Part, cause: str) -> None:
    lines = alerts([Part(40), *[Part(0.6), most, Part(0.2), rest] * 30])
    assert [(a.kind, a.evidence["cause"]) for a in lines] == [(Kind.UNAVAILABLE, cause)]


@pytest.mark.parametrize(("recent", "lines"), [(0.6, [UNAVAILABLE]), (2.4, [UNAVAILABLE, CLEARED])])
def test_eight_of_ten_seconds_clear(recent: float, lines: list[str]) -> None:
    """2.4 of 3 s is 8 of 10 s; the last half minute then is well over half."""
    assert brief([Part(40), *LITTLE * 20, *[Part(recent), hidden(0.4)] * 12]) == lines


def test_one_outage_that_was_told_clears_as_before() -> None:
    lines = alerts([Part(20), hidden(25), Part(20)])
    assert [a.active for a in lines] == [True, False]
    assert lines[1].t_ns == pytest.approx(47 * S, abs=0.2 * S)
    lines = alerts([Part(20), Part(100, camera="asleep"), Part(20)])  # no input of any kind
    assert lines[1].t_ns == pytest.approx(122 * S, abs=0.2 * S)


def test_outage_after_outage_stays_told() -> None:
    assert brief([Part(20), *[hidden(12), Part(3)] * 8]) == [UNAVAILABLE, CLEARED, UNAVAILABLE]


def test_seen_again_is_not_taken_back_at_once() -> None:
    """8 of the last 10 s are usable, but less than half of the last 30 s: it clears, once."""
    parts = [Part(40), *LITTLE * 40, *[Part(1.7), hidden(0.3)] * 20]
    assert brief(parts) == [UNAVAILABLE, CLEARED]


RARELY = [Part(40), *[Part(0.3), hidden(1.2)] * 25]


def test_seen_again_holds_through_a_worse_moment() -> None:
    """7.6 of 10 s after the clearing: neither enough to clear nor little enough to raise anew."""
    assert brief([*RARELY, Part(8.3), *[Part(0.4), hidden(0.6)] * 4, Part(20)]) == [UNAVAILABLE, CLEARED]


def test_seen_again_for_half_a_minute_is_forgotten() -> None:
    """The half minute gets worse while the last 10 s are fair: told, as the first time."""
    slowly = [hidden(7), Part(0.6), hidden(7), *[Part(0.85), hidden(0.15)] * 9]
    assert brief([*RARELY, Part(60), *slowly]) == [UNAVAILABLE, CLEARED, UNAVAILABLE]
    assert brief([Part(100), *slowly]) == [UNAVAILABLE]


def test_causes_older_than_the_window_do_not_count() -> None:
    unseen = Unseen(PolicySettings())
    unseen.add(0, 25 * S, Visibility.DARK)
    unseen.add(25 * S, 45 * S, Visibility.NO_FACE)
    assert unseen.main_cause(45 * S, 45 * S, Visibility.OK) is Visibility.NO_FACE
    assert unseen.main_cause(45 * S, 60 * S, Visibility.LOST) is Visibility.NO_FACE
    assert unseen.main_cause(45 * S, 63 * S, Visibility.LOST) is Visibility.LOST


def test_a_camera_that_was_lost_before_is_not_the_cause_later() -> None:
    lines = alerts([Part(10), Part(1, camera="lost"), Part(40), *[Part(0.6), Part(0.9, camera="stalled")] * 30])
    assert [a.evidence["cause"] for a in lines] == ["slow"]


def test_closed_eyes_in_full_view_are_not_unavailable() -> None:
    assert brief([Part(20), closed(20)]) == [MICROSLEEP, ASLEEP, UNRESPONSIVE]


def test_what_is_closed_or_nothing_does_not_clear() -> None:
    """With a slower ladder eyes are closed for 3 s without an alert: usable, but nothing that could be called well."""
    slower = PolicySettings(microsleep_closed_s=4.0, asleep_closed_s=5.0, unresponsive_closed_s=8.0)
    assert brief([Part(20), unknown(11), closed(3.5)], settings=slower) == [UNAVAILABLE]


def test_the_last_way_out() -> None:
    """One closed stretch, too short for a closure alert, amid unknown: neither rule above has it."""
    lines = alerts([Part(20), unknown(5), closed(1.2), unknown(5.8)])
    assert [a.kind for a in lines] == [Kind.UNAVAILABLE]
    assert lines[0].t_ns == pytest.approx(30 * S, abs=0.2 * S)
    assert lines[0].evidence["cause"] == "eyes unreadable"
    assert brief([Part(20, kmh=0), *[dataclasses.replace(p, kmh=0.0) for p in (unknown(5), closed(1.2))]]) == []


# Never silent ---------------------------------------------------------------------------------------------------------


class Watch:
    """What the policy owes whatever comes: an alert by 12 s of closed or nothing, by 31 s without open eyes."""

    def __init__(self) -> None:
        self.policy = Policy()
        self.now = 0
        self.open_ns = 0  # the last open frame, or the last time the vehicle stood
        self.seen_open_ns = 0  # the last time eyes were seen open for 0.15 s
        self._run_ns = 0  # of open time, so far
        self._last: tuple[int, EyeState] | None = None
        self._kmh: tuple[int, float] | None = None
        self.worst = [0, 0]

    def feed(self, item: Input) -> None:
        self.policy.feed(item)
        if not self.now:
            self.open_ns = self.seen_open_ns = item.t_ns
        self.now = max(self.now, item.t_ns)
        if isinstance(item, Observation):
            self._frame(item)
        if isinstance(item, Speed):
            self._kmh = item.t_ns, item.kmh
        stands = self._kmh is not None and self.now - self._kmh[0] <= 3 * S and self._kmh[1] < 10
        told = {alert.kind for alert in self.policy.state.alerts} & {*CLOSURE, Kind.UNAVAILABLE}
        if stands or told:
            self.open_ns = self.seen_open_ns = self.now
        self.worst = [max(self.worst[0], self.now - self.open_ns), max(self.worst[1], self.now - self.seen_open_ns)]

    def _frame(self, item: Observation) -> None:
        state = EyeState.UNKNOWN
        if item.face is not None and item.eyes is not None:
            state = eye_state(item.eyes.left, item.eyes.right, 0.5, 0.1)
        last_ns, last = self._last or (item.t_ns, EyeState.UNKNOWN)
        held = item.t_ns - last_ns
        if state is EyeState.CLOSED or held > S // 2:
            self._run_ns = 0
        elif last is EyeState.OPEN:
            self._run_ns += held
        if state is EyeState.OPEN:
            self.open_ns = item.t_ns
            # a frame shows its period: one more of at most 0.2 s
            if self._run_ns + min(held, S // 5) >= 0.15 * S:
                self.seen_open_ns = item.t_ns
        self._last = item.t_ns, state

    @property
    def silent_s(self) -> tuple[float, float]:
        """The longest stretches of closed or nothing, and without open eyes, in which nothing was told."""
        return self.worst[0] / S, self.worst[1] / S


lengths = st.one_of(
    st.sampled_from([0.033, 0.067, 0.1, 0.14, 0.3, 0.45, 0.7, 0.95, 1.05, 1.3, 1.45, 2.0, 4.0, 9.0]), st.floats(0.03, 3)
)
parts = st.builds(
    Part,
    s=lengths,
    eyes=st.sampled_from(["closed", "closed", "unknown", "open", "one", "badly"]),
    face=st.sampled_from([True, True, True, False]),
    kmh=st.sampled_from([None, None, 50.0, 10.0]),
    camera=st.sampled_from(["ok", "ok", "ok", "covered", "lost", "stalled", "asleep"]),
    fps=st.sampled_from([None, None, None, 5.0, 7.8, 30.0]),
    ack=st.booleans(),
    head=st.sampled_from([None, (0.0, 0.0), (0.0, -10.0), (0.0, -30.0), (50.0, 0.0)]),
    to=st.sampled_from([None, None, (0.0, 0.0), (0.0, -30.0)]),
    profile=st.booleans(),
    cause=st.sampled_from([None, None, "lowered"]),
    late=st.sampled_from([0.0, 0.0, 0.3, 0.9]),
)
GLIMPSES = [closed(0.45), unknown(1.05)]
PLUG = [closed(1.3), Part(1.1, camera="lost")]
AWAKE = Part(25, head=(0.0, 0.0))
LIDS = [Part(0.1), closed(0.07), unknown(0.2)]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(parts, min_size=1, max_size=6), st.floats(5, 30), st.sampled_from([0.0, 0.2]), st.sampled_from([0, 0.1])
)
@example(GLIMPSES, 10.0, 0.0, 0.0)
@example(PLUG, 15.0, 0.0, 0.0)
@example(LIDS, 30.0, 0.2, 0.0)
@example([unknown(5), closed(1.45)], 30.0, 0.0, 0.0)
@example([unknown(9.3), closed(0.3), unknown(9.3), closed(0.3, ack=True)], 15.0, 0.0, 0.0)
@example([Part(0.14), unknown(0.2)], 30.0, 0.0, 0.0)
@example([Part(0.1, fps=7.8), closed(0.3, fps=7.8), hidden(0.5)], 8.0, 0.2, 0.1)
@example([closed(3.1), closed(0.1, ack=True)], 15.0, 0.0, 0.0)
@example([closed(5.5, head=(0.0, -10.0)), hidden(4.4)], 15.0, 0.0, 0.0)
@example([closed(0.7, head=(0.0, 0.0)), unknown(0.9, head=(0.0, -30.0)), hidden(2.0)], 15.0, 0.0, 0.0)
def test_never_silent_about_a_driver_who_is_not_seen_awake(
    cycle: list[Part], fps: float, jitter: float, drops: float
) -> None:
    """Whatever comes, again and again for a minute after 25 s awake, by which it is known where forward is."""
    length = sum(part.s for part in cycle)
    watch = Watch()
    for item in inputs([AWAKE, *cycle * (int(60 / length) + 1)], Way(fps, jitter, drops), "never silent"):
        watch.feed(item)
    closed_s, unopened_s = watch.silent_s
    assert closed_s < 12.0
    assert unopened_s < 31.0


def test_the_watch_itself_notices() -> None:
    """The same drivers under a policy without the rules for them."""
    without = PolicySettings(
        microsleep_unopened_s=3600.0,
        asleep_unopened_s=3600.0,
        unresponsive_unopened_s=3600.0,
        seen_min_share=0.0,
        sight_window_s=3600.0,
    )
    for cycle in (GLIMPSES, PLUG):
        watch = Watch()
        watch.policy = Policy(without)
        for item in inputs([Part(10), *cycle * 40], Way(30)):
            watch.feed(item)
        assert watch.silent_s[1] > 31.0
