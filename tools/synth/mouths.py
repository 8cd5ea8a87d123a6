"""What a mouth does, as facial actions."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from synth.basis import Basis

Array = NDArray[Any]
DOES = ("closed", "talking", "laughing", "yawning")


def draw_mouth(rng: Generator, does: str) -> dict[str, float]:
    """Return actions of a moment of one of DOES, by chance. Raises ValueError for another word."""

    def u(low: float, high: float) -> float:
        return float(rng.uniform(low, high))

    if does == "closed":
        found: dict[str, float] = {}
        if rng.random() < 0.3:
            found |= both("mouthFrown", u(0, 0.5))
        if rng.random() < 0.3:
            found |= both("mouthPress", u(0, 0.6))
        if rng.random() < 0.25:
            found |= both("mouthSmile", u(0.1, 0.5))
        return found
    if does == "talking":
        return {
            "jawOpen": u(0.04, 0.4),
            "mouthFunnel": u(0, 0.5) if rng.random() < 0.4 else 0.0,
            "mouthPucker": u(0, 0.5) if rng.random() < 0.3 else 0.0,
            **both("mouthStretch", u(0, 0.5)),
            **both("mouthLowerDown", u(0, 0.6)),
            **both("mouthUpperUp", u(0, 0.35)),
        }
    if does == "laughing":
        return laugh(u(0.5, 1.0), u(0.1, 0.5))
    if does == "yawning":
        return yawn(u(0.75, 1.0))
    raise ValueError(f"mouth {does!r}: expected one of {', '.join(DOES)}")


def laugh(strength: float, jaw: float) -> dict[str, float]:
    """Return a laugh: `strength` 0..1, `jaw` 0..1."""
    return {
        "jawOpen": jaw * strength,
        **both("mouthSmile", strength),
        **both("cheekSquint", 0.8 * strength),
        **both("mouthUpperUp", 0.45 * strength),
        **both("mouthLowerDown", 0.25 * strength),
        **both("eyeSquint", 0.75 * strength),
    }


def yawn(strength: float) -> dict[str, float]:
    """Return a yawn, 0..1 of its widest: the jaw goes down by some 4 cm."""
    return {
        "jawOpen": 1.15 * strength,
        "mouthFunnel": 0.15 * strength,
        **both("browDown", 0.35 * strength),
        **both("eyeSquint", 0.7 * strength),
        **both("noseSneer", 0.3 * strength),
        **both("cheekSquint", 0.4 * strength),
    }


def talk(t_s: float, seed: float) -> dict[str, float]:
    """Return a mouth that speaks, as a function of time: syllables at 4 to 5 Hz, pauses between phrases."""
    phrase = 0.5 + 0.5 * math.sin(2 * math.pi * 0.28 * t_s + seed)
    speaks = min(1.0, max(0.0, (phrase - 0.15) * 6))
    wave = 0.5 + 0.5 * math.sin(2 * math.pi * 4.3 * t_s + 1.3 * math.sin(1.7 * t_s + seed))
    slow = 0.5 + 0.5 * math.sin(2 * math.pi * 1.9 * t_s + 2 * seed)
    return {
        "jawOpen": speaks * (0.04 + 0.26 * wave * (0.4 + 0.6 * slow)),
        "mouthFunnel": speaks * 0.35 * (1 - slow) * wave,
        **both("mouthLowerDown", speaks * 0.4 * wave * slow),
        **both("mouthStretch", speaks * 0.3 * slow),
    }


def both(name: str, value: float) -> dict[str, float]:
    """Return the same action on both sides."""
    return {f"{name}Left": value, f"{name}Right": value}


def lips(basis: Basis) -> tuple[int, int]:
    """Return the vertices in the middle of the upper and the lower lip's inner border."""
    middle = basis.mouth[np.argsort(np.abs(basis.base[basis.mouth, 0]), kind="stable")[:2]]
    upper, lower = sorted((int(v) for v in middle), key=lambda v: -basis.base[v, 2])
    return upper, lower


def gap(basis: Basis, shape: Array) -> float:
    """Return the lips' opening in metres, 0 when they touch."""
    upper, lower = lips(basis)
    return max(0.0, float(shape[upper, 2] - shape[lower, 2]))


def shut(basis: Basis, shape: Array) -> dict[str, float]:
    """Return the action that brings this person's lips together at rest (the template's stand a little apart)."""
    upper, lower = lips(basis)
    now = float(shape[upper, 2] - shape[lower, 2])
    moved = basis.act(shape, {"mouthClose": 0.1})
    return {"mouthClose": 0.1 * now / (now - float(moved[upper, 2] - moved[lower, 2]))}
