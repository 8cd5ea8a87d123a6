"""The machine: user and groups, service, temperature and power, disk."""

from __future__ import annotations

import grp
import os
import platform
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from fermon import __version__
from fermon.check import session_problems
from fermon.config import Config
from fermon.doctor.finding import Finding, fault, ok, warning
from fermon.paths import expand

UNIT = "fermon.service"
HOT_C = 80.0  # a Pi begins to throttle
# `vcgencmd get_throttled`: bits 0 to 3 now, 16 to 19 since the start
THROTTLED = {0: "under-voltage", 1: "frequency capped", 2: "throttled", 3: "soft temperature limit"}
LEAST_DISK_MIB = 200


def check_host(config: Config) -> Iterator[Finding]:
    """Yield what the machine says of itself. What it has not (no Pi, no systemd) is left out or told, never a fault."""
    yield ok("machine", f"fermon {__version__}, Python {platform.python_version()}, {platform.machine()}, {_model()}")
    yield _groups(config)
    yield _service()
    yield from _heat(Path("/sys/class/thermal"))
    power = shutil.which("vcgencmd")
    if power:
        yield throttling(_run([power, "get_throttled"]))
    yield from _disk(config)


def _model() -> str:
    try:
        return Path("/proc/device-tree/model").read_text(encoding="utf-8").rstrip("\0\n")
    except OSError:
        return "no Raspberry Pi"


def _run(words: list[str]) -> str:
    try:
        return subprocess.run(words, capture_output=True, text=True, timeout=5, check=False).stdout.strip()
    except (OSError, subprocess.TimeoutExpired):
        return ""


def _groups(config: Config) -> Finding:
    """Whether this user is in the groups that own the configured devices."""
    source = config.camera.source
    needed = {"video"} if source.startswith(("/dev/", "picamera")) or source.isdigit() else set()
    needed |= {"gpio"} if config.outputs.gpio.enabled else set()
    needed |= {"dialout"} if config.outputs.serial.enabled else set()
    if os.geteuid() == 0:
        return ok("machine", "root: may open every device (the service should have a user of its own)")
    mine = {_group_name(number) for number in {*os.getgroups(), os.getegid()}}
    return membership(needed, mine, {group.gr_name for group in grp.getgrall()})


def membership(needed: set[str], mine: set[str], here: set[str]) -> Finding:
    """Judge the groups that are needed, those of this user, and those that there are on this machine."""
    missing = sorted((needed - mine) & here)
    if missing:
        remedy = f"sudo usermod -aG {','.join(missing)} {os.environ.get('USER', '$USER')}, then log in anew"
        return warning("machine", f"this user is not in: {', '.join(missing)}", remedy)
    return ok("machine", f"groups: in {', '.join(sorted(needed & mine)) or 'none needed'}")


def _group_name(number: int) -> str:
    try:
        return grp.getgrgid(number).gr_name
    except KeyError:
        return str(number)


def _service() -> Finding:
    if not Path("/run/systemd/system").is_dir():
        return ok("machine", "systemd does not run here; fermon runs without it")
    return service(_run(["systemctl", "is-active", UNIT]), _run(["systemctl", "is-enabled", UNIT]))


def service(active: str, enabled: str) -> Finding:
    """Judge what `systemctl is-active` and `is-enabled` answered about the unit; "" = nothing."""
    if active == "failed":
        return fault("machine", f"{UNIT} has failed", f"journalctl -u {UNIT} -n 50; then systemctl reset-failed {UNIT}")
    if active == "active":
        return ok("machine", f"{UNIT} is active, {enabled}: it holds the camera; stop it to check the camera here")
    if enabled in ("", "not-found"):
        return ok("machine", f"{UNIT} is not installed")
    return warning("machine", f"{UNIT} is {active or 'unknown'}, {enabled}", f"sudo systemctl enable --now {UNIT}")


def _heat(zones: Path) -> Iterator[Finding]:
    """Yield the hottest of the thermal zones, when there are any."""
    degrees = []
    for zone in zones.glob("thermal_zone*/temp"):
        try:
            degrees.append(int(zone.read_text(encoding="ascii")) / 1000)
        except (OSError, ValueError):
            continue
    if not degrees:
        return
    hottest = max(degrees)
    if hottest >= HOT_C:
        yield warning(
            "machine", f"{hottest:.0f} degrees Celsius, expected below {HOT_C:.0f}", "give it a heat sink or a fan"
        )
    else:
        yield ok("machine", f"{hottest:.0f} degrees Celsius")


def throttling(answer: str) -> Finding:
    """Read what `vcgencmd get_throttled` answered, such as "throttled=0x50005"."""
    try:
        bits = int(answer.partition("=")[2], 16)
    except ValueError:
        return warning(
            "machine", f"vcgencmd get_throttled: found {answer!r}", "run it by hand; the group video may be needed"
        )
    now = [name for bit, name in THROTTLED.items() if bits >> bit & 1]
    past = [name for bit, name in THROTTLED.items() if bits >> (bit + 16) & 1]
    remedy = "a stronger supply and a short, thick cable against under-voltage; a heat sink or a fan against heat"
    if now:
        return fault("machine", f"the Pi is slowed down now: {', '.join(now)}", remedy)
    if past:
        return warning("machine", f"the Pi was slowed down since it started: {', '.join(past)}", remedy)
    return ok("machine", "power and clock: never slowed down since the start")


def _disk(config: Config) -> Iterator[Finding]:
    """Yield whether there is room for what a recording keeps, where it is written: `session.file`, else here."""
    need_mib = max(LEAST_DISK_MIB, config.session.max_mib * (config.session.keep + 1))
    for problem in session_problems(config.session.file):
        yield warning("machine", str(replace(problem, remedy="")), problem.remedy or "name another session.file")
        return
    folder = expand(config.session.file).parent if config.session.file else Path.cwd()
    free_mib = shutil.disk_usage(folder).free / 2**20
    if free_mib < need_mib:
        remedy = "free some, record elsewhere, or lower session.max_mib or session.keep"
        yield warning("machine", f"{free_mib:.0f} MiB free in {folder}, recording may take {need_mib:.0f} MiB", remedy)
    else:
        text = f"{free_mib / 1024:.1f} GiB free in {folder}; recording takes {need_mib:.0f} MiB at most"
        yield ok("machine", text)
