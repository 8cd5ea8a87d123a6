"""Compare the face detectors on still frames of drivers, with YuNet's box as the truth.

    python -m faces.evaluate DIR --yunet yunet.onnx [--detectors auto,haar] [--every N] [--json]

Every JPEG below DIR is shown to a fresh tracker as a camera would show it, `--looks` times over (default 5, a third of
a second at 15 fps). Right: a box with IoU >= 0.4 with YuNet's largest; wrong: a box with less. Frames in which YuNet
finds nothing are left out and counted.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

import cv2
import numpy as np

from eyes.pictures import scenes
from faces.regions import group_of, part
from fermon.errors import ModelError
from fermon.perception.blazeface import overlap
from fermon.perception.detectors import make_detector
from fermon.perception.face import FaceReader
from fermon.perception.network import open_network
from fermon.perception.tracker import FaceSettings, FaceTracker
from fermon.perception.yunet import YuNet


def measure(
    name: str, frames: list[np.ndarray], truth: YuNet, yunet_model: str, looks: int, reader: FaceReader
) -> dict[str, float | str]:
    detector = make_detector(name, yunet_model)
    right_first = right = wrong = unsure = 0
    spent: list[float] = []
    for gray in frames:
        true = max(truth.search(gray), key=lambda f: f.box.w * f.box.h, default=None)
        if true is None:
            unsure += 1
            continue
        tracker, face = FaceTracker(detector, reader, FaceSettings()), None
        for look in range(looks):
            began = time.perf_counter()
            face = tracker.update(gray, look * 66_000_000)
            spent.append(time.perf_counter() - began)
            if face is not None:
                right_first += look == 0 and overlap(face.box, true.box) >= 0.4
                break
        if face is not None:
            good = overlap(face.box, true.box) >= 0.4
            right += good
            wrong += not good
    n = max(1, len(frames) - unsure)
    return {
        "detector": detector.name,
        "frames": n,
        "left_out": unsure,
        "right": round(right / n, 4),
        "right_at_first_look": round(right_first / n, 4),
        "wrong": round(wrong / n, 4),
        "missed": round((n - right - wrong) / n, 4),
        "ms": round(1000 * sum(spent) / max(1, len(spent)), 2),
    }


def wanted(file: Path, folder: Path, parts: str) -> bool:
    """Return whether a picture belongs to the parts that the face network's material is split into; "" = all do."""
    if not parts:
        return True
    source = "yawdd" if folder.name == "frames_yawdd" else "masks"
    name = str(file.relative_to(folder))
    return part(group_of(source, name, scenes(folder.parent))) in parts.split(",")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--yunet", required=True, help="YuNet ONNX file: the truth, and one of the detectors")
    parser.add_argument("--detectors", default="auto,yunet,haar")
    parser.add_argument("--every", type=int, default=1, help="use every so-many-th frame")
    parser.add_argument(
        "--parts", default="", help="measure, choose, train, with commas: of frames_yawdd or faces_masks"
    )
    parser.add_argument("--looks", type=int, default=5)
    parser.add_argument("--models", default="", help="folder with another face network")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    cv2.setNumThreads(1)
    files = [file for file in sorted(args.folder.rglob("*.jpg")) if wanted(file, args.folder, args.parts)][
        :: args.every
    ]
    frames = [g for f in files if (g := cv2.imread(str(f), cv2.IMREAD_GRAYSCALE)) is not None]
    if not frames:
        print(f"{args.folder}: found no JPEG pictures", file=sys.stderr)
        return 65
    try:
        truth, reader = YuNet(Path(args.yunet)), FaceReader(open_network("face", args.models))
        for name in args.detectors.split(","):
            found = measure(name, frames, truth, args.yunet, args.looks, reader)
            print(json.dumps({"asked": name, **found}) if args.json else f"{name:10}{found}", flush=True)
    except ModelError as error:
        print(f"faces.evaluate: {error}", file=sys.stderr)
        return 78
    return 0


if __name__ == "__main__":
    sys.exit(main())
