"""The driver of `fermon --camera demo`: who, where and in what light, and what the script has him do.

Nothing in it is by chance but by SEED.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

from numpy.typing import NDArray

from fermon.cameras.demo import script
from synth import mouths, scene
from synth.cabin import Cabin
from synth.camera import Camera
from synth.face import Look
from synth.light import Lamp, Light
from synth.people import Person, generator, make
from synth.render import Renderer
from synth.scene import Moment, Scene
from synth.sensor import Sensor

Array = NDArray[Any]
RATE_HZ = 15
SEED = 1
PERSON = 57
# Brows, mouth and what anger does to them were found by a search (cross-entropy method) for
# what the expression network reads as angry in the one and as neutral in the other. People read it so, too.
FEATURES = {"eyebrows-angle-up": -0.88, "eyebrows-trans-up": -0.11, "mouth-angles-up": -0.67}
LOOKS = {"brow": 0.74, "brow_thick": 0.48, "brow_albedo": 0.08, "wrinkles": 0.45, "rest_lids": -0.01}
ANGRY: dict[str, float] = {
    **mouths.both("browDown", 1.84),
    "browInnerUp": -0.16,
    **mouths.both("browOuterUp", 0.6),
    **mouths.both("noseSneer", 0.63),
    **mouths.both("eyeSquint", 0.58),
    **mouths.both("eyeWide", 0.08),
    **mouths.both("cheekSquint", 0.13),
    "jawOpen": 0.02,
    "jawForward": -0.09,
    **mouths.both("mouthFrown", 1.5),
    **mouths.both("mouthPress", 0.44),
    **mouths.both("mouthUpperUp", 0.0),
    **mouths.both("mouthLowerDown", 0.03),
    **mouths.both("mouthStretch", 0.62),
    "mouthFunnel": 0.05,
    "mouthShrugUpper": 0.06,
    "mouthShrugLower": 0.46,
    "mouthPucker": 0.21,
    "mouthRollLower": 0.07,
}
ANGRY_LIDS = 0.83
GONE_M = 0.9  # how far aside is out of the picture


def person() -> Person:
    """Return the demo's driver."""
    who = make(SEED, PERSON)
    return replace(
        who,
        glasses="none",
        headwear="none",
        mask=False,
        local={**who.local, **FEATURES},
        **LOOKS,  # type: ignore[arg-type]
    )


SCENE = Scene(
    person(),
    Camera("cluster", (-0.03, -0.74, -0.02), (0.0, -0.09, 0.0), 0.0, 42.0, (640, 480)),
    Light("overcast", Lamp((14.0, -30.0, 22.0), 0.45, False), 0.75, 0.35, outside=1.6),
    Cabin("left", 0.12, 0.06, 0.4, 0.05, 0.0, False, 3.0),
    Sensor(exposure=0.45, noise=0.25, focus_px=0.4, vignette=0.2, on_face=3.0),
)


def moment(t_s: float) -> Moment:
    """Return what the driver does at a time of the script: never quite still, and sinking a little in sleep."""
    now = script.moment(t_s)
    lids = (1 - now.lids) * (1 + now.anger * (ANGRY_LIDS - 1))
    mirror = now.gaze
    look = Look(
        (round(lids, 4), round(lids, 4)),
        (round(9.0 * mirror, 3), 0.0),
        (
            round(7.0 * mirror + 1.2 * math.sin(0.53 * t_s + 0.4), 3),
            round(0.8 * math.sin(0.86 * t_s) - 2.0 * now.lids_long, 3),
            round(1.0 * math.sin(0.41 * t_s + 1), 3),
        ),
        (0.0, 0.0),
        {name: round(value * now.anger, 4) for name, value in ANGRY.items()},
    )
    shift = (0.004 * math.sin(0.86 * t_s) + GONE_M * now.away, 0.0, 0.002 * math.sin(1.1 * t_s + 2))
    return Moment(look, "closed", shift_m=tuple(round(v, 5) for v in shift))  # type: ignore[arg-type]


_renderer: Renderer | None = None


def part(job: tuple[int, int, float | None]) -> tuple[bytes, float]:
    """Draw frames from the first to before the second number; return their pixels and the gain of the first."""
    global _renderer
    _renderer = _renderer or Renderer()
    first, end, gain = job
    found = []
    for seq in range(first, end):
        rng = generator(SEED, 8, seq)
        picture, _, gain = scene.picture(SCENE, moment(seq / RATE_HZ), _renderer, rng, gain)
        assert picture is not None
        found.append(picture.tobytes())
    return b"".join(found), gain or 0.0
