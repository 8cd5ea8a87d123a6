"""Measures a face network, as the daemon runs it, on people it has not learned from.

    python -m faces.measure --material faces.npz --network models/face.tflite [--parts choose]

Each region's crop is cut as a tracker leaves it (a few per cent off), not spoiled. Prints for each source: faces missed
and places without one taken for one at the tracker's thresholds, points' error in per cent of the eyes' distance (of
the front view: the larger of it and 0.43 of the box), angles' mean error and bias within 60 degrees of yaw, and
masks, hands and dark glasses told.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from faces import augment
from faces.crops import Material
from faces.regions import COVERS, UNIT_OF_BOX
from fermon.perception.face import ANGLE_DEG, REST, points_in
from fermon.perception.network import Network
from fermon.perception.tracker import KEEP, TAKE
from lib.exits import run_and_exit

Array = NDArray[Any]
_WIDEST_DEG = 60.0


def answers(network: Network, material: Material, seed: int) -> dict[str, Array]:
    """Return what the network says of a crop of every region, and what is true."""
    rng = np.random.default_rng(seed)
    keys = ("state", "points", "angles", "true_points", "true_angles", "width")
    rows: dict[str, list[Any]] = {key: [] for key in keys}
    for index, face in enumerate(material.arrays["face"]):
        dx, dy, larger = (float(value) for value in rng.normal(0, 0.06, 3))
        place = augment.Place(dx, dy, float(np.exp(larger)), 0.0, False)
        row = {key: value[index] for key, value in material.arrays.items()}
        state, pose, places = sorted(network.run_gray(augment.crop_of(row["region"], place, None)), key=len)
        wanted = augment.targets(place, bool(face), row["box"], row["points"], row["angles"], row["covers"])
        true_pose, true_points = wanted[1:]
        angles = pose[4:] * ANGLE_DEG, true_pose[4:] * ANGLE_DEG
        found = (state, points_in(places).ravel(), angles[0], true_points, angles[1], true_pose[2] + REST[2])
        for key, value in zip(rows, found, strict=True):
            rows[key].append(value)
    return {key: np.array(value) for key, value in rows.items()}


def figures(said: dict[str, Array], face: Array, covers: Array) -> dict[str, Any]:
    """Return one source's figures."""
    state = said["state"]
    out: dict[str, Any] = {"faces": int(face.sum()), "places": int((~face).sum())}
    out["missed_%"] = _share(state[face, 0] < KEEP)
    out["invented_%"] = _share(state[~face, 0] >= KEEP)
    out["invented_at_take_%"] = _share(state[~face, 0] >= TAKE)
    true, points = (said[key][face].reshape(-1, 6, 2) for key in ("true_points", "points"))
    unit = np.maximum(np.hypot(*(true[:, 0] - true[:, 1]).T), UNIT_OF_BOX * said["width"][face])
    off = np.hypot(*(points - true).transpose(2, 0, 1)) / unit[:, None]
    out["points_%"] = [round(100 * float(v), 1) for v in np.nanmean(off, 0)]
    error = (said["angles"] - said["true_angles"])[face]
    error = error[np.abs(said["true_angles"][face, 0]) <= _WIDEST_DEG]
    out["angles_deg"] = [round(float(v), 1) for v in np.nanmean(np.abs(error), 0)]
    out["bias_deg"] = [round(float(v), 1) for v in np.nanmean(error, 0)]
    for column, name in enumerate(COVERS):
        known = face & np.isfinite(covers[:, column])
        with_it, without = known & (covers[:, column] == 1), known & (covers[:, column] == 0)
        told = state[:, column + 1] >= 0.5
        out[name] = {"n": int(with_it.sum()), "told_%": _share(told[with_it]), "invented_%": _share(told[without])}
    return out


def _share(found: Array) -> float | None:
    return round(100 * float(found.mean()), 2) if len(found) else None


def run(args: argparse.Namespace) -> None:
    material = Material(args.material, tuple(args.parts.split(",")), frozenset(filter(None, args.only.split(","))))
    said = answers(Network(args.network), material, args.seed)
    face, covers = material.arrays["face"].astype(bool), material.arrays["covers"]
    for source in dict.fromkeys(material.source):
        chosen = material.source == source
        found = figures({key: value[chosen] for key, value in said.items()}, face[chosen], covers[chosen])
        print(json.dumps({"source": str(source), **found}))


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--material", type=Path, nargs="+", required=True)
    parser.add_argument("--network", type=Path, required=True, help="the .tflite file")
    parser.add_argument("--parts", default="measure", help="measure, choose or train, with commas")
    parser.add_argument("--only", default="", help="these sources alone, with commas")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args(argv)
    return run_and_exit("faces.measure", lambda: run(args))


if __name__ == "__main__":
    sys.exit(main())
