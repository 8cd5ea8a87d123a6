"""Cuts eye patches, with labels, from annotated clips, driver frames, FER2013 faces and a set of single eyes.

    python -m eyes.patches --data ../shared/data --teacher teacher/ --out eyes/

Each source becomes one .npz. A patch is twice as wide as the crop that the daemon reads, so that training can move,
turn and scale the crop inside it, and is centred on the eye that the teacher (tools/eyes/teacher.py) found; `offset` is
where the daemon's own face points say the eye is, which is where the crop will be cut:

    patch    uint8 (n, 80, 96), PX_PER_UNIT px per unit of fermon.perception.geometry
    closed   float32 (n): 1 closed, 0 open, NaN = do not use
    gap      float32 (n): lid opening in units, NaN where unknown
    offset   float32 (n, 2): the detector's eye minus the teacher's, in units; NaN where there is no detector
    lids     float32 (n, 4): upper and lower lid's apex below the line of the corners, half of the fissure's width (both
             in units), slope of that line in the patch; NaN where unknown
    dark     bool (n): seen through dark or mirroring glasses: unreadable
    group    str (n): person or scene, for splits        name: where the patch is from; side: 0 left, 1 right

Labels: a clip's annotations first; else the teacher's opening relative to that person's open level (clips), or the
teacher's eye aspect ratio where it leaves no doubt (stills of people whose open level nobody knows).
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from eyes import teacher as eye_teacher
from eyes.folds import person
from eyes.mesh import lid_lines, opening
from fermon.domain import NS_PER_S, Face
from fermon.perception import geometry
from fermon.perception.blazeface import BlazeFace
from fermon.perception.tracker import FaceSettings, FaceTracker

Array = NDArray[Any]

PATCH_SHAPE = (80, 96)
PX_PER_UNIT = geometry.EYE_SHAPE[1] / geometry.EYE_WIDTH_UNITS
_PATCH_UNITS = PATCH_SHAPE[1] / PX_PER_UNIT

# Stills: the aspect ratio is about 0.3 for open and 0.05 for shut eyes; contact sheets show no open eye below 0.09 and
# no shut one above 0.17.
_STILL_CLOSED, _STILL_OPEN = 0.09, 0.17
# Of a person's own open level (80th percentile of the clip). P80 is 0.2, but the mesh reads shut eyes as up to 0.25.
_OWN_CLOSED, _OWN_OPEN = 0.25, 0.45
_OWN_HALF = 0.35  # where the annotations say half shut, above this the lids are surely apart
_BUSY = (
    "blink",
    "eyes_half",
    "eyes_closed",
    "wink_image_left",
    "wink_image_right",
    "yawn",
    "no_frontal_face",
    "look_away",
)


# Driver frames in dark or mirroring glasses, from contact sheets: whole scenes, and (folder, first, last) in others. The
# teacher draws open eyes on them. Scene 84 is too dark for anybody to label.
_DARK_SCENES = frozenset({"26", "70", "74", "89", "94", "95", "99", "102", "112"})
_DARK_FRAMES = (
    ("no_yawn", 1038, 1050), ("no_yawn", 436, 450), ("no_yawn", 312, 336), ("no_yawn", 987, 1004),
    ("no_yawn", 1096, 1098), ("no_yawn", 509, 529), ("no_yawn", 1963, 1967), ("no_yawn", 1172, 1178),
    ("no_yawn", 1851, 1859), ("yawn", 339, 343), ("yawn", 204, 209), ("yawn", 168, 170), ("yawn", 328, 335),
    ("yawn", 349, 356), ("yawn", 217, 218), ("yawn", 534, 536), ("yawn", 362, 365), ("yawn", 516, 519),
)  # fmt: skip
_NO_LABEL_SCENES = frozenset({"84"})


def dark_glasses(name: str, scene: str) -> bool:
    """Whether a driver frame ("yawn/0001.jpg") shows dark or mirroring glasses."""
    folder, number = name.split("/")[0], int(Path(name).stem)
    return scene in _DARK_SCENES or any(folder == f and a <= number <= b for f, a, b in _DARK_FRAMES)


class Collector:
    """Gathers patches and what is known about them."""

    def __init__(self) -> None:
        self._columns: dict[str, list[Any]] = {
            k: [] for k in ("patch", "closed", "gap", "offset", "lids", "group", "name", "side", "turn", "dark")
        }

    def add_face(self, gray: Array, face: Face, mesh: Array, closed: Array, **where: Any) -> None:
        """Add both eyes of a face: `mesh` (points, 2) px and `closed` (2) from the teacher."""
        (centre,), (gap,), _ = opening(mesh[None])
        lines = lid_lines(mesh[None])[0]
        for side, place in enumerate(geometry.places(face)[:2]):
            true = place._replace(x=float(centre[side, 0]), y=float(centre[side, 1]))
            patch = geometry.cut(gray, true, PATCH_SHAPE, _PATCH_UNITS)
            if patch is None or place.unit < geometry.MIN_UNIT_PX:
                continue
            c, s = np.cos(place.angle), np.sin(place.angle)
            dx, dy = place.x - true.x, place.y - true.y
            offset = np.array([dx * c + dy * s, dy * c - dx * s]) / place.unit
            upper, lower, half, angle = lines[side]
            lids = [upper / place.unit, lower / place.unit, half / place.unit, np.tan(angle - place.angle)]
            where.update(side=side, turn=geometry.turn(face))
            self.add(patch, closed[side], gap[side] / place.unit, offset, lids, **where)

    def add(
        self,
        patch: Array,
        closed: float,
        gap: float = np.nan,
        offset: Sequence[float] | Array = (np.nan,) * 2,
        lids: Sequence[float] | Array = (np.nan,) * 4,
        dark: bool = False,
        **rest: Any,
    ) -> None:
        if dark:
            closed = gap = float("nan")
        row = dict(patch=patch, closed=closed, gap=gap, offset=offset, lids=lids, dark=dark, **rest)
        for key, value in row.items():
            self._columns[key].append(value)

    def save(self, path: Path) -> None:
        floats = ("closed", "gap", "offset", "lids", "turn")
        np.savez(path, **{k: np.array(v, np.float32 if k in floats else None) for k, v in self._columns.items()})
        closed = np.array(self._columns["closed"], np.float32)
        counts = {"closed": int((closed == 1).sum()), "open": int((closed == 0).sum()), "patches": len(closed)}
        print(path.name, counts, flush=True)


def read_events(path: Path) -> dict[str, list[tuple[float, float, str]]]:
    """Read video_events.csv: {clip: [(start s, end s, label)]}."""
    events: dict[str, list[tuple[float, float, str]]] = {}
    with path.open(encoding="utf-8") as text:
        for row in csv.DictReader(text):
            events.setdefault(row["file"], []).append((float(row["start_s"]), float(row["end_s"]), row["label"]))
    return events


def clip_label(events: list[tuple[float, float, str]], t_s: float, relative: Array) -> Array:
    """Return 1 closed, 0 open, NaN unclear for both eyes at `t_s`; `relative` (2) is the opening of the own level."""
    if any(s + 0.05 <= t_s <= e - 0.05 for s, e, label in events if label == "eyes_closed"):
        return np.ones(2)
    if not any(s - 0.15 <= t_s <= e + 0.15 for s, e, label in events if label in _BUSY):
        return np.zeros(2)
    closed = np.full(2, np.nan)
    half = any(s - 0.1 <= t_s <= e + 0.1 for s, e, label in events if label == "eyes_half")
    if not half:
        closed[relative < _OWN_CLOSED] = 1
    closed[relative > (_OWN_HALF if half else _OWN_OPEN)] = 0
    return closed


def still_label(ratio: Array) -> Array:
    """Return 1 closed, 0 open, NaN unclear for the aspect ratios (2) of a still's eyes."""
    closed = np.full(2, np.nan)
    closed[ratio > _STILL_OPEN] = 0
    if ratio.max() < _STILL_CLOSED + 0.03 and ratio.mean() < _STILL_CLOSED:
        closed[:] = 1
    return closed


def clips(data: Path, teacher: Path, every: int) -> Collector:
    out = Collector()
    found = np.load(teacher / "clips.npz")
    events = read_events(data / "videos" / "video_events.csv")
    clip_of = np.array([name.split("#")[0] for name in found["name"]])
    for clip in np.unique(clip_of):
        path = data / "videos" / str(clip)
        rate = cv2.VideoCapture(str(path)).get(cv2.CAP_PROP_FPS)
        mesh = found["mesh"][clip_of == clip]
        ratio = opening(mesh)[2]
        relative = ratio / np.nanpercentile(ratio, 80, axis=0)
        tracker = FaceTracker(BlazeFace(), FaceSettings())
        for i, (name, picture) in enumerate(eye_teacher.clip_frames(path)):
            gray = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
            face = tracker.update(gray, int(i / rate * NS_PER_S))
            if face is None or np.isnan(ratio[i]).any():
                continue
            closed = clip_label(events.get(str(clip), []), i / rate, relative[i])
            if (closed == 0).all() and i % every:
                continue  # neighbouring open frames say little new
            out.add_face(gray, face, mesh[i], closed, group=person(str(clip)), name=name)
    return out


def stills(
    pictures: Iterator[tuple[str, Array]], teacher: Path, groups: dict[str, str] | None, open_every: int
) -> Collector:
    """Collect single pictures; `groups` maps a name to its scene (None: every picture is its own)."""
    out = Collector()
    found = np.load(teacher)
    mesh = found["mesh"]
    ratio = opening(mesh)[2]
    detector = BlazeFace(min_score=0.3)
    for i, (name, picture) in enumerate(pictures):
        assert name == found["name"][i], f"{teacher}: made from other pictures; run eyes.teacher anew"
        if np.isnan(ratio[i]).any():
            continue
        closed = still_label(ratio[i])
        if (closed == 0).all() and i % open_every:
            continue
        gray = picture if picture.ndim == 2 else cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
        faces = detector.search(gray)
        if faces:
            face = max(faces, key=lambda f: f.box.w)
            group = groups[name] if groups else name
            dark = bool(groups) and dark_glasses(name, group)
            if group in _NO_LABEL_SCENES:
                closed[:] = np.nan
            out.add_face(gray, face, mesh[i], closed, dark=dark, group=group, name=name)
    return out


def single_eyes(path: Path) -> Collector:
    """Collect a set of single-eye pictures (64x64, `y` 1 = open), taken as 0.75 units wide."""
    out = Collector()
    found = np.load(path)
    side = round(0.75 * PX_PER_UNIT)
    rows, columns = (PATCH_SHAPE[0] - side) // 2, (PATCH_SHAPE[1] - side) // 2
    edges = (rows, PATCH_SHAPE[0] - side - rows, columns, PATCH_SHAPE[1] - side - columns)
    for i, (picture, is_open) in enumerate(zip(found["x"], found["y"], strict=True)):
        small = cv2.resize(picture, (side, side), interpolation=cv2.INTER_AREA)
        patch = cv2.copyMakeBorder(small, *edges, borderType=cv2.BORDER_REFLECT_101)
        name = str(found["name"][i])
        out.add(patch, 1.0 - is_open, group=name, name=name, side=0, turn=0.5)
    return out


def others(data: Path, each: int, seed: int) -> Collector:
    """Collect patches that are no eye: mouths, cheeks, hands, hair, seats, from the driver frames, at random places."""
    out = Collector()
    detector, rng = BlazeFace(), np.random.default_rng(seed)
    for name, picture in eye_teacher.yawdd_frames(data):
        gray = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
        for face in detector.search(gray)[:1]:
            left, right, mouth = geometry.places(face)
            for _ in range(each):
                spread = 0.4 if rng.random() < 0.3 else 1.5  # many close to the mouth, the rest anywhere about the face
                place = mouth.moved(*rng.normal(0, spread, 2))._replace(angle=float(rng.normal(left.angle, 0.2)))
                away = min(np.hypot(place.x - eye.x, place.y - eye.y) for eye in (left, right)) / left.unit
                patch = geometry.cut(gray, place, PATCH_SHAPE, _PATCH_UNITS * float(rng.uniform(0.7, 1.4)))
                if away > 0.7 and patch is not None:
                    out.add(patch, np.nan, group="", name=name, side=0, turn=0.5)
    return out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--teacher", type=Path, required=True, help="folder that eyes.teacher wrote")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--sources", default="single,clips,yawdd,fer,others")
    arguments = parser.parse_args()
    data, out = arguments.data, arguments.out
    out.mkdir(parents=True, exist_ok=True)
    for source in arguments.sources.split(","):
        if source == "single":
            found = single_eyes(data / "eyes_kaggle_drowsiness.npz")
        elif source == "clips":
            found = clips(data, arguments.teacher, every=3)
        elif source == "yawdd":
            with (data / "frames_yawdd" / "frames_yawdd.csv").open(encoding="utf-8") as text:
                scenes = {row["file"]: row["scene_group"] for row in csv.DictReader(text)}
            found = stills(eye_teacher.yawdd_frames(data), arguments.teacher / "yawdd.npz", scenes, 1)
        elif source == "others":
            found = others(data, each=3, seed=1)
        else:
            found = stills(eye_teacher.fer_faces(data), arguments.teacher / "fer.npz", None, 3)
        found.save(out / f"{source}.npz")


if __name__ == "__main__":
    main()
