"""The preview beyond this machine: whoever can reach the port neither stops the monitor nor the page."""

from __future__ import annotations

import contextlib
import http.client
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator

import pytest

from fermon.views.preview import server
from fermon.views.preview.address import Address
from fermon.views.preview.doorman import FRIENDS, MOST_STRANGERS
from fermon.views.preview.view import Preview
from tests.integration.test_preview import FACTS, SUMMARY, Feeder, events, feed, port, until

SOON_S = 20.0
GET = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"


@pytest.fixture
def preview() -> Iterator[Preview]:
    """One for other machines: it has a token."""
    made = Preview(Address("0.0.0.0", 0))
    made.start(FACTS)
    yield made
    made.end(SUMMARY)


def get(preview: Preview, path: str = "/") -> http.client.HTTPResponse:
    """As the holder of the token."""
    connection = http.client.HTTPConnection("127.0.0.1", port(preview), timeout=SOON_S)
    connection.request("GET", path, headers={"Cookie": f"fermon_preview={preview.token}"})
    return connection.getresponse()


def with_token(preview: Preview, path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: fermon_preview={preview.token}\r\n\r\n".encode()


def connect(preview: Preview) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port(preview)), timeout=SOON_S)


def said(wire: socket.socket) -> bytes:
    """Return everything until the other side closes."""
    found = b""
    with contextlib.suppress(ConnectionResetError):
        while part := wire.recv(65536):
            found += part
    return found


def status(preview: Preview, content: bytes) -> int:
    """Return the status of the one answer, 0 for none."""
    with connect(preview) as wire:
        with contextlib.suppress(OSError):  # it need not read everything
            wire.sendall(content)
        found = said(wire)
    assert found.count(b"HTTP/1.1 ") <= 1, "one request a connection"
    return int(found.split(b" ")[1]) if found else 0


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"GET //[ HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", 400),
        (b"\x16\x03\x01\x02\x00\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: localhost\r\n\r\n", 400),
        (GET.replace(b"Host", b"a: b\r\n" * 64 + b"Host"), 431),
        (GET.replace(b"Host", b"a: " + b"b" * 9000 + b"\r\nHost"), 431),
        (b"GET /" + b"a" * 200_000 + b" HTTP/1.1\r\n\r\n", 431),
        (b"a" * 200_000, 431),
        (b"POST / HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n", 405),
        (GET.replace(b"Host", b"Cookie: a=" + b'"\\' * 3500 + b"\r\nHost"), 403),
        (GET * 1000, 403),
    ],
)  # fmt: skip
def test_a_hostile_request_has_its_answer_and_nothing_is_logged(
    preview: Preview, reports: list[str], content: bytes, expected: int
) -> None:
    assert status(preview, content) == expected
    assert get(preview).status == 200
    assert reports == []


def test_strangers_cannot_take_the_room_of_the_token_holder(preview: Preview) -> None:
    """As many as the port takes: silent ones, dripping ones, ones without a token; nobody of them leaves by himself."""
    with contextlib.ExitStack() as crowd, Feeder(preview) as loop:
        stream = events(get(preview, "/events"))
        for n in range(MOST_STRANGERS + 60):
            wire = crowd.enter_context(connect(preview))
            wire.sendall((b"", b"GET / HTTP/1.1\r\nX: ", GET)[n % 3])
            if n % 20 == 0:
                assert get(preview).status == 200
        turns = loop.seq
        moments = [data["t"] for name, data in (next(stream) for _ in range(30)) if name == "moment"]
        assert get(preview).status == 200
        assert moments == sorted(set(moments)) and moments, "the stream goes on"
        assert loop.seq > turns, "and so does the monitor"
        assert preview._server._doorman.sent_away >= 60, "they are kept until there are too many"


def test_a_dripping_client_is_cut_though_it_never_pauses(preview: Preview, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "REQUEST_S", 0.2)
    with connect(preview) as wire:
        wire.sendall(b"GET / HTTP/1.1\r\nX: ")
        end = time.monotonic() + SOON_S
        with pytest.raises(OSError):
            while time.monotonic() < end:
                wire.sendall(b"a")
                time.sleep(0.01)


def test_a_page_that_stops_reading_leaves_its_place(preview: Preview, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "REQUEST_S", 0.2)
    stuck = socket.socket()
    stuck.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
    with stuck, Feeder(preview, pause_s=0.001):
        stuck.connect(("127.0.0.1", port(preview)))
        stuck.sendall(with_token(preview, "/events"))
        until(lambda: preview.feed._watchers == 1)
        for _ in range(400):
            preview.report(20, "x" * 500)  # enough to fill what lies between
        until(lambda: preview.feed._watchers == 0)


def test_friends_are_counted_too(preview: Preview, monkeypatch: pytest.MonkeyPatch) -> None:
    """A browser that asks for very much has an answer that says so."""
    monkeypatch.setattr(server, "LINGER_S", SOON_S)
    with contextlib.ExitStack() as all_of_them:
        found: Counter[int] = Counter()
        for _ in range(FRIENDS + 4):
            wire = all_of_them.enter_context(connect(preview))
            wire.sendall(with_token(preview, "/"))
            found[int(wire.recv(4096).split(b" ")[1])] += 1  # and it does not close
    assert found == {200: FRIENDS, 503: 4}


def test_what_fails_is_told_once_and_shortly(
    preview: Preview, reports: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("x\n" * 1000)

    monkeypatch.setattr(server, "names_this_machine", broken)
    for _ in range(5):
        assert status(preview, GET) == 0
    [line] = reports
    assert line.startswith("preview: a request failed: ZeroDivisionError") and len(line) < 300 and line.isprintable()
    monkeypatch.undo()
    assert get(preview).status == 200


def test_a_long_report_is_cut_for_the_page(preview: Preview) -> None:
    feed(preview, 0)
    preview.report(20, "x" * 100_000)
    entries = next(data for name, data in events(get(preview, "/events")) if name == "log")
    assert len(entries[-1]["text"]) == 500


def test_after_the_end_nothing_is_left() -> None:
    before = set(threading.enumerate())
    preview = Preview(Address("0.0.0.0", 0))
    with connect(preview) as silent, connect(preview) as watching:
        watching.sendall(with_token(preview, "/events"))
        until(lambda: preview.feed._watchers == 1)
        preview.end(SUMMARY)
        assert said(silent) == b"" and b"event: end" in said(watching)
    until(lambda: set(threading.enumerate()) <= before)
    preview.report(20, "later")  # other threads may still have something to say
    with pytest.raises(OSError):
        connect(preview)
