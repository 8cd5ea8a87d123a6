"""Prints how well the eye network reads single eyes and driver frames that it has not seen.

    python -m eyes.evaluate --data DATA --eyes eyes/ --folds folds/      # from eyes.train --folds
    python -m eyes.evaluate --data DATA --model models/eyes.tflite       # what it was trained on, too

What DATA holds: eyes/README.md.

Tables: the held-out patches of each source; the drawn ones by lid opening, with the slope that
fermon.perception.baseline needs, and how well lowered lids and the gaze are told; the driver frames, read whole, with
and without dark glasses; frames of the annotated clips under what a cabin does to them (hardship.py); and
eyes_kairess_val, which no network is trained on or chosen by. Clips as they are: tools/evaluate_clips.py.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from eyes import augment, pictures
from eyes.annotations import closed_frame, open_frame, read_events
from eyes.draw import DRAW
from eyes.folds import FOLDS, in_fold, person
from eyes.hardship import HARDSHIPS
from eyes.patches import dark_glasses
from eyes.state import frame_state
from fermon.perception.blazeface import BlazeFace
from fermon.perception.eyes import GAZE_DEG, LOWERED, UNREADABLE, EyeReader, standardise
from fermon.perception.geometry import EYE_SHAPE
from fermon.perception.network import Network
from fermon.policy import PolicySettings
from lib.exits import run_and_exit

POLICY = PolicySettings()
Array = NDArray[Any]


def state(network: Network, crop: Array) -> str:
    """Return "open", "closed" or "unknown" for one crop, as the daemon would."""
    closed, unreadable, _ = sorted(network.run_gray(standardise(crop)), key=len)[0]
    return "unknown" if unreadable >= UNREADABLE else "closed" if closed >= 0.5 else "open"


def table(name: str, counts: Counter[tuple[str, str]]) -> None:
    """Print truth against reading."""
    for truth in sorted({truth for truth, _ in counts}):
        row = {read: counts[truth, read] for read in ("open", "closed", "unknown")}
        print(f"{name:36} {truth:14} of {sum(row.values()):5}: " + "  ".join(f"{k} {n:5}" for k, n in row.items()))


def held_out(eyes: Path, network_for: Callable[[int], Network]) -> None:
    """Each source's patches, cut where the detector saw the eye, by the network of the fold that left them out."""
    for name in (name for name in DRAW if (eyes / f"{name}.npz").exists()):
        file = np.load(eyes / f"{name}.npz")
        found = {key: file[key] for key in ("closed", "group", "offset", "patch")}  # the file unpacks at every access
        where = np.flatnonzero(np.isfinite(found["closed"]))
        where = where[:: max(1, len(where) // 3000)]
        group = found["group"][where]
        if name == "clips":
            folds = np.array([next(n for n, people in enumerate(FOLDS) if g in people) for g in group])
        else:
            folds = np.stack([in_fold(group, n) for n in range(len(FOLDS))]).argmax(0)
        counts: Counter[tuple[str, str]] = Counter()
        for i, fold in zip(where, folds, strict=True):
            offset = np.clip(np.nan_to_num(found["offset"][i]), -0.3, 0.3)
            crop = augment.place_crop(found["patch"][i], offset, 0.0, 1.0, False)
            counts["closed" if found["closed"][i] else "open", state(network_for(int(fold)), crop)] += 1
        table(name, counts)


def drawn_lids(path: Path, network_for: Callable[[int], Network]) -> None:
    """Drawn eyes that their fold left out: read closed by lid opening, log-odds over the opening, lowered, gaze."""
    found = np.load(path)
    group, lids, lowered, gaze = (found[key] for key in ("group", "opening", "lowered", "gaze"))
    folds = np.stack([in_fold(group, n) for n in range(len(FOLDS))]).argmax(0)
    where = np.flatnonzero(np.isfinite(lids))
    said = []
    for i in where:
        crop = augment.place_crop(found["patch"][i], np.zeros(2), 0.0, 1.0, False)
        state, place = sorted(network_for(int(folds[i])).run_gray(standardise(crop)), key=len)
        said.append([*state, place[0], *(place[3:] * GAZE_DEG)])
    closed, _, follows, opening, yaw, pitch = np.array(said).T
    for low, high in ((-0.1, 0.05), (0.05, 0.16), (0.16, 0.26), (0.26, 0.4), (0.4, 0.6), (0.6, 0.8), (0.8, 2.0)):
        here = (lids[where] >= low) & (lids[where] < high)
        if here.any():
            print(
                f"drawn lids {low:5.2f} to {high:4.2f}: of {here.sum():4} closed {100 * (closed[here] >= 0.5).mean():5.1f} %"
            )
    between = (opening > 0.05) & (opening < 0.6)
    odds = np.log(np.clip(closed, 0.002, 0.998) / (1 - np.clip(closed, 0.002, 0.998)))
    print(f"log-odds of closed over the opening: slope {np.polyfit(opening[between], odds[between], 1)[0]:.1f}")
    print(f"opening: mean error {np.abs(opening - lids[where]).mean():.3f}")
    for name, value in (("lowered lids", 1), ("shut or level", 0)):
        here = lowered[where] == value
        print(f"{name}: of {here.sum()} told to be lowered {100 * (follows[here] >= LOWERED).mean():.1f} %")
    error = np.abs(np.stack([yaw, pitch], 1) - gaze[where])
    print("gaze: mean error of yaw, pitch", np.round(np.nanmean(error, 0), 1))


def driver_frames(data: Path, network_for: Callable[[int], Network]) -> None:
    """Whole frames: what both eyes together say, with dark glasses and without. Lids are not annotated there."""
    scenes = pictures.scenes(data)
    detector, readers = BlazeFace(), [EyeReader(network_for(n)) for n in range(len(FOLDS))]
    counts: Counter[tuple[str, str]] = Counter()
    for name, picture in pictures.yawdd_frames(data):
        gray = pictures.gray(picture)
        face = max(detector.search(gray), key=lambda f: f.box.w, default=None)
        if face is None:
            continue
        fold = next(n for n in range(len(FOLDS)) if in_fold(np.array([scenes[name]]), n)[0])
        read = frame_state(readers[fold].read(gray, face), POLICY).value
        counts["dark glasses" if dark_glasses(name, scenes[name]) else "clear", read] += 1
    table("driver frames", counts)


def hardships(videos: Path, network_for: Callable[[int], Network]) -> None:
    """Annotated frames, every 8th closed and every 24th open one, each read under every hardship."""
    detector, readers = BlazeFace(), [EyeReader(network_for(n)) for n in range(len(FOLDS))]
    rng, counts = np.random.default_rng(0), {name: Counter[tuple[str, str]]() for name in HARDSHIPS}
    for clip, events in read_events(videos).items():
        fold = next(n for n, people in enumerate(FOLDS) if person(clip) in people)
        rate = cv2.VideoCapture(str(videos / clip)).get(cv2.CAP_PROP_FPS)
        for index, (_, picture) in enumerate(pictures.clip_frames(videos / clip)):
            closed = closed_frame(index / rate, events)
            if index % (8 if closed else 24) or not (closed or open_frame(index / rate, events)):
                continue
            gray = pictures.gray(picture)
            face = max(detector.search(gray), key=lambda f: f.box.w, default=None)
            if face is None:
                continue
            for name, (_, change) in HARDSHIPS.items():
                counts[name][
                    "closed" if closed else "open",
                    frame_state(readers[fold].read(change(gray, face, rng), face), POLICY).value,
                ] += 1
    for name, (readable, _) in HARDSHIPS.items():
        table(name if readable else f"{name}: should be unknown", counts[name])


def kairess(data: Path, network: Network) -> None:
    """Cross-data test; its crops are tighter than the daemon's: shown reduced to the fissure's usual size."""
    found = np.load(data / "eyes_kairess_val.npz")
    height, width = EYE_SHAPE
    counts: Counter[tuple[str, str]] = Counter()
    for picture, is_open in zip(found["x"], found["y"], strict=True):
        small = cv2.resize(picture, (round(width * 0.8), round(width * 0.8 * 26 / 34)), interpolation=cv2.INTER_AREA)
        top, left = (height - small.shape[0]) // 2, (width - small.shape[1]) // 2
        edges = (max(0, top), max(0, height - small.shape[0] - top), left, width - small.shape[1] - left)
        crop = cv2.copyMakeBorder(small, *edges, borderType=cv2.BORDER_REFLECT_101)[:height, :width]
        counts["open" if is_open else "closed", state(network, crop)] += 1
    table("kairess", counts)


def run(args: argparse.Namespace) -> None:
    cv2.setNumThreads(1)
    if args.folds:
        paths = [args.folds / f"fold{n}.tflite" for n in range(len(FOLDS))]
        networks = [Network(path) for path in paths]
    else:
        networks = [Network(args.model)] * len(FOLDS)
    if args.eyes:
        held_out(args.eyes, networks.__getitem__)
        if (args.eyes / "drawn.npz").exists():
            drawn_lids(args.eyes / "drawn.npz", networks.__getitem__)
    driver_frames(args.data, networks.__getitem__)
    hardships(args.data / "videos", networks.__getitem__)
    kairess(args.data, networks[0])


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--eyes", type=Path, help="what eyes.collect wrote, for the table of patches")
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--folds", type=Path)
    which.add_argument("--model", type=Path)
    args = parser.parse_args(argv)
    return run_and_exit("eyes.evaluate", lambda: run(args))


if __name__ == "__main__":
    sys.exit(main())
