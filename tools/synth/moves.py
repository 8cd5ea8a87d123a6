"""How a driver moves over time: blinks at their real speed, glances, nods, slumps, yawns. Pure functions of time."""

from __future__ import annotations

import bisect
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from synth import mouths
from synth.face import Look
from synth.people import generator
from synth.scene import Moment

CLOSE_S, OPEN_S, SHUT_S = 0.10, 0.20, 0.05  # of a blink
BLINK_EVERY_S = (2.0, 5.5)
TURN_S = 0.45  # to turn the head somewhere
FOLLOW = 0.62  # of the lids' opening that a fully lowered gaze (35 degrees) takes away


@dataclass(frozen=True, slots=True)
class Segment:
    """For `s` seconds the driver does this. Angles in degrees, added to the usual ones; lids 1 = open, 0 = shut."""

    s: float
    lids: float = 1.0
    blinks: bool = True
    gaze: tuple[float, float] = (0.0, 0.0)
    head: tuple[float, float, float] = (0.0, 0.0, 0.0)
    lean: tuple[float, float] = (0.0, 0.0)
    does: str = "closed"  # one of mouths.DOES
    face: str = "neutral"  # neutral, angry, happy, sad
    hand: str = "none"
    one_eye: bool = False  # the lids are the left one's alone
    gone: bool = False  # out of the picture
    dark: bool = False  # the camera is covered
    over_s: float = TURN_S  # how fast it begins
    lids_over_s: float = 0.12  # how fast the lids come there
    kmh: float | None = None


# What a script may say. Seconds in the script win over `s`.
SEGMENTS = {
    "awake": Segment(10),
    "staring": Segment(10, blinks=False),
    "closed": Segment(2, lids=0.0, blinks=False),
    "slowly closed": Segment(4, lids=0.0, blinks=False, lids_over_s=1.6),
    "half": Segment(3, lids=0.45, blinks=False, lids_over_s=0.6),
    "lap": Segment(4, gaze=(-4, -22), head=(-6, -24, 0)),
    "lowered eyes": Segment(3, gaze=(0, -30), head=(0, -3, 0)),
    "radio": Segment(2, gaze=(-14, -12), head=(-24, -13, 0)),
    "mirror": Segment(1.2, gaze=(-14, 5), head=(-20, 4, 0), over_s=0.3),
    "left mirror": Segment(1.2, gaze=(16, -3), head=(30, -2, 0), over_s=0.3),
    "shoulder": Segment(1.6, gaze=(22, 0), head=(62, 0, 0), over_s=0.5),
    "aside": Segment(4, gaze=(-10, 0), head=(-45, 0, 0)),
    "back seat": Segment(5, gaze=(-15, 0), head=(-75, -5, 0), lean=(0, -12)),
    "nod": Segment(0.7, lids=0.0, blinks=False, head=(0, -26, 3), over_s=0.6, lids_over_s=0.2),
    "chin on chest": Segment(6, lids=0.0, blinks=False, head=(2, -42, 6), over_s=1.0, lids_over_s=0.3),
    "slump": Segment(6, lids=0.0, blinks=False, head=(10, -48, 18), lean=(38, 24), over_s=1.4, lids_over_s=0.3),
    "yawn": Segment(4.5, lids=0.35, blinks=False, does="yawning", head=(0, 7, 0), over_s=0.8, lids_over_s=0.9),
    "yawn with shut eyes": Segment(4.5, lids=0.0, blinks=False, does="yawning", head=(0, 7, 0), over_s=0.8),
    "yawn behind a hand": Segment(4.5, lids=0.25, blinks=False, does="yawning", hand="mouth", over_s=0.8),
    "laughing": Segment(4, lids=0.5, does="laughing", face="happy", over_s=0.3, lids_over_s=0.3),
    "talking": Segment(8, does="talking"),
    "telephone": Segment(8, does="talking", hand="phone", head=(4, 0, -7)),
    "angry": Segment(16, face="angry", lids=0.86),
    "sad": Segment(20, face="sad", lids=0.8),
    "winking": Segment(1, lids=0.0, one_eye=True, blinks=False),
    "hand on eyes": Segment(3, hand="eye", lids=0.0, blinks=False),
    "gone": Segment(12, gone=True, over_s=0.7),
    "camera covered": Segment(10, dark=True),
}
FACES = {
    "neutral": {},
    "angry": {
        **mouths.both("browDown", 1.0),
        **mouths.both("eyeSquint", 0.35),
        **mouths.both("noseSneer", 0.7),
        **mouths.both("mouthFrown", 0.55),
        **mouths.both("mouthPress", 0.5),
        **mouths.both("mouthUpperUp", 0.2),
    },
    "happy": {**mouths.both("mouthSmile", 0.7), **mouths.both("cheekSquint", 0.5)},
    "sad": {"browInnerUp": 0.9, **mouths.both("mouthFrown", 0.8), "mouthShrugLower": 0.3},
}


def parse(script: str) -> list[Segment]:
    """Return the segments of a script like `awake 20, closed 2.5, 4 x (radio 2, awake 1), 50 km/h, awake 20`.

    Raises ValueError for a word that is no segment and for bad seconds.
    """
    found: list[Segment] = []
    kmh: float | None = None
    for words in _parts(script):
        if words.endswith("km/h"):
            kmh = _number(words.removesuffix("km/h"), words)
            continue
        name, _, last = words.rpartition(" ")
        if name in SEGMENTS:
            segment = replace(SEGMENTS[name], s=_number(last, words))
        elif words in SEGMENTS:
            segment = SEGMENTS[words]
        else:
            raise ValueError(f"unknown segment {words!r}; expected one of: {', '.join(SEGMENTS)}")
        found.append(replace(segment, kmh=kmh))
    if not found:
        raise ValueError("an empty script; expected segments like: awake 20, closed 2")
    return found


def _number(text: str, whole: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 < value <= 3600 and not (value == 0 and "km/h" in whole):
        raise ValueError(f"{whole!r}: expected a number of seconds (or km/h) above 0")
    return value


def _parts(script: str) -> list[str]:
    """Split a script at commas; `3 x (a, b)` is a, b three times."""
    while match := re.search(r"(\d+)\s*x\s*\(([^()]*)\)", script):
        script = script[: match.start()] + ", ".join([match[2]] * int(match[1])) + script[match.end() :]
    return [" ".join(part.split()) for part in script.split(",") if part.strip()]


class Driver:
    """A driver's moments by time; the same seed and segments give the same."""

    def __init__(self, segments: Sequence[Segment], seed: int, still: float = 1.0) -> None:
        self.segments = list(segments)
        self._starts = [0.0]
        for segment in segments:
            self._starts.append(self._starts[-1] + segment.s)
        self.length_s = self._starts[-1]
        rng = generator(seed, 4)
        self._phase = [float(v) for v in rng.uniform(0, 2 * math.pi, 8)]
        self._still = still
        self._blinks: list[float] = []
        t = float(rng.uniform(0.5, 2.5))
        while t < self.length_s:
            self._blinks.append(t)
            t += float(rng.uniform(*BLINK_EVERY_S))

    def timeline(self) -> list[tuple[float, Segment]]:
        """Return each segment with its start (s)."""
        return list(zip(self._starts, self.segments, strict=False))

    def segment(self, t_s: float) -> Segment:
        """Return what the driver is at."""
        return self.segments[self._index(t_s)]

    def _index(self, t_s: float) -> int:
        return min(len(self.segments) - 1, max(0, bisect.bisect_right(self._starts, t_s) - 1))

    def _eased(self, t_s: float, pick: str, over: str = "over_s") -> tuple[float, ...]:
        """Return a value on its way from the last segment's to this one's."""
        index = self._index(t_s)
        now = self.segments[index]
        then = self.segments[index - 1] if index else now
        share = _ease((t_s - self._starts[index]) / max(1e-6, getattr(now, over)))
        a, b = getattr(then, pick), getattr(now, pick)
        pair = zip(a, b, strict=True) if isinstance(a, tuple) else [(float(a), float(b))]
        return tuple(x + (y - x) * share for x, y in pair)

    def blink(self, t_s: float) -> float:
        """Return how far a blink has shut the lids at a time: 0 = not at all."""
        index = bisect.bisect_right(self._blinks, t_s) - 1
        if index < 0 or not self.segment(self._blinks[index]).blinks:
            return 0.0
        since = t_s - self._blinks[index]
        if since < CLOSE_S:
            return _ease(since / CLOSE_S)
        return 1 - _ease((since - CLOSE_S - SHUT_S) / OPEN_S)

    def moment(self, t_s: float) -> Moment:
        """Return what the driver does at a time."""
        index = self._index(t_s)
        now = self.segments[index]
        since = t_s - self._starts[index]
        phase, still = self._phase, self._still
        sway = [still * math.sin(w * t_s + phase[k]) for k, w in enumerate((0.41, 0.33, 0.27, 1.13, 0.97, 0.71))]
        gaze_yaw, gaze_pitch = self._eased(t_s, "gaze")
        if now.blinks and abs(now.gaze[0]) < 8 and now.gaze[1] > -8:
            gaze_yaw += 6 * still * math.sin(3 * math.floor(t_s / 0.9) + phase[6])  # looks about on the road
        yaw, pitch, roll = self._eased(t_s, "head")
        forward, aside = self._eased(t_s, "lean")
        lids = self._eased(t_s, "lids", "lids_over_s")[0]
        lids *= 1 - FOLLOW * min(1.0, max(0.0, -gaze_pitch - 5) / 30)
        lids *= 1 - self.blink(t_s)
        both = (lids, 1 - self.blink(t_s) if now.one_eye else lids)
        moved = self._eased(t_s, "gone")[0]
        look = Look(
            (round(both[0], 4), round(both[1], 4)),
            (round(gaze_yaw, 3), round(gaze_pitch, 3)),
            (round(yaw + 1.6 * sway[0], 3), round(pitch + 1.2 * sway[1], 3), round(roll + 1.2 * sway[2], 3)),
            (round(forward + 0.5 * sway[3], 3), round(aside + 0.5 * sway[4], 3)),
            self._actions(t_s, index, since),
        )
        shift = (round(0.003 * sway[5] + 0.75 * moved, 5), 0.0, round(0.0015 * sway[3], 5))
        reach = self._reach(t_s, index)
        hand = now.hand if now.hand != "none" else self.segments[max(0, index - 1)].hand
        return Moment(look, now.does, hand, 0, reach, shift, "")

    def _actions(self, t_s: float, index: int, since: float) -> dict[str, float]:
        now, then = self.segments[index], self.segments[max(0, index - 1)]
        share = _ease(since / 0.4)
        found: dict[str, float] = {}
        for face, weight in ((now.face, share), (then.face, 1 - share)):
            for name, value in FACES[face].items():
                found[name] = found.get(name, 0.0) + weight * value
        if now.does == "talking":
            found |= mouths.talk(t_s, self._phase[7])
        elif now.does == "laughing":
            burst = 0.5 + 0.5 * math.sin(2 * math.pi * 4.8 * t_s)
            found |= mouths.laugh(_hump(since, now.s, 0.3), 0.22 + 0.2 * burst)
        elif now.does == "yawning":
            found |= mouths.yawn(_hump(since, now.s, 1.2))
        return {name: round(value, 4) for name, value in found.items() if value > 1e-4}

    def _reach(self, t_s: float, index: int) -> float:
        """Return how near a hand is to its place, 0..1."""
        now, then = self.segments[index], self.segments[max(0, index - 1)]
        share = _ease((t_s - self._starts[index]) / 0.5)
        if now.hand != "none":
            return 1.0 if then.hand == now.hand and index else round(share, 4)
        return 0.0 if then.hand == "none" else round(1 - share, 4)


def _ease(t: float) -> float:
    t = min(1.0, max(0.0, t))
    return t * t * (3 - 2 * t)


def _hump(since: float, length: float, rise: float) -> float:
    """Return 0 at both ends, 1 between, rising and falling over `rise` seconds."""
    rise = min(rise, length / 2)
    return min(_ease(since / rise), _ease((length - since) / rise))
