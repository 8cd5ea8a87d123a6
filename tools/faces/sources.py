"""The real pictures that the face network learns from, and drawn ones to compare with."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from eyes.pictures import Picture, clip_frames, reduce, yawdd_frames
from lib.truths import truths

EVERY = {"clips": 4, "newclips": 4}  # of a clip's frames: neighbours are almost alike
STILLS = {"nodding": "frames_nodding_ccby", "webcam": "frames_webcam_sleepy", "masks": "faces_masks"}


def shown(source: str, data: Path, drawn: Path | None) -> Iterator[tuple[str, Picture]]:
    """Yield name and picture of every picture of a source."""
    if source in EVERY:
        for path in sorted((data / ("videos" if source == "clips" else "clips")).glob("*.mp4")):
            for index, (name, picture) in enumerate(clip_frames(path)):
                if index % EVERY[source] == 0:
                    yield name, picture
    elif source == "yawdd":
        yield from yawdd_frames(data)
    elif source == "drawn":
        assert drawn is not None
        for truth in truths(drawn):
            name = truth["picture"]
            yield name, np.asarray(cv2.imread(str(drawn / name), cv2.IMREAD_GRAYSCALE), np.uint8)
    else:
        for path in sorted((data / STILLS[source]).glob("*.jpg")):
            yield path.name, reduce(np.asarray(cv2.imread(str(path)), np.uint8))
