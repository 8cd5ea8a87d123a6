"""Run the real pipeline over annotated clips and print how well it reads eyes, faces and yawns, and what it alerts.

    python tools/evaluate_clips.py DIR [--config FILE] [--out FOLDER] [--json]

DIR holds videos.csv, video_events.csv and the clips. --out writes NAME.csv (t_s,closed) for each clip, which the data
set's own scorer reads too. Expression and eyes are read with the shipped networks: where clips of DIR were used for
training, this is no figure for unseen people (see models/README.md for leave-one-person-out).
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path

from clip_score import Event, Reading, Score, read_events, score

from fermon.cameras import CameraSettings, EndOfFrames, open_camera
from fermon.config import Config, load
from fermon.domain import NS_PER_S, Eyes
from fermon.errors import FermonError
from fermon.perception.pipeline import Perception
from fermon.policy import Policy

NOT_SCORED = {"emotion_quiz_grey.mp4"}  # three quarters of it is text slides


@dataclass
class Clip:
    """What one clip gave."""

    score: Score
    frames: int = 0
    faces: int = 0
    yawns: int = 0
    alerts: list[str] = field(default_factory=list)
    causes: Counter[str] = field(default_factory=Counter)


def closed(eyes: Eyes | None, threshold: float) -> bool | None:
    """The frame's eye state after the policy's definition: closed when every readable eye is."""
    readable = [p for p in (eyes.left, eyes.right) if p is not None] if eyes is not None else []
    return all(p >= threshold for p in readable) if readable else None


def run_clip(path: Path, events: list[Event], config: Config) -> tuple[Clip, list[Reading]]:
    """Read every frame of a clip."""
    camera = open_camera(str(path), CameraSettings(), "max")
    perception, policy = Perception(config.perception), Policy(config.policy)
    clip, readings = Clip(Score()), []
    try:
        while True:
            frame = camera.read(10)
            if frame is None:
                continue
            observation = perception.observe(frame)
            clip.frames += 1
            clip.faces += observation.face is not None
            if observation.eyes is not None and observation.eyes.cause:
                clip.causes[observation.eyes.cause] += 1
            readings.append((frame.t_ns / NS_PER_S, closed(observation.eyes, config.policy.closed_probability)))
            for alert in policy.feed(observation):
                if alert.active:
                    clip.alerts.append(f"{alert.level.name} {alert.kind.value} {alert.t_ns / NS_PER_S:.1f} s")
    except EndOfFrames:
        pass
    finally:
        camera.close()
    clip.yawns = policy.state.yawns
    clip.score = score(readings, events)
    return clip, readings


def share(part: int, whole: int) -> str:
    return f"{part / whole:6.1%}" if whole else "     -"


def row(name: str, clip: Clip) -> str:
    s = clip.score
    return (
        f"{name:26}{clip.frames:6}{share(clip.faces, clip.frames)}{share(s.closed_hit, s.closed):>9}"
        f"{share(s.closed_unknown, s.closed):>9}{share(s.open_false, s.open):>9}{share(s.open_unknown, s.open):>9}"
        f"{s.events_found:5}/{s.events}{s.false_events:7}{clip.yawns:6}  {', '.join(clip.alerts)}"
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--config", type=Path)
    parser.add_argument("--clips", default="", help="only these files, with commas between")
    parser.add_argument("--out", type=Path, help="folder for the readings of each clip")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    try:
        config, events = load(args.config), read_events(args.folder)
    except (FermonError, OSError, KeyError) as error:
        print(f"evaluate_clips: {error}", file=sys.stderr)
        return 65
    names = args.clips.split(",") if args.clips else sorted(set(events) - NOT_SCORED)
    together, results = Clip(Score()), {}
    if not args.json:
        print(f"{'clip':26}{'frames':>6}  face  closed  unknown    false  unknown events  false yawns  alerts")
    for name in names:
        clip, readings = run_clip(args.folder / name, events[name], config)
        results[name] = asdict(clip)
        together.score.add(clip.score)
        together.frames += clip.frames
        together.faces += clip.faces
        together.yawns += clip.yawns
        together.causes += clip.causes
        if args.out:
            args.out.mkdir(parents=True, exist_ok=True)
            lines = (f"{t:.4f},{'' if c is None else int(c)}" for t, c in readings)
            (args.out / f"{Path(name).stem}.csv").write_text("\n".join(("t_s,closed", *lines)) + "\n")
        if not args.json:
            print(row(name, clip), flush=True)
    if args.json:
        print(json.dumps({"clips": results, "together": asdict(together)}))
    else:
        print(row("together", together))
        print("eyes not readable because:", dict(together.causes) or "-")
    return 0


if __name__ == "__main__":
    sys.exit(main())
