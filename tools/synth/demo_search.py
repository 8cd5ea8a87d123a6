"""Look for an angry face that the expression network reads so, and a quiet one of the same person that it does not.

    PYTHONPATH=.:tools python -m synth.demo_search --minutes 6     # prints FEATURES, LOOKS, ANGRY for demo_driver.py

When the networks change, the demo's driver may have to. A cross-entropy method (de Boer et al. 2005) over what anger
does to the face and over brows and mouth of the person, seeded, drawn towards where it began.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fermon.domain import EXPRESSIONS
from fermon.perception.detectors import make_detector
from fermon.perception.expression import ExpressionReader
from fermon.perception.eyes import EyeReader
from fermon.perception.face import FaceReader
from fermon.perception.network import open_network
from fermon.perception.tracker import FaceSettings, FaceTracker
from synth import demo_driver, mouths, scene
from synth.face import Look
from synth.people import Person, generator
from synth.render import NoRenderer, Renderer
from synth.scene import Moment

Array = NDArray[Any]
ANGRY, NEUTRAL = EXPRESSIONS.index("angry"), EXPRESSIONS.index("neutral")
PEOPLE, ELITE = 14, 4
# Actions of both sides, and single ones; how far each may go.
PAIRS = {
    "browDown": (0.5, 2.2),
    "browOuterUp": (-0.4, 0.6),
    "noseSneer": (0.0, 1.3),
    "eyeSquint": (0.0, 0.9),
    "eyeWide": (0.0, 1.0),
    "cheekSquint": (0.0, 0.8),
    "mouthFrown": (0.0, 1.5),
    "mouthPress": (0.0, 1.2),
    "mouthUpperUp": (0.0, 1.1),
    "mouthLowerDown": (0.0, 1.2),
    "mouthStretch": (0.0, 1.2),
}
SINGLE = {
    "browInnerUp": (-0.8, 0.0),
    "jawOpen": (0.0, 0.35),
    "jawForward": (-0.3, 1.0),
    "mouthFunnel": (0.0, 0.6),
    "mouthShrugUpper": (0.0, 0.7),
    "mouthShrugLower": (-0.3, 1.0),
    "mouthPucker": (0.0, 0.6),
    "mouthRollLower": (0.0, 0.8),
}
LIDS = {"lids": (0.6, 1.05)}
LOOKS = {
    "brow": (0.3, 1.0),
    "brow_thick": (0.4, 1.6),
    "brow_albedo": (0.02, 0.2),
    "wrinkles": (0.0, 1.0),
    "rest_lids": (-0.15, 0.2),
}
FEATURES = {"eyebrows-angle-up": (-0.9, 0.9), "eyebrows-trans-up": (-0.9, 0.6), "mouth-angles-up": (-0.9, 0.9)}
GENES = {**PAIRS, **SINGLE, **LIDS, **LOOKS, **FEATURES}


class Judge:
    """Draws a face in the demo's car and reads it with the real networks."""

    def __init__(self) -> None:
        self._renderer = Renderer()
        self._detector, self._face = make_detector("blazeface"), FaceReader(open_network("face"))
        self._expression = ExpressionReader(open_network("expression"))
        self._eyes = EyeReader(open_network("eyes"))

    def look(self, who: Person, look: Look) -> tuple[tuple[float, ...], float] | None:
        """Return seven probabilities and the larger closed probability; None without a readable face."""
        picture, _, _ = scene.picture(
            replace(demo_driver.SCENE, person=who), Moment(look), self._renderer, generator(demo_driver.SEED, 9)
        )
        assert picture is not None
        face = FaceTracker(self._detector, self._face, FaceSettings()).update(picture, 0)
        read = None if face is None else self._expression.read(picture, face)
        if face is None or read is None:
            return None
        eyes = self._eyes.read(picture, face)
        return read, max(0.5 if p is None else p for p in (eyes.left, eyes.right))

    def score(self, genes: dict[str, float]) -> float:
        """Return how well anger is read as anger and the quiet face as neutral, both with open eyes; more is better."""
        who = person(genes)
        self._renderer.forget_skins()
        value = 0.0
        for head in ((0.0, 0.0, 0.0), (2.5, -1.5, 1.5)):
            angry = self.look(who, Look((genes["lids"],) * 2, head_deg=head, actions=actions(genes)))
            if angry is None:
                return -50.0
            p = min(0.97, max(0.01, angry[0][ANGRY]))
            value += 0.5 * float(np.log(p / (1 - p))) - 3 * max(0.0, angry[1] - 0.15)
        quiet = self.look(who, Look())
        if quiet is None:
            return -50.0
        value -= 8 * max(0.0, quiet[0][ANGRY] - 0.12) + 2 * max(0.0, 0.6 - quiet[0][NEUTRAL])
        return value - 3 * max(0.0, quiet[1] - 0.15)


def person(genes: dict[str, float]) -> Person:
    """Return the demo's driver with other brows and another mouth."""
    who = demo_driver.person()
    local = {**who.local, **{name: genes[name] for name in FEATURES}}
    return replace(who, local=local, **{name: genes[name] for name in LOOKS})  # type: ignore[arg-type]


def actions(genes: dict[str, float]) -> dict[str, float]:
    """Return what anger does."""
    found = {name: genes[name] for name in SINGLE}
    for name in PAIRS:
        found |= mouths.both(name, genes[name])
    return found


def home() -> dict[str, float]:
    """Return where the search begins: the demo as it is."""
    who = demo_driver.person()
    found = {name: demo_driver.ANGRY.get(f"{name}Left", 0.0) for name in PAIRS}
    found |= {name: demo_driver.ANGRY.get(name, 0.0) for name in SINGLE} | {"lids": demo_driver.ANGRY_LIDS}
    return found | {name: getattr(who, name) for name in LOOKS} | {name: who.local[name] for name in FEATURES}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=6.0)
    parser.add_argument("--seed", type=int, default=5)
    arguments = parser.parse_args()
    try:
        judge = Judge()
    except NoRenderer as error:
        print(error, file=sys.stderr)
        return 1
    low, high = np.array(list(GENES.values())).T
    start = np.clip(np.array([home()[name] for name in GENES]), low, high)
    rng, mean, spread = np.random.default_rng(arguments.seed), start, 0.18 * (high - low)
    best, ends = -np.inf, time.monotonic() + 60 * arguments.minutes
    while time.monotonic() < ends:
        people = np.clip(rng.normal(mean, spread, (PEOPLE, len(low))), low, high).round(2)
        people[0] = mean.round(2)
        values = []
        for row in people:
            genes = dict(zip(GENES, map(float, row), strict=True))
            values.append(judge.score(genes) - 0.5 * float(np.mean(((row - start) / (high - low)) ** 2)))
            if values[-1] > best:
                best = values[-1]
                print(f"{best:.2f} {genes}", flush=True)
        elite = people[np.argsort(values)[-ELITE:]]
        mean = 0.3 * mean + 0.7 * elite.mean(axis=0)
        spread = np.maximum(0.3 * spread + 0.7 * elite.std(axis=0), 0.02 * (high - low))
    return 0


if __name__ == "__main__":
    sys.exit(main())
