"""Draw a drive: a clip that `fermon --camera drive.mp4` watches, and its truth.

    PYTHONPATH=tools python -m synth.drive microsleep --seed 1 --out drive.mp4
    PYTHONPATH=tools python -m synth.drive --script "60 km/h, awake 10, nod, awake 3" --seed 1 --out drive.mp4
    PYTHONPATH=tools python -m synth.drive --list

Writes drive.jsonl beside the clip: a line of type "drive", then "frame" (the truth of synth.pictures with t_ns) and
"speed" (km/h) in the order of time.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import replace
from pathlib import Path

from synth.drives import DRIVES, segments
from synth.film import setting, write
from synth.light import LIGHTS
from synth.moves import SEGMENTS, Driver, Segment, parse
from synth.people import PEOPLE
from synth.render import NoRenderer, Renderer


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", nargs="?", help="a drive (--list), or a scenario of the policy's tests")
    parser.add_argument("--script", help="segments of your own, in place of a name")
    parser.add_argument("--list", action="store_true", help="print the drives")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--person", type=int, default=0, help=f"0 to {PEOPLE - 1}")
    parser.add_argument("--light", default="overcast", choices=LIGHTS)
    parser.add_argument("--place", default="dash", choices=("dash", "cluster", "pillar", "mirror"))
    parser.add_argument("--passenger", action="store_true")
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    if arguments.list:
        for name, script in DRIVES.items():
            print(f"{name:16} {script}")
        return 0
    if (arguments.name is None) == (arguments.script is None) or arguments.out is None:
        parser.error("a drive's name or --script, and --out")
    try:
        parts = parse(arguments.script) if arguments.script else segments(arguments.name)
        where = setting(
            arguments.seed, arguments.person, arguments.light, arguments.place, passenger=arguments.passenger
        )
        driver = Driver(parts, arguments.seed)
        head = {
            "type": "drive",
            "version": 1,
            "name": arguments.name or arguments.script,
            "seed": arguments.seed,
            "rate_hz": where.rate_hz,
            "segments": [[round(start, 3), part.s, _name(part)] for start, part in driver.timeline()],
        }
        began = time.monotonic()
        count = write(driver, where, arguments.seed, Renderer(), arguments.out, head)
    except (ValueError, OSError, NoRenderer) as error:
        print(error, file=sys.stderr)
        return 1
    took = time.monotonic() - began
    print(
        f"{arguments.out}: {count} frames, {driver.length_s:.1f} s, drawn in {took:.0f} s ({count / took:.1f} a second)"
    )
    return 0


def _name(part: Segment) -> str:
    """Return a segment's word in the language of scripts, "" for one that has none."""
    plain = replace(part, s=1.0, kmh=None)
    return next((name for name, other in SEGMENTS.items() if replace(other, s=1.0, kmh=None) == plain), "")


if __name__ == "__main__":
    sys.exit(main())
