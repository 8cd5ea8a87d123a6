"""Cuts eye patches, with labels, from annotated clips, driver frames, FER2013 faces and a set of single eyes.

    python -m eyes.collect --data DATA --teacher teacher/ --out eyes/      # what the shipped network learned from
    python -m eyes.collect --drawn pictures/ --out eyes/                   # eyes of drawn people alone
    python -m eyes.collect --own MINE --out eyes/                          # single eyes of your own: a folder a class

Each source becomes one .npz (see patches.py). What DATA and MINE hold is told in eyes/README.md.
"""

from __future__ import annotations

import argparse
import functools
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from eyes import drawn, more, pictures
from eyes.annotations import read_events
from eyes.folds import person
from eyes.mesh import opening
from eyes.patches import (
    NO_LABEL_SCENES,
    PATCH_SHAPE,
    PATCH_UNITS,
    Collector,
    as_patch,
    clip_label,
    dark_glasses,
    still_label,
)
from fermon.domain import NS_PER_S
from fermon.perception import geometry
from fermon.perception.blazeface import BlazeFace
from fermon.perception.face import FaceReader
from fermon.perception.network import open_network
from fermon.perception.tracker import FaceSettings, FaceTracker
from lib.exits import DataError, run_and_exit
from lib.images import picture_files

Array = NDArray[Any]


def clips(data: Path, teacher: Path, every: int) -> Collector:
    out = Collector()
    found = np.load(teacher / "clips.npz")
    events = read_events(data / "videos")
    clip_of = np.array([name.split("#")[0] for name in found["name"]])
    for clip in np.unique(clip_of):
        path = data / "videos" / str(clip)
        rate = cv2.VideoCapture(str(path)).get(cv2.CAP_PROP_FPS)
        mesh = found["mesh"][clip_of == clip]
        ratio = opening(mesh)[2]
        relative = ratio / np.nanpercentile(ratio, 80, axis=0)
        tracker = FaceTracker(BlazeFace(), FaceReader(open_network("face")), FaceSettings())
        for i, (name, picture) in enumerate(pictures.clip_frames(path)):
            gray = pictures.gray(picture)
            face = tracker.update(gray, int(i / rate * NS_PER_S))
            if face is None or np.isnan(ratio[i]).any():
                continue
            closed = clip_label(events.get(str(clip), []), i / rate, relative[i])
            if (closed == 0).all() and i % every:
                continue  # neighbouring open frames say little new
            out.add_face(gray, face, mesh[i], closed, relative[i], group=person(str(clip)), name=name)
    return out


def stills(
    shown: Iterator[tuple[str, Array]], teacher: Path, groups: dict[str, str] | None, open_every: int
) -> Collector:
    """Collect single pictures; `groups` maps a name to its scene (None: every picture is its own)."""
    out = Collector()
    found = np.load(teacher)
    mesh = found["mesh"]
    ratio = opening(mesh)[2]
    detector = BlazeFace(min_score=0.3)
    for i, (name, picture) in enumerate(shown):
        if name != found["name"][i]:
            raise DataError(
                f"{teacher}: made from other pictures ({found['name'][i]}, now {name}); run eyes.teacher anew"
            )
        if np.isnan(ratio[i]).any():
            continue
        closed = still_label(ratio[i])
        if (closed == 0).all() and i % open_every:
            continue
        gray = pictures.gray(picture)
        faces = detector.search(gray)
        if faces:
            face = max(faces, key=lambda f: f.box.w)
            group = groups[name] if groups else name
            dark = bool(groups) and dark_glasses(name, group)
            if group in NO_LABEL_SCENES:
                closed[:] = np.nan
            out.add_face(gray, face, mesh[i], closed, dark=dark, group=group, name=name)
    return out


def single_eyes(path: Path) -> Collector:
    """Collect a set of single-eye pictures: `x` uint8 (n, 64, 64), `y` 1 = open, `name`."""
    out, found = Collector(), np.load(path)
    for picture, is_open, name in zip(found["x"], found["y"], found["name"], strict=True):
        out.add(as_patch(picture), 1.0 - is_open, group=str(name), name=str(name), side=0)
    return out


def own_eyes(folder: Path) -> dict[str, Collector]:
    """Collect pictures of single eyes in the folders `open`, `closed` and, as others.npz, `unreadable` (may be missing).

    A folder below them is a person (or a scene): training shows everybody about equally often. Raises DataError.
    """
    own, other = Collector(), Collector()
    for name, closed, out in (("open", 0.0, own), ("closed", 1.0, own), ("unreadable", np.nan, other)):
        files = picture_files(folder / name)
        if not files and out is own:
            raise DataError(f"{folder / name}: found no pictures, expected single eyes; see tools/eyes/README.md")
        for path in files:
            group = str(path.parent.relative_to(folder / name)) if path.parent != folder / name else path.stem
            patch = as_patch(pictures.read(path))
            out.add(patch, closed, group=group, name=str(path.relative_to(folder)), side=0)
    return {"own": own} | ({"others": other} if picture_files(folder / "unreadable") else {})


def others(data: Path, each: int, seed: int) -> Collector:
    """Collect patches that are no eye: mouths, cheeks, hands, hair, seats, from the driver frames, at random places."""
    out = Collector()
    detector, rng = BlazeFace(), np.random.default_rng(seed)
    for name, picture in pictures.yawdd_frames(data):
        gray = pictures.gray(picture)
        for face in detector.search(gray)[:1]:
            left, right, mouth = geometry.places(face)
            for _ in range(each):
                spread = 0.4 if rng.random() < 0.3 else 1.5  # many close to the mouth, the rest anywhere about the face
                place = mouth.moved(*rng.normal(0, spread, 2))._replace(angle=float(rng.normal(left.angle, 0.2)))
                away = min(np.hypot(place.x - eye.x, place.y - eye.y) for eye in (left, right)) / left.unit
                patch = geometry.cut(gray, place, PATCH_SHAPE, PATCH_UNITS * float(rng.uniform(0.7, 1.4)))
                if away > 0.7 and patch is not None:
                    out.add(patch, np.nan, group="", name=name, side=0)
    return out


def run(args: argparse.Namespace) -> None:
    args.out.mkdir(parents=True, exist_ok=True)
    if args.own:
        for name, found in own_eyes(args.own).items():
            found.save(args.out / f"{name}.npz")
        return
    if args.drawn:
        drawn.drawn(args.drawn).save(args.out / "drawn.npz")
    if args.drawn and not args.data:
        return
    if not (args.data and args.teacher):
        raise DataError("found neither --own, --drawn nor --data with --teacher, expected one of them")
    data, teacher = args.data, args.teacher
    sources = {
        "single": lambda: single_eyes(data / "eyes_kaggle_drowsiness.npz"),
        "clips": lambda: clips(data, teacher, every=3),
        "yawdd": lambda: stills(pictures.yawdd_frames(data), teacher / "yawdd.npz", pictures.scenes(data), 1),
        "fer": lambda: stills(pictures.fer_faces(data), teacher / "fer.npz", None, 3),
        "others": lambda: others(data, each=3, seed=1),
        "mrl": lambda: more.infrared(data / "eyes_ir_mrl.npz"),
        "mmu2": lambda: more.infrared(data / "eyes_ir_mmu2_open.npz"),
    }
    sources |= {
        name: functools.partial(more.faces, name, data, args.faces)
        for name in ("newclips", "nodding", "webcam", "masks")
        if args.faces
    }
    wanted = args.sources.split(",") if args.sources else list(sources)
    if unknown := set(wanted) - set(sources):
        raise DataError(f"--sources: found {sorted(unknown)[0]!r}, expected some of {', '.join(sources)}")
    for name in wanted:
        sources[name]().save(args.out / f"{name}.npz")


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="folder of the sources")
    parser.add_argument("--teacher", type=Path, help="folder that eyes.teacher wrote")
    parser.add_argument("--faces", type=Path, help="folder that faces.teacher wrote, for the second delivery's faces")
    parser.add_argument("--drawn", type=Path, nargs="+", help="folders that synth.pictures wrote")
    parser.add_argument("--own", type=Path, metavar="MINE", help="folder with open/, closed/ and maybe unreadable/")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument(
        "--sources",
        default="",
        help="only some of single,clips,yawdd,fer,others,mrl,mmu2 and, with --faces, newclips,nodding,webcam,masks",
    )
    args = parser.parse_args(argv)
    return run_and_exit("eyes.collect", lambda: run(args))


if __name__ == "__main__":
    sys.exit(main())
