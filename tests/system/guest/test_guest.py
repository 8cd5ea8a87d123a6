"""fermon on a Debian with real systemd: installed by its own installer, watched from outside, mistreated.

The tests build on each other, in their order: what the first one installs the others use. A test that changes something
else puts it right at its beginning or its end.
"""

from __future__ import annotations

import os
import re
import time

import pytest

from tests.system.guest.bench import PATIENCE_S, Bench
from tests.system.guest.machine import Guest

if "FERMON_GUEST" not in os.environ:
    pytest.skip("needs the guest: ./tools/system-test", allow_module_level=True)

INSTALL = "/payload/deploy/install.sh --wheels /payload/wheels"
INSTALL_S = 1500.0


def test_a_dry_run_changes_nothing(guest: Guest) -> None:
    before = guest.check("ls -R /etc /opt /usr/local | sha256sum")
    output = guest.check(f"{INSTALL} --dry-run")
    assert "systemctl restart fermon.service" in output
    assert guest.check("ls -R /etc /opt /usr/local | sha256sum") == before


def test_the_installer_installs_and_starts(guest: Guest) -> None:
    output = guest.check(INSTALL, INSTALL_S)
    assert "active. See" in output
    assert guest.check("systemctl is-enabled fermon").strip() == "enabled"
    assert re.search(r"numpy 1\.26", output), "Debian 12 keeps NumPy 1, for apt's picamera2"
    assert guest.check("id -nG fermon").split() == ["fermon"], "rights to devices belong to the unit alone"


def test_an_update_keeps_the_configuration(bench: Bench) -> None:
    bench.configure()
    output = bench.guest.check(INSTALL, INSTALL_S)
    assert "fermon.toml is kept" in output
    assert bench.guest.check("cat /etc/fermon/fermon.toml").strip() == bench.config.strip()
    bench.until_active()


def test_the_unit_is_sound(guest: Guest) -> None:
    assert guest.check("systemd-analyze verify /etc/systemd/system/fermon.service") == ""
    table = guest.check("systemd-analyze security --no-pager fermon.service")
    found = re.search(r"exposure level for fermon.service: ([\d.]+)", table)
    assert found
    print(f"exposure level {found[1]}")
    assert float(found[1]) <= 2.0


def test_it_comes_up_by_itself_with_the_next_boot(bench: Bench) -> None:
    bench.guest.reboot()
    bench.until_active()
    mark = bench.mark()
    bench.until_can(mark, lambda state: state["Mode"] == "monitoring" and state["State"] == "alert", "awake and seen")
    bench.until_uart(mark, lambda fields: fields[2] == "1" and fields[4] == "0", "awake and seen")
    bench.until_lines(mark, "lamp", 3)
    started = int(bench.show("ExecMainStartTimestampMonotonic"))
    ready = int(bench.show("ActiveEnterTimestampMonotonic"))
    print(f"boot {bench.guest.boot_s:.1f} s; from the start of the process to the first observation")
    print(f"{(ready - started) / 1e6:.2f} s")


def test_the_command_by_hand_on_the_same_node(bench: Bench) -> None:
    bench.guest.check("systemctl stop fermon")
    bench.scene("play awake")
    output = bench.guest.run(
        "cd /tmp; timeout -s INT 15 fermon --camera /dev/video10 --record /tmp/hand.jsonl; fermon replay hand.jsonl",
        200,
    ).output
    seen = re.search(r"(\d+) frames in [\d.]+ s \(([\d.]+) fps\); face in (\d+)%", output)
    assert seen, output
    print(seen[0])
    assert int(seen[1]) > 20
    assert int(seen[3]) > 80
    assert "alert lines" in output


def test_a_drowsy_driver_on_lines_bus_and_uart(bench: Bench) -> None:
    mark = bench.fresh("play drowsy")
    bench.until_journal(mark, "WARNING  MICROSLEEP  eyes closed 1[.]")
    bench.until_can(mark, lambda state: state["State"] == "microsleep" and state["Level"] == "warning", "microsleep")
    bench.until_uart(mark, lambda fields: fields[2] == "3" and fields[7] == "2", "microsleep, level 2")
    bench.until_lines(mark, "buzzer", 2)


def test_an_angry_driver_on_lines_bus_and_uart(bench: Bench) -> None:
    mark = bench.fresh("play angry")
    bench.until_journal(mark, "NOTICE  ANGER  angry expression")
    bench.until_can(mark, lambda state: state["ExpressionAlert"] == "active", "expression alert")
    bench.until_uart(mark, lambda fields: fields[3] == "1", "expression alert")
    bench.until_lines(mark, "buzzer", 1)


@pytest.mark.parametrize(("signal", "reason"), [("STOP", "Watchdog timeout"), ("KILL", "code=killed, status=9/KILL")])
def test_a_hung_or_killed_process_is_restarted_and_the_buzzer_does_not_stay_on(
    bench: Bench, signal: str, reason: str
) -> None:
    mark = bench.fresh("play drowsy")
    pid = bench.show("MainPID")
    value = bench.guest.check(
        f"end=$((SECONDS + {int(PATIENCE_S)})); "
        "until [ $(cat /run/bench/gpio/sim_gpio18/value) = 1 ]; do [ $SECONDS -lt $end ] || exit 1; sleep 0.02; done; "
        f"kill -{signal} {pid}; cat /run/bench/gpio/sim_gpio18/value",
        PATIENCE_S + 60,
    )
    if signal == "STOP":
        assert value.strip() == "1", "the line stays as the hung process left it"
    bench.scene("play awake")
    bench.until_journal(mark, re.escape(reason))
    bench.guest.until(f"[ $(systemctl show -P MainPID fermon) -ne {pid} ]", PATIENCE_S)
    bench.until_active()
    assert bench.show("NRestarts") != "0"
    later = bench.mark()
    bench.until_can(later, lambda state: state["Mode"] == "monitoring", "the driver is seen again")
    bench.guest.until("[ $(cat /run/bench/gpio/sim_gpio18/value) = 0 ]", PATIENCE_S, "the buzzer is silent")
    off = [t for t, name, value in bench.lines(mark) if name == "buzzer" and value == 0]
    assert off, "the buzzer was switched off"


def test_a_camera_unplugged_and_back(bench: Bench) -> None:
    mark = bench.fresh()
    bench.guest.check("systemctl stop bench-camera")
    bench.guest.until("modprobe -r v4l2loopback 2>/dev/null", PATIENCE_S, "the driver is let go")
    assert bench.guest.run("ls /dev/video10").code != 0
    bench.until_can(mark, lambda state: state["Visibility"] == "lost" and state["Unavailable"] == "active", "lost")
    bench.until_journal(mark, "NOTICE  UNAVAILABLE  cannot see the driver: lost")
    bench.until_uart(mark, lambda fields: fields[4] == "5" and fields[7] == "1", "camera lost")
    assert bench.show("NRestarts") == "0"
    again = bench.mark()
    bench.guest.check("systemctl restart bench && systemctl start bench-camera")
    bench.until_journal(again, "camera back")
    bench.until_journal(again, "cleared  UNAVAILABLE")
    bench.until_can(again, lambda state: state["Mode"] == "monitoring", "seen again")


@pytest.mark.parametrize(("scene", "says"), [("still", "the very same picture for"), ("nothing", "no frame for")])
def test_a_frozen_camera_is_noticed(bench: Bench, scene: str, says: str) -> None:
    mark = bench.fresh(scene)
    bench.until_journal(mark, f"camera lost: /dev/video10: {says}")
    bench.until_can(mark, lambda state: state["Visibility"] == "lost" and state["Unavailable"] == "active", "lost")
    again = bench.mark()
    bench.scene("play awake")
    bench.until_journal(again, "camera back")
    bench.until_can(again, lambda state: state["Mode"] == "monitoring", "seen again")
    assert bench.show("NRestarts") == "0"


def test_a_full_disk_stops_the_recording_and_nothing_else(bench: Bench) -> None:
    session = "/var/lib/fermon/session.jsonl"
    bench.guest.check(
        "systemctl stop fermon; mount -t tmpfs -o size=1M,mode=750,uid=fermon,gid=fermon tmpfs /var/lib/fermon"
    )
    bench.configure(f'\n[session]\nfile = "{session}"\n')
    bench.scene("play awake")
    bench.restart()
    mark = bench.mark()
    bench.guest.run("dd if=/dev/zero of=/var/lib/fermon/fill bs=4k status=none")
    bench.until_journal(mark, "recording stopped: No space left on device")
    full = bench.mark()
    bench.until_can(full, lambda state: state["Mode"] == "monitoring", "watching goes on")
    size = int(bench.guest.check(f"rm /var/lib/fermon/fill; wc -c < {session}"))
    bench.guest.until(f"[ $(wc -c < {session}) -gt {size + 2000} ]", PATIENCE_S, "the recording goes on")
    assert bench.journal(mark).count("recording stopped") == 1
    bench.guest.check(f"systemctl stop fermon; fermon replay {session}; umount /var/lib/fermon")


def test_a_read_only_root(bench: Bench) -> None:
    bench.configure('\n[session]\nfile = "/var/lib/fermon/session.jsonl"\n')
    bench.guest.check("systemctl stop fermon; journalctl --relinquish-var; mount -o remount,ro /")
    try:
        mark = bench.mark()
        bench.restart()
        bench.until_journal(mark, "recording stopped: Read-only file system")
        assert bench.show("ActiveState") == "active"
    finally:
        bench.guest.check("mount -o remount,rw / && journalctl --flush")


def test_a_broken_configuration_is_not_tried_again_and_can_be_mended(bench: Bench) -> None:
    bench.fresh()
    mark = bench.mark()
    bench.guest.check("sed -i 's/^source =/sorce =/' /etc/fermon/fermon.toml")
    assert bench.guest.run("systemctl restart fermon", PATIENCE_S).code != 0
    bench.until_journal(mark, "camera.sorce: no such key; did you mean 'source'")
    assert bench.show("ActiveState") == "failed"
    assert bench.show("ExecMainStatus") == "78"
    assert bench.show("NRestarts") == "0"
    assert bench.both_low()
    bench.guest.check("sed -i 's/^sorce =/source =/' /etc/fermon/fermon.toml")
    bench.restart()
    assert bench.show("ActiveState") == "active"


def test_a_clean_stop_leaves_the_lines_low(bench: Bench) -> None:
    mark = bench.fresh("play drowsy")
    bench.until_lines(mark, "buzzer", 1)
    bench.guest.check("systemctl stop fermon", PATIENCE_S)
    assert bench.show("Result") == "success"
    assert bench.show("ExecMainStatus") == "0"
    assert bench.both_low()
    silent = bench.mark()
    time.sleep(2)
    assert bench.lines(silent) == []


def test_a_power_cut_leaves_a_session_and_a_working_service(bench: Bench) -> None:
    bench.configure('\n[session]\nfile = "/var/lib/fermon/session.jsonl"\n')
    bench.guest.check("rm -f /var/lib/fermon/session*")
    bench.scene("play awake")
    bench.restart()
    lines = "grep -c observation /var/lib/fermon/session.jsonl"
    bench.guest.until(f"[ $({lines}) -ge 40 ]", PATIENCE_S, "40 observations are recorded")
    written = int(bench.guest.check(f"{lines}; sleep 6").split()[0])
    bench.guest.cut_power()
    bench.until_active()
    mark = bench.mark()
    bench.until_can(mark, lambda state: state["Mode"] == "monitoring", "the driver is seen again")
    kept = int(bench.guest.check("grep -c observation /var/lib/fermon/session.1.jsonl"))
    print(f"{written} observations 6 s before the cut, {kept} after it")
    assert kept >= written
    assert "alert lines" in bench.guest.check("fermon replay /var/lib/fermon/session.1.jsonl")


def test_uninstalling_leaves_only_what_is_the_users(guest: Guest) -> None:
    # After a power cut systemd's private folders of the service stay in /tmp and /var/tmp until they are tidied up.
    elsewhere = " -o ".join(f"-path {path}" for path in ("/tmp", "/var/tmp", "/opt/bench", "/usr/lib/modules"))
    find = rf"find / -xdev \( {elsewhere} \) -prune -o -path '*fermon*' -prune -print"
    guest.check(f"{INSTALL} --uninstall", PATIENCE_S)
    assert guest.run("systemctl cat fermon").code != 0
    assert sorted(guest.check(find).split()) == ["/etc/fermon", "/var/lib/fermon"]
    guest.check(f"{INSTALL} --uninstall --purge", PATIENCE_S)
    assert guest.check(find) == ""
    assert guest.run("id fermon").code != 0
