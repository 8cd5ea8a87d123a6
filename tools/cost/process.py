"""What a whole `fermon` process costs: memory and start, each in a fresh process."""

from __future__ import annotations

import os
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

# Memory of a whole run, from inside it: VmHWM, as ru_maxrss would count the parent's before exec.
_RUN = """
import sys
from pathlib import Path
from fermon.cli import main
main(sys.argv[1:])
print(Path('/proc/self/status').read_text(), file=sys.stderr)
"""


def start_s(source: str) -> tuple[float, float]:
    """Seconds from exec to the first recorded observation, elapsed and of the processor: the medians of three."""
    elapsed, cpu = [], []
    for _ in range(3):
        with tempfile.TemporaryDirectory() as folder:
            session = Path(folder) / "s.jsonl"
            used = resource.getrusage(resource.RUSAGE_CHILDREN)
            began = time.monotonic()
            command = [sys.executable, "-m", "fermon", "--camera", source, "--record", str(session)]
            process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            while process.poll() is None and time.monotonic() - began < 60:
                if session.exists() and session.read_bytes().count(b"\n") >= 2:
                    break
                time.sleep(0.005)
            elapsed.append(time.monotonic() - began)
            process.kill()
            process.wait()
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            cpu.append(after.ru_utime + after.ru_stime - used.ru_utime - used.ru_stime)
    return round(statistics.median(elapsed), 3), round(statistics.median(cpu), 3)


def memory_mib(source: str) -> dict[str, float]:
    """Peak resident memory of a whole run, and at its end the part of its own and the part of mapped files, MiB."""
    command = [sys.executable, "-c", _RUN, "--camera", source, "--pace", "max", "--json"]
    result = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False)
    found = dict(re.findall(r"^(VmHWM|RssAnon|RssFile):\s+(\d+) kB", result.stderr, re.MULTILINE))
    return {
        name: round(int(found[key]) / 1024, 1)
        for name, key in (("peak", "VmHWM"), ("anonymous", "RssAnon"), ("files", "RssFile"))
    }


def forget_cached_libraries() -> None:
    """Ask the kernel to read the environment's files from the disk again, as after a boot.

    How much of a library counts as resident hangs on the page cache: just installed, it lies there in large folios,
    which newer kernels (seen: 6.18) map whole at the first touch of any part of them.
    """
    for path in Path(sys.prefix).rglob("*"):
        if not path.is_file() or path.is_symlink():
            continue
        file = os.open(path, os.O_RDONLY)
        try:
            os.fsync(file)
            os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)
        finally:
            os.close(file)
