"""The only loop and the only clock: frames in, observations, alerts, outputs, session, view, watchdog."""

from __future__ import annotations

import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from types import FrameType
from typing import Any

from fermon import __version__
from fermon.cameras.contract import Camera, EndOfFrames
from fermon.config import Config
from fermon.domain import NS_PER_S, Ack, CameraChange, Frame, Input, Speed, Status, Tick, Visibility
from fermon.errors import OutputError
from fermon.cameras.keeper import CameraKeeper
from fermon.outputs.hub import Hub
from fermon.perception.pipeline import Perception
from fermon.policy import Policy
from fermon.perception.load import RateControl
from fermon.session.recorder import Recorder
from fermon.systemd import Systemd
from fermon.views.contract import View

# How long a turn waits for a frame. A tick carries a time this much before now, so that a frame under way, captured
# before the wait was over, is not older than the tick.
_TURN_S = 0.25


class Daemon:
    """Wires the parts together and runs until the frames end or a signal comes.

    `open_camera` opens the camera (CameraNotFound when that fails); it is called again whenever the camera is lost.
    `camera` None: it is not there yet and is waited for. `rates` None: every frame is read in full, however long it
    takes (offline runs, which give the same session every time). `clock` (monotonic ns) and `wait` (seconds) are the
    real ones unless a simulated drive brings its own.
    """

    def __init__(
        self,
        config: Config,
        open_camera: Callable[[], Camera],
        camera: Camera | None,
        perception: Perception,
        hub: Hub,
        view: View,
        recorder: Recorder | None,
        systemd: Systemd,
        rates: RateControl | None = None,
        clock: Callable[[], int] = time.monotonic_ns,
        wait: Callable[[float], object] | None = None,
    ) -> None:
        self._config, self._perception, self._hub, self._view = config, perception, hub, view
        self._recorder, self._systemd, self._rates = recorder, systemd, rates
        self._clock = clock
        self._live = camera is None or camera.live
        self._name = camera.name if camera is not None else "waiting for the camera"
        self._stop = threading.Event()
        self._keeper = CameraKeeper(open_camera, camera, view.report, wait or self._stop.wait)
        self._policy = Policy(config.policy)
        self._started_ns = self._clock()
        self._ready = False  # systemd was told: there is a first observation, or there is no camera to wait for
        self._state = self._policy.state
        self._first_ns: int | None = None
        self._last_ns: int | None = None
        self._frames = self._faces = self._eyes = 0
        self._alerts: Counter[str] = Counter()

    def stop(self, _signal: int = 0, _frame: FrameType | None = None) -> None:
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
        facts: dict[str, Any] = {
            "fermon": __version__,
            "camera": self._name,
            "detector": self._perception.detector,
            "runtime": self._perception.runtime,
        }
        if self._recorder is not None:
            self._record(
                {
                    "fermon": __version__,
                    "started": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
                    "config": self._config.as_dict(),
                    "models": self._perception.models,
                }
            )
        self._view.start(facts)
        self._systemd.status(f"starting: {self._name}")
        if not self._keeper.ok:
            self._feed(CameraChange(self._clock() - int(_TURN_S * NS_PER_S), "lost"))

    def _turn(self) -> None:
        was_ok = self._keeper.ok
        frame = self._keeper.read(self._clock(), _TURN_S)
        now_ns = self._clock()
        if was_ok != self._keeper.ok:
            self._feed(CameraChange(self._next_time(now_ns), "ok" if self._keeper.ok else "lost"))
        if frame is not None and self._rates is not None and not self._rates.takes(frame.t_ns, frame.seq):
            return
        if frame is not None:
            self._observe(frame)
        elif self._live:
            self._feed(Tick(self._next_time(now_ns)))
        for received in self._hub.received():
            t_ns = self._next_time(now_ns)
            self._feed(Ack(t_ns) if received.kmh is None else Speed(t_ns, received.kmh))
        self._publish(frame)
        self._systemd.progress(now_ns)
        if self._rates is not None:
            self._control(self._rates, now_ns)

    def _control(self, rates: RateControl, began_ns: int) -> None:
        """Read less, or more again, when this turn says so; tell it once."""
        ended_ns = self._clock()
        if rates.turn(ended_ns, ended_ns - began_ns):
            step = rates.step
            usual_hz = self._config.perception.expression_rate_hz
            self._perception.slow_down(min(usual_hz, step.expression_hz), step.mouth_hz)
            self._view.report(f"frames take {rates.load:.0%} of the time, {rates.lost:.0%} were lost: {step.text}")

    def _next_time(self, now_ns: int) -> int:
        """The time of an input that no camera stamped: after the last input, not ahead of a frame under way."""
        if not self._live:
            return 0 if self._last_ns is None else self._last_ns + 1
        lagging = now_ns - int(_TURN_S * NS_PER_S)
        return lagging if self._last_ns is None else max(self._last_ns + 1, lagging)

    def _observe(self, frame: Frame) -> None:
        observation = self._perception.observe(frame)
        self._frames += 1
        self._faces += observation.face is not None
        eyes = observation.eyes
        self._eyes += eyes is not None and (eyes.left is not None or eyes.right is not None)
        self._feed(observation, frame)

    def _feed(self, item: Input, frame: Frame | None = None) -> None:
        if self._first_ns is None:
            self._first_ns = item.t_ns
        self._last_ns = item.t_ns if self._last_ns is None else max(self._last_ns, item.t_ns)
        self._record(item)
        alerts = self._policy.feed(item)
        for alert in alerts:
            self._alerts[alert.kind.value] += alert.active
            self._record(alert)
            self._view.alert(alert)
        self._state = self._policy.state
        self._view.input(item, frame, self._state)

    def _record(self, item: Any) -> None:
        if self._recorder is None:
            return
        try:
            if isinstance(item, Mapping):
                self._recorder.header(item)
            else:
                self._recorder.write(item)
        except OutputError as error:
            # Watching goes on without the recording: a full disk must not end the monitor.
            self._view.report(str(error))

    def _publish(self, frame: Frame | None) -> None:
        state = self._state
        now_ns = self._clock()
        latency_ms = (now_ns - frame.t_ns) / 1e6 if frame is not None and self._live else None
        uptime_ms = (now_ns - self._started_ns) // 1_000_000
        self._hub.publish(Status(state, uptime_ms, latency_ms, start_ns=self._first_ns or 0))
        if not self._ready and (self._frames or not self._keeper.ok):
            self._ready = True
            self._systemd.ready()
        visibility = "" if state.visibility is Visibility.OK else f", {state.visibility.name.lower().replace('_', ' ')}"
        active = ", ".join(f"{a.level.name} {a.kind.value}" for a in state.alerts)
        slow = f"; {self._rates.step.text}" if self._rates is not None and self._rates.lowered else ""
        self._systemd.status(
            f"{state.wakefulness.name.lower().replace('_', ' ')}{visibility}; {active or 'no alert'}{slow}"
        )

    def _end(self) -> None:
        self._systemd.stopping()
        for name in self._hub.close():
            self._view.report(f"output {name} hung while closing")
        self._keeper.close()
        if self._recorder is not None:
            self._recorder.close()
        seconds = (self._clock() - self._started_ns) / NS_PER_S
        frames = max(1, self._frames)
        self._view.end(
            {
                "frames": self._frames,
                "seconds": round(seconds, 3),
                "fps": round(self._frames / max(seconds, 1e-9), 1),
                "face": round(self._faces / frames, 4),
                "eyes": round(self._eyes / frames, 4),
                "alerts": dict(self._alerts),
            }
        )
