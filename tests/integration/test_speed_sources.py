"""Two wires say how fast the vehicle is: the daemon hands both on, each with its source."""

from __future__ import annotations

import time
from types import SimpleNamespace

import numpy as np

from fermon.cameras.contract import EndOfFrames
from fermon.config import Config
from fermon.daemon import Daemon, Parts
from fermon.domain import (
    Alert,
    DriverState,
    Frame,
    Input,
    Observation,
    Quality,
    RunFacts,
    RunSummary,
    Speed,
    VehicleSpeed,
)
from fermon.outputs.hub import Hub
from fermon.systemd import Systemd
from tests.output_fakes import MemoryOutput


class Clip:
    """A frame every millisecond, until the listener has heard enough."""

    name, live = "clip", False

    def __init__(self, enough: set[str]) -> None:
        self._enough, self._seq = enough, 0

    def read(self, timeout_s: float) -> Frame | None:
        if len(self._enough) == 2 or self._seq > 20_000:
            raise EndOfFrames
        time.sleep(0.001)
        self._seq += 1
        return Frame(self._seq * 10**6, self._seq, np.zeros((2, 2), np.uint8))

    def close(self) -> None:
        pass


class Listener:
    """A view that keeps the speeds."""

    idle = False

    def __init__(self) -> None:
        self.speeds: dict[str, float] = {}

    def input(self, item: Input, frame: Frame | None, state: DriverState) -> None:
        if isinstance(item, Speed):
            self.speeds[item.source] = item.kmh

    def start(self, facts: RunFacts) -> None: ...
    def alert(self, alert: Alert) -> None: ...
    def fault(self, fault: str | None) -> None: ...
    def end(self, summary: RunSummary) -> None: ...


def test_the_daemon_hands_on_who_says_so() -> None:
    listener = Listener()
    wires = [MemoryOutput("can"), MemoryOutput("serial")]
    for wire, kmh in zip(wires, (80.0, 0.0), strict=True):
        wire.incoming = [VehicleSpeed(kmh, wire.name)]
    eyes = SimpleNamespace(
        models={},
        detector="none",
        runtime="none",
        observe=lambda frame: Observation(frame.t_ns, frame.seq, None, None, None, None, Quality(0.5, 0.5)),
    )
    clip = Clip(listener.speeds)  # type: ignore[arg-type]
    parts = Parts(lambda: clip, clip, eyes, Hub(wires), listener, Systemd({}))  # type: ignore[arg-type]
    Daemon(Config(), parts).run()
    assert listener.speeds == {"can": 80.0, "serial": 0.0}
