"""Run the real pipeline over annotated clips and print how well it reads eyes, faces and yawns, and what it alerts.

    python tools/evaluate_clips.py DIR [--folds FOLDS] [--config FILE] [--out FOLDER] [--worst FILE.png] [--json]

DIR holds videos.csv, video_events.csv and the clips, or clips.csv and clip_events.csv: of these only clips that have
events are scored, the others tell their alerts. --out writes NAME.csv (t_s,closed) for each clip, which the data
set's own scorer reads too. The shipped eye network has seen the people of these clips; with --folds (what
`python -m eyes.train --folds FOLDS` wrote) each clip is read by a network that has seen nobody of its fold. Columns:

    face     frames with a face                       closed   closed frames read closed; unknown: not readable
    false    open frames read closed; unknown          events   annotated closures timed right; false: invented ones
    yawns    annotated yawns found, +n: others         alerts   ! = fatigue alert without an annotated closure
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections import Counter
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from eyes.annotations import LISTS, Event, Reading, Score, closed_frame, open_frame, read_events, score
from eyes.contact_sheet import Tile, write_sheet
from eyes.folds import FOLDS, fold_of
from eyes.state import frame_state
from fermon.cameras import CameraSettings, EndOfFrames, open_camera
from fermon.config import Config, load
from fermon.domain import NS_PER_S, Alert, Eyes, EyeState, Frame, Kind, Observation
from fermon.errors import FermonError, ModelError
from fermon.perception.geometry import eye_crops
from fermon.perception.pipeline import Perception
from fermon.policy import Policy, PolicySettings
from lib.exits import DataError

NOT_SCORED = {"emotion_quiz_grey.mp4"}  # three quarters of it is text slides


@dataclass
class Clip:
    """What one clip gave."""

    score: Score
    frames: int = 0
    faces: int = 0
    yawns: int = 0
    yawns_found: int = 0
    yawns_false: int = 0
    false_alerts: int = 0
    alerts: list[str] = field(default_factory=list)
    causes: Counter[str] = field(default_factory=Counter)


def closed(eyes: Eyes | None, settings: PolicySettings) -> bool | None:
    """Whether the policy takes the frame's eyes for closed; None = unknown."""
    state = frame_state(eyes, settings)
    return None if state is EyeState.UNKNOWN else state is EyeState.CLOSED


def run_clip(
    path: Path, events: list[Event], config: Config, worst: list[Tile], scored: bool = True
) -> tuple[Clip, list[Reading]]:
    """Read every frame of a clip; what was read wrong is added to `worst`."""
    camera = open_camera(str(path), CameraSettings(), "max")
    perception, policy = Perception(config.perception), Policy(config.policy)
    clip, readings, yawns = Clip(Score()), [], []
    try:
        while True:
            frame = camera.read(10)
            if frame is None:
                continue
            observation = perception.observe(frame)
            t_s, reading = frame.t_ns / NS_PER_S, closed(observation.eyes, config.policy)
            clip.frames += 1
            clip.faces += observation.face is not None
            if observation.eyes is not None and observation.eyes.cause:
                clip.causes[observation.eyes.cause] += 1
            readings.append((t_s, reading))
            worst += _wrong(path.stem, frame, observation, reading, events)
            before = policy.state.yawns
            for alert in policy.feed(observation):
                _note(clip, alert, events)
            yawns += [t_s] * (policy.state.yawns - before)
    except EndOfFrames:
        pass
    finally:
        camera.close()
    if scored:
        clip.score = score(readings, events)
    _count_yawns(clip, yawns, events)
    return clip, readings


def _note(clip: Clip, alert: Alert, events: list[Event]) -> None:
    """Note an alert; one of fatigue is false when no annotated closure overlaps the time that it tells of."""
    if not alert.active:
        return
    start_s, end_s = alert.since_ns / NS_PER_S, alert.t_ns / NS_PER_S
    shut = any(e.start_s < end_s and start_s < e.end_s for e in events if e.label == "eyes_closed")
    wrong = alert.kind not in (Kind.ANGER, Kind.UNAVAILABLE) and not shut
    clip.false_alerts += wrong
    clip.alerts.append(f"{'!' if wrong else ''}{alert.level.name} {alert.kind.value} {end_s:.1f} s")


def _count_yawns(clip: Clip, yawns: list[float], events: list[Event]) -> None:
    """Count annotated yawns in which one was found, and found ones outside of all."""
    real = [e for e in events if e.label == "yawn"]
    clip.yawns = len(real)
    clip.yawns_found = sum(any(e.start_s <= t <= e.end_s + 0.5 for t in yawns) for e in real)
    clip.yawns_false = sum(not any(e.start_s <= t <= e.end_s + 0.5 for e in real) for t in yawns)


def _wrong(name: str, frame: Frame, found: Observation, reading: bool | None, events: list[Event]) -> list[Tile]:
    """Return both eyes of a frame whose annotation says something else than what was read."""
    t_s = frame.t_ns / NS_PER_S
    truth = True if closed_frame(t_s, events) else False if open_frame(t_s, events) else None
    if truth is None or reading is truth or found.face is None or found.eyes is None:
        return []
    eyes = zip(eye_crops(frame.gray, found.face), (found.eyes.left, found.eyes.right), strict=True)
    said = "closed" if truth else "open"
    return [
        (crop, (f"{name[-4:]} {t_s:.2f}", f"{said} {'unknown' if p is None else f'{p:.2f}'}"))
        for crop, p in eyes
        if crop is not None
    ]


def share(part: int, whole: int) -> str:
    return f"{part / whole:7.1%}" if whole else "      -"


def row(name: str, clip: Clip) -> str:
    s = clip.score
    yawns = f"{clip.yawns_found}/{clip.yawns}" + (f" +{clip.yawns_false}" if clip.yawns_false else "")
    return (
        f"{name:25}{clip.frames:6}{share(clip.faces, clip.frames)}{share(s.closed_hit, s.closed):>8}"
        f"{share(s.closed_unknown, s.closed):>8}{share(s.open_false, s.open):>8}{share(s.open_unknown, s.open):>8}"
        f"{s.events_found:5}/{s.events}{s.false_events:6}  {yawns:7} {', '.join(clip.alerts)}"
    )


def fold_folders(folds: Path, where: Path) -> list[Path]:
    """Make and return a models folder for each fold: networks that have not seen its people.

    Each holds nothing but what `folds` has of it, foldN.tflite for the eyes: the others are then the shipped ones.
    """
    folders = []
    for n in range(len(FOLDS)):
        if not (folds / f"fold{n}.tflite").exists():
            raise ModelError(
                f"{folds}: holds no fold{n}.tflite; make it: python -m eyes.train --eyes ... --folds {folds}"
            )
        folder = where / f"fold{n}"
        folder.mkdir()
        for ending in ("tflite", "json"):
            (folder / f"eyes.{ending}").symlink_to((folds / f"fold{n}.{ending}").resolve())
        folders.append(folder)
    return folders


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--config", type=Path)
    parser.add_argument("--clips", default="", help="only these files, with commas between")
    parser.add_argument("--out", type=Path, help="folder for the readings of each clip")
    parser.add_argument("--folds", type=Path, help="folder of networks that have not seen these people")
    parser.add_argument("--worst", type=Path, help="PNG of the eyes that were read wrong")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    try:
        return evaluate(args)
    except (FermonError, OSError, DataError) as error:
        print(f"evaluate_clips: {error}", file=sys.stderr)
        return 65
    except KeyError as error:
        print(f"evaluate_clips: {args.folder}: a column or a person is missing: {error}", file=sys.stderr)
        return 65


def evaluate(args: argparse.Namespace) -> int:
    """Run the clips asked for and print the table."""
    config, events = load(args.config), read_events(args.folder)
    all_scored = (args.folder / LISTS[0][0]).exists()
    names = args.clips.split(",") if args.clips else sorted(set(events) - NOT_SCORED)
    if unknown := set(names) - set(events):
        raise OSError(f"{args.folder} lists no clip {sorted(unknown)[0]}; it has {', '.join(sorted(events))}")
    together, results = Clip(Score()), {}
    worst: list[Tile] = []
    if not args.json:
        print(f"{'clip':25}{'frames':>6}   face  closed unknown   false unknown events false  yawns   alerts")
    with tempfile.TemporaryDirectory() as temporary:
        folders = fold_folders(args.folds, Path(temporary)) if args.folds else []
        for name in names:
            own = replace(config.perception, models=str(folders[fold_of(name)])) if folders else config.perception
            clip, readings = run_clip(
                args.folder / name,
                events[name],
                replace(config, perception=own),
                worst,
                all_scored or bool(events[name]),
            )
            results[name] = asdict(clip)
            add(together, clip)
            if args.out:
                args.out.mkdir(parents=True, exist_ok=True)
                lines = (f"{t:.4f},{'' if c is None else int(c)}" for t, c in readings)
                (args.out / f"{Path(name).stem}.csv").write_text("\n".join(("t_s,closed", *lines)) + "\n")
            if not args.json:
                print(row(name, clip), flush=True)
    if args.worst and worst:
        write_sheet(worst, args.worst)
    if args.json:
        print(json.dumps({"clips": results, "together": asdict(together)}))
    else:
        print(row("together", together))
        print(f"{together.false_alerts} false fatigue alerts; eyes not readable: {dict(together.causes) or 'never'}")
    return 0


def add(together: Clip, clip: Clip) -> None:
    """Add one clip's counts."""
    together.score.add(clip.score)
    together.causes += clip.causes
    for key in ("frames", "faces", "yawns", "yawns_found", "yawns_false", "false_alerts"):
        setattr(together, key, getattr(together, key) + getattr(clip, key))


if __name__ == "__main__":
    sys.exit(main())
