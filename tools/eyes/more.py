"""Cuts eye patches from the second delivery of real pictures: infrared eyes, masks, stills and clips of faces."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from eyes.annotations import CLOSURES, Event, read_rows
from eyes.mesh import opening
from eyes.patches import OWN_CLOSED, OWN_OPEN, STILL_OPEN, Collector, as_patch, is_during
from eyes.pictures import gray, scenes
from faces.regions import group_of
from faces.shapes import points_of
from faces.sources import shown
from fermon.domain import Box, Face, Points
from fermon.perception.face import FaceReader
from fermon.perception.network import open_network

Array = NDArray[Any]

DARK_LENSES = 0.3  # the face network's probability from which no lids are labelled
_EDGE_S = 0.15  # of an event read by eye at 0.2 s


def infrared(path: Path) -> Collector:
    """Collect infrared single eyes: MRL's (`y` 1 = open) or, without `y`, MMU2's irises, all open."""
    out, found = Collector(), np.load(path)
    is_open = found["y"] if "y" in found else np.ones(len(found["x"]))
    for picture, y, subject, name in zip(found["x"], is_open, found["subject"], found["name"], strict=True):
        high, wide = picture.shape
        square = picture[:, (wide - high) // 2 : (wide + high) // 2]
        out.add(as_patch(square), 1.0 - float(y), group=f"{path.stem}-{subject}", name=str(name), side=0)
    return out


def face_of(box: Array, mesh: Array) -> Face:
    """Return a face as the daemon would have it from the teacher's box (x, y, w, h) and mesh."""
    left, right, nose, one, other, _ = ((float(x), float(y)) for x, y in points_of(mesh))
    mouth = ((one[0] + other[0]) / 2, (one[1] + other[1]) / 2)
    return Face(Box(*map(float, box)), 1.0, Points(left, right, nose, mouth))


def label(events: list[Event], t_s: float, relative: Array, told: bool) -> tuple[Array, float]:
    """Return closed (2) and lowered of a frame; NaN = not known. `told`: the clip's closures are annotated."""
    if is_during(events, t_s, ("gaze_down",), -_EDGE_S):
        return np.zeros(2), 1.0
    if is_during(events, t_s, CLOSURES, -_EDGE_S):
        return np.ones(2), 0.0
    if is_during(events, t_s, ("eyes_open",), -_EDGE_S):
        return np.zeros(2), np.nan
    closed = np.full(2, np.nan)
    if not is_during(events, t_s, None, _EDGE_S):  # what an event says of lids is not clear at its edges
        closed[relative > OWN_OPEN] = 0
        if told:
            closed[relative < OWN_CLOSED] = 1
    return closed, np.nan


def faces(source: str, data: Path, teacher: Path) -> Collector:
    """Collect the eyes of newclips, nodding, webcam or masks, labelled by faces.teacher and the annotations."""
    out, found = Collector(), np.load(teacher / f"{source}.npz")
    ratio = opening(found["mesh"][..., :2])[2]
    who = np.array([group_of(source, str(name), scenes(data)) for name in found["name"]])
    clip = np.array([str(name).split("#")[0] for name in found["name"]]) if source == "newclips" else who
    own = {
        key: np.nanpercentile(ratio[clip == key], 80, axis=0) for key in np.unique(clip) if _seen(ratio[clip == key])
    }
    events = read_rows(data / "clips" / "clip_events.csv")
    reader = FaceReader(open_network("face"))
    for index, picture, t_s in _pictures(source, data, found["name"]):
        if not (np.isfinite(ratio[index]).all() and np.isfinite(found["box"][index]).all()):
            continue
        face, mesh, named = face_of(found["box"][index], found["mesh"][index]), found["mesh"][index, :, :2], clip[index]
        if reader.look(picture, face.box).dark_glasses >= DARK_LENSES:
            continue
        if source == "masks":  # everybody's eyes are open; only a mesh that says so has found them
            relative, closed, lowered = np.full(2, np.nan), np.where(ratio[index] > STILL_OPEN, 0.0, np.nan), np.nan
        else:
            relative = ratio[index] / own[named]
            told = source != "newclips" or bool(events.get(named))
            closed, lowered = label(events.get(named, []), t_s, relative, told)
        out.add_face(
            picture, face, mesh, closed, relative, lowered=lowered, group=who[index], name=str(found["name"][index])
        )
    return out


def _seen(ratio: Array) -> bool:
    return bool(np.isfinite(ratio).any())


def _pictures(source: str, data: Path, names: Array) -> Iterator[tuple[int, Array, float]]:
    """Yield each picture's row, itself in grey, and its time in its clip (0 for stills)."""
    rows = {str(name): index for index, name in enumerate(names)}
    rates: dict[str, float] = {}
    for name, colour in shown(source, data, None):
        clip, _, frame = name.partition("#")
        if frame and clip not in rates:
            rates[clip] = cv2.VideoCapture(str(data / "clips" / clip)).get(cv2.CAP_PROP_FPS)
        yield rows[name], gray(colour), int(frame) / rates[clip] if frame else 0.0
