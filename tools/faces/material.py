"""Turns drawn pictures and teachers' labels into regions about faces, each with what is known of it.

    python -m faces.material --drawn pictures/ --teacher teacher-faces/ --data DATA --out faces.npz

A region is a square, REGION_PX wide, about a face (REGION_FACES times its box) or about a place without one. Arrays of
the .npz, n regions: `region` uint8 (n, REGION_PX, REGION_PX); `box` float32 (n, 4) centre x y, width, height and
`points` float32 (n, 6, 2) eye left, eye right, nose, mouth left, mouth right, chin, in px of the region, left and right
as seen in it; `angles` float32 (n, 3) yaw, pitch, roll in degrees with the policy's signs; `covers` float32 (n, 3):
mask, hand, dark glasses; `face` bool (n); `source`, `group` (who is kept together) and `name`. NaN = not known.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eyes.pictures import gray, read, scenes
from faces import angles as heads
from faces.regions import POINTS, empty_places, group_of, region_of
from faces.shapes import box_of_points, points_of, points_of_drawn
from faces.sources import shown
from fermon.domain import Box
from fermon.perception.blazeface import BlazeFace
from fermon.perception.yunet import YuNet
from lib.exits import run_and_exit
from lib.truths import truths

Array = NDArray[Any]
REAL = ("nodding", "yawdd", "webcam", "masks", "newclips", "clips")
MASKED = dict.fromkeys(("nodding", "webcam", "yawdd", "clips", "newclips"), 0.0) | {
    "masks": 1.0
}  # everybody, or nobody
_ALARMS = 0.2  # a detector's score; the daemon takes what has 0.3


class Rows:
    """Regions as they are gathered."""

    def __init__(self) -> None:
        self.rows: dict[str, list[Any]] = {
            key: [] for key in ("region", "box", "points", "angles", "covers", "face", "source", "group", "name")
        }

    def face(self, picture: Array, box: Array, points: Array, angles: Any, covers: Any, *who: str) -> None:
        """Add a face; box (centre x y, w, h) and points (6, 2) in px of the picture."""
        region, scale, corner = region_of(picture, box)
        placed = np.concatenate([(box[:2] - corner) * scale, box[2:] * scale])
        self._add(region, placed, (points - corner) * scale, angles, covers, face=True, who=who)

    def place(self, picture: Array, box: Array, *who: str) -> None:
        """Add a place without a face."""
        nan = np.full
        self._add(
            region_of(picture, box)[0], nan(4, np.nan), nan((6, 2), np.nan), nan(3, np.nan), nan(3, np.nan), False, who
        )

    def _add(
        self, region: Array, box: Array, points: Array, angles: Any, covers: Any, face: bool, who: tuple[str, ...]
    ) -> None:
        values = (region, box, points, np.asarray(angles, np.float32), np.asarray(covers, np.float32), face, *who)
        for key, value in zip(self.rows, values, strict=True):
            self.rows[key].append(value)

    def save(self, path: Path) -> None:
        arrays: dict[str, Any] = {key: np.array(value) for key, value in self.rows.items()}
        for key in ("box", "points", "angles", "covers"):
            arrays[key] = arrays[key].astype(np.float32)
        np.savez_compressed(path, **arrays)


def drawn(folder: Path, rows: Rows, rng: np.random.Generator) -> None:
    """Add drawn faces with their exact truth, and places without a face."""
    alarming = BlazeFace(min_score=_ALARMS)
    for truth in truths(folder):
        picture = read(folder / truth["picture"])
        who = ("drawn", f"drawn-{truth['person']['number']}", truth["picture"])
        face, others = truth["face"], []
        points = np.array([face["points"][name] for name in POINTS])
        if truth["kind"] != "empty":
            box = box_of_points(points)
            if face["in_picture"] >= 0.6:
                hand = truth["hand"] != "none"
                covers = (truth["person"]["mask"], hand, truth["person"]["glasses"] == "dark")
                rows.face(picture, box, points_of_drawn(points, face["eyes"]), face["head"], covers, *who)
            others.append(box)
        if truth["passenger"]:
            x, y, w, h = truth["passenger"]["box"]
            others.append(np.array([x + w / 2, y + h / 2, w, h]))
        alarms = false_alarms(alarming, picture, others) if others or truth["kind"] == "empty" else []
        for place in [*alarms, *empty_places(picture, others, rng, 4 if truth["kind"] == "empty" else 1)]:
            rows.place(picture, place, *who)


def false_alarms(alarming: BlazeFace, picture: Array, faces: list[Array]) -> list[Array]:
    """Return what a detector that is easily alarmed takes for a face beside the known ones (centre x y, w, h).

    A sleeve, a wheel, a head-rest: what the network must know to be none.
    """
    boxes = [_centred(face.box) for face in alarming.search(picture)]
    return [box for box in boxes if all(np.abs(box[:2] - face[:2]).max() > 0.6 * (face[2] + box[2]) for face in faces)]


def real(source: str, data: Path, teacher: Path, rows: Rows, rng: np.random.Generator) -> None:
    """Add real faces with the teachers' labels, and places without a face."""
    labels = np.load(teacher / f"{source}.npz")
    wanted = {str(name): index for index, name in enumerate(labels["name"])}
    finder = YuNet(data / "detectors/yunet_s_320_320.onnx")
    alarming = BlazeFace(min_score=_ALARMS)
    scene = scenes(data)
    for name, colour in shown(source, data, None):
        index, picture = wanted[name], gray(colour)
        who = (source, group_of(source, name, scene), name)
        box, mesh = labels["box"][index].astype(float), labels["mesh"][index].astype(float)
        found = [
            np.array([f.box.x + f.box.w / 2, f.box.y + f.box.h / 2, f.box.w, f.box.h]) for f in finder.search(picture)
        ]
        if np.isfinite(box).all():
            centred = _centred(Box(*box))
            sure = any(np.abs(centred[:2] - f[:2]).max() < 0.3 * f[2] for f in found)
            if sure:
                points = points_of(mesh)
                angles = heads.agreed(heads.of_mesh(mesh), heads.of_openvino(labels["angles"][index]))
                covers = (MASKED[source], np.nan, np.nan)
                rows.face(picture, centred, points, angles, covers, *who)
                found.append(centred)
        alarms = false_alarms(alarming, picture, found) if found else []  # else the alarm may be the face
        doubtful = [_centred(Box(*box))] if np.isfinite(box).all() else []
        for place in [*alarms, *empty_places(picture, found + doubtful, rng, 2 if source == "yawdd" else 1)]:
            rows.place(picture, place, *who)


def _centred(box: Box) -> Array:
    return np.array([box.x + box.w / 2, box.y + box.h / 2, box.w, box.h])


def run(args: argparse.Namespace) -> None:
    rng, rows = np.random.default_rng(args.seed), Rows()
    for folder in args.drawn or ():
        drawn(folder, rows, rng)
    if args.teacher:
        for source in args.sources.split(","):
            real(source, args.data, args.teacher, rows, rng)
    rows.save(args.out)
    face, source = np.array(rows.rows["face"]), np.array(rows.rows["source"])
    for name in dict.fromkeys(source):
        print(f"{name}: {(face & (source == name)).sum()} faces, {(~face & (source == name)).sum()} places without one")


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--drawn", type=Path, action="append", help="folder that synth.pictures wrote; may be repeated")
    parser.add_argument("--teacher", type=Path, help="folder that faces.teacher wrote")
    parser.add_argument("--data", type=Path, help="folder with videos/, frames_yawdd/ ...")
    parser.add_argument("--sources", default=",".join(REAL), help="of the real ones, with commas")
    parser.add_argument("--out", type=Path, required=True, help="the .npz file")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args(argv)
    return run_and_exit("faces.material", lambda: run(args))


if __name__ == "__main__":
    sys.exit(main())
