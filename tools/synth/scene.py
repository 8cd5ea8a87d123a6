"""A whole picture: somebody in a car under a light before a camera; drawn by chance, or given."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from synth import body, cabin, hair, mouths, sensor, truth, wear
from synth.basis import load
from synth.cabin import Cabin
from synth.camera import PLACES, SIZES, Camera, drawn_across, place_camera, remap
from synth.face import Look, Posed
from synth.light import LIGHTS, Light, draw_light
from synth.people import Person, choose, generator, make
from synth.pieces import Piece
from synth.render import Renderer, drawn_size
from synth.sensor import Sensor

Array = NDArray[Any]
_LIGHT_SHARE = (16, 14, 8, 6, 9, 7, 5, 35)
_SIZE_SHARE = (15, 77, 8)
_DOES_SHARE = (50, 20, 12, 18)


@dataclass(frozen=True, slots=True)
class Moment:
    """What the driver does in one frame."""

    look: Look
    does: str = "closed"  # one of mouths.DOES
    hand: str = "none"  # one of wear.HANDS
    hand_side: int = 0
    hand_reach: float = 1.0
    shift_m: tuple[float, float, float] = (0.0, 0.0, 0.0)  # of the whole person
    kind: str = ""  # what it was drawn as: straight, lowered, ...


@dataclass(frozen=True, slots=True)
class Scene:
    """Everything else."""

    person: Person
    camera: Camera
    light: Light
    cabin: Cabin
    sensor: Sensor
    passenger: Person | None = None
    passenger_moment: Moment = field(default_factory=lambda: Moment(Look()))


def drawn(person: Person, moment: Moment) -> tuple[Posed, list[Piece], list[Piece]]:
    """Return a person's pose, the solid pieces and the blended ones."""
    look = moment.look
    if moment.does == "closed":
        look = replace(look, actions={**mouths.shut(load(), body.shape_of(person)), **look.actions})
    posed = body.stand(person, look).moved(np.array(moment.shift_m))
    frame, lenses = wear.glasses(person, posed)
    solid = body.pieces(person, posed) + hair.pieces(person, posed)
    solid += wear.headwear(person, posed) + wear.mask(person, posed) + frame
    solid += wear.hand(person, posed, moment.hand, moment.hand_side, moment.hand_reach)
    return posed, solid, body.lashes(person, posed) + lenses


def picture(
    scene: Scene, moment: Moment, renderer: Renderer | None, rng: Generator, gain: float | None = None
) -> tuple[Array | None, dict[str, Any], float]:
    """Return the grey picture (None without a renderer), its truth, and the radiance's gain."""
    posed, solid, blended = drawn(scene.person, moment)
    people = [(scene.person, posed, solid, blended)]
    before = solid + blended
    if scene.passenger is not None:
        beside = replace(scene.passenger_moment, shift_m=(-0.72 if scene.cabin.wheel == "left" else 0.72, 0.0, 0.0))
        other = drawn(scene.passenger, beside)
        people.append((scene.passenger, *other))
    camera = scene.camera
    quiet = Look((1.0, 1.0), moment.look.gaze_deg, moment.look.head_deg, moment.look.lean_deg)
    opened = body.stand(scene.person, quiet).moved(np.array(moment.shift_m))
    facts = truth.of(scene.person, moment.look, posed, opened, camera, before, moment.does)
    record = {
        "size": list(camera.size),
        "face": facts,
        "kind": moment.kind,
        "hand": moment.hand if moment.hand_reach > 0.02 else "none",
        "light": {"name": scene.light.name, "infrared": scene.light.infrared},
        "camera": {
            "place": camera.place,
            "across_deg": camera.across_deg,
            "k1": camera.k1,
            "at_m": list(camera.at),
            "wheel": scene.cabin.wheel,
        },
        "person": scene.person.facts(),
        "passenger": None if scene.passenger is None else _passenger(scene.passenger, people[1][1], camera),
    }
    if renderer is None:
        return None, record, gain or 0.0
    across = drawn_across(camera)
    size = drawn_size(camera.size)
    car = scene.cabin
    outside = [cabin.outside(car.outside_phase)]
    radiance = renderer.draw(people, cabin.pieces(car), outside, camera, scene.light, size, across, car.wheel)
    if camera.k1:
        radiance = sensor.bend(radiance, *remap(camera, size, across))
    radiance = sensor.smaller(radiance, camera.size)
    if gain is None:
        gain = sensor.gain_for(radiance, scene.sensor, facts["box"])
    return sensor.expose(radiance, scene.sensor, rng, gain), record, gain


def _passenger(person: Person, posed: Posed, camera: Camera) -> dict[str, Any]:
    box = truth.box(posed, camera)
    return {**person.facts(), "box": box}


def draw_moment(rng: Generator) -> Moment:
    """Return what a driver may do in a single picture; lids, gaze and head at their ends more often than in life."""

    def u(low: float, high: float) -> float:
        return round(float(rng.uniform(low, high)), 3)

    does = choose(rng, mouths.DOES, _DOES_SHARE)
    gaze = (float(np.clip(rng.normal(0, 12), -35, 35)), float(np.clip(rng.normal(-2, 7), -30, 20)))
    head = (float(rng.normal(0, 16)), float(rng.normal(-3, 8)), float(rng.normal(0, 5)))
    if rng.random() < 0.35:
        head = (u(-60, 60), u(-35, 22), u(-20, 20))
    kind = choose(rng, ("open", "shut", "part", "lowered", "wink"), (40, 26, 16, 14, 4))
    lids = (u(0.85, 1.08),) * 2
    if kind == "shut":
        lids = (u(-0.0, 0.06) if rng.random() < 0.5 else 0.0,) * 2
    elif kind == "part":
        lids = (u(0.06, 0.85),) * 2
    elif kind == "lowered":
        gaze = (gaze[0], u(-35, -15))
        lids = (1.0 + gaze[1] / 35 * u(0.35, 0.72),) * 2
        if rng.random() < 0.5:
            head = (head[0], u(-35, -8), head[2])
    elif kind == "wink":
        lids = (0.0, u(0.6, 1.0)) if rng.random() < 0.5 else (u(0.6, 1.0), 0.0)
    actions = mouths.draw_mouth(rng, does)
    if does == "yawning" and kind in ("open", "lowered"):
        lids = (u(0.0, 0.7),) * 2
    elif does == "laughing" and kind in ("open", "lowered"):
        lids = (u(0.35, 0.9),) * 2
    if rng.random() < 0.35:
        actions |= mouths.both("browDown", u(0, 0.9))
    elif rng.random() < 0.35:
        actions |= {"browInnerUp": u(0, 0.8), **mouths.both("browOuterUp", u(0, 0.8))}
    if rng.random() < 0.25 and does in ("closed", "talking"):
        squint = u(0, 0.9)
        actions |= mouths.both("eyeSquint", squint)
        lids = (lids[0] * (1 - 0.45 * squint), lids[1] * (1 - 0.45 * squint))
    side = int(rng.random() < 0.5)
    hand = (
        choose(rng, wear.HANDS[:6], (86, 5, 3, 2.5, 1.5, 2))
        if does != "yawning"
        else choose(rng, ("none", "mouth"), (7, 3))
    )
    spread = 0.012
    lids = (
        float(np.clip(lids[0] + rng.normal(0, spread) * (lids[0] > 0.1), 0, 1.15)),
        float(np.clip(lids[1] + rng.normal(0, spread) * (lids[1] > 0.1), 0, 1.15)),
    )
    look = Look(
        tuple(round(v, 4) for v in lids),  # type: ignore[arg-type]
        tuple(round(v, 3) for v in gaze),  # type: ignore[arg-type]
        tuple(round(v, 3) for v in head),  # type: ignore[arg-type]
        (u(-6, 12), u(-8, 8)),
        {name: round(value, 4) for name, value in actions.items()},
    )
    shift = tuple(round(float(v), 4) for v in rng.normal(0, (0.03, 0.03, 0.03)))
    return Moment(look, does, hand, side, u(0.85, 1.0), shift, kind)  # type: ignore[arg-type]


def draw_scene(rng: Generator, person: Person) -> Scene:
    """Return light, camera and car by chance."""
    car = cabin.draw_cabin(rng)
    size = SIZES[int(np.searchsorted(np.cumsum(_SIZE_SHARE) / 100, rng.random()))]
    place = choose(rng, tuple(PLACES), (40, 25, 20, 15))
    camera = place_camera(rng, place, size, car.wheel)
    light = draw_light(rng, choose(rng, LIGHTS, _LIGHT_SHARE), camera)
    chip = sensor.draw_sensor(rng, light.exposure, light.most_gain, light.flicker)
    passenger, moment = None, Moment(Look())
    if rng.random() < 0.2:
        passenger = make(person.seed, (person.number * 7919 + 13) % 900_000)
        moment = draw_moment(rng)
    return Scene(person, camera, light, car, chip, passenger, moment)


def emptied(scene: Scene, moment: Moment) -> tuple[Scene, Moment]:
    """Return the same car without anybody: the driver is far below it."""
    return replace(scene, passenger=None), replace(moment, shift_m=(0.0, 40.0, -400.0), hand="none", kind="empty")


def at_random(seed: int, number: int, shot: int) -> tuple[Scene, Moment, Generator]:
    """Return picture `shot` of person `number`: scene, moment and the sensor's random numbers."""
    person = make(seed, number)
    rng = generator(seed, 3, number, shot)
    scene = draw_scene(rng, person)
    return scene, draw_moment(rng), rng
