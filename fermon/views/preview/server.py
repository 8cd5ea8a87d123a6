"""HTTP for the preview: one page and one stream of events (server-sent events), for this machine or by token."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import logging
import re
import socket
import sys
import threading
from collections.abc import Mapping
from functools import cache
from http import HTTPStatus
from http.cookies import CookieError, SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from typing import Any
from urllib.parse import parse_qs, urlsplit

from fermon.errors import OutputError
from fermon.views.preview.address import Address, names_this_machine
from fermon.views.preview.feed import Feed

log = logging.getLogger(__name__)

CONNECTIONS = 16
PATIENCE_S = 10.0  # for a page that does not read, or sends its request in drips
KEEP_ALIVE_S = 2.0  # a comment when nothing happens, so that a page that left is noticed
COOKIE = "fermon_preview"


@cache
def page() -> tuple[bytes, str]:
    """Return the page and its Content-Security-Policy: only its own script and style, nothing from outside."""
    text = files("fermon.views.preview").joinpath("page.html").read_text(encoding="utf-8")

    def digest(tag: str) -> str:
        content = re.search(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
        assert content is not None  # the page is ours
        return base64.b64encode(hashlib.sha256(content[1].encode()).digest()).decode()

    policy = (
        f"default-src 'none'; script-src 'sha256-{digest('script')}'; style-src 'sha256-{digest('style')}'; "
        "img-src data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    return text.encode(), policy


class PreviewServer(ThreadingHTTPServer):
    """Listens on `address`; each connection has a thread. Raises OutputError when the address cannot be had."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 8

    def __init__(self, address: Address, feed: Feed, token: str | None) -> None:
        self.feed, self.token = feed, token
        self.address_family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
        self._slots = threading.BoundedSemaphore(CONNECTIONS)
        try:
            super().__init__((address.host, address.port), Handler)
        except OSError as error:
            raise OutputError(
                f"preview: cannot listen on {address.host} port {address.port}: {error.strerror}",
                remedy="choose another with --preview ADDRESS:PORT",
            ) from None
        own = Address(address.host, self.server_address[1])
        self.url = own.url + (f"?token={token}" if token else "")

    def server_bind(self) -> None:
        # Without HTTPServer's look-up of the host's full name, which may wait for a DNS that is not there.
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()

    def process_request(self, request: Any, client_address: Any) -> None:
        if not self._slots.acquire(blocking=False):
            self.shutdown_request(request)
            return
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._slots.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exception(), OSError):  # a page that leaves in the middle of an answer: nothing to report
            log.exception("preview: a request failed")


class Handler(BaseHTTPRequestHandler):
    """One connection. Answers are never cached, never framed, never for another origin."""

    server: PreviewServer
    server_version = "fermon"
    sys_version = ""
    timeout = PATIENCE_S

    def log_message(self, format: str, *args: Any) -> None:
        """Requests are not logged: they would bury the alerts, and carry the token."""

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        if not names_this_machine(self.headers.get("Host")):
            self._answer(HTTPStatus.MISDIRECTED_REQUEST, "Open the preview by this machine's address or name.")
        elif self.headers.get("Sec-Fetch-Site", "none") not in ("none", "same-origin"):
            self._answer(HTTPStatus.FORBIDDEN, "The preview is not for other pages. Open its address yourself.")
        elif not self._known(url.query):
            self._answer(HTTPStatus.FORBIDDEN, "Open the address that fermon printed when it started, with its token.")
        elif url.path == "/" and self.server.token and url.query:
            self._keep_token()
        elif url.path == "/":
            body, policy = page()
            self._answer(HTTPStatus.OK, body, {"Content-Security-Policy": policy})
        elif url.path == "/events":
            self._events()
        else:
            self._answer(HTTPStatus.NOT_FOUND, "There is only /")

    def _known(self, query: str) -> bool:
        """Whether the request carries the token, in its address or in its cookie; True when none is needed."""
        token = self.server.token
        if token is None:
            return True
        offered = parse_qs(query).get("token", [])
        try:
            cookie = SimpleCookie(self.headers.get("Cookie", "")).get(COOKIE)
        except CookieError:
            cookie = None
        offered += [cookie.value] if cookie is not None else []
        return any(hmac.compare_digest(word.encode(), token.encode()) for word in offered)

    def _keep_token(self) -> None:
        # Into a cookie, so that it does not stay in the address line and in screenshots of it.
        cookie = f"{COOKIE}={self.server.token}; HttpOnly; SameSite=Strict; Path=/"
        self._answer(HTTPStatus.SEE_OTHER, "", {"Location": "/", "Set-Cookie": cookie})

    def _answer(self, status: HTTPStatus, body: bytes | str, headers: dict[str, str] | None = None) -> None:
        html = isinstance(body, bytes)
        content = body if isinstance(body, bytes) else f"fermon: {body}\n".encode()
        self._head(
            status, "text/html" if html else "text/plain", {"Content-Length": str(len(content)), **(headers or {})}
        )
        self.wfile.write(content)

    def _head(self, status: HTTPStatus, kind: str, headers: dict[str, str]) -> None:
        self.send_response(status)
        common = {
            "Content-Type": f"{kind}; charset=utf-8",
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
            "Cross-Origin-Resource-Policy": "same-origin",
            "Cross-Origin-Opener-Policy": "same-origin",
        }
        for name, value in (common | headers).items():
            self.send_header(name, value)
        self.end_headers()

    def _events(self) -> None:
        feed = self.server.feed
        if not feed.join():
            self._answer(HTTPStatus.SERVICE_UNAVAILABLE, "Too many pages watch already. Close one.")
            return
        try:
            self._head(HTTPStatus.OK, "text/event-stream", {})
            self._send("hello", json.dumps(feed.hello()).encode())
            self._stream(feed)
        except OSError:
            pass  # the page has gone, or does not read
        finally:
            feed.leave()

    def _stream(self, feed: Feed) -> None:
        """Send what is new until the end; a page that reads slowly gets fewer pictures, never older ones."""
        number = row = logged = 0
        facts: Mapping[str, Any] = {}
        while not feed.ended:
            if feed.facts is not facts and feed.facts:
                facts = feed.facts
                self._send("facts", json.dumps(facts).encode())
            row, rows = feed.rows(row)
            if rows:
                self._send("rows", json.dumps(rows, separators=(",", ":")).encode())
            entries = feed.log(logged)
            if entries:
                logged = entries[-1]["n"]
                self._send("log", json.dumps(entries).encode())
            newest, message = feed.moment()
            if newest > number and message:
                number = newest
                self._send("moment", message)
            if not feed.wait(number, logged, KEEP_ALIVE_S):
                self.wfile.write(b": nothing new\n\n")
        self._send("end", b"{}")

    def _send(self, event: str, data: bytes) -> None:
        self.wfile.write(b"event: %s\ndata: %s\n\n" % (event.encode(), data))
