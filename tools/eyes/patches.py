"""Eye patches with their labels, as training reads them.

A patch is twice as wide as the crop that the daemon reads, so that training can move, turn and scale the crop inside it,
and is centred on the eye that the teacher (eyes.teacher) found; `offset` is where the daemon's own face points say the eye
is, which is where the crop will be cut. A source of patches is one .npz:

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

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eyes.annotations import Event
from eyes.mesh import lid_lines, opening
from fermon.domain import Face
from fermon.perception import geometry

Array = NDArray[Any]

PATCH_SHAPE = (80, 96)
PX_PER_UNIT = geometry.EYE_SHAPE[1] / geometry.EYE_WIDTH_UNITS
PATCH_UNITS = PATCH_SHAPE[1] / PX_PER_UNIT

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
NO_LABEL_SCENES = frozenset({"84"})


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
            patch = geometry.cut(gray, true, PATCH_SHAPE, PATCH_UNITS)
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
        columns: dict[str, Any] = {
            k: np.array(v, np.float32 if k in floats else None) for k, v in self._columns.items()
        }
        np.savez(path, **columns)
        closed = np.array(self._columns["closed"], np.float32)
        counts = {"closed": int((closed == 1).sum()), "open": int((closed == 0).sum()), "patches": len(closed)}
        print(path.name, counts, flush=True)


def clip_label(events: Sequence[Event], t_s: float, relative: Array) -> Array:
    """Return 1 closed, 0 open, NaN unclear for both eyes at `t_s`; `relative` (2) is the opening of the own level."""
    if any(e.start_s + 0.05 <= t_s <= e.end_s - 0.05 for e in events if e.label == "eyes_closed"):
        return np.ones(2)
    if not any(e.start_s - 0.15 <= t_s <= e.end_s + 0.15 for e in events if e.label in _BUSY):
        return np.zeros(2)
    closed = np.full(2, np.nan)
    half = any(e.start_s - 0.1 <= t_s <= e.end_s + 0.1 for e in events if e.label == "eyes_half")
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
