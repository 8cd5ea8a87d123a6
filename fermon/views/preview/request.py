"""Reads the head of an HTTP request under limits, strictly; pure: bytes in, a request or a refusal out."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import parse_qs

MOST_BYTES = 8192  # of a whole head; a browser sends about 700
MOST_HEADERS = 64
END = b"\r\n\r\n"
_LINE = re.compile(r"([A-Z]{1,16}) (/[A-Za-z0-9%/?:@!$&'()*+,;=._~-]*) HTTP/1\.[01]")
_HEADER = re.compile(r"([A-Za-z0-9!#$%&'*+.^_`|~-]+):[ \t]*(.*)")


class Refused(Exception):
    """A request that is not answered with what it asked for; `status` and `text` are the answer."""

    def __init__(self, status: HTTPStatus, text: str) -> None:
        super().__init__(text)
        self.status, self.text = status, text


@dataclass(frozen=True, slots=True)
class Request:
    """A GET request. `headers` have their names in small letters."""

    path: str
    query: str
    headers: Mapping[str, str]

    def offered(self, parameter: str, cookie: str) -> list[str]:
        """Return every value of a parameter of the address and of a cookie."""
        found = parse_qs(self.query).get(parameter, [])
        for pair in self.headers.get("cookie", "").split(";"):
            name, _, value = pair.strip().partition("=")
            if name == cookie:
                found.append(value)
        return found


def parse(head: bytes) -> Request:
    """Return the request of a head that ends with an empty line. Raises Refused for everything but a GET of HTTP/1."""
    if len(head) > MOST_BYTES:
        raise Refused(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, f"A head has {MOST_BYTES} bytes at most.")
    first, *lines = head.removesuffix(END).decode("latin-1").split("\r\n")
    found = _LINE.fullmatch(first)
    if found is None:
        raise Refused(HTTPStatus.BAD_REQUEST, "This is no request of HTTP/1.")
    if found[1] != "GET":
        raise Refused(HTTPStatus.METHOD_NOT_ALLOWED, "Nothing can be changed here: GET only.")
    if len(lines) > MOST_HEADERS:
        raise Refused(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, f"A head has {MOST_HEADERS} fields at most.")
    path, _, query = found[2].partition("?")
    return Request(path, query, _headers(lines))


def _headers(lines: list[str]) -> Mapping[str, str]:
    headers: dict[str, str] = {}
    for line in lines:
        field = _HEADER.fullmatch(line)
        if field is None:
            raise Refused(HTTPStatus.BAD_REQUEST, "A field of the head is none.")
        name, value = field[1].lower(), field[2].rstrip(" \t")
        if name == "host" and name in headers:
            raise Refused(HTTPStatus.BAD_REQUEST, "There are two fields Host.")
        headers[name] = f"{headers[name]}; {value}" if name in headers else value
    return headers
