"""A run of the daemon that is scripted from end to end: camera, clock, eyes, wires. Policy, hub and keeper are real.

A script is a generator: what it yields comes out of the camera (a Frame, None, or an error that is raised), what stands
between two yields happens between two turns of the loop. Where it ends, the frames end.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from fermon.cameras.contract import EndOfFrames
from fermon.config import Config
from fermon.daemon import Daemon, Parts
from fermon.domain import (
    NS_PER_S,
    Alert,
    Box,
    DriverState,
    Eyes,
    Face,
    Frame,
    Input,
    Observation,
    Quality,
    Received,
    RunFacts,
    RunSummary,
    Status,
)
from fermon.outputs.hub import Hub
from fermon.outputs.worker import Timing
from fermon.systemd import Systemd
from tests.output_fakes import MemoryOutput
from tests.outputs_kit import until

START_NS = 1_000 * NS_PER_S  # a monotonic clock starts anywhere
TURN_NS = NS_PER_S // 4  # how long a turn waits for a frame
FRAME_NS = NS_PER_S // 15
PATIENT = Timing(stale_s=3600, boot_s=3600, backoff_first_s=0.01, backoff_most_s=0.02, watch_s=0.02)

Script = Callable[["Rig"], Iterator[Frame | Exception | None]]
Seen = Callable[[Frame], Observation]


def observation(frame: Frame, closed: float | None = 0.02, face: bool = True) -> Observation:
    """What a driver looks like: `closed` is the probability of each eye, None = not readable."""
    return Observation(
        t_ns=frame.t_ns,
        seq=frame.seq,
        face=Face(Box(250, 120, 140, 140), 0.9) if face else None,
        expression=None,
        eyes=Eyes(closed, closed, None if closed is not None else "glare") if face else None,
        mouth=None,
        quality=Quality(0.4, 0.5),
    )


class Clock:
    """Monotonic nanoseconds that pass when somebody says so."""

    def __init__(self) -> None:
        self.now_ns = START_NS

    def __call__(self) -> int:
        return self.now_ns


class ScriptedCamera:
    """Gives what its script yields."""

    def __init__(self, rig: Rig, script: Script, live: bool = True, name: str = "scripted") -> None:
        self.name, self.live, self.timeouts = name, live, list[float]()
        self._rig, self._steps = rig, script(rig)

    def read(self, timeout_s: float) -> Frame | None:
        self.timeouts.append(timeout_s)
        try:
            step = next(self._steps)
        except StopIteration:
            raise EndOfFrames("the script is over") from None
        if isinstance(step, Exception):
            raise step
        return step

    def close(self) -> None:
        self._rig.happened.append(("camera closed", self.name))


class ScriptedEyes:
    """Perception without a network: the driver looks as `seen` says, each frame takes `takes_ns` of the clock."""

    detector, runtime = "scripted eyes", "no runtime"

    def __init__(self, rig: Rig) -> None:
        self._rig, self.takes_ns = rig, 0
        self.seen: Seen = observation
        self.models = {"eyes": "5a5a"}

    def observe(self, frame: Frame) -> Observation:
        self._rig.clock.now_ns += self.takes_ns
        return self.seen(frame)

    def slow_down(self, expression_hz: float, mouth_hz: float) -> None:
        self._rig.happened.append(("slow down", expression_hz, mouth_hz))


class RecordingView:
    """Notes everything that it is told."""

    def __init__(self, happened: list[tuple[Any, ...]]) -> None:
        self._happened = happened

    def start(self, facts: RunFacts) -> None:
        self._happened.append(("start", facts))

    def input(self, item: Input, frame: Frame | None, state: DriverState) -> None:
        self._happened.append(("input", item, frame, state))

    def alert(self, alert: Alert) -> None:
        self._happened.append(("alert", alert))

    def fault(self, text: str | None) -> None:
        self._happened.append(("fault", text))

    def report(self, level: int, line: str) -> None: ...

    def end(self, summary: RunSummary) -> None:
        self._happened.append(("end", summary))


class RecordingSystemd(Systemd):
    """A service manager that notes what it is told. The watchdog wants a ping every 10 s."""

    def __init__(self, happened: list[tuple[Any, ...]]) -> None:
        super().__init__({"WATCHDOG_USEC": "20000000"})
        self._happened = happened

    def _notify(self, text: str) -> None:
        self._happened.append(("systemd", text))


class Wire(MemoryOutput):
    """An output whose wire the script holds: `shown` is what went out, `send` lets something come in."""

    def __init__(self, happened: list[tuple[Any, ...]], name: str = "wire") -> None:
        super().__init__(name)
        self.polls = 0
        self._happened = happened

    def poll(self) -> tuple[Received, ...]:
        self.polls += 1
        return tuple(super().poll())

    def send(self, *received: Received) -> None:
        """Return when it has come as far as the hub."""
        self.incoming = list(received)
        before = self.polls
        until(lambda: self.polls > before + 2, "what was sent to be fetched")

    def close(self) -> None:
        super().close()
        self._happened.append(("output closed", self.name))


class OverheardHub(Hub):
    """The real hub; notes each state as it was published, before it grows older."""

    def __init__(self, *outputs: MemoryOutput, timing: Timing = PATIENT) -> None:
        self.published: list[Status] = []
        super().__init__(outputs, timing)

    def publish(self, status: Status) -> None:
        self.published.append(status)
        super().publish(status)


class Rig:
    """A scripted run. `happened` is everything that the parts were told, in order."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.happened: list[tuple[Any, ...]] = []
        self.eyes = ScriptedEyes(self)
        self.view = RecordingView(self.happened)
        self.systemd = RecordingSystemd(self.happened)
        self.wire = Wire(self.happened)
        self.hub = OverheardHub(self.wire)
        self.daemon: Daemon
        self.cameras: list[ScriptedCamera] = []
        self._seq = -1

    def run(self, script: Script, *later: Script, live: bool = True, config: Config | None = None, **more: Any) -> None:
        """Run `script`; a camera that is lost comes back with the next of `later`."""
        self.cameras = [ScriptedCamera(self, each, live, f"camera {n}") for n, each in enumerate((script, *later))]
        others = iter(self.cameras[1:])
        parts = Parts(
            open_camera=lambda: next(others),
            camera=self.cameras[0],
            perception=self.eyes,  # type: ignore[arg-type]
            hub=self.hub,
            view=self.view,
            systemd=self.systemd,
            clock=self.clock,
            wait=self.wait,
        )
        self.daemon = Daemon(config or Config(), replace(parts, **more))
        self.daemon.run()

    def wait(self, seconds: float) -> None:
        """Let time pass, and the thread that opens the camera come to its end."""
        self.clock.now_ns += int(seconds * NS_PER_S)
        for thread in threading.enumerate():
            if thread.name == "camera-open":
                thread.join()

    # What a script is made of ---------------------------------------------------------------------------------------

    def frame(self, age_ns: int = 0) -> Frame:
        """A new picture, captured `age_ns` ago."""
        self._seq += 1
        picture = np.random.default_rng(self._seq).integers(0, 255, (12, 16), np.uint8)
        return Frame(self.clock.now_ns - age_ns, self._seq, picture)

    def frames(self, seconds: float) -> Iterator[Frame]:
        """Fifteen pictures a second, the clock with them."""
        for _ in range(round(seconds * 15)):
            self.clock.now_ns += FRAME_NS
            yield self.frame()

    def nothing(self, seconds: float = TURN_NS / NS_PER_S) -> Iterator[None]:
        """No picture for so long."""
        for _ in range(round(seconds * NS_PER_S / TURN_NS)):
            self.clock.now_ns += TURN_NS
            yield None

    def wire_up(self, *others: Wire, timing: Timing = PATIENT) -> None:
        """Begin anew with a hub of the wire and `others`."""
        self.hub.close()
        self.wire = Wire(self.happened)
        self.hub = OverheardHub(self.wire, *others, timing=timing)
        self.happened.clear()

    def until_shown(self, condition: Callable[[Status], bool], what: str) -> None:
        """Wait until the newest that the wire shows meets `condition`."""
        until(lambda: self.wire.shown and condition(self.wire.shown[-1]), what)

    # What came of it ------------------------------------------------------------------------------------------------

    def told(self, what: str) -> list[Any]:
        """What parts were told under this name."""
        return [event[1] for event in self.happened if event[0] == what]

    def inputs(self, kind: type[Input] = Observation) -> list[Any]:
        return [item for item in self.told("input") if isinstance(item, kind)]

    def alerts(self) -> list[str]:
        """The alert lines, as "ASLEEP on"."""
        return [f"{alert.kind.value} {'on' if alert.active else 'off'}" for alert in self.told("alert")]

    def status_lines(self) -> list[str]:
        """What `systemctl status` showed, one after the other."""
        return [text.removeprefix("STATUS=") for text in self.told("systemd") if text.startswith("STATUS=")]
