"""The pictures that eyes and mouths are cut from: clips, driver frames, FER2013 faces. Their places: eyes/README.md."""

from __future__ import annotations

import csv
import functools
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from expression import fer2013
from lib.exits import DataError
from lib.images import read_gray

LONG_SIDE_PX = 640  # pictures are reduced to this before they are looked at, as the daemon does
FER_ENLARGE = 4
FER_BORDER_PX = 64

Picture = NDArray[np.uint8]


def gray(picture: Picture) -> Picture:
    """Return a BGR picture as a grey one; a grey one as it is."""
    return picture if picture.ndim == 2 else np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), np.uint8)


def read(path: Path) -> Picture:
    """Read a picture file as grey. Raises DataError."""
    found = read_gray(path)
    if found is None:
        raise DataError(f"{path}: not a picture that OpenCV reads; expected PNG, JPEG or the like")
    return found


@functools.cache
def scenes(data: Path) -> dict[str, str]:
    """Return the scene of each driver frame, by its name below frames_yawdd."""
    with (data / "frames_yawdd" / "frames_yawdd.csv").open(encoding="utf-8") as text:
        return {row["file"]: row["scene_group"] for row in csv.DictReader(text)}


def fer_picture(picture: Picture) -> Picture:
    """Return a FER2013 face (48, 48) enlarged four times inside a border: (320, 320) gray."""
    side = fer2013.SIDE_PX * FER_ENLARGE
    large = cv2.resize(picture, (side, side), interpolation=cv2.INTER_CUBIC)
    return np.asarray(cv2.copyMakeBorder(large, *(FER_BORDER_PX,) * 4, borderType=cv2.BORDER_REPLICATE), np.uint8)


def reduce(picture: Picture) -> Picture:
    """Return the picture with its long side at most LONG_SIDE_PX."""
    scale = LONG_SIDE_PX / max(picture.shape[:2])
    if scale >= 1:
        return picture
    return np.asarray(cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)


def clip_frames(path: Path) -> Iterator[tuple[str, Picture]]:
    """Yield ("clip.mp4#frame", reduced BGR picture) for each frame of a clip."""
    capture = cv2.VideoCapture(str(path))
    index = 0
    while True:
        ok, picture = capture.read()
        if not ok:
            return
        yield f"{path.name}#{index}", reduce(np.asarray(picture, np.uint8))
        index += 1


def yawdd_frames(data: Path) -> Iterator[tuple[str, Picture]]:
    """Yield (file name below frames_yawdd, reduced BGR picture)."""
    root = data / "frames_yawdd"
    for path in sorted(root.glob("*/*.jpg")):
        yield str(path.relative_to(root)), reduce(np.asarray(cv2.imread(str(path)), np.uint8))


def fer_faces(data: Path) -> Iterator[tuple[str, Picture]]:
    """Yield ("row", enlarged gray picture) for FER2013's Training rows."""
    split = fer2013.read(data / "fer2013" / "fer2013.csv.xz", "Training")
    for row, picture in zip(split.rows, split.pictures, strict=True):
        yield str(row), fer_picture(picture)
