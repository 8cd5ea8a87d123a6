"""Who is left out together when figures for unseen people are made."""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

# People left out together: each clip's figures come from a network that has seen nobody of its fold. Of the other
# sources a fold leaves out every third group (person, scene or picture).
FOLDS = (
    ("m01", "f02", "m17", "f26", "m12", "f13"),
    ("m03", "m05", "f04", "m11", "f14", "m20", "m22", "grey"),
    ("m06", "f09", "f10", "m15", "f16", "f25"),
)
# The drivers of the YawDD clips also sit in the driver frames: in scenes 28, 52 and 29 (thumbnails alike), and perhaps
# in some that show the same seat from the dashboard. Their fold leaves out all of these.
YAWDD_PEOPLE = ("m06", "f09", "f10")
YAWDD_SCENES = frozenset(
    ["28", "29", "52", "9", "14", "15", "16", "19", "34", "44", "72", "77", "83", "85", "91", "117"]
)


def person(clip: str) -> str:
    """The person in a clip, from its file name: "phone_awake_m01.mp4" -> "m01"."""
    return Path(clip).stem.rsplit("_", 1)[1]


def fold_of(clip: str) -> int:
    """Return the fold that holds out the person of a clip: of the annotated ones by FOLDS, else by the group's name.

    Raises KeyError when an annotated clip's person is in no fold.
    """
    from faces.regions import group_of  # which reads the lists above

    name = person(clip) if "_" in clip else ""
    for fold, people in enumerate(FOLDS):
        if name in people:
            return fold
    group = group_of("newclips", clip, {})
    return next(fold for fold in range(len(FOLDS)) if in_fold(np.array([group]), fold)[0])


def in_fold(groups: Array, fold: int) -> Array:
    """Whether each group is held out in a fold: one in so many as there are folds, by its name's checksum."""
    names, inverse = np.unique(groups, return_inverse=True)
    return np.array([zlib.crc32(str(name).encode()) % len(FOLDS) == fold for name in names])[inverse]
