"""Draw the simulated driver of `fermon --camera demo`: the clip that is committed.

    PYTHONPATH=.:tools python -m synth.demo                  # writes fermon/cameras/demo/demo.mp4; needs ffmpeg

What the driver does when is `fermon/cameras/demo/script.py`; who, where and in what light is `demo_driver.py`. FFMPEG
names another ffmpeg.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import subprocess
import sys
from pathlib import Path

from fermon.cameras.demo import script
from synth.demo_driver import RATE_HZ, part
from synth.render import NoRenderer

TARGET = Path(script.__file__).with_name("demo.mp4")
CHUNK = 30  # frames that a process draws at a time
MOST_BYTES = 3_000_000


def draw(target: Path, jobs: int) -> int:
    """Draw the clip; return its size in bytes. Raises OSError when ffmpeg is missing or fails."""
    ffmpeg = os.environ.get("FFMPEG", "ffmpeg")
    sent = ["-f", "rawvideo", "-pix_fmt", "gray", "-s", "640x480", "-r", str(RATE_HZ), "-i", "-"]
    kept = ["-c:v", "libx264", "-preset", "veryslow", "-crf", "24", "-pix_fmt", "yuv420p", "-g", "75", "-an"]
    process = subprocess.Popen([ffmpeg, "-y", "-loglevel", "error", *sent, *kept, str(target)], stdin=subprocess.PIPE)
    assert process.stdin is not None
    count = round(script.END_S * RATE_HZ)
    _, gain = part((0, 1, None))  # the exposure stays what it is at first
    work = [(first, min(count, first + CHUNK), gain) for first in range(0, count, CHUNK)]
    os.environ.setdefault("LP_NUM_THREADS", "1")
    with multiprocessing.get_context("spawn").Pool(jobs) as pool:
        for pixels, _ in pool.imap(part, work):
            process.stdin.write(pixels)
    process.stdin.close()
    if process.wait():
        raise OSError(f"{ffmpeg}: ended with {process.returncode}")
    return target.stat().st_size


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=TARGET)
    parser.add_argument("--jobs", type=int, default=1, help="processes, a core each (default 1)")
    arguments = parser.parse_args()
    try:
        size = draw(arguments.out, arguments.jobs)
    except (OSError, NoRenderer) as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{arguments.out}: {size / 1e6:.2f} MB")
    return 0 if size <= MOST_BYTES else 1


if __name__ == "__main__":
    sys.exit(main())
