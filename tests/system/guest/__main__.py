"""Runs the system suite on a guest that is built: python -m tests.system.guest FOLDER ARCHITECTURE [pytest arguments].

Ends with a table and the line "N passed, N failed".
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from tests.system.guest.clips import write_clips

HERE = Path(__file__).parent
ROOT = HERE.parents[2]


class Table:
    """A pytest plugin: what each test did, what it printed, and how long it took."""

    def __init__(self) -> None:
        self.rows: list[tuple[str, str, float, str]] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call" or report.outcome != "passed":
            name = report.nodeid.split("::")[-1].removeprefix("test_").replace("_", " ")
            said = " ".join(report.capstdout.split())
            self.rows.append((name, report.outcome, report.duration, said))
            print(f"{report.outcome:7} {report.duration:6.1f} s  {name}{': ' + said if said else ''}", flush=True)
            if report.failed:
                print(report.longreprtext, flush=True)

    def count(self, outcome: str) -> int:
        return sum(row[1] == outcome for row in self.rows)


def make_disk(folder: Path, wheels: Path) -> Path:
    """Make the guest's second disk: installer, wheels, the bench's programs and clips. Returns the image."""
    payload = folder / "payload"
    payload.mkdir()
    videos = Path(os.environ.get("FERMON_SHARED", ROOT.parent / "shared")) / "data" / "videos"
    print(f"clips: {write_clips(payload / 'clips', videos)}", flush=True)
    for source in (ROOT / "deploy", HERE / "bench"):
        subprocess.run(["cp", "-r", source, payload], check=True)
    subprocess.run(["cp", "-r", wheels, payload / "wheels"], check=True)
    image = folder / "payload.img"
    with image.open("wb") as file:
        file.truncate(800 * 2**20)
    subprocess.run(["mke2fs", "-q", "-F", "-L", "payload", "-d", payload, image], check=True)
    subprocess.run(["rm", "-r", payload], check=True)
    return image


def main() -> int:
    guest, architecture, wheels, *arguments = sys.argv[1:]
    began = time.monotonic()
    table = Table()
    with tempfile.TemporaryDirectory(prefix="fermon-system-") as work:
        os.environ["FERMON_GUEST"] = guest
        os.environ["FERMON_GUEST_ARCHITECTURE"] = architecture
        os.environ["FERMON_GUEST_DISK"] = str(make_disk(Path(work), Path(wheels)))
        timeout_s = 2400 if architecture == "amd64" else 7200  # emulated, on a busy host
        options = ["-q", "--no-header", "-o", f"timeout={timeout_s}", "--tb=short", "-p", "no:terminalreporter"]
        code = pytest.main([*options, str(HERE), *arguments], plugins=[table])
    passed, failed = table.count("passed"), len(table.rows) - table.count("passed")
    print(f"system suite on {architecture}: {time.monotonic() - began:.0f} s")
    print(f"{passed} passed, {failed} failed")
    return 0 if code == 0 and not failed and passed else 1


if __name__ == "__main__":
    sys.exit(main())
