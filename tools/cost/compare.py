"""Compare fermon with what a user would pick instead, over the same clip, each on one processor; print the ratio.

    python -m venv /tmp/peer && /tmp/peer/bin/pip install mediapipe==0.10.21     # or fer==25.10.3
    python -m cost.compare CLIP --peer mediapipe --peer-python /tmp/peer/bin/python [--runs 3] [--json]

The peer's packages are heavy and are no dependencies of fermon: they live in an environment of their own. The two run
in turn, --runs times each, in fresh processes; the median counts. Processor time is the figure to compare on a busy
machine. MediaPipe's face mesh gives points alone: no expression, no eye state, no alerts.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
WORKER = ROOT / "tools" / "cost" / "compare_worker.py"
FIGURES = {
    "cpu_ms_a_frame": "processor time a frame, ms",
    "p50_ms": "elapsed a frame, p50, ms",
    "p95_ms": "elapsed a frame, p95, ms",
    "start_cpu_s": "start to first result, processor time, s",
    "start_s": "start to first result, elapsed, s",
    "peak_mib": "peak resident memory, MiB",
}


def measure(name: str, python: str, clip: Path) -> dict[str, Any]:
    """Run one side once."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "COMPARE_BEGAN": str(time.time())}
    result = subprocess.run(
        [python, str(WORKER), name, str(clip)], capture_output=True, text=True, env=environment, check=False
    )
    if result.returncode:
        raise SystemExit(f"compare: {name} failed with {python}:\n{result.stderr[-1500:]}")
    return dict(json.loads(result.stdout.splitlines()[-1]))


def median(runs: list[dict[str, Any]]) -> dict[str, Any]:
    return {**runs[0], **{key: round(statistics.median(run[key] for run in runs), 3) for key in FIGURES}}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clip", type=Path)
    parser.add_argument("--peer", choices=("mediapipe", "fer"), default="mediapipe")
    parser.add_argument("--peer-python", required=True, help="Python of an environment that has the peer")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    ours, theirs = [], []
    for _ in range(args.runs):
        ours.append(measure("fermon", sys.executable, args.clip))
        theirs.append(measure(args.peer, args.peer_python, args.clip))
    us, peer = median(ours), median(theirs)
    ratios = {key: round(peer[key] / us[key], 2) for key in FIGURES}
    if args.json:
        print(json.dumps({"fermon": us, args.peer: peer, "ratio": ratios, "clip": args.clip.name, "runs": args.runs}))
        return 0
    print(f"{args.clip.name}, {us['frames']} frames, one processor, median of {args.runs} runs")
    for side in (us, peer):
        print(f"  {side['name']}: {side['what']}; a face in {side['faces']}")
    print(f"{'':44}{'fermon':>10}{args.peer:>12}{'ratio':>8}")
    for key, text in FIGURES.items():
        print(f"{text:44}{us[key]:10.3f}{peer[key]:12.3f}{ratios[key]:8.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
