"""Prints how the shipped networks read drawn drivers, whose truth is known, by everything that may matter.

    PYTHONPATH=tools python tools/evaluate_synth.py                      # 80 people, 8 pictures of each
    PYTHONPATH=tools python tools/evaluate_synth.py --people 400 --seed 7 --json
    PYTHONPATH=tools python tools/evaluate_synth.py --models folder/     # other networks
    PYTHONPATH=tools python tools/evaluate_synth.py --drives             # the drives' alerts too (half an hour)
    PYTHONPATH=tools python tools/evaluate_synth.py --only "lap,nods off"  # these drives and nothing else

The people are numbered from 900000 on (`synth.people.HELD_OUT`): tools that draw to train refuse them. Per cent; an
eye that something hides by more than half, or that the head's turn hides, is not counted with the others.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TextIO

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


def run_drives(seed: int, renderer: Renderer, names: Sequence[str], models: str = "") -> Iterator[judge.Verdict]:
    """Run drives of DRIVES; each has a person and a light of its own, whichever others are run."""
    lights = ("overcast", "infrared", "sun", "infrared", "street")
    for index, name in enumerate(DRIVES):
        if name in names:
            number = measuring_numbers(len(DRIVES))[index]
            where = setting(seed, number, lights[index % len(lights)], glasses="none", mask=False)
            title = f"{name} ({where.scene.light.name})"
            yield judge.run(title, Driver(segments(name), seed), where, seed, renderer, models)


def named(names: str) -> list[str]:
    """Return the drives of a list with commas. Raises ValueError for an unknown one."""
    found = [name.strip() for name in names.split(",")]
    for name in found:
        if name not in DRIVES:
            raise ValueError(f"--only: found {name!r}, expected some of {', '.join(DRIVES)}")
    return found


def show(name: str, rows: dict[str, dict[str, Any]]) -> None:
    """Print a table."""
    show_head(name, next(iter(rows.values()), {}))
    for row, values in rows.items():
        show_row(row, values)


def show_head(name: str, columns: Iterable[str]) -> None:
    print(f"\n{name:30}" + "".join(f"{column:>{WIDTH}}" for column in columns))


def show_row(row: str, values: dict[str, Any], file: TextIO | None = None) -> None:
    cells = "".join(f"{'-' if value is None else value:>{WIDTH}}" for value in values.values())
    print(f"  {row:28}{cells}", file=file, flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=80)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--each", type=int, default=EACH, help="pictures of each person")
    parser.add_argument("--models", default="", help="folder with other networks")
    parser.add_argument(
        "--drives", action="store_true", help="run the drives through detector, networks and policy too"
    )
    parser.add_argument("--only", metavar="NAME,NAME", help="run these drives and read no single pictures")
    parser.add_argument("--json", action="store_true", help="one object at the end; drives are told on stderr as well")
    arguments = parser.parse_args()
    try:
        names = list(DRIVES) if arguments.only is None else named(arguments.only)
        found: dict[str, Any] = {}
        if arguments.only is None:
            found = tables(draw(arguments.seed, arguments.people, arguments.each, Reader(arguments.models), Renderer()))
        if not arguments.json:
            for name, rows in found.items():
                show(name, rows)
        if arguments.drives or arguments.only is not None:
            found["drives"] = watch(arguments.seed, names, arguments.models, arguments.json)
    except (ValueError, FermonError, NoRenderer) as error:
        print(error, file=sys.stderr)
        return 1
    if arguments.json:
        print(json.dumps(found, indent=1))
    return 0


def watch(seed: int, names: Sequence[str], models: str, quiet: bool) -> dict[str, dict[str, Any]]:
    """Run drives and print each one's row as it ends (on stderr when `quiet`); return their table."""
    verdicts: list[judge.Verdict] = []
    for verdict in run_drives(seed, Renderer(), names, models):
        if not verdicts and not quiet:
            show_head("drives", judge.row(verdict))
        verdicts.append(verdict)
        show_row(verdict.name, judge.row(verdict), sys.stderr if quiet else None)
    if not quiet:
        show_row("all", judge.total(verdicts))
    return judge.table(verdicts)


if __name__ == "__main__":
    sys.exit(main())
