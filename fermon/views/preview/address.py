"""Where the preview listens, and which requests it takes for its own."""

from __future__ import annotations

import ipaddress
import re
import socket
from dataclasses import dataclass

PORT = 8765
DEFAULT = f"127.0.0.1:{PORT}"


@dataclass(frozen=True, slots=True)
class Address:
    """An IP address (no name) and a TCP port; port 0 lets the system choose one."""

    host: str
    port: int

    @property
    def local(self) -> bool:
        """Whether only this machine can reach it."""
        return ipaddress.ip_address(self.host).is_loopback

    @property
    def url(self) -> str:
        """The page's address, for a person: a wildcard is shown as this machine's name."""
        ip = ipaddress.ip_address(self.host)
        host = socket.gethostname() if ip.is_unspecified else f"[{self.host}]" if ip.version == 6 else self.host
        return f"http://{host}:{self.port}/"


def parse(text: str) -> Address:
    """Read ADDRESS:PORT, PORT or ADDRESS. Raises ValueError that says what was expected.

    >>> parse("0.0.0.0:9000")
    Address(host='0.0.0.0', port=9000)
    >>> parse("[::1]:9000").host, parse("9000").host, parse("192.168.4.1").port
    ('::1', '127.0.0.1', 8765)
    """
    wrong = ValueError(
        f"found {text!r}, expected an IP address and a port of 0 to 65535, as in {DEFAULT} or [::1]:{PORT}"
    )
    host, port = _split(text)
    if not port.isascii() or not port.isdigit() or int(port) > 65535:
        raise wrong
    try:
        ip = ipaddress.ip_address("127.0.0.1" if host == "localhost" else host)
    except ValueError:
        raise wrong from None
    return Address(str(ip), int(port))


def _split(text: str) -> tuple[str, str]:
    """Return (address, port) as texts; ("", "") for what is neither."""
    if text.isdigit():
        return "127.0.0.1", text
    if text.count(":") > 1 and not text.startswith("["):  # an IPv6 address alone
        return text, str(PORT)
    found = re.fullmatch(r"(?:\[([^\]]+)\]|([^\[\]:]*))(?::(.+))?", text)
    if found is None or not text:
        return "", ""
    return found[1] or found[2] or "127.0.0.1", found[3] or str(PORT)


def names_this_machine(host_header: str | None) -> bool:
    """Whether a request's Host header names this machine; False for a foreign name.

    A web page elsewhere can let its own name resolve to 127.0.0.1 (DNS rebinding) and then read what is served here
    as its own; it cannot do so with a bare IP address or with this machine's names. Any port will do: it may have been
    forwarded (ssh -L).
    """
    if not host_header:
        return False
    host = host_header.strip().lower()
    host = host[1:].partition("]")[0] if host.startswith("[") else host.rpartition(":")[0] or host
    try:
        ipaddress.ip_address(host)
        return True
    except ValueError:
        name = socket.gethostname().lower()
        return host.rstrip(".") in {"localhost", name, f"{name.partition('.')[0]}.local"}
