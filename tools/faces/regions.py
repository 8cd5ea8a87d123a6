"""What the material of the face network is: regions of pictures, and who is kept for what."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from eyes import folds

Array = NDArray[Any]
REGION_PX = 160
REGION_FACES = 3.2
UNIT_OF_BOX = 0.43  # the eyes' distance from the front over the box's width
POINTS = ("eye_left", "eye_right", "nose", "mouth_left", "mouth_right", "chin")
COVERS = ("mask", "hand", "dark glasses")
PARTS = 5  # a real group in five is for measuring, one for choosing, the rest for training
_SIDES = (0.5, 1.6)  # of a place without a face, in face widths


def part(group: str) -> str:
    """Return what a group is for: "measure", "choose" or "train". Drawn people from 900000 on measure."""
    if group.startswith("drawn-"):
        number = int(group.split("-")[1])
        return "measure" if number >= 900_000 else "choose" if number % 10 == 0 else "train"
    return {0: "measure", 1: "choose"}.get(zlib.crc32(group.encode()) % PARTS, "train")


def group_of(source: str, name: str, scene: dict[str, str]) -> str:
    """Return who is kept together with a real picture: the same person, the same seat."""
    clip = name.split("#")[0].removesuffix(".mp4")
    if source == "clips":
        person = folds.person(clip)
        return "yawdd-people" if person in folds.YAWDD_PEOPLE else person
    if source == "newclips":
        if clip in ("incabin_belt2", "incabin_sleep3"):
            return "incabin-own"
        return clip.split("_")[0] if clip.startswith(("proctor", "pyfeat")) else clip.rstrip("0123456789")
    if source == "yawdd":
        return "yawdd-people" if scene[name] in folds.YAWDD_SCENES else f"scene-{scene[name]}"
    return name.split("_")[0] if source == "webcam" else "nodding" if source == "nodding" else f"{source}-{name}"


def region_of(picture: Array, box: Array) -> tuple[Array, float, Array]:
    """Cut the region about a box (centre x y, w, h); return it, its scale, and its corner in px of the picture."""
    side = REGION_FACES * float(max(box[2], box[3]))
    scale, corner = REGION_PX / side, box[:2] - side / 2
    if scale < 1:
        shrunk = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        fx, fy = shrunk.shape[1] / picture.shape[1], shrunk.shape[0] / picture.shape[0]
        matrix = np.array([[scale / fx, 0, -corner[0] * scale], [0, scale / fy, -corner[1] * scale]])
    else:
        shrunk, matrix = picture, np.array([[scale, 0, -corner[0] * scale], [0, scale, -corner[1] * scale]])
    cut = cv2.warpAffine(
        shrunk, matrix, (REGION_PX, REGION_PX), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(cut, np.uint8), scale, corner


def empty_places(picture: Array, faces: list[Array], rng: np.random.Generator, count: int) -> Iterator[Array]:
    """Yield places (centre x y, w, h) that touch no face; sizes as faces have them."""
    height, width = picture.shape
    size = np.median([face[2] for face in faces]) if faces else 0.25 * height
    for _ in range(count * 8):
        side = float(size * rng.uniform(*_SIDES))
        centre = rng.uniform((0.1 * width, 0.1 * height), (0.9 * width, 0.95 * height))
        clear = all(np.abs(centre - face[:2]).max() > 0.5 * (1.25 * face[2] + side) for face in faces)
        if clear:
            yield np.array([*centre, side, side])
            count -= 1
        if not count:
            return
