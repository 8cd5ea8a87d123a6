"""Prints how the shipped networks read drawn drivers, whose truth is known, by everything that may matter.

    PYTHONPATH=tools python tools/evaluate_synth.py                      # 80 people, 8 pictures of each
    PYTHONPATH=tools python tools/evaluate_synth.py --people 400 --seed 7 --json
    PYTHONPATH=tools python tools/evaluate_synth.py --models folder/     # other networks
    PYTHONPATH=tools python tools/evaluate_synth.py --drives             # the drives' alerts as well (minutes)

The people are numbered from 900000 on (`synth.people.HELD_OUT`): tools that draw to train refuse them. Per cent; an
eye that something hides by more than half, or that the head's turn hides, is not counted with the others.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Iterator
from typing import Any

from numpy.typing import NDArray

from fermon.errors import FermonError
from fermon.perception.detectors import make_detector
from fermon.perception.eyes import EyeReader
from fermon.perception.face import FaceReader
from fermon.perception.mouth import MouthReader
from fermon.perception.network import open_network
from fermon.perception.tracker import face_of, verified
from synth import judge, scene
from synth.drives import DRIVES, segments
from synth.film import setting
from synth.moves import Driver
from synth.people import measuring_numbers
from synth.render import NoRenderer, Renderer
from synth.tables import Reading, tables

Array = NDArray[Any]
EACH = 8
WIDTH = 18  # of a printed column
SAME = 0.3  # overlap from which a found face is the drawn one


class Reader:
    """Detector and networks as the daemon uses them, on single pictures: no tracking, no baseline."""

    def __init__(self, models: str) -> None:
        self._detector = make_detector("blazeface", "")
        self._face = FaceReader(open_network("face", models))
        self._eyes = EyeReader(open_network("eyes", models))
        self._mouth = MouthReader(open_network("mouth", models))

    def read(self, picture: Array, truth: dict[str, Any]) -> Reading:
        """Read the drawn driver's face; another face in the picture is not it."""
        box = truth["face"]["box"]
        looks = [verified(self._face, picture, face.box) for face in self._detector.search(picture)]
        look = max((x for x in looks if x is not None), key=lambda x: overlap(x.box, box), default=None)
        if look is None or overlap(look.box, box) < SAME:
            return Reading(truth, None)
        face = face_of(look)
        eyes = self._eyes.read(picture, face)
        mouth = self._mouth.read(picture, face)
        return Reading(truth, face, {"left": eyes.left, "right": eyes.right}, mouth, look)


def overlap(a: Iterable[float], b: Iterable[float]) -> float:
    """Return intersection over union of two boxes x, y, w, h."""
    ax, ay, aw, ah = a
    bx, by, bw, bh = b
    w, h = min(ax + aw, bx + bw) - max(ax, bx), min(ay + ah, by + bh) - max(ay, by)
    inner = max(0.0, w) * max(0.0, h)
    return inner / (aw * ah + bw * bh - inner)


def draw(seed: int, people: int, each: int, reader: Reader, renderer: Renderer) -> list[Reading]:
    """Draw and read `each` pictures of each person."""
    found = []
    for number in measuring_numbers(people):
        for shot in range(each):
            drawn, moment, rng = scene.at_random(seed, number, shot)
            picture, truth, _ = scene.picture(drawn, moment, renderer, rng)
            assert picture is not None
            found.append(reader.read(picture, truth))
    return found


def run_drives(seed: int, renderer: Renderer) -> Iterator[judge.Verdict]:
    """Run every drive with a person and a light of its own."""
    lights = ("overcast", "infrared", "sun", "infrared", "street")
    for index, name in enumerate(DRIVES):
        number = measuring_numbers(len(DRIVES))[index]
        where = setting(seed, number, lights[index % len(lights)], glasses="none", mask=False)
        yield judge.run(f"{name} ({where.scene.light.name})", Driver(segments(name), seed), where, seed, renderer)


def show(found: dict[str, dict[str, dict[str, Any]]]) -> None:
    """Print the tables."""
    for name, rows in found.items():
        columns = list(next(iter(rows.values()), {}))
        print(f"\n{name:30}" + "".join(f"{column:>{WIDTH}}" for column in columns))
        for row, values in rows.items():
            print(f"  {row:28}" + "".join(f"{'-' if values[c] is None else values[c]:>{WIDTH}}" for c in columns))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=80)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--each", type=int, default=EACH, help="pictures of each person")
    parser.add_argument("--models", default="", help="folder with other networks")
    parser.add_argument(
        "--drives", action="store_true", help="run the drives through detector, networks and policy too"
    )
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    try:
        readings = draw(arguments.seed, arguments.people, arguments.each, Reader(arguments.models), Renderer())
        found: dict[str, Any] = tables(readings)
        if arguments.drives:
            found["drives"] = judge.table(list(run_drives(arguments.seed, Renderer())))
    except (ValueError, FermonError, NoRenderer) as error:
        print(error, file=sys.stderr)
        return 1
    if arguments.json:
        print(json.dumps(found, indent=1))
    else:
        show(found)
    return 0


if __name__ == "__main__":
    sys.exit(main())
