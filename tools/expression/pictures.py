"""Make a file for --data from pictures of your own: a folder for each expression.

    python -m expression.pictures MINE --out mine.csv.xz                # photographs: the face is found and cut
    python -m expression.pictures MINE --test OTHERS --out mine.csv.xz  # other people, to evaluate on
    python tools/train.py --data mine.csv.xz --start models/expression.keras --epochs 10 --run runs/mine

MINE holds folders called angry, disgust, fear, happy, sad, surprise, neutral (not all are needed), each with pictures
of any size and format. The daemon's own detector finds the largest face, and the daemon's own crop is written; a
picture without a face is left out and named. --cut takes the pictures as faces that are cut already. Without --test
every tenth picture of a class becomes PublicTest, which training never reads: the same people then, so its accuracy
flatters.
Exit codes: 0 done, 65 the pictures cannot be used.
"""

from __future__ import annotations

import argparse
import lzma
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from expression.fer2013 import CLASSES, SIDE_PX
from fermon.perception.detectors import make_detector
from fermon.perception.expression import ExpressionReader
from fermon.perception.face import FaceReader
from fermon.perception.network import open_network
from fermon.perception.tracker import FaceSettings, FaceTracker
from lib.exits import DataError, run_and_exit
from lib.images import picture_files, read_gray

Picture = NDArray[np.uint8]
TEST_EVERY = 10  # pictures of a class


def files(folder: Path) -> dict[str, list[Path]]:
    """Return the picture files of each class. Raises DataError for a folder that is no class, or no pictures at all."""
    if not folder.is_dir():
        raise DataError(f"{folder}: no such folder; expected one with the folders {', '.join(CLASSES)}")
    found = {path.name: path for path in sorted(folder.iterdir()) if path.is_dir()}
    if unknown := sorted(set(found) - set(CLASSES)):
        raise DataError(f"{folder}: found the folder {unknown[0]!r}, expected some of {', '.join(CLASSES)}")
    pictures = {name: picture_files(found[name]) for name in CLASSES if name in found}
    if not any(pictures.values()):
        raise DataError(f"{folder}: found no pictures, expected some in {', '.join(CLASSES)}")
    return pictures


def cut_already(gray: Picture) -> Picture | None:
    """Return a picture of a face alone at FER2013's size."""
    return np.asarray(cv2.resize(gray, (SIDE_PX, SIDE_PX), interpolation=cv2.INTER_AREA), np.uint8)


def cutter() -> Callable[[Picture], Picture | None]:
    """Return what finds the largest face of a picture and cuts it as the daemon does; None where there is none."""
    detector, looker = make_detector("auto"), FaceReader(open_network("face"))
    reader = ExpressionReader(open_network("expression"))

    def cut(gray: Picture) -> Picture | None:
        face = FaceTracker(detector, looker, FaceSettings()).update(gray, 0)
        return None if face is None else reader.crop(gray, face)

    return cut


def rows(
    folder: Path, cut: Callable[[Picture], Picture | None], usage: Callable[[int], str], left_out: list[Path]
) -> Iterator[str]:
    """Yield a line of the CSV for each picture; `usage` names the split of a class's nth one."""
    for name, paths in files(folder).items():
        number = 0
        for path in paths:
            gray = read_gray(path)
            face = None if gray is None else cut(gray)
            if face is None:
                left_out.append(path)
                continue
            yield f"{CLASSES.index(name)},{' '.join(map(str, face.ravel()))},{usage(number)}"
            number += 1


def run(args: argparse.Namespace) -> None:
    cut, left_out = cut_already if args.cut else cutter(), list[Path]()

    def split(number: int) -> str:
        last = number % TEST_EVERY == TEST_EVERY - 1
        return "PublicTest" if last and not args.test else "Training"

    lines = list(rows(args.folder, cut, split, left_out))
    if args.test:
        lines += rows(args.test, cut, lambda number: "PublicTest", left_out)
    if not lines:
        raise DataError(f"{args.folder}: found no face in {len(left_out)} pictures; --cut takes them as they are")
    text = "\n".join(("emotion,pixels,Usage", *lines)) + "\n"
    args.out.parent.mkdir(parents=True, exist_ok=True)
    args.out.write_bytes(lzma.compress(text.encode()) if args.out.suffix == ".xz" else text.encode())
    counts = Counter((line.rsplit(",", 1)[1], CLASSES[int(line.split(",", 1)[0])]) for line in lines)
    for usage in ("Training", "PublicTest"):
        print(f"{usage}: " + ", ".join(f"{name} {counts[usage, name]}" for name in CLASSES))
    for path in left_out[:10]:
        print(f"left out, no face found: {path}")
    if len(left_out) > 10:
        print(f"left out: {len(left_out) - 10} more")


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, metavar="MINE")
    parser.add_argument("--out", type=Path, required=True, help="the file to make, .csv or .csv.xz")
    parser.add_argument("--test", type=Path, metavar="OTHERS", help="a second such folder, for PublicTest")
    parser.add_argument("--cut", action="store_true", help="the pictures are faces, cut already")
    args = parser.parse_args(argv)
    return run_and_exit("expression.pictures", lambda: run(args))


if __name__ == "__main__":
    sys.exit(main())
