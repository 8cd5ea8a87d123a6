"""Labels real faces with strong models: MediaPipe's mesh, OpenVINO's head angles (development time only; x86-64).

    python -m faces.teacher --data DATA --out teacher-faces/     # needs mediapipe==0.10.21, openvino, opencv<4.12
    python -m faces.teacher --drawn pictures/ --out teacher-faces/     # the teachers against a known truth

Writes one .npz a source (clips, newclips, yawdd, nodding, webcam, masks, drawn): `name` (n), `box` float32 (n, 4) x y w
h of BlazeFace, `mesh` float32 (n, 478, 3) px (z towards the back), `angles` float32 (n, 3) yaw, pitch, roll in degrees
as OpenVINO gives them. NaN = not found. Sizes are those of the picture after `eyes.pictures.reduce`.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from eyes.pictures import Picture, gray
from faces.sources import shown
from fermon.perception.blazeface import BlazeFace
from lib.exits import DataError, run_and_exit

POINTS = 478
POSE_SIDE_PX = 60
POSE_MARGIN = 0.15  # of the box, on each side: what the head-angle network was trained on holds the whole head


class Teachers:
    """The three models. Raises DataError where one of them cannot be had."""

    def __init__(self, data: Path) -> None:
        try:
            import mediapipe
            import openvino
        except ImportError as error:
            raise DataError(f"{error.name} is not installed here; pip install mediapipe==0.10.21 openvino") from None
        options = {"refine_landmarks": True, "max_num_faces": 1, "min_detection_confidence": 0.3}
        self._mesh = mediapipe.solutions.face_mesh.FaceMesh(static_image_mode=True, **options)
        model = data / "teachers/head-pose-estimation-adas-0001/head-pose-estimation-adas-0001.xml"
        self._pose = openvino.Core().compile_model(str(model), "CPU")
        self._finder = BlazeFace()

    def box(self, picture: Picture) -> NDArray[np.float32]:
        """Return the largest face's box (4), NaN without one."""
        faces = self._finder.search(gray(picture))
        best = max(faces, key=lambda face: face.box.w, default=None)
        return np.full(4, np.nan, np.float32) if best is None else np.array(best.box, np.float32)

    def mesh(self, picture: Picture, box: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the mesh (478, 3) of the face in a box, px; it is looked for about the box alone."""
        nothing = np.full((POINTS, 3), np.nan, np.float32)
        if not np.isfinite(box).all():
            return nothing
        side = 1.2 * float(box[2])
        x0, y0 = max(0, int(box[0] + box[2] / 2 - side)), max(0, int(box[1] + box[3] / 2 - side))
        part = np.ascontiguousarray(picture[y0 : int(y0 + 2 * side), x0 : int(x0 + 2 * side)])
        rgb = cv2.cvtColor(part, cv2.COLOR_GRAY2RGB if part.ndim == 2 else cv2.COLOR_BGR2RGB)
        found = self._mesh.process(rgb).multi_face_landmarks
        if not found:
            return nothing
        height, width = part.shape[:2]
        return np.array([(x0 + p.x * width, y0 + p.y * height, p.z * width) for p in found[0].landmark], np.float32)

    def angles(self, picture: Picture, box: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return yaw, pitch, roll (3) as the network gives them."""
        if not np.isfinite(box).all():
            return np.full(3, np.nan, np.float32)
        side = float(box[2]) * (1 + 2 * POSE_MARGIN)
        middle = float(box[0] + box[2] / 2), float(box[1] + box[3] / 2)
        scale = POSE_SIDE_PX / side
        matrix = np.array(
            [[scale, 0, POSE_SIDE_PX / 2 - scale * middle[0]], [0, scale, POSE_SIDE_PX / 2 - scale * middle[1]]]
        )
        bgr = picture if picture.ndim == 3 else cv2.cvtColor(picture, cv2.COLOR_GRAY2BGR)
        crop = cv2.warpAffine(bgr, matrix, (POSE_SIDE_PX,) * 2, flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REPLICATE)
        found = self._pose(crop.transpose(2, 0, 1)[None].astype(np.float32))
        by_name = {output.get_any_name(): value for output, value in found.items()}
        return np.array([by_name[f"angle_{letter}_fc"].item() for letter in "ypr"], np.float32)


def run(args: argparse.Namespace) -> None:
    args.out.mkdir(parents=True, exist_ok=True)
    teachers = Teachers(args.data)
    for source in ["drawn"] if args.drawn else args.sources.split(","):
        rows: dict[str, list[Any]] = {"name": [], "box": [], "mesh": [], "angles": []}
        for name, picture in shown(source, args.data, args.drawn):
            box = teachers.box(picture)
            rows["name"].append(name)
            rows["box"].append(box)
            rows["mesh"].append(teachers.mesh(picture, box))
            rows["angles"].append(teachers.angles(picture, box))
        arrays: dict[str, Any] = {key: np.array(value) for key, value in rows.items()}
        np.savez(args.out / f"{source}.npz", **arrays)
        found = np.isfinite(np.array(rows["box"])[:, 0]).sum(), np.isfinite(np.array(rows["mesh"])[:, 0, 0]).sum()
        print(f"{source}: {len(rows['name'])} pictures, {found[0]} with a box, {found[1]} with a mesh", flush=True)


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with videos/, frames_yawdd/, teachers/ ...")
    parser.add_argument("--out", type=Path, required=True, help="folder for the .npz files")
    parser.add_argument("--sources", default="nodding,yawdd,webcam,masks,newclips,clips", help="which, with commas")
    parser.add_argument("--drawn", type=Path, help="label drawn pictures (synth.pictures) instead")
    args = parser.parse_args(argv)
    return run_and_exit("faces.teacher", lambda: run(args))


if __name__ == "__main__":
    sys.exit(main())
