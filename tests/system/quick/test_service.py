"""The quick system suite: the installer into a folder, and what it installed as a service. ./tools/system-test --quick

The tests build on each other, in their order. What only hardware, a boot or a whole machine can show is in ../guest.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.system.quick.conftest import Installed, Manager, install, until

UNIT = "etc/systemd/system/fermon.service"


def unit_of(installed: Installed) -> str:
    """Return the unit's text with /opt/fermon where it lies here."""
    return (installed.root / UNIT).read_text().replace("/opt/fermon", f"{installed.root}/opt/fermon")


def test_the_installer_runs_nothing_of_the_current_folder(installed: Installed) -> None:
    assert not installed.ran.exists(), f"imported from the current folder: {installed.ran.read_text()}"


def test_exactly_the_releases_that_the_constraints_name_are_installed(installed: Installed) -> None:
    python = installed.root / "opt/fermon/bin/python"
    words = [python, "-I", "-m", "pip", "--disable-pip-version-check", "list", "--local", "--format", "freeze"]
    listed = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    found = set(listed.lower().replace("_", "-").replace("backports.", "backports-").split())
    version = next((installed.root / "opt/fermon/lib").glob("python3.*")).name.removeprefix("python")
    constraints = (ROOT / "deploy" / f"constraints-{version}.txt").read_text()
    pinned = set(re.findall(r"^([a-z0-9-]+==[\w.]+) ", constraints, re.MULTILINE))
    assert len(pinned) > 15
    assert pinned <= found
    assert {entry.partition("==")[0] for entry in found - pinned} == {"fermon", "pip"}


def test_the_installed_command_runs(installed: Installed) -> None:
    words = [
        installed.root / "usr/local/bin/fermon",
        "--check-config",
        "--config",
        installed.root / "etc/fermon/fermon.toml",
    ]
    done = subprocess.run(words, capture_output=True, text=True, check=True, cwd="/")
    assert "the configuration is good" in done.stdout


def test_the_side_of_the_driver_stands_in_the_configuration(installed: Installed) -> None:
    assert '\ndriver = "right"' in (installed.root / "etc/fermon/fermon.toml").read_text()


def test_the_unit_is_sound(installed: Installed, tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("needs systemd-analyze")
    unit = tmp_path / "fermon.service"
    unit.write_text(unit_of(installed))
    done = subprocess.run(["systemd-analyze", "verify", unit], capture_output=True, text=True, check=False)
    assert done.stdout + done.stderr == ""
    assert (installed.root / "etc/systemd/system/multi-user.target.wants/fermon.service").is_symlink(), "enabled"


def test_the_rule_is_sound(installed: Installed) -> None:
    if "verify" not in subprocess.run("udevadm --help || true", shell=True, capture_output=True, text=True).stdout:
        pytest.skip("needs `udevadm verify` (systemd 254)")
    rules = installed.root / "etc/udev/rules.d/70-fermon.rules"
    done = subprocess.run(["udevadm", "verify", rules], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_units_command_tells_a_manager_how_it_goes(installed: Installed, tmp_path: Path) -> None:
    (command,) = re.findall("^ExecStart=(.+)$", unit_of(installed), re.MULTILINE)
    command = command.replace(" /etc/", f" {installed.root}/etc/")
    address = str(tmp_path / "notify")
    environment = {**os.environ, "NOTIFY_SOCKET": address, "WATCHDOG_USEC": "400000"}
    heard: list[str] = []
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(address)
        listening.settimeout(60)
        process = subprocess.Popen(command.split(), env=environment, cwd="/", stderr=subprocess.PIPE, text=True)
        while heard.count("WATCHDOG=1") < 3 or not any(line.startswith("STATUS=alert;") for line in heard):
            heard.append(listening.recv(4096).decode())
        process.send_signal(signal.SIGTERM)
        _, journal = process.communicate(timeout=60)
        while heard[-1] != "STOPPING=1":
            heard.append(listening.recv(4096).decode())
    assert process.returncode == 0, journal
    assert heard.index("READY=1") < heard.index("WATCHDOG=1")
    assert {line.partition("=")[0] for line in heard} == {"READY", "STATUS", "WATCHDOG", "STOPPING"}
    assert re.search("^<6>[0-9]+ frames in ", journal, re.MULTILINE)


def test_what_silences_the_lines_after_the_end_runs(installed: Installed) -> None:
    (command,) = re.findall("^ExecStopPost=-(.+)$", unit_of(installed), re.MULTILINE)
    command = command.replace(" /etc/", f" {installed.root}/etc/")
    assert subprocess.run(command.split(), cwd="/", capture_output=True, check=True).stderr == b""


def test_a_systemd_starts_it_in_its_sandbox(manager: Manager) -> None:
    manager.run("systemctl", "start", "fermon")
    assert manager.show("ActiveState", "Result", "User") == ["active", "success", "fermon"], manager.journal()
    until(lambda: manager.show("StatusText")[0].startswith("alert;"), "a status line")


def test_a_hung_process_is_ended_by_the_watchdog_and_started_again(manager: Manager) -> None:
    manager.run("systemctl", "restart", "fermon")  # the demo ends after 76 s, and would be started again by itself
    (before,) = manager.show("MainPID")
    manager.run("kill", "-STOP", before)
    until(lambda: "Watchdog timeout" in manager.journal(), "the watchdog")
    until(lambda: manager.show("NRestarts", "ActiveState") == ["1", "active"], "a restart")
    assert manager.show("MainPID") != [before]
    journal = manager.journal()
    assert re.search(r'File ".*/fermon/daemon.py", line \d+ in run', journal), "where it hung"


def test_a_stop_is_clean(manager: Manager) -> None:
    manager.run("systemctl", "stop", "fermon")
    assert manager.show("ActiveState", "Result", "ExecMainStatus") == ["inactive", "success", "0"]
    assert re.search(r"^\d+ frames in ", manager.journal(), re.MULTILINE)


def test_a_broken_configuration_is_not_tried_again(manager: Manager) -> None:
    manager.run("sed", "-i", "s/^source/sauce/", "/etc/fermon/fermon.toml")
    manager.run("systemctl", "start", "fermon")
    assert manager.show("ActiveState", "ExecMainStatus", "NRestarts") == ["failed", "78", "0"]
    assert "sauce" in manager.journal()


def test_an_update_keeps_the_configuration(installed: Installed) -> None:
    before = (installed.root / "etc/fermon/fermon.toml").read_text()
    assert "is kept" in install(installed.root)
    assert (installed.root / "etc/fermon/fermon.toml").read_text() == before


def test_a_wheel_that_is_not_the_one_named_is_not_installed(installed: Installed, tmp_path: Path) -> None:
    wheels = tmp_path / "wheels"
    shutil.copytree(os.environ["FERMON_WHEELS"], wheels)
    (changed,) = wheels.glob("pyserial-*.whl")
    changed.write_bytes(changed.read_bytes() + b"\0")
    command = [ROOT / "deploy/install.sh", "--root", tmp_path / "root", "--wheels", wheels]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "DO NOT MATCH THE HASHES" in done.stderr
    assert not (tmp_path / "root" / UNIT).exists()


def test_uninstalling_leaves_only_what_is_the_users(installed: Installed) -> None:
    def left() -> list[str]:
        return sorted(str(path.relative_to(installed.root)) for path in installed.root.rglob("*") if not path.is_dir())

    install(installed.root, "--uninstall")
    assert left() == ["etc/fermon/fermon.toml"]
    install(installed.root, "--uninstall", "--purge")
    assert left() == []
