"""Mouth patches with the lips' opening, and what the mouth network sees of them in an epoch.

The label is the teacher's lip opening over mouth width: talk stays below 0.3, acted small yawns reach 0.45 to 0.6, real ones
0.7 to 1.3 (measured on the annotated clips). Whether a mouth laughs is told by FER2013's labels and by drawn people, of
annotated and sorted yawns that it does not. Patches are cut where the daemon's face points say the mouth is, one and a half
times as wide as the crop. mouths_open_closed.npz is a cross-data test, never trained on.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from expression import fer2013
from eyes import augment, pictures
from eyes.annotations import read_events
from eyes.drawn import places
from eyes.folds import YAWDD_PEOPLE, YAWDD_SCENES, person
from eyes.mesh import mouth_opening
from fermon.domain import EXPRESSIONS, NS_PER_S, Face
from fermon.perception import geometry
from fermon.perception.blazeface import BlazeFace
from fermon.perception.face import FaceReader
from fermon.perception.network import open_network
from fermon.perception.tracker import FaceSettings, FaceTracker
from lib.exits import DataError
from lib.images import picture_files
from lib.truths import truths

Array = NDArray[Any]

SIDE = 48  # px of a patch
_HAPPY = EXPRESSIONS.index("happy")
_PX_PER_UNIT = geometry.MOUTH_SHAPE[1] / geometry.MOUTH_WIDTH_UNITS
_CLOSED, _WIDE = 0.32, 0.45  # lip opening over mouth width; between them the target runs from 0 to 1
PER_EPOCH, UNREADABLE = 10_000, 1_500
_COVERED = {"hand_over_mouth", "no_frontal_face"}  # the teacher guesses behind a hand
_OWN = {"closed": 0.1, "wide_open": 0.8}  # the opening that a picture in such a folder stands for


def cut_patch(gray: Array, face: Face) -> Array | None:
    mouth = geometry.places(face).mouth
    if mouth.unit < geometry.MIN_UNIT_PX:
        return None
    return geometry.cut(gray, mouth, (SIDE, SIDE), SIDE / _PX_PER_UNIT)


def collect(data: Path, teacher: Path, out: Path, drawn: list[Path]) -> None:
    """Cut the patches of all sources into one .npz: patch, opening, laughs, group, source."""
    columns = empty_columns()

    def add(gray: Array, face: Face | None, opening: float, group: str, source: str, laughs: float = np.nan) -> None:
        patch = None if face is None or np.isnan(opening) else cut_patch(gray, face)
        if patch is not None:
            _add(columns, patch, opening, laughs, group, source)

    _collect_clips(data, teacher, add)
    for folder in drawn:
        _collect_drawn(folder, columns)
    scenes = pictures.scenes(data)
    split = fer2013.read(data / "fer2013" / "fer2013.csv.xz", "Training")
    happy = {str(row): float(label == _HAPPY) for row, label in zip(split.rows, split.labels, strict=True)}
    detector = BlazeFace(min_score=0.3)
    for source, shown in (("yawdd", pictures.yawdd_frames(data)), ("fer", pictures.fer_faces(data))):
        opening = mouth_opening(np.load(teacher / f"{source}.npz")["mesh"])
        for i, (name, picture) in enumerate(shown):
            if source == "fer" and i % 2:
                continue
            gray = pictures.gray(picture)
            face = max(detector.search(gray), key=lambda f: f.box.w, default=None)
            laughs = (
                happy[name] if source == "fer" else 0.0 if name.startswith("yawn/") and opening[i] > _WIDE else np.nan
            )
            add(gray, face, float(opening[i]), scenes.get(name, name), source, laughs)
    save(out, columns)


def empty_columns() -> dict[str, list[Any]]:
    return {key: [] for key in ("patch", "opening", "laughs", "group", "source")}


def _add(columns: dict[str, list[Any]], *row: Any) -> None:
    for key, value in zip(columns, row, strict=True):
        columns[key].append(value)


def _collect_drawn(folder: Path, columns: dict[str, list[Any]]) -> None:
    """Cut the mouths of drawn people; what covers one by more than a fifth leaves it out."""
    for truth in truths(folder):
        face, mouth = truth["face"], truth["face"]["mouth"]
        if truth["kind"] == "empty" or face["in_picture"] < 0.9 or sum(mouth["covers"].values()) > 0.2:
            continue
        place = places(face)[0]
        x, y = face["points"]["mouth"]
        patch = geometry.cut(
            pictures.read(folder / truth["picture"]), place._replace(x=x, y=y), (SIDE, SIDE), SIDE / _PX_PER_UNIT
        )
        left, right = (np.array(face["points"][name]) for name in ("mouth_left", "mouth_right"))
        across = max(0.25, float(np.hypot(*(right - left))) / place.unit)  # a mouth from aside is narrow in the picture
        if patch is not None and place.unit >= geometry.MIN_UNIT_PX:
            laughs, group = float(mouth["does"] == "laughing"), f"drawn-{truth['person']['number']}"
            _add(columns, patch, mouth["opening"] / across, laughs, group, "drawn")


def _collect_clips(data: Path, teacher: Path, add: Any) -> None:
    found = np.load(teacher / "clips.npz")
    opening = mouth_opening(found["mesh"])
    index = {name: i for i, name in enumerate(found["name"])}
    events = read_events(data / "videos")
    for path in sorted((data / "videos").glob("*.mp4")):
        rate = cv2.VideoCapture(str(path)).get(cv2.CAP_PROP_FPS)
        tracker = FaceTracker(BlazeFace(), FaceReader(open_network("face")), FaceSettings())
        for i, (name, picture) in enumerate(pictures.clip_frames(path)):
            t_s = i / rate
            gray = pictures.gray(picture)
            face = tracker.update(gray, int(t_s * NS_PER_S))
            now = {e.label for e in events.get(path.name, []) if e.start_s <= t_s <= e.end_s}
            if i % 3 == 0 and not now & _COVERED:
                laughs = 0.0 if "yawn" in now else np.nan
                add(gray, face, float(opening[index[name]]), person(path.name), "clips", laughs)


def crop(patch: Array, rng: augment.Rng) -> Array:
    """Cut a crop from a patch: moved, turned, scaled, mirrored."""
    side = geometry.MOUTH_SHAPE[0]
    turn, scale = rng.normal(0, 6), float(np.exp(rng.normal(0, 0.1)))
    matrix = np.asarray(cv2.getRotationMatrix2D((SIDE / 2, SIDE / 2), turn, scale), np.float64)
    matrix[:, 2] += (side - SIDE) / 2 + rng.normal(0, 0.07, 2) * _PX_PER_UNIT
    out = cv2.warpAffine(patch, matrix, (side, side), borderMode=cv2.BORDER_REPLICATE)
    return out[:, ::-1] if rng.random() < 0.5 else out


def draw(found: dict[str, Array], others: Array, rng: augment.Rng) -> tuple[Array, Array]:
    """Return one epoch: crops and targets (n, 3), NaN = not known. Openings and laughs are drawn about evenly."""
    bins = np.digitize(found["opening"], (0.1, _CLOSED, _WIDE, 0.7))
    laughs = found["laughs"] == 1
    source = np.unique(found["source"], return_inverse=True)[1]
    _, inverse, sizes = np.unique((source * 10 + bins) * 2 + laughs, return_inverse=True, return_counts=True)
    weight = np.array([1.0, 1.2, 0.5, 1.2, 0.6])[bins] / sizes[inverse]
    crops, targets = [], []
    for i in rng.choice(len(bins), PER_EPOCH, p=weight / weight.sum()):
        target = float(np.clip((found["opening"][i] - _CLOSED) / (_WIDE - _CLOSED), 0, 1))
        crops.append(augment.finish(crop(found["patch"][i], rng), rng))
        targets.append((target, 0.0, float(found["laughs"][i])))
    for _ in range(UNREADABLE):
        other = cv2.resize(others[rng.integers(len(others))], geometry.MOUTH_SHAPE[::-1])
        picture = other
        if rng.random() < 0.7:
            picture = augment.cover(crop(found["patch"][rng.integers(len(bins))], rng), other, rng)
        crops.append(augment.finish(picture, rng))
        targets.append((np.nan, 1.0, np.nan))
    return np.array(crops), np.array(targets, np.float32)


def collect_own(folder: Path, out: Path) -> None:
    """Gather pictures of single mouths in the folders `closed` and `wide_open` into one .npz. Raises DataError.

    A picture shows the mouth as wide as the daemon's crop; a folder below is a person. It is given a border to move in.
    """
    columns = empty_columns()
    side, edge = geometry.MOUTH_SHAPE[0], (SIDE - geometry.MOUTH_SHAPE[0]) // 2
    for name, opening in _OWN.items():
        files = picture_files(folder / name)
        if not files:
            raise DataError(f"{folder / name}: found no pictures, expected single mouths; see tools/eyes/README.md")
        for path in files:
            small = cv2.resize(pictures.read(path), (side, side), interpolation=cv2.INTER_AREA)
            patch = cv2.copyMakeBorder(small, *(edge,) * 4, borderType=cv2.BORDER_REFLECT_101)
            group = path.parent.name if path.parent != folder / name else path.stem
            _add(columns, patch, opening, np.nan, group, "own")
    save(out, columns)


def save(out: Path, columns: dict[str, list[Any]]) -> None:
    """Write patches into one .npz."""
    out.parent.mkdir(parents=True, exist_ok=True)
    arrays: dict[str, Any] = {key: np.array(value) for key, value in columns.items()}
    np.savez(out, **arrays)


def load(path: Path, leave_out: frozenset[str] = frozenset()) -> dict[str, Array]:
    """Return the patches without the people left out."""
    with np.load(path) as archive:
        found = dict(archive)
    found.setdefault("laughs", np.full(len(found["opening"]), np.nan))
    keep = ~((found["source"] == "clips") & np.isin(found["group"], sorted(leave_out)))
    if leave_out & set(YAWDD_PEOPLE):
        keep &= ~((found["source"] == "yawdd") & np.isin(found["group"], sorted(YAWDD_SCENES)))
    return {key: value[keep] for key, value in found.items()}
