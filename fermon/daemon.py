"""The only loop and the only clock: frames in, observations, alerts, outputs, session, view, watchdog."""

from __future__ import annotations

import logging
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from fermon import __version__
from fermon.cameras.contract import Camera, EndOfFrames
from fermon.cameras.keeper import CameraKeeper
from fermon.config import Config
from fermon.domain import (
    NS_PER_S,
    Ack,
    Acknowledged,
    Alert,
    CameraChange,
    DriverState,
    Frame,
    Input,
    Observation,
    RunFacts,
    RunSummary,
    Speed,
    Status,
    Tick,
    Visibility,
)
from fermon.outputs.hub import Hub
from fermon.perception.load import RateControl
from fermon.perception.pipeline import Perception
from fermon.policy import Policy
from fermon.session.recorder import Recorder
from fermon.systemd import Systemd
from fermon.views.contract import View
from fermon.words import answer_text, gated_text

log = logging.getLogger(__name__)

# How long a turn waits for a frame. A tick carries a time this much before now, so that a frame under way, captured
# before the wait was over, is not older than the tick.
_TURN_S = 0.25
_TURN_NS = int(_TURN_S * NS_PER_S)


@dataclass(frozen=True, slots=True)
class Parts:
    """What a run is put together from.

    `open_camera` opens the camera (CameraNotFound when that fails); it is called again whenever the camera is lost.
    `camera` None: it is not there yet and is waited for. `recorder` None: nothing is recorded. `rates` None: every
    frame is read in full, however long it takes (offline runs, which give the same session every time). `clock`
    (monotonic ns) and `wait` (seconds; None = until the time is over or `stop`) are the real ones unless a simulated
    drive brings its own.
    """

    open_camera: Callable[[], Camera]
    camera: Camera | None
    perception: Perception
    hub: Hub
    view: View
    systemd: Systemd
    recorder: Recorder | None = None
    rates: RateControl | None = None
    clock: Callable[[], int] = time.monotonic_ns
    wait: Callable[[float], object] | None = None


class _Counts:
    """What a run came to, counted as it goes."""

    def __init__(self) -> None:
        self.frames = self.faces = self.eyes = 0
        self.alerts: Counter[str] = Counter()

    def observation(self, item: Observation) -> None:
        self.frames += 1
        self.faces += item.face is not None
        self.eyes += item.eyes is not None and (item.eyes.left is not None or item.eyes.right is not None)

    def summary(self, seconds: float) -> RunSummary:
        frames = max(1, self.frames)
        return RunSummary(
            frames=self.frames,
            seconds=round(seconds, 3),
            fps=round(self.frames / seconds, 1) if seconds else 0.0,
            face=round(self.faces / frames, 4),
            eyes=round(self.eyes / frames, 4),
            alerts=dict(self.alerts),
        )


class Daemon:
    """Runs the parts until the frames end or a signal comes."""

    def __init__(self, config: Config, parts: Parts) -> None:
        camera = parts.camera
        self._config, self._parts, self._clock = config, parts, parts.clock
        self._live = camera is None or camera.live
        self._name = camera.name if camera is not None else "waiting for the camera"
        self._stop = threading.Event()
        self._keeper = CameraKeeper(parts.open_camera, camera, parts.wait or self._stop.wait)
        self._policy = Policy(config.policy)
        self._started_ns = self._clock()
        self._ready = False  # systemd was told: there is a first observation, or there is no camera to wait for
        self._fault: str | None = None
        self._gated = False  # speed alone holds an alert back, and that was said
        self._state = self._policy.state
        self._first_ns: int | None = None
        self._last_ns: int | None = None
        self._counts = _Counts()

    def stop(self, *_signal: object) -> None:
        """End the loop at the next turn; a signal handler."""
        self._stop.set()

    def run(self) -> None:
        """Run until the end. Whatever happens, the outputs are off and the session is closed afterwards."""
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self.stop)
        try:
            self._start()
            while not self._stop.is_set():
                try:
                    self._turn()
                except EndOfFrames:
                    break
        finally:
            self._end()

    def _start(self) -> None:
        parts, perception = self._parts, self._parts.perception
        if parts.recorder is not None:
            parts.recorder.header(
                {
                    "fermon": __version__,
                    "started": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
                    "config": self._config.as_dict(),
                    "models": perception.models,
                }
            )
        parts.view.start(RunFacts(__version__, self._name, perception.detector, perception.runtime))
        parts.systemd.status(f"starting: {self._name}")
        if not self._keeper.ok:
            self._feed(CameraChange(self._clock() - _TURN_NS, "lost"))

    def _turn(self) -> None:
        rates = self._parts.rates
        was_ok = self._keeper.ok
        frame = self._keeper.read(self._clock(), _TURN_S)
        now_ns = self._clock()
        if was_ok != self._keeper.ok:
            self._feed(CameraChange(self._next_time(now_ns), "ok" if self._keeper.ok else "lost"))
        if frame is not None and rates is not None and not rates.takes(frame.t_ns, frame.seq):
            return
        if frame is not None:
            self._observe(frame)
        elif self._live:
            self._feed(Tick(self._next_time(now_ns)))
        for received in self._parts.hub.received():
            t_ns = self._next_time(now_ns)
            self._feed(Ack(t_ns) if isinstance(received, Acknowledged) else Speed(t_ns, received.kmh, received.source))
        self._publish(frame)
        self._parts.systemd.progress(now_ns)
        if rates is not None:
            self._control(rates, now_ns)

    def _control(self, rates: RateControl, began_ns: int) -> None:
        """Read less, or more again, when this turn says so; tell it once."""
        ended_ns = self._clock()
        if rates.turn(ended_ns, ended_ns - began_ns):
            step = rates.step
            usual_hz = self._config.perception.expression_rate_hz
            self._parts.perception.slow_down(min(usual_hz, step.expression_hz), step.mouth_hz)
            level = logging.WARNING if rates.lowered else logging.INFO
            log.log(level, "frames take %.0f%% of the time, %.0f%% were lost: %s", *rates.percentages, step.text)

    def _next_time(self, now_ns: int) -> int:
        """The time of an input that no camera stamped: after the last input, not ahead of a frame under way."""
        if not self._live:
            return 0 if self._last_ns is None else self._last_ns + 1
        lagging = now_ns - _TURN_NS
        return lagging if self._last_ns is None else max(self._last_ns + 1, lagging)

    def _observe(self, frame: Frame) -> None:
        observation = self._parts.perception.observe(frame)
        self._counts.observation(observation)
        self._feed(observation, frame)

    def _feed(self, item: Input, frame: Frame | None = None) -> None:
        if self._first_ns is None:
            self._first_ns = item.t_ns
        self._last_ns = item.t_ns if self._last_ns is None else max(self._last_ns, item.t_ns)
        self._record(item)
        for alert in self._policy.feed(item):
            self._counts.alerts[alert.kind.value] += alert.active
            self._record(alert)
            self._parts.view.alert(alert)
        self._state = self._policy.state
        self._tell()
        self._parts.view.input(item, frame, self._state)

    def _tell(self) -> None:
        """Say what became of an acknowledgement, and what speed alone begins and ceases to hold back."""
        answer, gated = self._policy.answer, self._state.gated
        if answer is not None and answer.tell:
            log.info("%s", answer_text(answer))
        if gated is not None and not self._gated:
            log.warning("%s", gated_text(gated))
        elif gated is None and self._gated:
            log.info("speed no longer holds back any alert")
        self._gated = gated is not None

    def _record(self, item: Input | Alert) -> None:
        if self._parts.recorder is not None:
            self._parts.recorder.write(item)

    def _publish(self, frame: Frame | None) -> None:
        hub, systemd = self._parts.hub, self._parts.systemd
        now_ns = self._clock()
        latency_ms = (now_ns - frame.t_ns) / 1e6 if frame is not None and self._live else None
        uptime_ms = (now_ns - self._started_ns) // 1_000_000
        broken = hub.broken()
        fault = f"an output failed: {', '.join(broken)}" if broken else None
        hub.publish(Status(self._state, uptime_ms, latency_ms, fault, start_ns=self._first_ns or 0))
        if fault != self._fault:
            self._fault = fault
            self._parts.view.fault(fault)
        if not self._ready and (self._counts.frames or not self._keeper.ok):
            self._ready = True
            systemd.ready()
        systemd.status(self._in_words(self._state))

    def _in_words(self, state: DriverState) -> str:
        """Return the line of `systemctl status`."""
        rates = self._parts.rates
        parts = [
            state.wakefulness.words + ("" if state.visibility is Visibility.OK else f", {state.visibility.words}"),
            ", ".join(f"{alert.level.name} {alert.kind.value}" for alert in state.alerts) or "no alert",
        ]
        if self._fault:
            parts.append(self._fault)
        if rates is not None and rates.lowered:
            parts.append(rates.step.text)
        return "; ".join(parts)

    def _end(self) -> None:
        parts = self._parts
        parts.systemd.stopping()
        parts.hub.close()
        self._keeper.close()
        if parts.recorder is not None:
            parts.recorder.close()
        parts.view.end(self._counts.summary((self._clock() - self._started_ns) / NS_PER_S))
