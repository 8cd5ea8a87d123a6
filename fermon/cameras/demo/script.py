"""What the simulated driver does, and which alerts must follow: data with known times.

 0 s    attentive       an ordinary blink every three seconds
 6 s    blinking        a fifth of a second each, more than once a second
12 s    microsleep      2.0 s shut
14 s    attentive
20 s    angry           16.5 s
36.5 s  attentive
45.5 s  gone            out of the picture for 12.5 s
58 s    back
65 s    asleep          3.6 s shut
68.6 s  awake again     to 76 s
"""

from __future__ import annotations

from dataclasses import dataclass

from fermon.domain import Kind, Level


@dataclass(frozen=True, slots=True)
class Segment:
    """From `start_s` to `end_s` the driver is `what`."""

    start_s: float
    end_s: float
    what: str


SCRIPT = (
    Segment(0.0, 6.0, "attentive"),
    Segment(6.0, 12.0, "blinking"),
    Segment(12.0, 14.0, "microsleep"),
    Segment(14.0, 20.0, "attentive"),
    Segment(20.0, 36.5, "angry"),
    Segment(36.5, 45.5, "attentive"),
    Segment(45.5, 58.0, "gone"),
    Segment(58.0, 65.0, "attentive"),
    Segment(65.0, 68.6, "asleep"),
    Segment(68.6, 76.0, "attentive"),
)
END_S = SCRIPT[-1].end_s

BLINK_S = 0.1  # quite shut; with the lids' way two or three frames, under the 0.25 s from which PERCLOS counts
BLINK_EVERY_S = {"attentive": 3.1, "angry": 4.3, "blinking": 0.85}
LID_S = 0.05  # to lower or raise the lids
ANGER_S = 0.4  # to become angry or calm
AWAY_S = 0.7  # to leave the picture before "gone" begins, and to come back after it


@dataclass(frozen=True, slots=True)
class Expected:
    """An alert that the script must cause, with the earliest and the latest time of its lines, in seconds.

    `cleared_s` None: it is still on when the demo ends.
    """

    kind: Kind
    level: Level
    raised_s: tuple[float, float]
    cleared_s: tuple[float, float] | None


def expected_alerts() -> tuple[Expected, ...]:
    """Return the alerts that must follow, computed from SCRIPT and the policy's default numbers."""
    microsleep, angry, gone, asleep = (_only(what) for what in ("microsleep", "angry", "gone", "asleep"))
    slack = 0.4  # the policy's 0.2 s and two frames at either end
    return (
        Expected(
            Kind.MICROSLEEP,
            Level.WARNING,
            _window(microsleep.start_s + 1.5, slack),
            _window(microsleep.end_s + 0.5, slack),
        ),
        # Smoothing with 2.5 s reaches 0.6 after 1.5 to 3.9 s, for p(angry) of 0.97 to 0.75 from 0.05 to 0.15 before;
        # then 10 s. Back below 0.4 it is 1.3 to 3.5 s after the end; then 5 s.
        Expected(
            Kind.ANGER,
            Level.NOTICE,
            (angry.start_s + 11.2, angry.start_s + 14.5),
            (angry.end_s + 5.7, angry.end_s + 9.0),
        ),
        # 9.5 s after the last usable frame, which is one on the way out; over when 2 of the last 3 s are usable.
        Expected(
            Kind.UNAVAILABLE,
            Level.NOTICE,
            (gone.start_s + 9.5 - AWAY_S - slack, gone.start_s + 10.2),
            (gone.end_s + 2.0, gone.end_s + 2.0 + AWAY_S + slack),
        ),
        Expected(
            Kind.MICROSLEEP, Level.WARNING, _window(asleep.start_s + 1.5, slack), _window(asleep.end_s + 0.5, slack)
        ),
        # Both sleeps together are 8 % of what could be seen in the last minute somewhere in the second.
        Expected(Kind.DROWSY, Level.NOTICE, (asleep.start_s, asleep.end_s + slack), None),
        Expected(Kind.ASLEEP, Level.CRITICAL, _window(asleep.start_s + 3.0, slack), _window(asleep.end_s + 2.0, slack)),
    )


@dataclass(frozen=True, slots=True)
class Moment:
    """The driver at one time, each 0..1: lids shut, the share of that which is no blink, anger, out of the picture.

    `gaze` is -1, 0 or 1: to the left, ahead, to the right.
    """

    lids: float
    lids_long: float
    anger: float
    away: float
    gaze: float


def moment(t_s: float) -> Moment:
    """Return what the driver does at `t_s`."""
    sleeping = max(_ramp(t_s, s, LID_S) for s in SCRIPT if s.what in ("microsleep", "asleep"))
    away = max(_ramp(t_s, s, AWAY_S) for s in SCRIPT if s.what == "gone")
    anger = max(_ramp(t_s, s, ANGER_S, inside=True) for s in SCRIPT if s.what == "angry")
    gaze = 0.0
    segment = next((s for s in SCRIPT if s.start_s <= t_s < s.end_s), SCRIPT[-1])
    if segment.what == "attentive":
        gaze = (0.0, 1.0, 0.0, -1.0, 0.0)[int(1.3 * t_s) % 5]
    return Moment(max(sleeping, _blink(t_s)), sleeping, anger, away, gaze)


def _blink(t_s: float) -> float:
    for segment in SCRIPT:
        every = BLINK_EVERY_S.get(segment.what)
        if every is None or not segment.start_s <= t_s < segment.end_s:
            continue
        since = (t_s - segment.start_s) % every - 0.5 * every
        blink = Segment(0.0, BLINK_S, "blink")
        return _ramp(since, blink, LID_S)
    return 0.0


def _ramp(t_s: float, segment: Segment, over_s: float, *, inside: bool = False) -> float:
    """Return 1 inside the segment, 0 outside, rising and falling over `over_s` just outside it (or inside)."""
    start = segment.start_s + (over_s if inside else 0.0)
    end = segment.end_s - (over_s if inside else 0.0)
    outside = max(start - t_s, t_s - end, 0.0)
    return max(0.0, 1 - outside / over_s)


def _only(what: str) -> Segment:
    return next(segment for segment in SCRIPT if segment.what == what)


def _window(at_s: float, slack_s: float) -> tuple[float, float]:
    return at_s - 0.1, at_s + slack_s
