"""HTTP for the preview: one page and one stream of events (server-sent events), for this machine or by token.

One thread serves all connections, each for one request. Nothing here is trusted to be short, quick or well-formed:
whoever can reach the port can neither hold up the monitor nor keep the page from those who have the token.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import hmac
import json
import logging
import re
import socket
import threading
from collections.abc import Mapping
from functools import cache
from http import HTTPStatus
from importlib.resources import files
from typing import Any

from fermon.errors import OutputError, one_line
from fermon.views.preview.address import Address, names_this_machine
from fermon.views.preview.doorman import Doorman, Visitor
from fermon.views.preview.feed import Feed
from fermon.views.preview.request import END, MOST_BYTES, Refused, Request, parse

log = logging.getLogger(__name__)

REQUEST_S = 5.0  # for a whole request and its answer, and for a page to take one event
LINGER_S = 1.0  # for a visitor to take the answer before the connection is cut
KEEP_ALIVE_S = 2.0  # a comment when nothing happens, so that a page that left is noticed
BUFFER_BYTES = 64 * 1024  # on the way to one page: an older picture than a few is of no use
QUEUE = 32  # connections that wait to be accepted, and are accepted at once
LONGEST_LOG = 200  # characters
COOKIE = "fermon_preview"
_COMMON = {
    "Cache-Control": "no-store",
    "Connection": "close",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}


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


def head(status: HTTPStatus, kind: str, more: Mapping[str, str]) -> bytes:
    """Return the head of an answer: never cached, never framed, never for another origin."""
    fields = {"Content-Type": f"{kind}; charset=utf-8", **_COMMON, **more}
    lines = [f"HTTP/1.1 {status.value} {status.phrase}", *(f"{name}: {value}" for name, value in fields.items())]
    return "\r\n".join(lines).encode() + END


def answer(status: HTTPStatus, body: bytes | str, more: Mapping[str, str] | None = None) -> bytes:
    """Return a whole answer; bytes are HTML, a text is one line for a person."""
    content = body if isinstance(body, bytes) else f"fermon: {body}\n".encode()
    kind = "text/html" if isinstance(body, bytes) else "text/plain"
    return head(status, kind, {"Content-Length": str(len(content)), **(more or {})}) + content


class PreviewServer:
    """Listens on `address` from the start; `run` serves until `stop`. Raises OutputError when it cannot be had."""

    def __init__(self, address: Address, feed: Feed, token: str | None) -> None:
        self._feed, self._token = feed, token
        self._socket = _listening(address)
        own = Address(address.host, self._socket.getsockname()[1])
        self.url = own.url + (f"?token={token}" if token else "")
        self._doorman = Doorman()
        self._news: set[asyncio.Event] = set()  # one for each page that watches
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopped: asyncio.Event | None = None
        self._runs = threading.Event()
        self._ended = threading.Event()
        self._rung = self._complained = False

    def run(self) -> None:
        """Serve until `stop`; the calling thread does nothing else."""
        asyncio.run(self._serve())
        self._ended.set()

    def stop(self, timeout_s: float) -> None:
        """Close the port and every connection; waits for it `timeout_s` at most. For any thread."""
        if self._runs.wait(timeout_s) and self._loop is not None and self._stopped is not None:
            with contextlib.suppress(RuntimeError):  # it has ended by itself
                self._loop.call_soon_threadsafe(self._stopped.set)
            self._ended.wait(timeout_s)

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._loop.set_exception_handler(self._complain)
        self._stopped = asyncio.Event()
        self._feed.on_news = self._ring
        server = await asyncio.start_server(self._meet, sock=self._socket, limit=MOST_BYTES, backlog=QUEUE)
        self._runs.set()
        await self._stopped.wait()
        server.close()
        visits = asyncio.all_tasks() - {asyncio.current_task()}
        for visit in visits:
            visit.cancel()
        await asyncio.gather(*visits, return_exceptions=True)

    def _ring(self) -> None:
        """Let the pages look for news; for any thread, and at once."""
        if not self._rung and self._loop is not None:
            self._rung = True
            with contextlib.suppress(RuntimeError):  # it was the end
                self._loop.call_soon_threadsafe(self._tell)

    def _tell(self) -> None:
        self._rung = False
        for news in self._news:
            news.set()

    def _complain(self, _loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """Say once what went wrong: whoever can cause it can cause it a thousand times."""
        if not self._complained:
            self._complained = True
            what = f"{context.get('message')} {context.get('exception')!r}"
            log.warning("preview: %s (further ones are not logged)", one_line(what)[:LONGEST_LOG])

    # One connection ---------------------------------------------------------------------------------------------------

    async def _meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        transport = writer.transport
        host = (writer.get_extra_info("peername") or ("",))[0]
        visitor = Visitor(host, asyncio.get_running_loop().time(), transport.abort)
        try:
            self._doorman.arrives(visitor)
            await self._talk(reader, writer, visitor)
        except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # it has gone, says nothing, does not read; or this is the end
        except Exception as error:
            self._complain(asyncio.get_running_loop(), {"message": "a request failed:", "exception": error})
        finally:
            self._doorman.leaves(visitor)
            transport.abort()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, visitor: Visitor) -> None:
        """Read one request and answer it."""
        async with asyncio.timeout(REQUEST_S):
            try:
                request = parse(await _read_head(reader))
                self._examine(request)
                if not self._doorman.is_friend(visitor):
                    raise Refused(HTTPStatus.SERVICE_UNAVAILABLE, "Too many connections. Try again.")
                content = self._content(request)
            except Refused as refused:
                content = answer(refused.status, refused.text)
            if content is not None:
                writer.write(content)
                await writer.drain()
        if content is None:
            await self._watch(writer)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LINGER_S):
                await _take_leave(reader, writer)

    def _examine(self, request: Request) -> None:
        """Raise Refused unless the request may see the page."""
        if not names_this_machine(request.headers.get("host")):
            raise Refused(HTTPStatus.MISDIRECTED_REQUEST, "Open the preview by this machine's address or name.")
        if request.headers.get("sec-fetch-site", "none") not in ("none", "same-origin"):
            raise Refused(HTTPStatus.FORBIDDEN, "The preview is not for other pages. Open its address yourself.")
        if self._token is not None:
            own = self._token.encode()
            if not any(hmac.compare_digest(word.encode(), own) for word in request.offered("token", COOKIE)):
                raise Refused(
                    HTTPStatus.FORBIDDEN, "Open the address that fermon printed when it started, with its token."
                )

    def _content(self, request: Request) -> bytes | None:
        """Return the answer to a friend; None for the stream of events."""
        if request.path == "/" and self._token and request.query:
            # Into a cookie, so that it does not stay in the address line and in screenshots of it.
            cookie = f"{COOKIE}={self._token}; HttpOnly; SameSite=Strict; Path=/"
            return answer(HTTPStatus.SEE_OTHER, "", {"Location": "/", "Set-Cookie": cookie})
        if request.path == "/":
            body, policy = page()
            return answer(HTTPStatus.OK, body, {"Content-Security-Policy": policy})
        if request.path == "/events":
            return None
        raise Refused(HTTPStatus.NOT_FOUND, "There is only /")

    async def _watch(self, writer: asyncio.StreamWriter) -> None:
        feed = self._feed
        if not feed.join():
            writer.write(answer(HTTPStatus.SERVICE_UNAVAILABLE, "Too many pages watch already. Close one."))
            return
        news = asyncio.Event()
        self._news.add(news)
        try:
            await _send(writer, head(HTTPStatus.OK, "text/event-stream", {}))
            await _event(writer, "hello", json.dumps(feed.hello()).encode())
            await self._stream(writer, news)
        finally:
            self._news.discard(news)
            feed.leave()

    async def _stream(self, writer: asyncio.StreamWriter, news: asyncio.Event) -> None:
        """Send what is new until the end; a page that reads slowly gets fewer pictures, never older ones."""
        feed = self._feed
        number = row = logged = 0
        facts: Mapping[str, Any] = {}
        while not feed.ended:
            news.clear()
            if feed.facts is not facts and feed.facts:
                facts = feed.facts
                await _event(writer, "facts", json.dumps(facts).encode())
            row, rows = feed.rows(row)
            if rows:
                await _event(writer, "rows", json.dumps(rows, separators=(",", ":")).encode())
            entries = feed.log(logged)
            if entries:
                logged = entries[-1]["n"]
                await _event(writer, "log", json.dumps(entries).encode())
            newest, message = feed.moment()
            if newest > number and message:
                number = newest
                await _event(writer, "moment", message)
            try:
                await asyncio.wait_for(news.wait(), KEEP_ALIVE_S)
            except TimeoutError:
                await _send(writer, b": nothing new\n\n")
        await _event(writer, "end", b"{}")


def _listening(address: Address) -> socket.socket:
    """Return a socket that listens. Raises OutputError when the address cannot be had."""
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    own = socket.socket(family, socket.SOCK_STREAM)
    try:
        own.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        own.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER_BYTES)  # those that it accepts inherit it
        own.bind((address.host, address.port))
        own.listen(QUEUE)  # here already: an address that is taken says so
    except OSError as error:
        own.close()
        raise OutputError(
            f"preview: cannot listen on {address.host} port {address.port}: {error.strerror}",
            remedy="choose another with --preview ADDRESS:PORT",
        ) from None
    return own


async def _read_head(reader: asyncio.StreamReader) -> bytes:
    """Return a request's head. Raises Refused for one that is too large, IncompleteReadError for none."""
    try:
        return await reader.readuntil(END)
    except asyncio.LimitOverrunError:
        raise Refused(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, f"A head has {MOST_BYTES} bytes at most.") from None


async def _take_leave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Let the answer arrive: a connection that is closed with something unread loses what was sent last."""
    writer.write_eof()
    while await reader.read(MOST_BYTES):
        pass


async def _send(writer: asyncio.StreamWriter, content: bytes) -> None:
    """Raises TimeoutError for a page that does not read."""
    writer.write(content)
    async with asyncio.timeout(REQUEST_S):
        await writer.drain()


async def _event(writer: asyncio.StreamWriter, event: str, data: bytes) -> None:
    await _send(writer, b"event: %s\ndata: %s\n\n" % (event.encode(), data))
