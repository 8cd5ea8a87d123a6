"""Labels faces with a strong landmark model: MediaPipe's attention mesh (development time only; x86-64).

    python -m eyes.teacher --data ../shared/data --out teacher/      # needs mediapipe==0.10.21, opencv-python-headless

Writes one .npz a source (clips, yawdd, fer): `name` (n), `mesh` float32 (n, 478, 2) in px of the picture, NaN where no
face was found. FER2013's 48x48 faces are enlarged four times and given a border first; `mesh` is in px of that picture,
which `fer_picture` makes. The mesh is much better at lids than at stills of one person's open level: see patches.py.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from expression import fer2013

POINTS = 478  # the mesh with irises
LONG_SIDE_PX = 640  # pictures are reduced to this before they are looked at, as the daemon does
FER_ENLARGE = 4
FER_BORDER_PX = 64

Picture = NDArray[np.uint8]


def fer_picture(picture: Picture) -> Picture:
    """Return a FER2013 face (48, 48) enlarged four times inside a border: (320, 320) gray."""
    side = fer2013.SIDE_PX * FER_ENLARGE
    large = cv2.resize(picture, (side, side), interpolation=cv2.INTER_CUBIC)
    return cv2.copyMakeBorder(large, *(FER_BORDER_PX,) * 4, borderType=cv2.BORDER_REPLICATE)


def reduce(picture: Picture) -> Picture:
    """Return the picture with its long side at most LONG_SIDE_PX."""
    scale = LONG_SIDE_PX / max(picture.shape[:2])
    if scale >= 1:
        return picture
    return cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)


def clip_frames(path: Path) -> Iterator[tuple[str, Picture]]:
    """Yield ("clip.mp4#frame", reduced BGR picture) for each frame of a clip."""
    capture = cv2.VideoCapture(str(path))
    index = 0
    while True:
        ok, picture = capture.read()
        if not ok:
            return
        yield f"{path.name}#{index}", reduce(picture)
        index += 1


def yawdd_frames(data: Path) -> Iterator[tuple[str, Picture]]:
    """Yield (file name below frames_yawdd, reduced BGR picture)."""
    root = data / "frames_yawdd"
    for path in sorted(root.glob("*/*.jpg")):
        yield str(path.relative_to(root)), reduce(cv2.imread(str(path)))


def fer_faces(data: Path) -> Iterator[tuple[str, Picture]]:
    """Yield ("row", enlarged gray picture) for FER2013's Training rows."""
    split = fer2013.read(data / "fer2013" / "fer2013.csv.xz", "Training")
    for row, picture in zip(split.rows, split.pictures, strict=True):
        yield str(row), fer_picture(picture)


def _mesh(model: Any, picture: Picture) -> NDArray[np.float32]:
    height, width = picture.shape[:2]
    rgb = cv2.cvtColor(picture, cv2.COLOR_GRAY2RGB if picture.ndim == 2 else cv2.COLOR_BGR2RGB)
    faces = model.process(rgb).multi_face_landmarks
    if not faces:
        return np.full((POINTS, 2), np.nan, np.float32)
    return np.array([(p.x * width, p.y * height) for p in faces[0].landmark], np.float32)


def label(pictures: Iterator[tuple[str, Picture]], still: bool) -> dict[str, NDArray[Any]]:
    """Run the mesh over pictures; `still` False follows the face from frame to frame."""
    import mediapipe  # type: ignore[import-not-found,unused-ignore]

    names, meshes = [], []
    options = {"refine_landmarks": True, "max_num_faces": 1, "min_detection_confidence": 0.3}
    with mediapipe.solutions.face_mesh.FaceMesh(static_image_mode=still, **options) as model:
        for name, picture in pictures:
            names.append(name)
            meshes.append(_mesh(model, picture))
    return {"name": np.array(names), "mesh": np.array(meshes, np.float32)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with videos/, frames_yawdd/, fer2013/")
    parser.add_argument("--out", type=Path, required=True, help="folder for the .npz files")
    parser.add_argument("--sources", default="clips,yawdd,fer", help="which, with commas")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    for source in arguments.sources.split(","):
        if source == "clips":
            parts = [
                label(clip_frames(path), still=False) for path in sorted((arguments.data / "videos").glob("*.mp4"))
            ]
            found = {key: np.concatenate([part[key] for part in parts]) for key in parts[0]}
        elif source == "yawdd":
            found = label(yawdd_frames(arguments.data), still=True)
        else:
            found = label(fer_faces(arguments.data), still=True)
        np.savez(arguments.out / f"{source}.npz", **found)
        missing = int(np.isnan(found["mesh"][:, 0, 0]).sum())
        print(f"{source}: {len(found['name'])} pictures, {missing} without a face", flush=True)


if __name__ == "__main__":
    main()
