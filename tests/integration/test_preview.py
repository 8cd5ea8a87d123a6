"""The preview over real sockets on 127.0.0.1, fed by hand."""

from __future__ import annotations

import base64
import http.client
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from typing import Any

import numpy as np
import pytest

from fermon.domain import (
    Alert,
    Box,
    DriverState,
    Eyes,
    Face,
    Frame,
    Kind,
    Level,
    Observation,
    Quality,
    RunFacts,
    RunSummary,
)
from fermon.errors import OutputError
from fermon.views.preview.address import Address
from fermon.views.preview.view import PICTURE_WIDTH_PX, Preview

S = 1_000_000_000
SOON_S = 20.0
FACTS = RunFacts("0", "test", "none", "none")
SUMMARY = RunSummary(0, 0.0, 0.0, 0.0, 0.0, {})


@pytest.fixture
def preview() -> Iterator[Preview]:
    made = Preview(Address("127.0.0.1", 0))
    made.start(FACTS)
    yield made
    made.end(SUMMARY)


def port(preview: Preview) -> int:
    return int(preview.url.split(":")[2].split("/")[0])


def get(preview: Preview, path: str = "/", **headers: str) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection("127.0.0.1", port(preview), timeout=SOON_S)
    connection.request("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})
    return connection.getresponse()


class Feeder:
    """A loop: frames of a grey picture, as fast as asked, until it is stopped."""

    def __init__(self, preview: Preview, pause_s: float = 0.02) -> None:
        self._preview, self._pause_s, self._stop = preview, pause_s, threading.Event()
        self.seq = 0
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Feeder:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(self._pause_s):
            feed(self._preview, self.seq)
            self.seq += 1


def feed(preview: Preview, seq: int) -> None:
    t_ns = seq * S // 15
    frame = Frame(t_ns, seq, np.full((480, 640), seq % 256, np.uint8))
    face = Face(Box(10.123, 20, 100, 110), 0.9)
    seen = Observation(t_ns, seq, face, None, Eyes(0.1, None, "glare"), 0.2, Quality(0.5, 0.5))
    preview.input(seen, frame, DriverState(t_ns))


def events(response: http.client.HTTPResponse) -> Iterator[tuple[str, Any]]:
    name = ""
    for line in response:
        word, _, rest = line.decode().rstrip("\n").partition(": ")
        if word == "event":
            name = rest
        elif word == "data":
            yield name, json.loads(rest)


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + SOON_S
    while not condition():
        assert time.monotonic() < end, "did not come true in time"
        time.sleep(0.01)


def test_the_page_comes_with_its_fences(preview: Preview) -> None:
    response = get(preview)
    assert response.status == 200 and b"fermon preview" in response.read()
    assert "default-src 'none'" in (response.getheader("Content-Security-Policy") or "")
    assert response.getheader("Cross-Origin-Resource-Policy") == "same-origin"
    assert response.getheader("Cache-Control") == "no-store"
    assert response.getheader("Access-Control-Allow-Origin") is None
    assert get(preview, "/etc/passwd").status == 404 and get(preview, "/../x").status == 404


def test_foreign_hosts_and_foreign_pages_are_refused(preview: Preview) -> None:
    assert get(preview, "/events", Host="evil.example:8765").status == 421
    assert get(preview, "/events", Sec_Fetch_Site="cross-site").status == 403
    assert get(preview, "/", Host=f"localhost:{port(preview)}").status == 200


def test_moments_come_with_picture_box_and_eyes(preview: Preview) -> None:
    with Feeder(preview):
        stream = events(get(preview, "/events"))
        assert next(stream) == ("hello", preview.feed.hello())
        assert next(stream) == ("facts", asdict(FACTS))
        moment = next(data for name, data in stream if name == "moment" and data["picture"])
    import cv2

    jpeg = np.frombuffer(base64.b64decode(moment["picture"]), np.uint8)
    picture = cv2.imdecode(jpeg, cv2.IMREAD_GRAYSCALE)
    assert picture is not None and picture.shape == (240, PICTURE_WIDTH_PX)
    assert moment["size"] == [640, 480] and moment["seen"]["face"]["box"] == [10.1, 20.0, 100.0, 110.0]
    assert (moment["seen"]["left"], moment["seen"]["right"], moment["seen"]["cause"]) == (0.1, None, "glare")
    assert moment["state"]["perclos_60s"] is None


def test_alerts_come_at_once_and_again_to_whoever_comes_later(preview: Preview) -> None:
    feed(preview, 0)
    stream = events(get(preview, "/events"))
    next(stream)
    preview.alert(Alert(2 * S, Kind.MICROSLEEP, Level.WARNING, True, S, {"closed_s": 1.5}))
    entries = next(data for name, data in stream if name == "log")
    assert (entries[0]["kind"], entries[0]["text"], entries[0]["t"]) == ("MICROSLEEP", "eyes closed 1.5 s", 2.0)
    late = events(get(preview, "/events"))
    assert next(data for name, data in late if name == "log") == entries


def test_the_timeline_of_the_past_comes_first(preview: Preview) -> None:
    for seq in range(150):
        feed(preview, seq)
    stream = events(get(preview, "/events"))
    rows = next(data for name, data in stream if name == "rows")
    assert len(rows) >= 18 and rows[0][0] == pytest.approx(0.5, abs=0.1)


def test_no_picture_is_kept_or_made_while_nobody_watches(preview: Preview) -> None:
    for seq in range(20):
        feed(preview, seq)
    assert preview.feed._newest is not None and preview.feed._newest[1] is None
    assert preview.feed.moment() == (0, b"")
    with Feeder(preview):
        response = get(preview, "/events")
        next(data for name, data in events(response) if name == "moment" and data["picture"])
        response.close()
        until(lambda: preview.feed._watchers == 0)
    feed(preview, 1000)
    assert preview.feed.moment()[1] == b"" and preview.feed._newest is not None and preview.feed._newest[1] is None


def test_a_page_that_does_not_read_holds_up_neither_the_loop_nor_another_page(preview: Preview) -> None:
    stuck = socket.create_connection(("127.0.0.1", port(preview)))
    stuck.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
    stuck.sendall(b"GET /events HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
    until(lambda: preview.feed._watchers == 1)
    with Feeder(preview) as feeder:
        stream = events(get(preview, "/events"))
        moments = (data for name, data in stream if name == "moment")
        before = feeder.seq
        times = [next(moments)["t"] for _ in range(8)]
        assert feeder.seq > before + 8, "frames were dropped rather than queued"
    assert times == sorted(set(times))
    stuck.close()


def test_there_is_a_limit_to_pages(preview: Preview) -> None:
    responses = [get(preview, "/events") for _ in range(4)]
    assert [r.status for r in responses] == [200] * 4
    assert get(preview, "/events").status == 503
    assert get(preview, "/").status == 200


def test_the_end_is_told() -> None:
    preview = Preview(Address("127.0.0.1", 0))
    stream = events(get(preview, "/events"))
    next(stream)
    preview.end(SUMMARY)
    assert [name for name, _ in stream][-1] == "end"
    with pytest.raises(OSError):
        get(preview)


def test_an_address_in_use_is_told_with_the_remedy(preview: Preview) -> None:
    with pytest.raises(OutputError, match=r"cannot listen on 127\.0\.0\.1 port \d+: .*choose another"):
        Preview(Address("127.0.0.1", port(preview)))


def test_elsewhere_than_here_a_token_is_needed() -> None:
    preview = Preview(Address("0.0.0.0", 0))
    try:
        token = preview.url.partition("?token=")[2]
        assert len(token) >= 20 and token != Preview.__doc__
        for path in ("/", "/events", "/?token=", "/events?token=wrong"):
            assert get(preview, path).status == 403
        first = get(preview, f"/?token={token}")
        assert (first.status, first.getheader("Location")) == (303, "/")
        cookie = first.getheader("Set-Cookie") or ""
        assert "HttpOnly" in cookie and "SameSite=Strict" in cookie
        kept = cookie.partition(";")[0]
        assert get(preview, "/", Cookie=kept).status == 200
        assert get(preview, "/events", Cookie=kept).status == 200
        assert get(preview, "/", Cookie="fermon_preview=wrong").status == 403
        assert get(preview, "/", Cookie=kept, Host="evil.example").status == 421
    finally:
        preview.end(SUMMARY)


@pytest.mark.parametrize(
    "request_line",
    [
        b"\x00\xff\r\n\r\n",
        b"GET\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: \xff\r\n\r\n",
    ],
)
def test_nonsense_is_answered_and_survived(preview: Preview, request_line: bytes) -> None:
    with socket.create_connection(("127.0.0.1", port(preview)), timeout=SOON_S) as wire:
        wire.sendall(request_line)
        assert b"200 OK" not in wire.recv(4096)
    assert get(preview).status == 200
