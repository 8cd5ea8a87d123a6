"""A drive with three faults under systemd: a full disk, a dead bus, a camera that is pulled out and put back."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from fermon.cameras.keeper import CameraKeeper
from fermon.cameras.settings import CameraSettings
from fermon.cameras.v4l2 import open_v4l2
from fermon.config import Config
from fermon.daemon import Daemon, Parts
from fermon.errors import CameraNotFound
from fermon.outputs.can.output import CanOutput, CanSettings
from fermon.outputs.hub import Hub
from fermon.outputs.log import LogOutput, LogSettings
from fermon.outputs.worker import Timing
from fermon.perception.pipeline import Perception
from fermon.session.recorder import Recorder
from fermon.systemd import JournalHandler, Systemd
from fermon.views.contract import spoken_through
from fermon.views.journal import Silent
from tests.camera_fakes import FakeCapture, Script
from tests.outputs_kit import FaultyBus, install_faulty_bus

FRAMES = 20  # before the camera is pulled out


def test_each_fault_has_its_priority_in_the_journal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What `journalctl -p warning -u fermon` would show: sd-daemon(3)'s <4> and below."""
    install_faulty_bus(monkeypatch)
    device = tmp_path / "video9"
    device.touch()
    settings, config = CameraSettings(), Config()
    opened: list[str] = []

    def open_camera():  # type: ignore[no-untyped-def]
        if not device.exists():
            raise CameraNotFound(f"{device}: no such device", remedy="plug it in")
        script = Script(unplugged_after=None if opened else FRAMES, rate_hz=30)
        opened.append(device.name)
        return open_v4l2(str(device), settings, factory=lambda name: FakeCapture(name, script), check_node=False)

    FaultyBus.fault = "bus-off"
    recorder = Recorder(Path("/dev/full"), 10**6, 1)
    with spoken_through(JournalHandler()):
        hub = Hub(
            [LogOutput(LogSettings()), CanOutput(CanSettings(enabled=True, interface="faulty", channel="can0"))],
            Timing(backoff_first_s=0.05, backoff_most_s=0.1),
        )
        parts = Parts(open_camera, open_camera(), Perception(config.perception), hub, Silent(), Systemd({}), recorder)
        daemon = Daemon(config, parts)
        threading.Thread(target=heal, args=(device, daemon, daemon._keeper, hub), daemon=True).start()
        daemon.run()
    lines = capsys.readouterr().err.splitlines()
    urgent = "\n".join(line for line in lines if re.match("<[0-4]>", line))
    assert "<3>/dev/full: recording stopped: No space left on device" in urgent
    assert "<4>output can: can: faulty can0 is bus-off" in urgent
    assert "FAULT  an output failed: can" in urgent
    assert f"<4>camera lost: {device}: gone (unplugged?)" in urgent
    assert "<6>camera back" in lines and any(re.match(r"<6>output can: works again", line) for line in lines)
    assert lines[-1].startswith("<6>") and " frames in " in lines[-1]


def heal(device: Path, daemon: Daemon, keeper: CameraKeeper, hub: Hub) -> None:
    """Put camera and bus back, and end the run when both work again."""

    def wait_for(condition: Callable[[], bool]) -> None:
        for _ in range(3000):
            if condition():
                return
            threading.Event().wait(0.01)

    wait_for(lambda: not keeper.ok)
    FaultyBus.fault = None
    device.touch()
    wait_for(lambda: keeper.ok and not hub.broken())
    daemon.stop()
