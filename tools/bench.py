"""Measure what a frame costs, stage by stage, on one thread; and what the process costs.

    python tools/bench.py [CLIP ...] [--sizes 640x480,320x240] [--frames 600] [--json]

Without a clip the simulated driver is watched. Frames are decoded and scaled beforehand, so that the figures are the
monitor's own; "capture" is the time to get a frame as grey picture from the source. "track" is finding a face that was
there one frame ago, "search" finding one in the whole picture, "search_empty" finding none. The process is pinned to
one processor. p50_ms and p95_ms are elapsed time; cpu_p50_ms and cpu_p95_ms are processor time, which other work on the
machine changes less. The share of a processor at 15 frames a second counts capture too.

"start" is the time from starting `fermon` in a fresh process to its first observation. Peak resident memory is given
with the libraries read from the disk anew, as after a boot, and as the page cache holds them now (just installed they
count for more, see cost/process.py). Where ./tools/test --all has made the environment of the older runtime, the
stages are measured on that as well.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import platform
import subprocess
import sys
from pathlib import Path
from typing import Any

from cost.frames import run, size_of
from cost.process import forget_cached_libraries, memory_mib, start_s
from fermon.errors import FermonError

OLD_RUNTIME = Path(__file__).resolve().parents[1] / ".venv-tflite/bin/python"
ORDER = ("capture", "quality", "track", "search", "search_empty", "expression", "eyes", "mouth", "policy", "outputs")


def machine() -> str:
    """Processor, system and Python, as far as they can be told."""
    name = platform.processor() or "unknown processor"
    with contextlib.suppress(OSError, StopIteration):
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        name = next(line.split(":", 1)[1].strip() for line in lines if line.startswith(("model name", "Model")))
    system = f"{platform.system()} {platform.release()}, Python {platform.python_version()}"
    return f"{platform.machine()}, {name}, {os.cpu_count()} processors, {system}"


def on_old_runtime(words: list[str]) -> list[dict[str, Any]]:
    """The same runs in the environment of tflite-runtime, where there is one."""
    if not OLD_RUNTIME.exists() or Path(sys.prefix) == OLD_RUNTIME.parents[1]:
        return []
    result = subprocess.run(
        [str(OLD_RUNTIME), __file__, "--stages-only", "--json", *words], capture_output=True, text=True, check=False
    )
    if result.returncode:
        print(f"bench: not measured on the older runtime: {result.stderr[-500:]}", file=sys.stderr)
        return []
    return list(json.loads(result.stdout)["runs"])


def table(figures: dict[str, Any]) -> str:
    lines = [
        f"{figures['source']} {figures['size']}, {figures['frames']} frames, a face in {figures['faces']};"
        f" {figures['detector']}, {figures['runtime']}, one thread",
        f"  {'ms a frame':14}{'p50':>9}{'p95':>9}{'cpu p50':>10}{'cpu p95':>9}{'n':>7}",
    ]
    columns = (("p50_ms", 9), ("p95_ms", 9), ("cpu_p50_ms", 10), ("cpu_p95_ms", 9))
    stages = figures["stages"]
    lines += [
        f"  {name:14}" + "".join(f"{stages[name][key]:{width}.3f}" for key, width in columns) + f"{stages[name]['n']:7}"
        for name in (*ORDER, "total")
        if name in stages
    ]
    lines.append(
        f"  {figures['fps']:.0f} frames a second; {figures['cpu_share_at_15_fps']:.1%} of a processor at 15 a second"
    )
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clips", nargs="*", default=["demo"])
    parser.add_argument("--sizes", "--size", default="640x480,320x240", help="with commas between")
    parser.add_argument("--frames", type=int, default=600, help="at most so many frames of each source")
    parser.add_argument("--stages-only", action="store_true", help="neither memory, start nor the older runtime")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    sizes = [size_of(size) for size in args.sizes.split(",")]
    with contextlib.suppress(OSError):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    try:
        runs = [run(clip, size, args.frames) for clip in args.clips for size in sizes]
    except FermonError as error:
        print(f"bench: {error}", file=sys.stderr)
        return 69
    together: dict[str, Any] = {**runs[0], "runs": runs, "machine": machine()}
    if not args.stages_only:
        runs += on_old_runtime([*args.clips, "--sizes", args.sizes, "--frames", str(args.frames)])
        together["memory_as_cached_mib"] = memory_mib(args.clips[0])
        forget_cached_libraries()
        together["memory_mib"] = memory_mib(args.clips[0])
        together["peak_rss_mib"] = together["memory_mib"]["peak"]
        together["start_to_first_observation_s"], together["start_cpu_s"] = start_s(args.clips[0])
    if args.json:
        print(json.dumps(together))
        return 0
    for figures in runs:
        print(table(figures))
    if not args.stages_only:
        memory, cached = together["memory_mib"], together["memory_as_cached_mib"]
        print(
            f"peak resident memory {memory['peak']} MiB (its own {memory['anonymous']}, files {memory['files']});"
            f" with the page cache as it was {cached['peak']} MiB\n"
            f"start to first observation {together['start_to_first_observation_s']} s"
            f" ({together['start_cpu_s']} s of the processor)"
        )
    print(together["machine"])
    return 0


if __name__ == "__main__":
    sys.exit(main())
