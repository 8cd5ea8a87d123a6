"""What a simulated drive is made of: a clock of its own, a camera on it, faults at their times, eyes or replay."""

from __future__ import annotations

import resource
import time
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from fermon.cameras import EndOfFrames
from fermon.domain import NS_PER_S, Acknowledged, Frame, Observation, Received, Status, VehicleSpeed
from fermon.errors import CameraLost, CameraNotFound, OutputError
from fermon.perception.pipeline import Perception
from fermon.systemd import Systemd

RATE_HZ = 15
PERIOD_NS = NS_PER_S // RATE_HZ
WATCHDOG_S = 10


class Clock:
    """Monotonic nanoseconds that pass when somebody says so. Also sleeps."""

    def __init__(self) -> None:
        self.now_ns = 1_000 * NS_PER_S  # a monotonic clock starts anywhere

    def __call__(self) -> int:
        return self.now_ns

    def sleep(self, seconds: float) -> None:
        self.now_ns += int(seconds * NS_PER_S)
        time.sleep(0.0005)  # other threads open the camera meanwhile


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that is wrong from `start_s` for `seconds`, again every `every_s`."""

    name: str
    start_s: float
    seconds: float
    every_s: float


# Periods without a common measure, so that the faults meet each other in every way.
FAULTS = (
    Fault("camera lost", 200, 7, 1811),
    Fault("camera lost for long", 700, 95, 7013),
    Fault("output unplugged", 330, 40, 1303),
    Fault("output has a bug", 420, 15, 4001),
    Fault("disk full", 500, 30, 2503),
    Fault("heat", 900, 60, 3607),
    Fault("suspended", 1500, 1800, 14009),
)


class Schedule:
    """Which faults there are now, and how often each has begun."""

    def __init__(self, clock: Clock, faults: Sequence[Fault] = FAULTS) -> None:
        self._clock, self._faults, self._start_ns = clock, faults, clock.now_ns
        self.begun: Counter[str] = Counter()
        self._met: dict[str, int] = {}  # the number of the last occurrence that somebody met

    @property
    def now_s(self) -> float:
        return (self._clock.now_ns - self._start_ns) / NS_PER_S

    def on(self, name: str) -> bool:
        """Whether the fault is there now."""
        occurrence = self._occurrence(next(fault for fault in self._faults if fault.name == name))
        if occurrence is not None and self._met.get(name) != occurrence:
            self._met[name] = occurrence
            self.begun[name] += 1
        return occurrence is not None

    def _occurrence(self, fault: Fault) -> int | None:
        """The how-manieth time it is there now; None when it is not."""
        since = self.now_s - fault.start_s
        return int(since // fault.every_s) if since >= 0 and since % fault.every_s < fault.seconds else None

    def let_outputs_meet(self) -> None:
        """Wait until outputs have met what fails now: their threads keep real time, and a minute's drive takes less."""
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline and any(
            (occurrence := self._occurrence(fault)) is not None and self._met.get(fault.name) != occurrence
            for fault in self._faults
            if fault.name.startswith("output")
        ):
            time.sleep(0.001)


class SoakCamera:
    """A live camera of 15 frames a second on the simulated clock. Ends the drive after `end_s`."""

    live = True
    name = "soak"

    def __init__(self, clock: Clock, schedule: Schedule, pictures: Iterator[Any], end_s: float) -> None:
        if _gone(schedule):
            raise CameraNotFound("soak: no such device")
        self._clock, self._schedule, self._pictures, self._end_s = clock, schedule, pictures, end_s
        self._slot = clock.now_ns // PERIOD_NS
        self._first = self._slot

    def read(self, timeout_s: float) -> Frame | None:
        """See Camera.read: the newest frame, or the next one."""
        self._schedule.let_outputs_meet()
        if self._schedule.now_s >= self._end_s:
            raise EndOfFrames("the drive is over")
        if _gone(self._schedule):
            raise CameraLost("soak: unplugged")
        if self._schedule.on("suspended"):
            # The system slept: a jump of the clock, and the same frame numbers go on.
            self._clock.now_ns += 1800 * NS_PER_S
            self._slot = self._clock.now_ns // PERIOD_NS
        self._slot = max(self._slot + 1, self._clock.now_ns // PERIOD_NS)
        t_ns = self._slot * PERIOD_NS
        self._clock.now_ns = max(self._clock.now_ns, t_ns) + 3_000_000
        return Frame(t_ns, self._slot - self._first, next(self._pictures))

    def close(self) -> None: ...


def _gone(schedule: Schedule) -> bool:
    return any([schedule.on("camera lost"), schedule.on("camera lost for long")])


class SoakPerception(Perception):
    """Real perception for the first `seen` frames, then the last of its observations over and over, with new times."""

    def __init__(self, settings: Any, clock: Clock, schedule: Schedule, seen: int) -> None:
        super().__init__(settings)
        self._clock, self._schedule, self._left = clock, schedule, seen
        self._memory: deque[Observation] = deque(maxlen=min(seen, 10 * 60 * RATE_HZ))
        self.seen = self.replayed = 0

    def observe(self, frame: Frame, mark: Any = None) -> Observation:
        # A frame takes 20 ms; in the heat 120 ms, less when less is read.
        heat = self._schedule.on("heat")
        usual = self._expression_pace.rate_hz > 2
        self._clock.now_ns += (120 if usual else 70) * 1_000_000 if heat else 20_000_000
        if self.seen < self._left:
            self.seen += 1
            observation = super().observe(frame)
            self._memory.append(observation)
            return observation
        self.replayed += 1
        self._memory.rotate(-1)
        old = self._memory[-1]
        return replace(old, t_ns=frame.t_ns, seq=frame.seq)


class SoakOutput:
    """Shows states to nobody; fails by the schedule; now and then acknowledges and gives a speed."""

    poll_s = 0.02
    heartbeat_s = 0.05

    def __init__(self, name: str, fault: str, schedule: Schedule) -> None:
        self.name, self._fault, self._schedule = name, fault, schedule
        self.shown = self.faults = 0
        self._sent_s = 0.0

    def open(self) -> None:
        self._check()

    def show(self, status: Status) -> None:
        self._check()
        self.shown += 1
        self.faults += status.fault is not None

    def poll(self) -> Sequence[Received]:
        now_s = self._schedule.now_s
        if now_s - self._sent_s < 300:
            return ()
        self._sent_s = now_s
        return (Acknowledged(), VehicleSpeed(kmh=60.0))

    def close(self) -> None: ...

    def _check(self) -> None:
        if self._schedule.on(self._fault):
            if "bug" in self._fault:
                raise ZeroDivisionError("a bug in an adapter")
            raise OutputError(f"{self.name}: unplugged")


class CountingSystemd(Systemd):
    """A service manager that only counts what it is told."""

    def __init__(self) -> None:
        super().__init__({"NOTIFY_SOCKET": "", "WATCHDOG_USEC": str(WATCHDOG_S * 1_000_000)})
        self.told: Counter[str] = Counter()

    def _notify(self, text: str) -> None:
        self.told[text.split("=")[0]] += 1


class FullDisk:
    """Makes every file of this process too large to grow while it is on: what a full disk does, without being root."""

    def __init__(self) -> None:
        self._usual = resource.getrlimit(resource.RLIMIT_FSIZE)
        self._on = False

    def set(self, on: bool) -> None:
        if on != self._on:
            self._on = on
            resource.setrlimit(resource.RLIMIT_FSIZE, (0, self._usual[1]) if on else self._usual)
