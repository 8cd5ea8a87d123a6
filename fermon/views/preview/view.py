"""The view that serves the page. The loop hands over references and goes on; threads of its own do the rest."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import secrets
import threading
import time
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fermon.domain import Alert, DriverState, Frame, Input, Observation, RunFacts, RunSummary
from fermon.views.fields import observation_fields, state_fields
from fermon.views.preview.address import Address
from fermon.views.preview.feed import Feed
from fermon.views.preview.server import PreviewServer

PICTURES_HZ = 5.0
PICTURE_WIDTH_PX = 320
JPEG_QUALITY = 60  # of 100: about 8 kB a picture
GOODBYE_S = 0.5  # longest wait for the pages at the end


def encode_picture(gray: NDArray[np.uint8]) -> bytes:
    """Return `gray`, uint8 (height, width), as a JPEG at most PICTURE_WIDTH_PX wide."""
    import cv2

    height, width = gray.shape
    if width > PICTURE_WIDTH_PX:
        size = (PICTURE_WIDTH_PX, round(height * PICTURE_WIDTH_PX / width))
        gray = cv2.resize(gray, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
    return cv2.imencode(".jpg", gray, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])[1].tobytes()


def lower_priority() -> None:
    """Run the calling thread at nice 10, so that it never delays the loop: on Linux a thread has its own priority."""
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 10)


class Preview:
    """A View that serves the page on `address` until `end`.

    Raises OutputError when the address cannot be listened on. A page elsewhere needs `token`, which is part of `url`;
    None = only this machine can connect.
    """

    def __init__(self, address: Address) -> None:
        self.local = address.local  # only this machine can reach it
        self.token = None if address.local else secrets.token_urlsafe(16)
        self.feed = Feed()
        self._server = PreviewServer(address, self.feed, self.token)
        self.url = self._server.url
        threading.Thread(target=self._encode_for_ever, name="preview-encode", daemon=True).start()
        threading.Thread(target=self._serve_for_ever, name="preview-serve", daemon=True).start()

    def start(self, facts: RunFacts) -> None:
        self.feed.facts = asdict(facts)

    def input(self, item: Input, frame: Frame | None, state: DriverState) -> None:
        self.feed.input(item, frame, state)

    def alert(self, alert: Alert) -> None:
        self.feed.alert(alert)

    def fault(self, text: str | None) -> None:
        self.feed.fault = text

    def report(self, level: int, line: str) -> None:
        self.feed.report(line)

    def end(self, summary: RunSummary) -> None:
        self.feed.end(GOODBYE_S)  # the pages are told that it was no accident
        self._server.stop(GOODBYE_S)

    def _serve_for_ever(self) -> None:
        lower_priority()
        self._server.run()

    def _encode_for_ever(self) -> None:
        lower_priority()
        taken = 0
        while (news := self.feed.news(taken)) is not None:
            taken = news.number
            message = json.dumps(
                _moment(news.item, news.frame, news.state, news.t_s) | {"fault": self.feed.fault},
                separators=(",", ":"),
            )
            self.feed.put_moment(message.encode())
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
