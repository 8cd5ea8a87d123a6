"""Labels faces with a strong landmark model: MediaPipe's attention mesh (development time only; x86-64).

    python -m eyes.teacher --data DATA --out teacher/      # needs mediapipe==0.10.21, opencv-python-headless

Writes one .npz a source (clips, yawdd, fer): `name` (n), `mesh` float32 (n, 478, 2) in px of the picture, NaN where no
face was found. FER2013's 48x48 faces are enlarged four times and given a border first; `mesh` is in px of that picture,
which `pictures.fer_picture` makes. The mesh is much better at lids than at stills of one person's open level: see patches.py.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from eyes import pictures
from eyes.pictures import Picture
from lib.exits import DataError, run_and_exit

POINTS = 478  # the mesh with irises


def _mesh(model: Any, picture: Picture) -> NDArray[np.float32]:
    height, width = picture.shape[:2]
    rgb = cv2.cvtColor(picture, cv2.COLOR_GRAY2RGB if picture.ndim == 2 else cv2.COLOR_BGR2RGB)
    faces = model.process(rgb).multi_face_landmarks
    if not faces:
        return np.full((POINTS, 2), np.nan, np.float32)
    return np.array([(p.x * width, p.y * height) for p in faces[0].landmark], np.float32)


def label(shown: Iterator[tuple[str, Picture]], still: bool) -> dict[str, NDArray[Any]]:
    """Run the mesh over pictures; `still` False follows the face from frame to frame. Raises DataError."""
    try:
        import mediapipe
    except ImportError:
        raise DataError("MediaPipe is not installed here; pip install mediapipe==0.10.21 (x86-64)") from None

    names, meshes = [], []
    options = {"refine_landmarks": True, "max_num_faces": 1, "min_detection_confidence": 0.3}
    with mediapipe.solutions.face_mesh.FaceMesh(static_image_mode=still, **options) as model:
        for name, picture in shown:
            names.append(name)
            meshes.append(_mesh(model, picture))
    return {"name": np.array(names), "mesh": np.array(meshes, np.float32)}


def run(args: argparse.Namespace) -> None:
    args.out.mkdir(parents=True, exist_ok=True)
    for source in args.sources.split(","):
        if source == "clips":
            paths = sorted((args.data / "videos").glob("*.mp4"))
            parts = [label(pictures.clip_frames(path), still=False) for path in paths]
            found: dict[str, Any] = {key: np.concatenate([part[key] for part in parts]) for key in parts[0]}
        elif source == "yawdd":
            found = label(pictures.yawdd_frames(args.data), still=True)
        else:
            found = label(pictures.fer_faces(args.data), still=True)
        np.savez(args.out / f"{source}.npz", **found)
        missing = int(np.isnan(found["mesh"][:, 0, 0]).sum())
        print(f"{source}: {len(found['name'])} pictures, {missing} without a face", flush=True)


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with videos/, frames_yawdd/, fer2013/")
    parser.add_argument("--out", type=Path, required=True, help="folder for the .npz files")
    parser.add_argument("--sources", default="clips,yawdd,fer", help="which, with commas")
    args = parser.parse_args(argv)
    return run_and_exit("eyes.teacher", lambda: run(args))


if __name__ == "__main__":
    sys.exit(main())
