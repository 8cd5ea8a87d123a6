"""Prints how well eyes are read, by people whom the network has not seen.

    python tools/evaluate_eyes.py --data ../shared/data --eyes eyes/ --folds folds/      # from train_eyes.py --folds
    python tools/evaluate_eyes.py --data ../shared/data --model models/eyes.tflite       # kairess, and clips it has seen

Clips go frame by frame through the daemon's tracker, eye reader and baseline; the definitions are clip_score's. With
--folds each clip is read by the network of the fold that left its person out. `--out` writes NAME.csv a clip for the
data set's own scorer, `--worst` a picture of the worst failures.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import cv2
import eye_augment as augment
import eye_teacher
import numpy as np
from clip_score import BUSY, Reading, Score, read_events, score
from eye_data import person
from numpy.typing import NDArray
from train_eyes import DRAW, FOLDS, in_fold

from fermon.domain import NS_PER_S, Eyes
from fermon.perception.baseline import Baseline
from fermon.perception.blazeface import BlazeFace
from fermon.perception.eyes import EyeReader, standardise
from fermon.perception.geometry import EYE_SHAPE, eye_crops
from fermon.perception.runner import Network
from fermon.perception.tracker import FaceSettings, FaceTracker

Array = NDArray[Any]
NOT_SCORED = {"emotion_quiz_grey.mp4"}  # three quarters of it is text slides


def state(network: Network, crop: Array) -> tuple[float, float]:
    """Return (closed, unreadable) of one crop."""
    closed, unreadable = sorted(network.run_gray(standardise(crop)), key=len)[0]
    return float(closed), float(unreadable)


def confusion(name: str, network_of: Any, crops: Array, closed: Array) -> None:
    """Print truth against reading; `network_of(i)` is the network for crop i."""
    table = np.zeros((2, 3), int)
    for i, (crop, truth) in enumerate(zip(crops, closed, strict=True)):
        p, unreadable = state(network_of(i), crop)
        table[int(truth), 2 if unreadable >= 0.5 else int(p >= 0.5)] += 1
    known = table[:, :2].sum()
    right = (table[0, 0] + table[1, 1]) / max(1, known)
    for truth, word in enumerate(("open", "closed")):
        print(
            f"{name:22} truth {word:6} read open {table[truth, 0]:5} closed {table[truth, 1]:5} unreadable {table[truth, 2]:5}"
        )
    print(f"{name:22} right of the readable {right:.1%}")


def evaluate_sets(eyes: Path, networks: list[Network]) -> None:
    """Confusion of each source's held-out patches, cut where the detector saw the eye, by the fold's network."""
    for name in DRAW:
        found = np.load(eyes / f"{name}.npz")
        where = np.flatnonzero(np.isfinite(found["closed"]))
        where = where[:: max(1, len(where) // 3000)]
        group = found["group"][where]
        if name == "clips":
            fold_of = np.array([next(n for n, people in enumerate(FOLDS) if g in people) for g in group])
        else:
            fold_of = np.stack([in_fold(group, n) for n in range(len(FOLDS))]).argmax(0)
        offset = np.clip(np.nan_to_num(found["offset"][where]), -0.3, 0.3)
        crops = [augment.place_crop(found["patch"][i], offset[k], 0.0, 1.0, False) for k, i in enumerate(where)]
        confusion(f"{name} held out", lambda i, f=fold_of: networks[f[i]], np.array(crops), found["closed"][where])


def evaluate_kairess(data: Path, network: Network) -> None:
    """Cross-data test; its crops are tighter than the daemon's: shown enlarged to the fissure's usual size."""
    found = np.load(data / "eyes_kairess_val.npz")
    height, width = EYE_SHAPE
    crops = []
    for picture in found["x"]:
        small = cv2.resize(picture, (round(width * 0.8), round(width * 0.8 * 26 / 34)), interpolation=cv2.INTER_AREA)
        top, left = (height - small.shape[0]) // 2, (width - small.shape[1]) // 2
        edges = (max(0, top), max(0, height - small.shape[0] - top), left, width - small.shape[1] - left)
        crops.append(cv2.copyMakeBorder(small, *edges, borderType=cv2.BORDER_REFLECT_101)[:height, :width])
    confusion("kairess (never seen)", lambda _: network, np.array(crops), 1 - found["y"])


def closed(eyes: Eyes) -> bool | None:
    """The policy's eye state."""
    readable = [p for p in (eyes.left, eyes.right) if p is not None]
    return all(p >= 0.5 for p in readable) if readable else None


def read_clip(path: Path, network: Network, events: Any, worst: list[Any], baseline: bool) -> list[Reading]:
    """Read a clip through tracker, reader and baseline; collect the crops of wrong frames in `worst`."""
    rate = cv2.VideoCapture(str(path)).get(cv2.CAP_PROP_FPS)
    tracker, reader, shaper = FaceTracker(BlazeFace(), FaceSettings()), EyeReader(network), Baseline()
    readings: list[Reading] = []
    for i, (_, picture) in enumerate(eye_teacher.clip_frames(path)):
        gray, t_s = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), i / rate
        face = tracker.update(gray, int(t_s * NS_PER_S))
        eyes = reader.read(gray, face) if face is not None else None
        shaped = shaper.update(int(t_s * NS_PER_S), eyes)
        if not baseline and eyes is not None:
            shaped = eyes
        reading = closed(shaped) if eyes is not None else None
        readings.append((t_s, reading))
        truth_closed = any(e.start_s + 0.1 <= t_s <= e.end_s - 0.1 for e in events if e.label == "eyes_closed")
        truth_open = not any(e.start_s - 0.2 <= t_s <= e.end_s + 0.2 for e in events if e.label in BUSY)
        if face is not None and (truth_closed or truth_open) and reading is not truth_closed:
            for crop, p in zip(eye_crops(gray, face), (shaped.left, shaped.right), strict=True):
                if crop is not None:
                    worst.append((path.stem[-4:], t_s, truth_closed, p, crop))
    return readings


def row(name: str, s: Score) -> str:
    def share(part: int, whole: int) -> str:
        return f"{part / whole:8.1%}" if whole else "       -"

    return (
        f"{name:26}{share(s.closed_hit, s.closed)}{share(s.closed_unknown, s.closed)}{share(s.open_false, s.open)}"
        f"{share(s.open_unknown, s.open)}{s.events_found:5}/{s.events}{s.false_events:6}{s.closed:7}{s.open:6}"
    )


def evaluate_clips(data: Path, network_of: Any, out: Path | None, worst: list[Any], baseline: bool) -> None:
    videos = data / "videos"
    together = Score()
    print(
        f"{'clip':26}{'closed':>8}{'unknown':>8}{'false':>8}{'unknown':>8}{'events':>7}{'false':>6}{'closed':>7}{'open':>6}"
    )
    for name, events in sorted(read_events(videos).items()):
        if name in NOT_SCORED:
            continue
        readings = read_clip(videos / name, network_of(person(name)), events, worst, baseline)
        found = score(readings, events)
        together.add(found)
        print(row(name, found), flush=True)
        if out is not None:
            out.mkdir(parents=True, exist_ok=True)
            lines = ["t_s,closed", *(f"{t:.4f},{'' if c is None else int(c)}" for t, c in readings)]
            (out / f"{Path(name).stem}.csv").write_text("\n".join(lines) + "\n")
    print(row("together", together))


def contact_sheet(worst: list[Any], path: Path, most: int = 400) -> None:
    """Write the crops of wrong frames with clip, time, truth and reading."""
    tiles = []
    for name, t_s, truth, p, crop in worst[:: max(1, len(worst) // most)]:
        tile = cv2.copyMakeBorder(cv2.resize(crop, (96, 64)), 0, 26, 0, 4, cv2.BORDER_CONSTANT, value=255)
        cv2.putText(tile, f"{name} {t_s:.2f}", (0, 75), cv2.FONT_HERSHEY_SIMPLEX, 0.34, 0, 1)
        read = "unknown" if p is None else f"{p:.2f}"
        cv2.putText(tile, f"{'closed' if truth else 'open'} {read}", (0, 87), cv2.FONT_HERSHEY_SIMPLEX, 0.34, 0, 1)
        tiles.append(tile)
    blank = np.full_like(tiles[0], 255) if tiles else None
    columns = 16
    tiles += [blank] * (-len(tiles) % columns)
    rows = [np.hstack(tiles[i : i + columns]) for i in range(0, len(tiles), columns)]
    if rows:
        cv2.imwrite(str(path), np.vstack(rows))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--eyes", type=Path)
    parser.add_argument("--folds", type=Path)
    parser.add_argument("--model", type=Path)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--worst", type=Path, help="PNG of the worst failures")
    parser.add_argument("--no-baseline", action="store_true")
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    if arguments.folds:
        networks = [Network(arguments.folds / f"fold{n}.tflite") for n in range(len(FOLDS))]
        if arguments.eyes:
            evaluate_sets(arguments.eyes, networks)
        fold_of = {name: n for n, people in enumerate(FOLDS) for name in people}

        def network_of(name: str) -> Network:
            return networks[fold_of[name]]

        evaluate_kairess(arguments.data, networks[0])
    else:
        network = Network(arguments.model)

        def network_of(name: str) -> Network:
            return network

        evaluate_kairess(arguments.data, network)
    worst: list[Any] = []
    evaluate_clips(arguments.data, network_of, arguments.out, worst, not arguments.no_baseline)
    if arguments.worst and worst:
        contact_sheet(worst, arguments.worst)


if __name__ == "__main__":
    main()
