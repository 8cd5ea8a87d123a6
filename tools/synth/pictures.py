"""Draw single pictures at random, each with its truth.

    PYTHONPATH=tools python -m synth.pictures --people 200 --seed 1 --out pictures/

Writes DIR/NUMBER-SHOT.png (grey) and DIR/truth.jsonl, one line a picture (truth.schema.json), and prints the speed.
People from 900000 on are kept for tools/evaluate_synth.py and are refused.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

EACH = 8  # pictures of a person: the skin is painted once

_renderer: Any = None


def draw_person(job: tuple[int, int, int, Path, bool]) -> list[dict[str, Any]]:
    """Draw all pictures of one person into a folder; return their truth."""
    import cv2

    from synth import scene
    from synth.render import Renderer

    global _renderer
    cv2.setNumThreads(1)
    quick = [cv2.IMWRITE_PNG_FILTER, cv2.IMWRITE_PNG_FILTER_SUB]
    quick += [cv2.IMWRITE_PNG_STRATEGY, cv2.IMWRITE_PNG_STRATEGY_HUFFMAN_ONLY]
    if _renderer is None:
        _renderer = Renderer()
    seed, number, each, folder, empty = job
    found = []
    for shot in range(each):
        drawn, moment, rng = scene.at_random(seed, number, shot)
        if empty:
            drawn, moment = scene.emptied(drawn, moment)
        picture, record, _ = scene.picture(drawn, moment, _renderer, rng)
        assert picture is not None  # it was given a renderer
        name = f"{number:06d}-{shot}.png"
        if not cv2.imwrite(str(folder / name), picture, quick):
            raise OSError(f"{folder / name}: cannot be written")
        found.append({"picture": name, "seed": seed, "shot": shot, **record})
    return found


def draw_all(
    seed: int, numbers: range, each: int, folder: Path, jobs: int, empty: bool = False
) -> Iterator[dict[str, Any]]:
    """Draw `each` pictures of each person; yield their truth in order."""
    work = [(seed, number, each, folder, empty) for number in numbers]
    os.environ.setdefault("LP_NUM_THREADS", "1")  # the software renderer's: one core a process
    if jobs == 1:
        for job in work:
            yield from draw_person(job)
        return
    with multiprocessing.get_context("spawn").Pool(jobs) as pool:
        for records in pool.imap(draw_person, work):
            yield from records


def main() -> int:
    from synth.people import training_numbers
    from synth.render import NoRenderer, Renderer

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--first", type=int, default=0, help="number of the first person")
    parser.add_argument("--each", type=int, default=EACH, help=f"pictures of each person (default {EACH})")
    parser.add_argument("--empty", action="store_true", help="empty seats: nobody is in the picture")
    parser.add_argument("--jobs", type=int, default=1, help="processes, a core each (default 1)")
    arguments = parser.parse_args()
    try:
        numbers = training_numbers(arguments.people, arguments.first)
        if min(arguments.each, arguments.jobs) < 1 or arguments.seed < 0:
            raise ValueError("--each and --jobs: expected 1 or more; --seed: expected 0 or more")
        if arguments.jobs > 1:
            Renderer()  # says at once when there is none
        arguments.out.mkdir(parents=True, exist_ok=True)
        began, count = time.monotonic(), 0
        with (arguments.out / "truth.jsonl").open("w", encoding="utf-8") as file:
            for record in draw_all(
                arguments.seed, numbers, arguments.each, arguments.out, arguments.jobs, arguments.empty
            ):
                file.write(json.dumps(record) + "\n")
                count += 1
    except (ValueError, OSError, NoRenderer) as error:
        print(error, file=sys.stderr)
        return 1
    took = time.monotonic() - began
    print(
        f"{count} pictures of {len(numbers)} people in {took:.0f} s, {arguments.jobs} processes:"
        f" {count / took * 3600:.0f} an hour"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
