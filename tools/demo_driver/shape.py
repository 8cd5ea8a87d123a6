"""Shape the simulated driver's faces until the real networks read them as meant, and write them into the package.

    python -m demo_driver.shape --write                       # models/expression.tflite, from the faces there are
    python -m demo_driver.shape --model a.tflite --model b.tflite --write
    python -m demo_driver.shape --check                       # only print how they are read now

Each candidate is drawn into the demo's cabin in several poses, found by the real detector, cropped and read by the
real networks. The search is a cross-entropy method (de Boer et al. 2005) over the numbers of FaceShape, seeded, and
drawn towards where it began so that the face stays one that people read alike. Takes two or three minutes.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass, fields, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fermon.cameras.demo import faces
from fermon.cameras.demo.camera import AT, Painter, Pose, head_layer
from fermon.cameras.demo.canvas import FaceShape
from fermon.domain import EXPRESSIONS, Face
from fermon.errors import ModelError
from fermon.perception.detectors import make_detector
from fermon.perception.expression import ExpressionReader
from fermon.perception.network import Network, models_dir

TARGET = Path(__file__).resolve().parents[2] / "fermon/cameras/demo/faces.py"
ANGRY, NEUTRAL = EXPRESSIONS.index("angry"), EXPRESSIONS.index("neutral")

# What may vary, and how far. The eyes' opening keeps within what is open without doubt.
ANGRY_RANGES = {
    "brow_inner_x": (0.10, 0.24),
    "brow_inner_y": (-0.22, -0.07),
    "brow_peak_y": (-0.42, -0.22),
    "brow_outer_y": (-0.42, -0.22),
    "brow_thick": (0.07, 0.14),
    "furrow": (0.3, 1.0),
    "bridge": (0.0, 0.8),
    "forehead": (0.0, 0.5),
    "socket": (0.3, 0.8),
    "lid_upper": (0.09, 0.15),
    "lid_lower": (0.045, 0.08),
    "lid_slant": (0.0, 0.06),
    "bag": (0.1, 0.7),
    "nostril": (0.2, 1.0),
    "nasolabial": (0.2, 0.9),
    "cheek": (0.1, 0.5),
    "mouth_y": (0.97, 1.06),
    "mouth_half": (0.26, 0.44),
    "mouth_corner": (-0.02, 0.12),
    "mouth_open": (0.0, 0.26),
    "mouth_square": (0.2, 1.0),
    "teeth": (0.5, 1.0),
    "lip_upper": (0.03, 0.08),
    "lip_lower": (0.04, 0.10),
    "lip_dark": (0.2, 0.5),
    "chin": (0.1, 0.7),
}
NEUTRAL_RANGES = {
    "brow_inner_y": (-0.32, -0.22),
    "brow_peak_y": (-0.40, -0.30),
    "brow_outer_y": (-0.32, -0.20),
    "brow_thick": (0.06, 0.10),
    "socket": (0.2, 0.4),
    "lid_upper": (0.095, 0.14),
    "lid_lower": (0.06, 0.085),
    "bag": (0.05, 0.3),
    "nasolabial": (0.05, 0.35),
    "cheek": (0.1, 0.4),
    "mouth_half": (0.30, 0.40),
    "mouth_corner": (-0.02, 0.02),
    "lip_upper": (0.05, 0.09),
    "lip_lower": (0.07, 0.11),
    "lip_dark": (0.2, 0.45),
    "chin": (0.05, 0.3),
}
POSES = (
    Pose(AT[0], AT[1], 0.0, 1.0),
    Pose(AT[0] - 9, AT[1] + 5, -1.6, 0.985),
    Pose(AT[0] + 8, AT[1] - 4, 1.6, 1.015),
)
CHECK_POSES = (
    *POSES,
    Pose(AT[0] + 60, AT[1] + 20, 4.0, 0.85),
    Pose(AT[0] - 50, AT[1], -4.0, 1.1),
)


@dataclass(frozen=True, slots=True)
class Reading:
    """How the networks read one drawing: per pose and model seven probabilities, per pose the two eyes or NaN."""

    faces: float  # share of poses in which the face was found
    expression: NDArray[np.float64]  # (n, 7)
    eyes: NDArray[np.float64]  # (n, 2)


class Judge:
    """Looks at drawings with the real detector and networks."""

    def __init__(self, models: list[Path]) -> None:
        self._painter = Painter()
        self._detector = make_detector("blazeface")
        self._readers = [ExpressionReader(Network(path), self._detector.framing) for path in models]
        self._eyes = None
        try:
            from fermon.perception.eyes import EyeReader

            self._eyes = EyeReader(Network(models_dir() / "eyes.tflite"))
        except (ImportError, ModelError) as error:
            print(f"eyes are not judged: {error}", file=sys.stderr)

    def look(self, shape: FaceShape, poses: tuple[Pose, ...]) -> Reading:
        """Draw `shape` in each pose and read it."""
        head = head_layer(shape)
        expressions, eyes, found = [], [], 0
        for number, at in enumerate(poses):
            gray = self._painter.compose(head, at, 0.0, number)
            faces: list[Face] = self._detector.search(gray)
            if not faces:
                continue
            found += 1
            face = max(faces, key=lambda f: f.box.w)
            expressions += [p for reader in self._readers if (p := reader.read(gray, face)) is not None]
            if self._eyes is not None:
                pair = self._eyes.read(gray, face)
                eyes.append([np.nan if p is None else p for p in (pair.left, pair.right)])
        return Reading(
            found / len(poses), np.array(expressions).reshape(-1, 7), np.array(eyes, dtype=np.float64).reshape(-1, 2)
        )


def strength(p: NDArray[np.float64]) -> float:
    """Return the mean log-odds of probabilities and half the worst's: sure everywhere is better than very sure once."""
    odds = np.log(np.clip(p, 0.01, 0.97) / (1 - np.clip(p, 0.01, 0.97)))
    return float(odds.mean() + 0.5 * odds.min())


def score(judge: Judge, shape: FaceShape, wanted: int) -> float:
    """Return how well a face is read as `wanted`, its eyes as open, and shut ones as shut; more is better."""
    reading = judge.look(shape, POSES)
    if reading.faces < 1:
        return -50.0
    value = strength(reading.expression[:, wanted])
    if wanted == NEUTRAL:
        value -= 4 * float(reading.expression[:, ANGRY].max())
    for lids, eyes in ((0.0, reading.eyes), (1.0, None)):
        if eyes is None:
            eyes = judge.look(shape.lidded(lids), POSES).eyes if reading.eyes.size else reading.eyes
        if eyes.size:
            wrong = np.abs(np.where(np.isnan(eyes), 0.5, eyes) - lids)
            value -= 3 * float(np.maximum(0, wrong - 0.15).max())
    return value


def search(
    judge: Judge, start: FaceShape, ranges: dict[str, tuple[float, float]], wanted: int, rounds: int, seed: int
) -> FaceShape:
    """Return the best face found near `start`."""
    rng = np.random.default_rng(seed)
    names = list(ranges)
    low, high = np.array([ranges[n] for n in names]).T
    home = np.clip([getattr(start, n) for n in names], low, high)
    mean, spread = home.copy(), 0.22 * (high - low)
    best, best_value = start, -np.inf
    for number in range(rounds):
        people = np.clip(rng.normal(mean, spread, (20, len(names))), low, high)
        people[0] = mean
        values = []
        for genes in people:
            shape = replace(start, **dict(zip(names, np.round(genes, 3).tolist(), strict=True)))
            far = float(np.mean(((genes - home) / (high - low)) ** 2))
            values.append(score(judge, shape, wanted) - 2.0 * far)
            if values[-1] > best_value:
                best, best_value = shape, values[-1]
        elite = people[np.argsort(values)[-5:]]
        mean = 0.3 * mean + 0.7 * elite.mean(axis=0)
        spread = np.maximum(0.3 * spread + 0.7 * elite.std(axis=0), 0.02 * (high - low))
        print(f"{EXPRESSIONS[wanted]} {number + 1}/{rounds}: best {best_value:.2f}", file=sys.stderr, flush=True)
    return best


def report(judge: Judge, neutral: FaceShape, angry: FaceShape) -> None:
    """Print how both faces, open and shut, are read in poses that the search did not see."""
    print("face, lids        found  " + " ".join(f"{name:>8}" for name in EXPRESSIONS) + "   eyes closed (worst)")
    for name, face in (("neutral", neutral), ("angry", angry)):
        for lids in (0.0, 1.0):
            r = judge.look(face.lidded(lids), CHECK_POSES)
            means = " ".join(f"{v:8.2f}" for v in r.expression.mean(axis=0))
            worst = (np.nanmax if lids == 0 else np.nanmin)(r.eyes) if np.isfinite(r.eyes).any() else np.nan
            print(f"{name:8} {'shut' if lids else 'open':5} {r.faces:8.2f}  {means}   {worst:.2f}")
    for name, face, wanted in (("neutral", neutral, NEUTRAL), ("angry", angry, ANGRY)):
        p = judge.look(face, CHECK_POSES).expression
        print(f"{name}: p({EXPRESSIONS[wanted]}) least {p[:, wanted].min():.2f}, p(angry) most {p[:, ANGRY].max():.2f}")


def source(neutral: FaceShape, angry: FaceShape) -> str:
    """Return the module that holds the two faces."""
    lines = [
        '"""The two faces of the simulated driver. Written by tools/demo_driver/shape.py; never edit the numbers."""',
        "",
        "from __future__ import annotations",
        "",
        "from fermon.cameras.demo.canvas import FaceShape",
        "",
    ]
    for name, shape in (("NEUTRAL", neutral), ("ANGRY", angry)):
        lines.append(f"{name} = FaceShape(")
        lines += [f"    {f.name}={round(getattr(shape, f.name), 3)!r}," for f in fields(FaceShape)]
        lines.append(")")
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", action="append", type=Path, help="expression network; may be given several times")
    parser.add_argument("--rounds", type=int, default=14, help="generations of 20 drawings for each face")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--check", action="store_true", help="only print how the present faces are read")
    parser.add_argument("--write", action="store_true", help=f"write the result to {TARGET.name}")
    args = parser.parse_args()
    judge = Judge(args.model or [models_dir() / "expression.tflite"])
    neutral, angry = faces.NEUTRAL, faces.ANGRY
    if not args.check:
        neutral = search(judge, neutral, NEUTRAL_RANGES, NEUTRAL, max(1, args.rounds // 2), args.seed)
        angry = search(judge, angry, ANGRY_RANGES, ANGRY, args.rounds, args.seed)
    report(judge, neutral, angry)
    if args.write:
        TARGET.write_text(source(neutral, angry), encoding="utf-8")


if __name__ == "__main__":
    main()
