"""The preview's parts that need no socket."""

from __future__ import annotations

import re
import socket

import pytest

from fermon.domain import DriverState, EyeState, Kind, Tick
from fermon.views.preview.address import Address, names_this_machine, parse
from fermon.views.preview.server import page
from fermon.views.preview.timeline import ROWS, Timeline

S = 1_000_000_000


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("127.0.0.1:8765", "127.0.0.1", 8765),
        ("9000", "127.0.0.1", 9000),
        (":9000", "127.0.0.1", 9000),
        ("localhost:1", "127.0.0.1", 1),
        ("0.0.0.0", "0.0.0.0", 8765),
        ("[::1]:80", "::1", 80),
        ("[::]", "::", 8765),
        ("::1", "::1", 8765),
    ],
)
def test_addresses_are_read(text: str, host: str, port: int) -> None:
    assert parse(text) == Address(host, port)


@pytest.mark.parametrize(
    "text", ["", "example.org:80", "1.2.3.4:70000", "1.2.3.4:x", "[::1", "[::1]x", "1.2.3.4:-1", "1.2.3:4"]
)
def test_what_is_no_address_is_refused_with_what_was_expected(text: str) -> None:
    with pytest.raises(ValueError, match="expected an IP address and a port"):
        parse(text)


def test_only_loopback_is_local() -> None:
    assert parse("9000").local and parse("[::1]:1").local
    assert not parse("0.0.0.0:1").local and not parse("[::]:1").local and not parse("192.168.4.1:1").local
    assert parse("0.0.0.0:1").url == f"http://{socket.gethostname()}:1/"


@pytest.mark.parametrize(
    ("host", "good"),
    [
        ("127.0.0.1:8765", True),
        ("localhost:1", True),
        ("LOCALHOST", True),
        ("[::1]:8765", True),
        ("192.168.4.1", True),
        (socket.gethostname() + ":80", True),
        (None, False),
        ("", False),
        ("evil.example:8765", False),
        ("127.0.0.1.evil.example", False),
        ("localhost.evil.example:8765", False),
    ],
)
def test_foreign_host_names_are_refused(host: str | None, good: bool) -> None:
    assert names_this_machine(host) is good


def test_the_page_asks_nobody_outside_and_may_run_its_own_script_only() -> None:
    body, policy = page()
    text = body.decode()
    assert not re.search(r"(src|href)\s*=\s*[\"'](?!data:)", text), "one file"
    assert re.findall(r"https?://[^\"'\s]+", text) == ["http://www.w3.org/2000/svg"], "a namespace, not an address"
    assert "default-src 'none'" in policy and "unsafe-inline" not in policy
    assert not re.search(r"\son\w+=", text) and ' style="' not in text, "the policy would not let them work"


def test_the_timeline_gathers_half_seconds_and_keeps_five_minutes() -> None:
    timeline = Timeline()
    for tenth in range(ROWS * 5 + 100):
        eyes = EyeState.CLOSED if tenth < 5 else EyeState.UNKNOWN if tenth < 10 else EyeState.OPEN
        timeline.add(
            Tick(7 * S + tenth * S // 10), DriverState(7 * S + tenth * S // 10, eyes=eyes, closure_s=tenth / 10)
        )
    rows = timeline.since(0)
    assert len(rows) == ROWS and timeline.count > ROWS
    assert timeline.since(timeline.count) == [] and len(timeline.since(timeline.count - 3)) == 3
    assert rows[-1][0] == pytest.approx(timeline.seconds(7 * S + (ROWS * 5 + 95) * S // 10), abs=0.5)


def test_a_row_holds_shares_and_the_longest_closure() -> None:
    timeline = Timeline()
    for tenth in range(6):
        eyes = EyeState.CLOSED if tenth < 3 else EyeState.UNKNOWN
        timeline.add(
            Tick(tenth * S // 10), DriverState(tenth * S // 10, eyes=eyes, closure_s=0.3 if tenth == 2 else 0.0)
        )
    [(t, closed, unknown, longest, perclos, visibility, expression)] = timeline.since(0)
    assert (t, closed, unknown, longest) == (0.5, 0.5, 0.5, 0.3)
    assert perclos is None and expression is None and visibility == "ok"


def test_a_gap_makes_no_rows() -> None:
    timeline = Timeline()
    timeline.add(Tick(0), DriverState(0))
    timeline.add(Tick(3600 * S), DriverState(3600 * S))
    timeline.add(Tick(3600 * S + 1), DriverState(3600 * S + 1))
    assert len(timeline.since(0)) <= 2


def test_the_page_shows_attention_and_lists_every_kind_of_alert() -> None:
    text = page()[0].decode()
    for element in ("attention", "head", "away", "awaybar", "nods"):
        assert f'id="{element}"' in text
    kinds = re.search(r"const KINDS = \[(.*?)\]", text)
    assert kinds is not None and set(re.findall(r"\w+", kinds[1])) == {kind.value for kind in Kind}
