"""What the doctor makes of what a machine says of itself; the machine that the tests run on is not judged."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from fermon import __version__
from fermon.config import Config
from fermon.doctor import host
from fermon.doctor.finding import Verdict
from fermon.doctor.host import _disk, _groups, _heat, check_host, membership, service, throttling

ALL = {"video", "gpio", "dialout", "users"}


@pytest.mark.parametrize(
    ("answer", "verdict", "words"),
    [
        ("throttled=0x0", Verdict.OK, "never slowed down"),
        ("throttled=0x50000", Verdict.WARNING, "under-voltage, throttled"),
        ("throttled=0x50005", Verdict.FAULT, "now: under-voltage, throttled"),
        ("VCHI initialization failed", Verdict.WARNING, "VCHI"),
        ("", Verdict.WARNING, "found ''"),
    ],
)
def test_what_the_pi_says_of_its_power(answer: str, verdict: Verdict, words: str) -> None:
    found = throttling(answer)
    assert found.verdict is verdict and words in found.text
    assert bool(found.remedy) == (verdict is not Verdict.OK)


def test_heat_is_read_from_the_thermal_zones(tmp_path: Path) -> None:
    assert list(_heat(tmp_path)) == []
    for number, text in enumerate(("48312\n", "nonsense")):
        (tmp_path / f"thermal_zone{number}").mkdir()
        (tmp_path / f"thermal_zone{number}" / "temp").write_text(text, encoding="ascii")
    [found] = _heat(tmp_path)
    assert found.verdict is Verdict.OK and "48 degrees" in found.text
    (tmp_path / "thermal_zone1" / "temp").write_text("85100\n", encoding="ascii")
    [found] = _heat(tmp_path)
    assert found.verdict is Verdict.WARNING and "85 degrees" in found.text and found.remedy


@pytest.mark.parametrize(
    ("active", "enabled", "verdict", "words"),
    [
        ("active", "enabled", Verdict.OK, "is active, enabled: it holds the camera"),
        ("failed", "enabled", Verdict.FAULT, "has failed"),
        ("inactive", "enabled", Verdict.WARNING, "is inactive, enabled"),
        ("inactive", "disabled", Verdict.WARNING, "is inactive, disabled"),
        ("activating", "enabled", Verdict.WARNING, "is activating, enabled"),
        ("inactive", "not-found", Verdict.OK, "is not installed"),
        ("inactive", "", Verdict.OK, "is not installed"),
        ("", "", Verdict.OK, "is not installed"),
    ],
)
def test_what_systemd_says_of_the_unit(active: str, enabled: str, verdict: Verdict, words: str) -> None:
    found = service(active, enabled)
    assert found.verdict is verdict and f"fermon.service {words}" in found.text
    assert bool(found.remedy) == (verdict is not Verdict.OK)


@pytest.mark.parametrize(
    ("needed", "mine", "here", "verdict", "words"),
    [
        ({"video"}, {"video", "users"}, ALL, Verdict.OK, "groups: in video"),
        ({"video", "gpio"}, {"users"}, ALL, Verdict.WARNING, "this user is not in: gpio, video"),
        ({"video", "gpio"}, {"video"}, {"video", "users"}, Verdict.OK, "groups: in video"),  # no such group here
        (set(), {"users"}, ALL, Verdict.OK, "groups: in none needed"),
    ],
)
def test_groups(needed: set[str], mine: set[str], here: set[str], verdict: Verdict, words: str) -> None:
    found = membership(needed, mine, here)
    assert found.verdict is verdict and found.text == words
    if verdict is Verdict.WARNING:
        assert found.remedy.startswith("sudo usermod -aG gpio,video ")


@pytest.mark.parametrize(
    ("source", "outputs", "needed"),
    [
        ("/dev/video0", (), {"video"}),
        ("0", (), {"video"}),
        ("picamera", (), {"video"}),
        ("demo", (), set()),
        ("clip.mp4", ("serial", "can"), {"dialout"}),
        ("/dev/video2", ("gpio", "serial"), {"video", "gpio", "dialout"}),
    ],
)
def test_which_groups_are_needed(
    monkeypatch: pytest.MonkeyPatch, source: str, outputs: tuple[str, ...], needed: set[str]
) -> None:
    """The groups of a user who is in none but his own, on a machine that has them all."""
    config = Config(camera=replace(Config().camera, source=source))
    for name in outputs:
        own = replace(getattr(config.outputs, name), enabled=True)
        config = replace(config, outputs=replace(config.outputs, **{name: own}))
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(os, "getgroups", list)
    monkeypatch.setattr(host, "_group_name", lambda number: "users")
    monkeypatch.setattr(host.grp, "getgrall", lambda: [SimpleNamespace(gr_name=name) for name in ALL])
    found = _groups(config)
    assert found.text == (f"this user is not in: {', '.join(sorted(needed))}" if needed else "groups: in none needed")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert _groups(config).text.startswith("root: ")


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], list[Path]]:
    """A function that sets what is free everywhere, in MiB; it returns the folders that were asked about."""

    def free(mib: float) -> list[Path]:
        asked: list[Path] = []

        def usage(folder: Path) -> SimpleNamespace:
            asked.append(folder)
            return SimpleNamespace(free=mib * 2**20)

        monkeypatch.setattr(shutil, "disk_usage", usage)
        return asked

    return free


def recording_to(file: str, **more: float) -> Config:
    return Config(session=replace(Config().session, file=file, **more))  # type: ignore[arg-type]


def test_the_disk_of_the_session_file_is_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, disk: Callable[[float], list[Path]]
) -> None:
    """Not that of the current folder: the doctor is run by root from /root."""
    elsewhere, home = tmp_path / "elsewhere", tmp_path / "home"
    elsewhere.mkdir()
    home.mkdir()
    monkeypatch.chdir(elsewhere)
    monkeypatch.setenv("HOME", str(home))
    asked = disk(1000.0)
    for file in (str(home / "s.jsonl"), "~/s.jsonl"):
        [found] = _disk(recording_to(file))
        assert found.verdict is Verdict.OK and f"free in {home};" in found.text
    [found] = _disk(recording_to(""))
    assert f"free in {elsewhere};" in found.text
    assert asked == [home, home, elsewhere]


def test_the_room_that_a_recording_takes_must_be_free(tmp_path: Path, disk: Callable[[float], list[Path]]) -> None:
    file = str(tmp_path / "s.jsonl")
    disk(399.0)
    assert next(_disk(recording_to(file, max_mib=100, keep=2))).verdict is Verdict.OK
    [found] = _disk(recording_to(file, max_mib=100, keep=3))
    assert found.verdict is Verdict.WARNING and f"399 MiB free in {tmp_path}, recording may take 400 MiB" in found.text
    assert "session.max_mib" in found.remedy
    disk(199.0)
    assert next(_disk(recording_to(file, max_mib=1, keep=0))).verdict is Verdict.WARNING, "200 MiB at least"


def test_a_folder_that_is_not_there_is_told_with_the_remedy(tmp_path: Path) -> None:
    [found] = _disk(recording_to(str(tmp_path / "none" / "s.jsonl")))
    assert found.verdict is Verdict.WARNING and found.text.startswith("session.file: found ")
    assert found.remedy == f"sudo mkdir -p {tmp_path}/none"


def test_the_machine_is_told_about_from_top_to_bottom(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """On this machine, whatever it is: every part has its line, and a Pi's power is asked where there is a Pi."""
    said = [finding.text for finding in check_host(recording_to(str(tmp_path / "s.jsonl")))]
    assert said[0].startswith(f"fermon {__version__}, Python 3.")
    assert said[1].startswith(("groups: ", "root: ", "this user is not in: "))
    assert "systemd" in said[2] or "fermon.service" in said[2]
    assert str(tmp_path) in said[-1]
    vcgencmd = tmp_path / "vcgencmd"
    vcgencmd.write_text("#!/bin/sh\necho throttled=0x1\n")
    vcgencmd.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    findings = list(check_host(recording_to(str(tmp_path / "s.jsonl"))))
    [power] = [finding for finding in findings if "slowed down now: under-voltage" in finding.text]
    assert power.verdict is Verdict.FAULT
