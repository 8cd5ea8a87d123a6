"""Count the instructions that each stage of a frame takes: a figure that a busy machine does not change.

    python -m cost.instructions [CLIP] [--size 640x480] [--aarch64 ROOT] [--json]

On this machine's instruction set with valgrind's callgrind; with --aarch64 on a Pi 4's (Cortex-A72), in
qemu-aarch64 with a counting plugin, in the folder that tools/cost/aarch64_root makes. OpenCV and the network runtime
choose their code by the processor's features, so counts from different features are no comparison: those that the run
had are printed. Valgrind hides AVX-512: where a real run uses it, its counts are lower.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from cost.frames import frames_of, size_of
from cost.second import A_SECOND
from fermon.errors import FermonError

ROOT = Path(__file__).resolve().parents[2]
REPEATS = 20


def with_callgrind(words: list[str], environment: dict[str, str]) -> tuple[list[int], str]:
    """Run Python under valgrind; return the instructions between one getppid() and the next, and standard output."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "parts"
        front = ["valgrind", "--tool=callgrind", "--dump-before=getppid", f"--callgrind-out-file={out}"]
        text = run([*front, sys.executable, *words], environment).stdout
        parts = sorted(Path(folder).glob("parts.*"), key=lambda part: int(part.suffix[1:]))
        return [int(re.findall(r"^(?:summary|totals): (\d+)", part.read_text(), re.M)[-1]) for part in parts], text


def with_qemu(words: list[str], environment: dict[str, str], folder: Path) -> tuple[list[int], str]:
    """Run aarch64 Python on a Cortex-A72; return what `with_callgrind` returns."""
    environment = {**environment, "PYTHONPATH": f"{folder / 'site'}:{ROOT}:{ROOT / 'tools'}"}
    root = folder / "root"
    front = ["qemu-aarch64", "-cpu", "cortex-a72", "-L", str(root), "-plugin", str(folder / "insncount.so")]
    result = run([*front, str(root / "usr/bin/python3.11"), *words], environment)
    totals = [int(n) for n in re.findall(r"instructions: (\d+)", result.stderr)]
    return [after - before for before, after in pairwise([0, *totals])], result.stdout


def run(words: list[str], environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    try:
        result = subprocess.run(words, capture_output=True, text=True, env=environment, check=False)
    except FileNotFoundError:
        raise SystemExit(
            f"cost.instructions: no {words[0]}: apt install {words[0].replace('aarch64', 'user')}"
        ) from None
    if result.returncode:
        raise SystemExit(f"cost.instructions: {words[0]} failed:\n{result.stderr[-2000:]}")
    return result


def count(frame: Path, aarch64: Path | None) -> dict[str, Any]:
    """Count every stage and a whole second of frames; millions of instructions."""
    environment = {**os.environ, "PYTHONHASHSEED": "0", "OPENBLAS_NUM_THREADS": "1"}
    words = [str(ROOT / "tools/cost/workload.py"), str(REPEATS), str(frame)]
    counts, text = with_qemu(words, environment, aarch64) if aarch64 else with_callgrind(words, environment)
    facts = json.loads(text)
    # Parts: before the first mark, then in turn one with the repeats and one with the warm-up of the next stage.
    repeats = facts.pop("repeats")
    millions = {name: round(counts[1 + 2 * k] / n / 1e6, 3) for k, (name, n) in enumerate(repeats.items())}
    second = millions.pop("second")
    return {
        "counter": "qemu-aarch64 -cpu cortex-a72" if aarch64 else "valgrind callgrind",
        **facts,
        "millions": millions,
        "millions_a_second_at_15_fps": second,
        "millions_a_second_from_stages": round(sum(millions[name] * rate for name, rate in A_SECOND.items()), 1),
        "start_millions": round(counts[0] / 1e6, 1),
    }


def table(figures: dict[str, Any]) -> str:
    head = (
        f"{figures['counter']}, {figures['machine']}, {figures['size']}, {figures['runtime']}, OpenCV"
        f" {figures['opencv']} ({figures['opencv_cpu']}), Python {figures['python']}"
    )
    rows = [f"  {name:12}{millions:10.3f} M instructions" for name, millions in figures["millions"].items()]
    second = figures["millions_a_second_at_15_fps"]
    rows.append(f"  a second of frames at 15 fps: {second:.1f} M, {second / 15:.2f} M a frame")
    return "\n".join([head, *rows])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clip", nargs="?", default="demo")
    parser.add_argument("--size", type=size_of, default="640x480")
    parser.add_argument("--frame", type=int, default=30, help="number of the frame that is taken")
    parser.add_argument("--aarch64", type=Path, metavar="ROOT")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        frame = Path(folder) / "frame.npy"
        try:
            np.save(frame, frames_of(args.clip, args.size, args.frame + 1)[-1].gray)
        except FermonError as error:
            print(f"cost.instructions: {error}", file=sys.stderr)
            return 69
        figures = count(frame, args.aarch64)
    print(json.dumps(figures) if args.json else table(figures))
    return 0


if __name__ == "__main__":
    sys.exit(main())
