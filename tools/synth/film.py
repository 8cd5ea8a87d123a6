"""Films a drive: its pictures and their truth, and the clip they make."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from synth import cabin, scene, sensor
from synth.camera import Camera, place_camera
from synth.light import Lamp, Light, draw_light
from synth.moves import Driver, Segment
from synth.people import PEOPLE, generator, make
from synth.render import Renderer

Array = NDArray[Any]
RATE_HZ = 15.0
SPEED_S = 0.25
LAMP_EVERY_M = 30.0


@dataclass(frozen=True)
class Setting:
    """Who drives, in what light, before which camera."""

    scene: scene.Scene
    rate_hz: float = RATE_HZ


def setting(
    seed: int,
    number: int,
    light: str = "overcast",
    place: str = "dash",
    size: tuple[int, int] = (640, 480),
    passenger: bool = False,
    **person: Any,
) -> Setting:
    """Return a setting by seed: person `number`, changed by `person`. Raises ValueError for what is out of range."""
    rng = generator(seed, 5, number)
    who = replace(make(seed, number), **person)
    car = cabin.draw_cabin(rng)
    camera = replace(place_camera(rng, place, size, car.wheel, 0.4), across_deg=round(float(rng.uniform(42, 54)), 2))
    lamp = draw_light(rng, light, camera)
    chip = sensor.draw_sensor(rng, lamp.exposure, lamp.most_gain, lamp.flicker)
    chip = replace(chip, motion_px=0.0, focus_px=min(chip.focus_px, 0.9), jpeg=0, on_face=3.0)
    beside = make(seed, (number + 17) % PEOPLE) if passenger else None
    return Setting(scene.Scene(who, camera, lamp, car, chip, beside))


def frames(
    driver: Driver, where: Setting, seed: int, renderer: Renderer | None
) -> Iterator[tuple[int, Array | None, dict[str, Any]]]:
    """Yield time (ns), picture (None without a renderer) and truth of each frame."""
    gain, last = None, None
    travelled = 0.0
    for index in range(round(driver.length_s * where.rate_hz)):
        t_s = index / where.rate_hz
        now = driver.segment(t_s)
        kmh = 60.0 if now.kmh is None else now.kmh
        travelled += kmh / 3.6 / where.rate_hz
        moment = driver.moment(t_s)
        at = _moved(where.scene, travelled)
        if last is not None:
            at = replace(at, sensor=_blurred(at.sensor, last, moment, at.camera))
        if at.passenger is not None:
            at = replace(at, passenger_moment=Driver([Segment(3600, does="talking")], seed + 1).moment(t_s))
        rng = generator(seed, 6, index)
        if now.dark:
            picture: Array | None = rng.integers(0, 4, at.camera.size[::-1], np.uint8)
            _, record, _ = scene.picture(at, moment, None, rng)
        else:
            picture, record, wanted = scene.picture(at, moment, renderer, rng, gain)
            gain = wanted
        last = moment
        record |= {"t_ns": round(t_s * 1e9), "covered": now.dark, "kmh": now.kmh}
        yield record["t_ns"], picture if renderer is not None else None, record


def _moved(at: scene.Scene, travelled_m: float) -> scene.Scene:
    """Return the scene with what passes by: the view outside, and street lamps one after the other."""
    light: Light = at.light
    if light.name == "street":
        y = (travelled_m % LAMP_EVERY_M) - LAMP_EVERY_M / 2
        side = math.copysign(3.0, light.key.at[0])
        light = replace(light, key=Lamp((side, y, 4.0), light.key.power * 25))
    return replace(at, light=light, cabin=replace(at.cabin, outside_phase=at.cabin.outside_phase + 0.02 * travelled_m))


def _blurred(chip: sensor.Sensor, last: scene.Moment, now: scene.Moment, camera: Camera) -> sensor.Sensor:
    """Return a sensor that smears by half of how far the face went since the last frame."""
    unit = camera.focal_px / 0.7 * 640 / camera.size[0]  # px a metre about where the face is
    yaw, pitch = (now.look.head_deg[k] - last.look.head_deg[k] for k in (0, 1))
    dx = (now.shift_m[0] - last.shift_m[0]) + 0.09 * math.radians(yaw)
    dz = (now.shift_m[2] - last.shift_m[2]) + 0.09 * math.radians(pitch)
    moved = 0.4 * unit * math.hypot(dx, dz)
    return replace(chip, motion_px=moved if moved > 1.2 else 0.0, motion_deg=math.degrees(math.atan2(-dz, dx)))


def write(driver: Driver, where: Setting, seed: int, renderer: Renderer, out: Path, head: dict[str, Any]) -> int:
    """Write the clip and its truth; return the number of frames. Raises OSError when a file cannot be written."""
    import cv2

    size = where.scene.camera.size
    clip = cv2.VideoWriter(str(out), cv2.VideoWriter.fourcc(*"mp4v"), where.rate_hz, size, isColor=False)
    if not clip.isOpened():
        raise OSError(f"{out}: cannot be written as a video; expected the path of a .mp4 in a folder that exists")
    count, next_speed = 0, 0.0
    with out.with_suffix(".jsonl").open("w", encoding="utf-8") as file:
        file.write(json.dumps(head) + "\n")
        for t_ns, picture, record in frames(driver, where, seed, renderer):
            while next_speed <= t_ns / 1e9:
                kmh = driver.segment(next_speed).kmh
                if kmh is not None:
                    file.write(json.dumps({"type": "speed", "t_ns": round(next_speed * 1e9), "kmh": kmh}) + "\n")
                next_speed += SPEED_S
            file.write(json.dumps({"type": "frame", **record}) + "\n")
            assert picture is not None  # it was given a renderer
            clip.write(picture)
            count += 1
    clip.release()
    return count
