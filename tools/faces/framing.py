"""Measure how FER2013 frames a face, seen from the face network's box: the numbers behind `expression.FRAMING`.

    python -m faces.framing --data fer2013.csv.xz

Every fourth Training picture is enlarged and put on a larger canvas (its edges repeated and blurred), the face is
found as in the first frame of a clip, and the median box tells which square around a box is FER2013's 48x48 picture.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import cv2
import numpy as np

from expression import fer2013
from fermon.perception.detectors import make_detector
from fermon.perception.face import FaceReader
from fermon.perception.network import open_network
from fermon.perception.tracker import FaceSettings, FaceTracker
from lib.exits import DataError

ZOOM, BORDER = 4, 100


def canvas(picture: np.ndarray) -> np.ndarray:
    """A 48x48 picture enlarged in the middle of a larger one."""
    big = cv2.resize(picture, None, fx=ZOOM, fy=ZOOM, interpolation=cv2.INTER_CUBIC)
    return cv2.copyMakeBorder(big, BORDER, BORDER, BORDER, BORDER, cv2.BORDER_REPLICATE)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--every", type=int, default=8, help="use every so-many-th Training picture")
    args = parser.parse_args()
    try:
        pictures = fer2013.read(args.data, "Training").pictures[:: args.every]
    except DataError as error:
        print(error, file=sys.stderr)
        return 65
    side = fer2013.SIDE_PX * ZOOM
    detector, reader, rows = make_detector("blazeface"), FaceReader(open_network("face")), []
    for picture in pictures:
        face = FaceTracker(detector, reader, FaceSettings()).update(canvas(picture), 0)
        if face is not None:
            box, middle = face.box, BORDER + side / 2
            rows.append(((middle - box.x - box.w / 2) / box.w, (middle - box.y - box.h / 2) / box.w, side / box.w))
    low, median, high = np.percentile(np.array(rows), [10, 50, 90], axis=0)
    print(
        f"found {len(rows)}/{len(pictures)}"
        f"  dx {median[0]:+.3f} ({low[0]:+.3f}..{high[0]:+.3f})"
        f"  dy {median[1]:+.3f} ({low[1]:+.3f}..{high[1]:+.3f})"
        f"  side {median[2]:.3f} ({low[2]:.3f}..{high[2]:.3f})"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
