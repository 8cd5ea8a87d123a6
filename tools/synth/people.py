"""People by seed: age, sex, build, features, skin, hair, brows, beard, eyes, and what they wear.

Person `number` of `seed` is the same on every machine. Numbers from HELD_OUT on are for measuring alone: no training
may draw them (`training_numbers` refuses).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.random import Generator

from synth.basis import load

PEOPLE = 1_000_000  # numbers 0 .. PEOPLE - 1
HELD_OUT = 900_000  # from here on: people for tools/evaluate_synth.py alone

SKINS = ("very light", "light", "medium", "dark", "very dark")
ALBEDO = (0.60, 0.47, 0.34, 0.215, 0.125)  # of the skin in grey, by daylight; infrared: see skin.py
SKIN_SHARE = (0.2, 0.2, 0.2, 0.2, 0.2)
AGES = ("18-35", "35-50", "50-65", "65-80")
HAIR = ("bald", "receding", "cropped", "short", "medium", "long", "bun", "afro")
GLASSES = ("none", "clear", "glaring", "dark")
HEADWEAR = ("none", "cap", "beanie", "scarf")
BEARDS = ("none", "stubble", "moustache", "goatee", "full")


@dataclass(frozen=True, slots=True)
class Person:
    """One person; lengths in metres, shares 0..1."""

    seed: int
    number: int
    sex: str  # female, male
    age: int
    build: Mapping[str, float]  # anny's phenotype: gender, age, muscle, weight
    races: Mapping[str, float]
    local: Mapping[str, float]  # anny's local changes, -1..1
    skin: int  # index in SKINS
    albedo: float
    roughness: float  # 0 = smooth skin, 1 = much texture
    wrinkles: float
    freckles: float
    oily: float
    lip: float  # the lips' albedo over the skin's
    hair: str
    hair_albedo: float
    hair_wave: float
    brow: float  # how dark
    brow_thick: float
    brow_albedo: float
    beard: str
    beard_mm: float
    lash: float  # how long and dark
    liner: float  # make-up along the lids
    iris: float  # albedo
    sclera: float
    pupil: float  # radius over the iris's
    rest_lids: float  # how far the own open eye is drooping: added blink, -0.15 .. 0.25
    glasses: str
    frame: Mapping[str, float]  # width, height, thickness, roundness, albedo, tint
    headwear: str
    mask: bool
    cloth: float
    cloth_pattern: float

    @property
    def age_band(self) -> str:
        """The band of AGES."""
        return AGES[min(3, max(0, (self.age - 20) // 15))]

    def facts(self) -> dict[str, Any]:
        """Return what truth tells of this person."""
        keys = ("seed", "number", "sex", "age", "hair", "beard", "glasses", "headwear", "mask")
        return {key: value for key, value in asdict(self).items() if key in keys} | {
            "skin": self.skin + 1,
            "skin_name": SKINS[self.skin],
            "age_band": self.age_band,
        }


def check_number(number: int) -> None:
    """Raise ValueError for a person who is not there."""
    if not 0 <= number < PEOPLE:
        raise ValueError(f"person {number}: expected 0 to {PEOPLE - 1}")


def training_numbers(people: int, first: int = 0) -> range:
    """Return numbers of people to train on. Raises ValueError when they reach into those kept for measuring."""
    if people < 1:
        raise ValueError(f"{people} people: expected 1 or more")
    if first < 0 or first + people > HELD_OUT:
        raise ValueError(
            f"people {first} to {first + people - 1}: expected all from 0 to {HELD_OUT - 1};"
            f" those from {HELD_OUT} on are for measuring alone"
        )
    return range(first, first + people)


def measuring_numbers(people: int) -> range:
    """Return numbers of people that no training uses. Raises ValueError when there are not so many."""
    if not 1 <= people <= PEOPLE - HELD_OUT:
        raise ValueError(f"{people} people: expected 1 to {PEOPLE - HELD_OUT}")
    return range(HELD_OUT, HELD_OUT + people)


def generator(seed: int, *path: int) -> Generator:
    """Return the random numbers for one purpose (`path`), the same everywhere."""
    return np.random.Generator(np.random.PCG64([seed, *path]))


def choose(rng: Generator, names: tuple[str, ...], shares: tuple[float, ...]) -> str:
    """Return one of the names, drawn by its share."""
    total = np.cumsum(shares)
    return names[min(len(names) - 1, int(np.searchsorted(total, rng.random() * total[-1])))]


def make(seed: int, number: int) -> Person:
    """Return person `number` of `seed`. Raises ValueError for a number out of range."""
    check_number(number)
    rng = generator(seed, 1, number)

    def u(low: float, high: float) -> float:
        return round(float(low + (high - low) * rng.random()), 4)

    # In turn, so that any range of numbers holds each skin and sex alike.
    skin = number % len(SKINS)
    sex = ("female", "male")[(number // len(SKINS)) % 2]
    male = sex == "male"
    age = 20 + 15 * ((number // (2 * len(SKINS))) % len(AGES)) + int(15 * rng.random())
    old = max(0.0, (age - 40) / 40)
    races = {name: max(0.0, u(-0.4, 1.0)) for name in ("african", "asian", "caucasian")}
    races["african"] *= (0.05, 0.15, 0.5, 1.0, 1.6)[skin]
    races["caucasian"] *= (1.4, 1.0, 0.7, 0.4, 0.2)[skin]
    races["asian"] *= (0.7, 1.2, 1.0, 0.5, 0.1)[skin]
    if sum(races.values()) < 0.05:
        races["caucasian" if skin < 2 else "asian" if skin == 2 else "african"] = 1.0
    hair = choose(rng, HAIR, (6, 8, 18, 28, 6, 3, 1, 5) if male else (1, 0, 4, 14, 26, 34, 16, 5))
    if hair == "receding" and age < 35:
        hair = "short"
    dark_hair = u(0.015, 0.07)
    light_hair = u(0.08, 0.35) if skin < 2 else dark_hair
    grey = u(0.25, 0.6)
    hair_albedo = grey if rng.random() < 0.75 * old else light_hair if rng.random() < 0.55 else dark_hair
    beard = choose(rng, BEARDS, (45, 25, 8, 7, 15)) if male else "none"
    headwear = choose(rng, HEADWEAR, (84, 8, 3, 5 if not male else 0))
    return Person(
        seed=seed,
        number=number,
        sex=sex,
        age=age,
        build={
            "gender": u(0.75, 1.0) if not male else u(0.0, 0.25),
            "age": round(min(1.0, 2 / 3 + max(0.0, age - 22) / 58 / 3), 4),
            "muscle": u(0.2, 0.8),
            "weight": u(0.15, 0.9),
        },
        races=races,
        local=_features(rng, old),
        skin=skin,
        albedo=round(ALBEDO[skin] * math.exp(u(-0.13, 0.13)), 4),
        roughness=u(0.15, 1.0),
        wrinkles=round(min(1.0, max(0.0, 1.1 * old + u(-0.1, 0.2))), 4),
        freckles=u(0.2, 1.0) if skin < 2 and rng.random() < 0.25 else 0.0,
        oily=u(0.1, 1.0),
        lip=u(0.45, 0.95) if not male else u(0.65, 1.0),
        hair=hair,
        hair_albedo=round(hair_albedo, 4),
        hair_wave=u(0.0, 1.0),
        brow=u(0.35, 1.0),
        brow_thick=u(0.6, 1.5) if male else u(0.35, 1.1),
        brow_albedo=round(min(0.3, hair_albedo * u(0.5, 1.0)), 4),
        beard=beard,
        beard_mm=u(2.0, 14.0) if beard not in ("none", "stubble") else u(0.3, 1.5),
        lash=u(0.2, 0.7) if male else u(0.35, 1.0),
        liner=u(0.2, 0.9) if not male and rng.random() < 0.35 else 0.0,
        iris=u(0.03, 0.07) if skin > 1 or rng.random() < 0.4 else u(0.08, 0.28),
        sclera=u(0.5, 0.75),
        pupil=u(0.25, 0.6),
        rest_lids=u(-0.12, 0.2),
        glasses=choose(rng, GLASSES, (62, 20, 8, 10)),
        frame={
            "width": u(0.044, 0.056),
            "height": u(0.028, 0.046),
            "thick": u(0.0006, 0.0032),
            "round": u(2.0, 5.0),
            "albedo": u(0.01, 0.1) if rng.random() < 0.7 else u(0.1, 0.6),
            "tint": u(0.03, 0.35),
            "slide": u(0.0, 0.006),
        },
        headwear=headwear,
        mask=bool(rng.random() < 0.05),
        cloth=u(0.02, 0.7),
        cloth_pattern=u(0.0, 1.0),
    )


def _features(rng: Generator, old: float) -> dict[str, float]:
    """Return local changes: both sides alike but for a little; eyes and lids vary most."""
    found: dict[str, float] = {}
    names = sorted({name[:-1] for name in load().local})
    for name in names:
        if name.startswith("r-"):
            continue
        value = float(np.clip(rng.normal(0.0, 0.32), -0.9, 0.9))
        if name.startswith("l-"):
            twin = "r" + name[1:]
            found[name] = value
            found[twin] = float(np.clip(value + rng.normal(0.0, 0.05), -1.0, 1.0))
        elif name.endswith("trans-out") or name == "head-angle-out":
            found[name] = 0.25 * value  # asymmetric
        elif "neck" in name or name.startswith(("head-scale", "head-trans", "nose-trans")):
            found[name] = 0.5 * value
        else:
            found[name] = value
    for side in "lr":
        found[f"{side}-eye-scale-incr"] *= 0.4
        found[f"{side}-eye-bag-incr"] = float(np.clip(found[f"{side}-eye-bag-incr"] + 0.6 * old, -1, 1))
    found["head-age-incr"] = float(np.clip(0.3 * found["head-age-incr"] + 0.5 * old, -1, 1))
    return {
        name: round(value, 4) for name, value in found.items() if (name + ("+" if value > 0 else "-")) in load().local
    }
