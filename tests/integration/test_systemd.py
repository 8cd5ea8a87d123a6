"""The notify protocol on a real socket."""

from __future__ import annotations

import logging
import socket
import sys
from pathlib import Path

import pytest

from fermon.systemd import JournalHandler, Systemd
from fermon.views.contract import spoken_through


@pytest.fixture
def manager(tmp_path: Path):  # type: ignore[no-untyped-def]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(tmp_path / "notify"))
        listening.setblocking(False)
        yield listening


def received(listening: socket.socket) -> list[str]:
    lines = []
    while True:
        try:
            lines.append(listening.recv(4096).decode())
        except BlockingIOError:
            return lines


def test_without_a_socket_nothing_happens() -> None:
    systemd = Systemd({})
    assert not systemd.present
    systemd.ready()
    systemd.progress(0)


def test_ready_status_stopping(manager: socket.socket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", manager.getsockname())
    systemd = Systemd()
    systemd.ready()
    systemd.status("alert; no alert")
    systemd.status("alert; no alert")
    systemd.stopping()
    assert received(manager) == ["READY=1", "STATUS=alert; no alert", "STOPPING=1"]


def test_the_watchdog_is_pinged_at_half_its_time(manager: socket.socket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", manager.getsockname())
    monkeypatch.setenv("WATCHDOG_USEC", "10000000")
    systemd = Systemd()
    for second in range(21):
        systemd.progress(second * 1_000_000_000)
    assert received(manager) == ["WATCHDOG=1"] * 5


def test_the_datagram_by_hand(manager: socket.socket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "systemd", None)  # as where systemd-python is not installed
    Systemd({"NOTIFY_SOCKET": manager.getsockname()}).ready()
    assert received(manager) == ["READY=1"]


def test_a_manager_that_is_gone_does_no_harm(tmp_path: Path) -> None:
    Systemd({"NOTIFY_SOCKET": str(tmp_path / "nobody")}).ready()


def test_every_line_in_the_journal_has_its_priority(capsys: pytest.CaptureFixture[str]) -> None:
    """As `journalctl -p warning` filters: sd-daemon(3)."""
    log = logging.getLogger("fermon.test")
    with spoken_through(JournalHandler()):
        log.info("camera back")
        log.warning("camera lost")
        try:
            raise ZeroDivisionError("a bug")
        except ZeroDivisionError:
            log.exception("unexpected")
        logging.getLogger("fermon.alerts").critical("ASLEEP")
        log.debug("not told")
    lines = capsys.readouterr().err.splitlines()
    assert lines[:4] == ["<6>camera back", "<4>camera lost", "<3>unexpected", "<3>Traceback (most recent call last):"]
    assert lines[-2:] == ["<3>ZeroDivisionError: a bug", "<2>ASLEEP"]
