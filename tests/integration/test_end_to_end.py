"""The real command from a clip to the wires and back: asleep, told, acknowledged, cleared; SIGTERM, everything off."""

from __future__ import annotations

import json
import os
import random
import re
import signal
import subprocess
import sys
import tty
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import chain, cycle, islice
from pathlib import Path
from typing import Any

import can
import cv2
import pytest

from fermon.cameras.demo.camera import RATE_HZ, DemoCamera
from fermon.cameras.playback import Pacer
from fermon.domain import NS_PER_S, Wakefulness
from fermon.outputs.can.dbc import load, shipped_dbc
from fermon.outputs.serial.sentences import sentence
from tests.outputs_kit import until

SHUT_S = (65.7, 68.2)  # when the demo's driver sleeps
AWAKE_S, ASLEEP_S = 2, 28  # asleep to the end: nothing but the acknowledgement clears the alert
DBC = load(shipped_dbc())
STATE, ACK = DBC.get_message_by_name("FermonState"), DBC.get_message_by_name("FermonAck")


@pytest.fixture(scope="module")
def falls_asleep(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clip of the simulated driver whose eyes close and stay closed."""
    camera = DemoCamera(Pacer("max"))
    awake, shut = [], []
    while (frame := camera.read(1.0)) is not None and frame.t_ns < SHUT_S[1] * NS_PER_S:
        if frame.t_ns < AWAKE_S * NS_PER_S:
            awake.append(frame.gray)
        elif frame.t_ns >= SHUT_S[0] * NS_PER_S:
            shut.append(frame.gray)
    camera.close()
    path = tmp_path_factory.mktemp("clip") / "asleep.avi"
    height, width = awake[0].shape
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), RATE_HZ, (width, height), False)
    there_and_back = cycle(shut + shut[::-1])
    for gray in chain(awake, islice(there_and_back, ASLEEP_S * RATE_HZ)):
        writer.write(gray)
    writer.release()
    return path


class Monitor:
    """`fermon --config FILE --camera CLIP --json`, with GPIO lines that are only logged."""

    def __init__(self, folder: Path, clip: Path, outputs: str) -> None:
        self._printed = folder / "printed.jsonl"
        config = folder / "fermon.toml"
        config.write_text(f"[outputs.gpio]\nenabled = true\nself_test = false\n{outputs}")
        with self._printed.open("w") as printed, (folder / "errors").open("w") as errors:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "fermon", "--config", str(config), "--camera", str(clip), "--json"],
                env={**os.environ, "GPIOZERO_PIN_FACTORY": "mock"},
                stdout=printed,
                stderr=errors,
            )
        self.errors = folder / "errors"

    def printed(self) -> list[dict[str, Any]]:
        """The whole lines printed so far."""
        return [json.loads(line) for line in self._printed.read_text().splitlines(keepends=True) if line.endswith("\n")]

    def line(self, name: str) -> str:
        """ "high" or "low": what a GPIO line is now; "" before it was driven."""
        changes = [
            re.fullmatch(rf"gpio: line {name} (\w+)", r["text"]) for r in self.printed() if r["type"] == "report"
        ]
        return ([change[1] for change in changes if change] or [""])[-1]

    def alerts(self) -> list[str]:
        return [f"{r['kind']} {'on' if r['active'] else 'off'}" for r in self.printed() if r["type"] == "alert"]

    def terminate(self) -> None:
        """Send SIGTERM while the buzzer sounds, and wait for the end."""
        until(lambda: self.line("GPIO18") == "high", "the buzzer to sound")
        assert self.process.poll() is None, "the clip is over: this machine is too slow"
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(60) == 0, self.errors.read_text()

    def assert_off(self) -> None:
        assert (self.line("GPIO18"), self.line("GPIO23")) == ("low", "low")
        assert self.printed()[-1]["type"] == "end"
        assert self.errors.read_text() == ""


@pytest.fixture
def watch(tmp_path: Path, falls_asleep: Path) -> Iterator[Callable[[str], Monitor]]:
    """A function that starts the command with these tables of outputs."""
    started: list[Monitor] = []

    def start(outputs: str) -> Monitor:
        started.append(Monitor(tmp_path, falls_asleep, outputs))
        return started[-1]

    yield start
    for monitor in started:
        monitor.process.kill()
        monitor.process.wait()


class Microcontroller:
    """What stands at the far end of a serial cable."""

    def __init__(self) -> None:
        self._end, near = os.openpty()
        tty.setraw(near)
        os.set_blocking(self._end, False)
        self.port, self._near, self._heard = os.ttyname(near), near, b""

    def states(self) -> list[Wakefulness]:
        """The states of all sentences so far, repetitions left out."""
        with suppress(BlockingIOError):
            self._heard += os.read(self._end, 1 << 16)
        whole = [line for line in self._heard.decode().split("\r\n")[:-1] if line.startswith("$FERM,")]
        assert all(line == sentence(line[1:].split("*")[0]).decode().strip() for line in whole), "checksums"
        states = [Wakefulness(int(line.split(",")[2])) for line in whole]
        return [state for n, state in enumerate(states) if n == 0 or state != states[n - 1]]

    def say(self, words: str) -> None:
        os.write(self._end, sentence(words))

    def close(self) -> None:
        os.close(self._near)
        os.close(self._end)


def test_serial_asleep_acknowledged_cleared_and_off(watch: Callable[[str], Monitor]) -> None:
    wire = Microcontroller()
    monitor = watch(f'[outputs.serial]\nenabled = true\nport = "{wire.port}"\n')
    until(lambda: Wakefulness.ASLEEP in wire.states(), "the sentence that says asleep")
    until(lambda: monitor.line("GPIO18"), "the buzzer")
    wire.say("FERMA")
    states = until(lambda: (s := wire.states())[-1] is not Wakefulness.ASLEEP and s, "the end of the alarm")
    assert states[-2:] == [Wakefulness.ASLEEP, Wakefulness.MICROSLEEP], "cleared, with the eyes still shut"
    monitor.terminate()
    monitor.assert_off()
    assert monitor.alerts()[:3] == ["MICROSLEEP on", "ASLEEP on", "ASLEEP off"]
    wire.close()


@pytest.fixture
def bus() -> Iterator[tuple[can.BusABC, int]]:
    """A node on a CAN bus over UDP multicast, and its port."""
    pytest.importorskip("msgpack")
    port = random.SystemRandom().randint(20_000, 60_000)
    words = {"interface": "udp_multicast", "channel": "239.74.163.2", "port": port, "fd": False, "ignore_config": True}
    try:
        bus = can.Bus(**words)  # type: ignore[arg-type]
        with can.Bus(**words) as probe:  # type: ignore[arg-type]
            probe.send(can.Message(arbitration_id=1, is_extended_id=False))
        if bus.recv(5.0) is None:
            raise OSError("nothing came through")
    except (OSError, can.CanError) as error:
        pytest.skip(f"no multicast here: {error}")
    with bus:
        yield bus, port


def test_can_asleep_acknowledged_cleared_and_off(watch: Callable[[str], Monitor], bus: tuple[can.BusABC, int]) -> None:
    node, port = bus
    states: list[str] = []

    def heard() -> list[str]:
        while (frame := node.recv(0)) is not None:
            if frame.arbitration_id == STATE.frame_id:
                state = str(STATE.decode(frame.data)["State"])
                states.extend([state] if states[-1:] != [state] else [])
        return states

    monitor = watch(
        '[outputs.can]\nenabled = true\ninterface = "udp_multicast"\nchannel = "239.74.163.2"\n'
        f'options = ["port={port}", "fd=0"]\n'
    )
    until(lambda: "asleep" in heard(), "FermonState that says asleep")
    node.send(can.Message(arbitration_id=ACK.frame_id, data=ACK.encode({"Acknowledge": 1}), is_extended_id=False))
    until(lambda: heard()[-1] != "asleep", "the end of the alarm")
    assert states[-2:] == ["asleep", "microsleep"], "cleared, with the eyes still shut"
    monitor.terminate()
    monitor.assert_off()
    assert monitor.alerts()[:3] == ["MICROSLEEP on", "ASLEEP on", "ASLEEP off"]
