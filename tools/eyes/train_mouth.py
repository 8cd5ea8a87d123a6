"""Trains the mouth network: wide open (as in a yawn) and unreadable; exports it as full int8.

    python -m eyes.train_mouth --data ../shared/data --teacher teacher/ --patches mouths/ --out models/mouth.tflite

Patches are cut once into `mouths/` where the daemon's face points say the mouth is, one and a half times as wide as the
crop; the label is the teacher's lip opening over mouth width: talk stays below 0.3, acted small yawns reach 0.45 to 0.6,
real ones 0.7 to 1.3 (measured on the annotated clips). mouths_open_closed.npz is a cross-data test, never trained on.
"""

from __future__ import annotations

import argparse
import csv
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from eyes import augment
from eyes import patches as eye_data
from eyes import teacher as eye_teacher
from eyes.folds import YAWDD_PEOPLE, YAWDD_SCENES, person
from eyes.mesh import mouth_opening
from eyes.train import export, manifest
from fermon.domain import NS_PER_S, Face
from fermon.perception import geometry
from fermon.perception.blazeface import BlazeFace
from fermon.perception.mouth import CLASSES
from fermon.perception.tracker import FaceSettings, FaceTracker

Array = NDArray[Any]

SIDE = 48  # px of a patch
_PX_PER_UNIT = geometry.MOUTH_SHAPE[1] / geometry.MOUTH_WIDTH_UNITS
_CLOSED, _WIDE = 0.32, 0.45  # lip opening over mouth width; between them the target runs from 0 to 1
_PER_EPOCH, _UNREADABLE = 10_000, 1_500
_COVERED = ("hand_over_mouth", "no_frontal_face")  # the teacher guesses behind a hand


def cut_patch(gray: Array, face: Face) -> Array | None:
    mouth = geometry.places(face).mouth
    if mouth.unit < geometry.MIN_UNIT_PX:
        return None
    return geometry.cut(gray, mouth, (SIDE, SIDE), SIDE / _PX_PER_UNIT)


def collect(data: Path, teacher: Path, out: Path) -> None:
    """Cut the patches of all sources into one .npz: patch, opening, group, source."""
    columns: dict[str, list[Any]] = {key: [] for key in ("patch", "opening", "group", "source")}

    def add(gray: Array, face: Face | None, opening: float, group: str, source: str) -> None:
        patch = None if face is None or np.isnan(opening) else cut_patch(gray, face)
        if patch is not None:
            for key, value in zip(columns, (patch, opening, group, source), strict=True):
                columns[key].append(value)

    _collect_clips(data, teacher, add)
    with (data / "frames_yawdd" / "frames_yawdd.csv").open(encoding="utf-8") as text:
        scenes = {row["file"]: row["scene_group"] for row in csv.DictReader(text)}
    detector = BlazeFace(min_score=0.3)
    for source, pictures in (("yawdd", eye_teacher.yawdd_frames(data)), ("fer", eye_teacher.fer_faces(data))):
        opening = mouth_opening(np.load(teacher / f"{source}.npz")["mesh"])
        for i, (name, picture) in enumerate(pictures):
            if source == "fer" and i % 2:
                continue
            gray = picture if picture.ndim == 2 else cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
            face = max(detector.search(gray), key=lambda f: f.box.w, default=None)
            add(gray, face, float(opening[i]), scenes.get(name, name), source)
    np.savez(out, **{key: np.array(value) for key, value in columns.items()})


def _collect_clips(data: Path, teacher: Path, add: Any) -> None:
    found = np.load(teacher / "clips.npz")
    opening = mouth_opening(found["mesh"])
    index = {name: i for i, name in enumerate(found["name"])}
    events = eye_data.read_events(data / "videos" / "video_events.csv")
    for path in sorted((data / "videos").glob("*.mp4")):
        rate = cv2.VideoCapture(str(path)).get(cv2.CAP_PROP_FPS)
        tracker = FaceTracker(BlazeFace(), FaceSettings())
        for i, (name, picture) in enumerate(eye_teacher.clip_frames(path)):
            t_s = i / rate
            gray = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
            face = tracker.update(gray, int(t_s * NS_PER_S))
            covered = any(s <= t_s <= e for s, e, label in events.get(path.name, []) if label in _COVERED)
            if i % 3 == 0 and not covered:
                add(gray, face, float(opening[index[name]]), person(path.name), "clips")


def crop(patch: Array, rng: augment.Rng) -> Array:
    """Cut a crop from a patch: moved, turned, scaled, mirrored."""
    side = geometry.MOUTH_SHAPE[0]
    matrix = cv2.getRotationMatrix2D((SIDE / 2, SIDE / 2), rng.normal(0, 6), float(np.exp(rng.normal(0, 0.1))))
    matrix[:, 2] += (side - SIDE) / 2 + rng.normal(0, 0.07, 2) * _PX_PER_UNIT
    out = cv2.warpAffine(patch, matrix, (side, side), borderMode=cv2.BORDER_REPLICATE)
    return out[:, ::-1] if rng.random() < 0.5 else out


def draw(found: dict[str, Array], others: Array, rng: augment.Rng) -> tuple[Array, Array]:
    """Return one epoch: crops and targets (n, 2), NaN = not known. Openings are drawn about evenly."""
    bins = np.digitize(found["opening"], (0.1, _CLOSED, _WIDE, 0.7))
    source = np.unique(found["source"], return_inverse=True)[1]
    _, inverse, sizes = np.unique(source * 10 + bins, return_inverse=True, return_counts=True)
    weight = np.array([1.0, 1.2, 0.5, 1.2, 0.6])[bins] / sizes[inverse]
    crops, targets = [], []
    for i in rng.choice(len(bins), _PER_EPOCH, p=weight / weight.sum()):
        target = float(np.clip((found["opening"][i] - _CLOSED) / (_WIDE - _CLOSED), 0, 1))
        crops.append(augment.finish(crop(found["patch"][i], rng), rng))
        targets.append((target, 0.0))
    for _ in range(_UNREADABLE):
        other = cv2.resize(others[rng.integers(len(others))], geometry.MOUTH_SHAPE[::-1])
        picture = other
        if rng.random() < 0.7:
            picture = augment.cover(crop(found["patch"][rng.integers(len(bins))], rng), other, rng)
        crops.append(augment.finish(picture, rng))
        targets.append((np.nan, 1.0))
    return np.array(crops), np.array(targets, np.float32)


def build() -> Any:
    """The network: 2 M multiplications, about 40 thousand parameters."""
    import keras
    from keras import layers

    x = inputs = keras.Input((*geometry.MOUTH_SHAPE, 1))
    for filters in (12, 24, 32, 48):
        x = layers.Conv2D(filters, 3, padding="same", use_bias=False)(x)
        x = layers.MaxPooling2D()(layers.ReLU()(layers.BatchNormalization(momentum=0.95)(x)))
    x = layers.Dropout(0.2)(layers.Flatten()(x))
    x = layers.ReLU()(layers.BatchNormalization(momentum=0.95)(layers.Dense(32, use_bias=False)(x)))
    return keras.Model(inputs, layers.Dense(2, activation="sigmoid", name="state")(x))


def train(found: dict[str, Array], others: Array, epochs: int, seed: int) -> Any:
    import keras

    from eyes.train import _losses

    keras.utils.set_random_seed(seed)
    rng = np.random.default_rng(seed)
    model = build()
    steps = epochs * ((_PER_EPOCH + _UNREADABLE) // 96)
    schedule = keras.optimizers.schedules.CosineDecay(2e-3, steps, 0.01)
    model.compile(keras.optimizers.AdamW(schedule, weight_decay=1e-3), loss=_losses()[0])
    for epoch in range(epochs):
        crops, targets = draw(found, others, rng)
        x = crops[..., None].astype(np.float32) / 255
        loss = model.fit(x, targets, batch_size=96, verbose=0).history["loss"][0]
        print(f"epoch {epoch + 1}/{epochs}: loss {loss:.4f}", flush=True)
    return model


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--teacher", type=Path, required=True)
    parser.add_argument("--patches", type=Path, required=True, help="the .npz of patches; cut when it is not there")
    parser.add_argument("--others", type=Path, required=True, help="others.npz, which eyes.patches wrote")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--leave-out", default="", help="people of the clips, with commas")
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    if not arguments.patches.exists():
        collect(arguments.data, arguments.teacher, arguments.patches)
    if arguments.out is None:
        return
    people = frozenset(filter(None, arguments.leave_out.split(",")))
    with np.load(arguments.patches) as archive:
        found = dict(archive)
    keep = ~((found["source"] == "clips") & np.isin(found["group"], sorted(people)))
    if people & set(YAWDD_PEOPLE):
        keep &= ~((found["source"] == "yawdd") & np.isin(found["group"], sorted(YAWDD_SCENES)))
    found = {key: value[keep] for key, value in found.items()}
    others = np.load(arguments.others)["patch"]
    model = train(found, others, arguments.epochs, arguments.seed)
    sample = draw(found, others, np.random.default_rng(arguments.seed + 1))[0]
    export(model, sample[:: len(sample) // 400], arguments.out)
    training = {"epochs": arguments.epochs, "seed": arguments.seed, "left_out": sorted(people), "patches": len(keep)}
    manifest(arguments.out, CLASSES, {}, training)


if __name__ == "__main__":
    main()
