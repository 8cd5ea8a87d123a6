"""Fit the teachers' head angles and BlazeFace's boxes to drawn heads: the figures of faces/angles.py.

python -m faces.fit_angles --drawn pictures/ --teacher teacher-faces/
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from faces.angles import of_mesh_raw
from faces.regions import POINTS
from lib.truths import truths

Array = NDArray[Any]


def line(x: Array, y: Array) -> tuple[float, float]:
    """Return slope and offset of y over x; points far off are left out after a first fit."""
    keep = np.isfinite(x) & np.isfinite(y)
    for _ in range(4):
        slope, offset = np.polyfit(x[keep], y[keep], 1)
        error = np.abs(slope * x + offset - y)
        keep = np.isfinite(error) & (error < max(6.0, 2.5 * float(np.median(error[keep]))))
    return round(float(slope), 3), round(float(offset), 2)


def _rounded(values: Array) -> tuple[float, ...]:
    return tuple(round(float(value), 3) for value in values)


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--drawn", type=Path, required=True)
    parser.add_argument("--teacher", type=Path, required=True)
    args = parser.parse_args(argv)
    labels = np.load(args.teacher / "drawn.npz")
    truth = {row["picture"]: row for row in truths(args.drawn)}
    rows = [truth[str(name)] for name in labels["name"]]
    head = np.array([row["face"]["head"] for row in rows])
    points = np.array([[row["face"]["points"][name] for name in POINTS] for row in rows])
    box = labels["box"].astype(float)
    box[:, :2] += box[:, 2:] / 2
    near = np.abs(box[:, :2] - points.mean(1)).max(1) < 0.35 * box[:, 2]
    mesh = np.array(
        [of_mesh_raw(m.astype(float)) if np.isfinite(m).all() else np.full(3, np.nan) for m in labels["mesh"]]
    )
    wide = np.abs(head[:, 0]) <= 60
    for name, found in (("MESH", mesh), ("OPENVINO", labels["angles"].astype(float))):
        found = np.where((near & wide)[:, None], found, np.nan)
        fits = [line(found[:, axis], head[:, axis]) for axis in range(3)]
        print(f"{name} = {tuple(fits)}")
        for axis, (slope, offset) in enumerate(fits):
            error = np.abs(found[:, axis] * slope + offset - head[:, axis])
            error = error[np.isfinite(error)]
            name = ("yaw", "pitch", "roll")[axis]
            print(f"  {name}: n {len(error)}, mean {error.mean():.1f}, median {np.median(error):.1f}")
    sure = near & np.isfinite(box[:, 0])
    eyes, mouth = points[:, :2].mean(1), points[:, 3:5].mean(1)
    across = np.hypot(*(points[:, 1] - points[:, 0]).T)
    down = np.hypot(*(mouth - eyes).T)
    chin = np.hypot(*(points[:, 5] - eyes).T)
    columns = np.stack([np.maximum(across, 0.9 * down), down, chin], 1)
    width = np.linalg.lstsq(columns[sure], box[sure, 2], rcond=None)[0]
    off = np.abs(columns[sure] @ width / box[sure, 2] - 1).mean()
    print(f"BOX_WIDTH = {_rounded(width)}  # mean error {off:.3f} of it, {sure.sum()} faces")
    a = np.stack([(mouth - eyes)[sure].ravel(), (points[:, 2] - (eyes + mouth) / 2)[sure].ravel()], 1)
    centre = np.linalg.lstsq(a, (box[:, :2] - eyes)[sure].ravel(), rcond=None)[0]
    apart = np.hypot(*((box[:, :2] - eyes)[sure] - (a @ centre).reshape(-1, 2)).T) / box[sure, 2]
    print(f"BOX_CENTRE = {_rounded(centre)}  # mean error {apart.mean():.3f} of the width")
    return 0


if __name__ == "__main__":
    sys.exit(main())
