"""The view that feeds the page. The loop hands over references and goes on; a thread of its own does the rest."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import secrets
import threading
import time
from collections import deque
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fermon.domain import Alert, DriverState, Frame, Input, Observation
from fermon.views.preview.address import Address
from fermon.views.preview.server import PreviewServer
from fermon.views.preview.timeline import Row, Timeline
from fermon.views.contract import alert_fields, observation_fields, state_fields

PICTURES_HZ = 5.0
PICTURE_WIDTH_PX = 320
JPEG_QUALITY = 60  # of 100: about 8 kB a picture
LOG_ENTRIES = 200
WATCHERS = 4  # pages at the same time
GOODBYE_S = 0.5  # longest wait for the pages at the end


def encode_picture(gray: NDArray[np.uint8]) -> bytes:
    """Return `gray`, uint8 (height, width), as a JPEG at most PICTURE_WIDTH_PX wide."""
    import cv2

    height, width = gray.shape
    if width > PICTURE_WIDTH_PX:
        size = (PICTURE_WIDTH_PX, round(height * PICTURE_WIDTH_PX / width))
        gray = cv2.resize(gray, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
    return cv2.imencode(".jpg", gray, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])[1].tobytes()


def be_nice() -> None:
    """Let the calling thread stand behind the loop: on Linux a thread has a priority of its own."""
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 10)


class Preview:
    """A View that serves the page on `address` until `end`.

    Raises OutputError when the address cannot be listened on. A page elsewhere needs `token`, which is part of `url`;
    None = only this machine can connect.
    """

    def __init__(self, address: Address) -> None:
        self.token = None if address.local else secrets.token_urlsafe(16)
        self._run = secrets.token_hex(8)  # the page tells a restart by it
        self._facts: Mapping[str, Any] = {}
        self._lock = threading.Lock()  # guards everything below; held for microseconds
        self._came = threading.Condition(self._lock)  # an input, or the end
        self._made = threading.Condition(self._lock)  # a message or a log entry, or the end
        self._timeline = Timeline()
        self._newest: tuple[Input, Frame | None, DriverState] | None = None
        self._news = 0  # inputs taken
        self._message = b""  # the newest moment, ready to be sent
        self._number = 0  # of that message
        self._log: deque[dict[str, Any]] = deque(maxlen=LOG_ENTRIES)
        self._logged = 0
        self._watchers = 0
        self._ended = False
        self._server = PreviewServer(address, self, self.token)
        self.url = self._server.url
        threading.Thread(target=self._encode_for_ever, name="preview-encode", daemon=True).start()
        threading.Thread(target=self._serve_for_ever, name="preview-serve", daemon=True).start()

    # The View: called by the loop (`report` by other threads too), returns at once ------------------------------------

    def start(self, facts: Mapping[str, Any]) -> None:
        self._facts = dict(facts)

    def input(self, item: Input, frame: Frame | None, state: DriverState) -> None:
        with self._lock:
            self._timeline.add(item, state)
            # Nobody watches: no picture is kept, not even for a moment.
            self._newest = (item, frame if self._watchers else None, state)
            self._news += 1
            if self._watchers:
                self._came.notify()

    def alert(self, alert: Alert) -> None:
        with self._lock:
            # An alert may come with the very first input, before `input` has set the start.
            start_ns = self._timeline.start_ns if self._timeline.start_ns is not None else alert.t_ns
            self._note(alert_fields(alert, start_ns))

    def report(self, line: str) -> None:
        with self._lock:
            self._note({"t": None if self._newest is None else self._now_s(), "text": line})

    def end(self, summary: Mapping[str, Any]) -> None:
        with self._lock:
            self._ended = True
            self._came.notify_all()
            self._made.notify_all()
            self._made.wait_for(lambda: not self._watchers, GOODBYE_S)  # the pages are told that it was no accident
        self._server.shutdown()
        self._server.server_close()

    def _now_s(self) -> float:
        return 0.0 if self._newest is None else round(self._timeline.seconds(self._newest[2].t_ns), 2)

    def _note(self, entry: dict[str, Any]) -> None:
        self._logged += 1
        self._log.append({"n": self._logged, **entry})
        self._made.notify_all()

    # For the threads that serve pages ---------------------------------------------------------------------------------

    def join(self) -> bool:
        """Enter one more page; False when there are too many."""
        with self._lock:
            if self._watchers >= WATCHERS or self._ended:
                return False
            self._watchers += 1
            return True

    def leave(self) -> None:
        with self._lock:
            self._watchers -= 1
            if not self._watchers:
                self._message = b""  # the next page begins with a picture of its own time
                self._made.notify_all()

    def hello(self) -> dict[str, Any]:
        """Return what tells this run from others."""
        return {"run": self._run}

    @property
    def facts(self) -> Mapping[str, Any]:
        """Camera, detector, runtime; empty before the start (a page may be faster)."""
        return self._facts

    def wait(self, number: int, logged: int, timeout_s: float) -> bool:
        """Wait for news after message `number` and log entry `logged`; False when none came in time."""
        with self._lock:
            return self._made.wait_for(lambda: self._ended or self._number > number or self._logged > logged, timeout_s)

    @property
    def ended(self) -> bool:
        return self._ended

    def moment(self) -> tuple[int, bytes]:
        """Return the number and the JSON of the newest moment; b"" before the first one."""
        with self._lock:
            return self._number, self._message

    def rows(self, number: int) -> tuple[int, list[Row]]:
        """Return the number of the newest row of the timeline, and the rows after row `number`."""
        with self._lock:
            return self._timeline.count, self._timeline.since(number)

    def log(self, number: int) -> list[dict[str, Any]]:
        """Return the alerts and reports after entry `number`, oldest first."""
        with self._lock:
            return [entry for entry in self._log if entry["n"] > number]

    # The encoding thread ----------------------------------------------------------------------------------------------

    def _serve_for_ever(self) -> None:
        be_nice()
        self._server.serve_forever(poll_interval=0.2)

    def _encode_for_ever(self) -> None:
        be_nice()
        taken = 0
        while True:
            with self._lock:
                while not self._ended and not (self._watchers and self._news > taken):
                    self._came.wait()
                if self._ended or self._newest is None:
                    return
                taken, newest = self._news, self._newest
                seconds = self._now_s()
            message = json.dumps(_moment(*newest, seconds), separators=(",", ":")).encode()
            with self._lock:
                if self._watchers:
                    self._message, self._number = message, self._number + 1
                    self._made.notify_all()
            time.sleep(1 / PICTURES_HZ)  # frames that come meanwhile are not shown


def _moment(item: Input, frame: Frame | None, state: DriverState, seconds: float) -> dict[str, Any]:
    """Return what the page shows of one input: plain JSON values, the picture as base64 of a JPEG or null."""
    moment: dict[str, Any] = {"t": seconds, "state": state_fields(state), "picture": None}
    if isinstance(item, Observation):
        moment["seen"] = observation_fields(item)
    if frame is not None:
        moment["picture"] = base64.b64encode(encode_picture(frame.gray)).decode()
        moment["size"] = [frame.gray.shape[1], frame.gray.shape[0]]
    return moment
