"""Eye patches with their labels, as training reads them.

A patch is twice as wide as the crop that the daemon reads, so that training can move, turn and scale the crop inside it,
and is centred on the eye that the teacher (eyes.teacher) found; `offset` is where the daemon's own face points say the eye
is, which is where the crop will be cut. A source of patches is one .npz:

    patch    uint8 (n, 80, 96), PX_PER_UNIT px per unit of fermon.perception.geometry
    closed   float32 (n): 1 closed, 0 open, NaN = do not use
    opening  float32 (n): of the lids, 1 = this person's own open, 0 = shut; NaN where unknown
    lowered  float32 (n): 1 lids that follow a lowered gaze, 0 not; NaN where unknown
    gaze     float32 (n, 2): yaw and pitch in degrees as the camera sees them, the policy's signs; NaN where unknown
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

import cv2
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
STILL_CLOSED, STILL_OPEN = 0.09, 0.17
# Of a person's own open level (80th percentile of the clip). P80 is 0.2, but the mesh reads shut eyes as up to 0.25.
OWN_CLOSED, OWN_OPEN = 0.25, 0.45
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
FLOATS = ("closed", "opening", "lowered", "gaze", "offset", "lids")
NO_LABEL_SCENES = frozenset({"84"})


def dark_glasses(name: str, scene: str) -> bool:
    """Whether a driver frame ("yawn/0001.jpg") shows dark or mirroring glasses."""
    folder, number = name.split("/")[0], int(Path(name).stem)
    return scene in _DARK_SCENES or any(folder == f and a <= number <= b for f, a, b in _DARK_FRAMES)


def as_patch(picture: Array) -> Array:
    """Return a picture of a single eye with its brow as a patch; how much of the face it shows is not known: 0.75 units."""
    side = round(0.75 * PX_PER_UNIT)
    rows, columns = (PATCH_SHAPE[0] - side) // 2, (PATCH_SHAPE[1] - side) // 2
    edges = (rows, PATCH_SHAPE[0] - side - rows, columns, PATCH_SHAPE[1] - side - columns)
    small = cv2.resize(picture, (side, side), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.copyMakeBorder(small, *edges, borderType=cv2.BORDER_REFLECT_101))


_NONE = (np.nan, np.nan)


class Collector:
    """Gathers patches and what is known about them."""

    def __init__(self) -> None:
        self._columns: dict[str, list[Any]] = {k: [] for k in (*FLOATS, "patch", "group", "name", "side", "dark")}

    def add_face(
        self, gray: Array, face: Face, mesh: Array, closed: Array, relative: Array | None = None, **where: Any
    ) -> None:
        """Add both eyes of a face.

        `mesh` (points, 2) px, `closed` (2) and `relative` (2), the openings over the person's own, from the teacher.
        """
        (centre,), _, _ = opening(mesh[None])
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
            where.update(side=side, offset=offset, lids=lids)
            known = relative is not None and closed[side] == 0
            # The mesh draws shut lids a little apart.
            own = 0.05 if closed[side] == 1 else float(np.clip(relative[side], 0, 1.2)) if known else np.nan  # type: ignore[index]
            self.add(patch, closed=closed[side], opening=own, **where)

    def add(
        self,
        patch: Array,
        closed: float,
        opening: float = np.nan,
        lowered: float = np.nan,
        gaze: Sequence[float] | Array = _NONE,
        offset: Sequence[float] | Array = _NONE,
        lids: Sequence[float] | Array = (np.nan,) * 4,
        dark: bool = False,
        **rest: Any,
    ) -> None:
        """Add one eye; `dark` ones are unreadable whatever else is said of them."""
        if dark:
            closed = opening = lowered = float("nan")
            gaze = _NONE
        row = {"patch": patch, "closed": closed, "opening": opening, "lowered": lowered, "gaze": gaze}
        row |= {"offset": offset, "lids": lids, "dark": dark}
        for key, value in (row | rest).items():
            self._columns[key].append(value)

    def save(self, path: Path) -> None:
        columns: dict[str, Any] = {
            k: np.array(v, np.float32 if k in FLOATS else None) for k, v in self._columns.items()
        }
        np.savez(path, **columns)
        closed = np.array(self._columns["closed"], np.float32)
        counts = {"closed": int((closed == 1).sum()), "open": int((closed == 0).sum()), "patches": len(closed)}
        print(path.name, counts, flush=True)


def is_during(events: Sequence[Event], t_s: float, names: Sequence[str] | None, margin_s: float) -> bool:
    """Whether an event of these names (None: of any) is on at `t_s`, with so much about it (below 0: inside it)."""
    return any(e.start_s - margin_s <= t_s <= e.end_s + margin_s for e in events if names is None or e.label in names)


def clip_label(events: Sequence[Event], t_s: float, relative: Array) -> Array:
    """Return 1 closed, 0 open, NaN unclear for both eyes at `t_s`; `relative` (2) is the opening of the own level."""
    if any(e.start_s + 0.05 <= t_s <= e.end_s - 0.05 for e in events if e.label == "eyes_closed"):
        return np.ones(2)
    if not any(e.start_s - 0.15 <= t_s <= e.end_s + 0.15 for e in events if e.label in _BUSY):
        return np.zeros(2)
    closed = np.full(2, np.nan)
    half = any(e.start_s - 0.1 <= t_s <= e.end_s + 0.1 for e in events if e.label == "eyes_half")
    if not half:
        closed[relative < OWN_CLOSED] = 1
    closed[relative > (_OWN_HALF if half else OWN_OPEN)] = 0
    return closed


def still_label(ratio: Array) -> Array:
    """Return 1 closed, 0 open, NaN unclear for the aspect ratios (2) of a still's eyes."""
    closed = np.full(2, np.nan)
    closed[ratio > STILL_OPEN] = 0
    if ratio.max() < STILL_CLOSED + 0.03 and ratio.mean() < STILL_CLOSED:
        closed[:] = 1
    return closed
