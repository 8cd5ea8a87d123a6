"""Draw contact sheets for people to look at: is it credible?

PYTHONPATH=tools python -m synth.sheet skin glasses infrared yaw --out sheets/
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from synth import mouths, scene, sensor, wear
from synth.cabin import draw_cabin
from synth.camera import PLACES, place_camera
from synth.face import Look
from synth.light import LIGHTS, draw_light
from synth.people import AGES, BEARDS, GLASSES, HAIR, HEADWEAR, SKINS, Person, generator, make
from synth.render import NoRenderer, Renderer
from synth.scene import Moment, Scene

Array = NDArray[Any]
Tile = tuple[str, Person, Moment, str, str]  # caption, who, what, light, camera's place


def _plain(number: int, *, headwear: str = "none", **changes: Any) -> Person:
    """Return person `number` of seed 1 with nothing on the face, and with `changes`."""
    return replace(make(1, number), glasses="none", headwear=headwear, mask=False, **changes)


def _skin() -> Iterator[Tile]:
    for light in ("overcast", "sun", "infrared", "street"):
        for skin, name in enumerate(SKINS):
            for sex in (0, 1):
                person = _plain(skin + 5 * sex + 200)
                yield f"{name}, {light}", person, Moment(Look()), light, "dash"


def _glasses() -> Iterator[Tile]:
    for light in ("overcast", "backlight", "infrared", "dashboard"):
        for kind in GLASSES[1:]:
            for number in (301, 326, 353):
                yield f"{kind}, {light}", replace(make(1, number), glasses=kind), Moment(Look()), light, "dash"


def _infrared() -> Iterator[Tile]:
    for number in range(400, 440):
        lids = (0.0, 0.3, 0.6, 1.0)[number % 4]
        yield f"infrared, lids {lids:g}", make(1, number), Moment(Look((lids, lids))), "infrared", "cluster"


def _yaw() -> Iterator[Tile]:
    for number in (500, 511, 524, 538):
        for yaw in (-75, -50, -25, 0, 25, 50, 75):
            yield f"yaw {yaw}", make(1, number), Moment(Look(head_deg=(yaw, 0, 0))), "overcast", "dash"
        for pitch in (-40, -20, 20):
            yield f"pitch {pitch}", make(1, number), Moment(Look(head_deg=(0, pitch, 0))), "overcast", "dash"


def _lids() -> Iterator[Tile]:
    for number, light in ((27, "overcast"), (39, "sun"), (613, "infrared"), (21, "overcast"), (3, "infrared")):
        for lids in (0.0, 0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 1.0):
            yield f"lids {lids:g}", _plain(number), Moment(Look((lids, lids))), light, "cluster"


def _mouth() -> Iterator[Tile]:
    for number in (700, 709, 718, 727):
        for does in mouths.DOES:
            for shot in (0, 1):
                actions = mouths.draw_mouth(generator(shot, number), does)
                person = _plain(number)
                yield does, person, Moment(Look(actions=actions), does), "overcast", "dash"


def _wear() -> Iterator[Tile]:
    for index, hair in enumerate(HAIR):
        yield hair, _plain(801 + 7 * index, hair=hair), Moment(Look()), "overcast", "dash"
    for index, kind in enumerate(HEADWEAR[1:]):
        yield kind, _plain(841 + 7 * index, headwear=kind), Moment(Look()), "overcast", "dash"
    for index, kind in enumerate(BEARDS[1:]):
        person = _plain(865 + 10 * index, beard=kind, beard_mm=8.0)
        yield kind, person, Moment(Look()), "overcast", "dash"
    yield "mask", replace(make(1, 893), mask=True), Moment(Look()), "overcast", "dash"
    for index, hand in enumerate(wear.HANDS[1:6]):
        yield hand, _plain(901 + 7 * index), Moment(Look(), hand=hand), "overcast", "dash"


def _light() -> Iterator[Tile]:
    for light in LIGHTS:
        for number in (1000, 1011, 1022, 1034):
            yield light, make(1, number), Moment(Look()), light, "dash"
    for place in PLACES:
        for number in (1040, 1053):
            yield place, make(1, number), Moment(Look()), "overcast", place


def _age() -> Iterator[Tile]:
    for band in range(len(AGES)):
        for number in range(10):
            yield AGES[band], _plain(1200 + 10 * band + number), Moment(Look()), "overcast", "dash"


SHEETS = {
    "skin": _skin,
    "glasses": _glasses,
    "infrared": _infrared,
    "yaw": _yaw,
    "lids": _lids,
    "mouth": _mouth,
    "wear": _wear,
    "light": _light,
    "age": _age,
}


def draw(tile: Tile, index: int, renderer: Renderer) -> Array:
    """Return one tile: the middle of a picture around the head, with its caption."""
    caption, person, moment, light, place = tile
    rng = generator(9, 7, index)
    car = draw_cabin(rng)
    camera = replace(place_camera(rng, place, (640, 480), car.wheel, 0.3), across_deg=38.0)
    lamp = draw_light(rng, light, camera)
    chip = replace(sensor.draw_sensor(rng, lamp.exposure, lamp.most_gain, lamp.flicker), motion_px=0.0, jpeg=0)
    picture, record, _ = scene.picture(Scene(person, camera, lamp, car, chip), moment, renderer, rng)
    assert picture is not None
    x, y, w, h = record["face"]["box"]
    middle_x, middle_y, half = x + w / 2, y + h * 0.45, 0.95 * max(w, h)
    scale = 240 / (2 * half)
    crop = np.array([[scale, 0, 120 - scale * middle_x], [0, scale, 120 - scale * middle_y]])
    found = cv2.warpAffine(picture, crop, (240, 240), flags=cv2.INTER_LINEAR)
    cv2.putText(found, caption, (3, 234), cv2.FONT_HERSHEY_SIMPLEX, 0.4, 255, 1, cv2.LINE_AA)
    return np.asarray(found)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(SHEETS)}; all without a name")
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    try:
        unknown = [name for name in arguments.names if name not in SHEETS]
        if unknown:
            raise ValueError(f"sheet {unknown[0]!r}: expected one of {', '.join(SHEETS)}")
        renderer = Renderer()
        arguments.out.mkdir(parents=True, exist_ok=True)
        for name in arguments.names or SHEETS:
            tiles = [draw(tile, index, renderer) for index, tile in enumerate(SHEETS[name]())]
            columns = 10 if len(tiles) % 10 == 0 else 8
            tiles += [np.zeros((240, 240), np.uint8)] * (-len(tiles) % columns)
            rows = [np.hstack(tiles[i : i + columns]) for i in range(0, len(tiles), columns)]
            path = arguments.out / f"{name}.png"
            if not cv2.imwrite(str(path), np.vstack(rows)):
                raise OSError(f"{path}: cannot be written")
            print(path)
    except (ValueError, OSError, NoRenderer) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
