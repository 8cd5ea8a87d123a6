"""The preview's reading of requests, and who may stay: pure, on invented bytes and times."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fermon.views.preview import doorman
from fermon.views.preview.doorman import FRIENDS, MOST_STRANGERS, PATIENT_S, STRANGERS, Doorman, Visitor
from fermon.views.preview.request import MOST_BYTES, MOST_HEADERS, Refused, Request, parse


def refusal(head: bytes) -> int:
    with pytest.raises(Refused) as caught:
        parse(head)
    return caught.value.status.value


def test_a_request_is_read_with_its_fields_in_small_letters() -> None:
    head = b"GET /events?token=a%2Bb&x HTTP/1.1\r\nHost: 127.0.0.1:1\r\nCOOKIE:  a=1;fermon_preview=t=o \r\nX:\r\n\r\n"
    request = parse(head)
    assert (request.path, request.query) == ("/events", "token=a%2Bb&x")
    assert request.headers == {"host": "127.0.0.1:1", "cookie": "a=1;fermon_preview=t=o", "x": ""}
    assert request.offered("token", "fermon_preview") == ["a+b", "t=o"]


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"GET",
        b"GET / HTTP/2.0",
        b"GET /",
        b"get / HTTP/1.1",
        b"GET  / HTTP/1.1",
        b"GET //[ HTTP/1.1",
        b"GET http://evil.example/ HTTP/1.1",
        b"GET * HTTP/1.1",
        b"GET /\x00 HTTP/1.1",
        b"GET /\xff HTTP/1.1",
        b"\x16\x03\x01\x02\x00\x01",  # a browser that tries TLS
        b"GET / HTTP/1.1\r\nno field",
        b"GET / HTTP/1.1\r\n folded",
        b"GET / HTTP/1.1\r\nna me: x",
        b"GET / HTTP/1.1\r\n: x",
        b"GET / HTTP/1.1\r\nHost: a\r\nhost: b",
        b"GET / HTTP/1.1\r\na: b\nc: d",
    ],
)
def test_what_is_no_request_is_400(line: bytes) -> None:
    assert refusal(line + b"\r\n\r\n") == 400


def test_what_is_too_large_is_431_and_what_would_change_something_405() -> None:
    assert refusal(b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * (MOST_HEADERS + 1) + b"\r\n") == 431
    assert parse(b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * MOST_HEADERS + b"\r\n").path == "/"
    assert refusal(b"GET / HTTP/1.1\r\na: " + b"b" * MOST_BYTES + b"\r\n\r\n") == 431
    assert refusal(b"POST / HTTP/1.1\r\n\r\n") == 405


PIECES = st.sampled_from(
    [b"GET ", b"/", b"?", b"token=", b"%", b"%ff", b"&", b" HTTP/1.1", b"\r\n", b"Cookie: ", b";", b"=", b'"', b"\\",
     b"Host: x", b"\x00", b"\xff", b" ", b":", b"\t", b"\n", b"\r"]
)  # fmt: skip


@given(st.one_of(st.binary(max_size=300), st.lists(PIECES, max_size=60).map(b"".join)))
def test_any_bytes_are_a_request_or_refused(content: bytes) -> None:
    try:
        request = parse(content + b"\r\n\r\n")
    except Refused as refused:
        assert 400 <= refused.status < 500
    else:
        assert request.path.startswith("/") and all(name == name.lower() for name in request.headers)
        assert all(isinstance(value, str) for value in request.offered("token", "fermon_preview"))


def test_the_cookie_is_found_among_others_whatever_they_are() -> None:
    strange = 'a="\\"; b; =; ;; fermon_preview; fermon_preview=one; xfermon_preview=no; fermon_preview=two'
    request = Request("/", "", {"cookie": strange})
    assert request.offered("token", "fermon_preview") == ["", "one", "two"]


class Door:
    """A doorman, with visitors who come at given times and remember being sent away."""

    def __init__(self) -> None:
        self.doorman, self.gone = Doorman(), list[str]()

    def comes(self, name: str, host: str, at_s: float) -> Visitor:
        visitor = Visitor(host, at_s, lambda: self.gone.append(name))
        self.doorman.arrives(visitor)
        return visitor


def test_the_oldest_stranger_goes_when_it_has_had_its_time() -> None:
    door = Door()
    for n in range(STRANGERS):
        door.comes(str(n), "a", n * 0.001)
    door.comes("early", "a", PATIENT_S / 2)
    assert door.gone == []
    door.comes("late", "a", PATIENT_S)
    assert door.gone == ["0"]
    assert door.doorman.sent_away == 1


def test_a_crowd_from_one_address_makes_room_for_others() -> None:
    door = Door()
    door.comes("somebody", "b", 0.0)
    for n in range(STRANGERS):
        door.comes(str(n), "a", 1.0)
    for n in range(5):
        door.comes(f"more {n}", "a", 2.0)
    assert door.gone == ["0", "1", "2", "3", "4"], "and not the one who came first"


def test_a_flood_sends_the_oldest_away_and_lets_the_newest_in() -> None:
    door = Door()
    for n in range(MOST_STRANGERS + 100):
        door.comes(str(n), "a", 0.0)
    assert door.gone == [str(n) for n in range(100)]


def test_friends_are_never_sent_away_and_are_not_too_many() -> None:
    door = Door()
    friends = [door.comes(f"friend {n}", "a", 0.0) for n in range(FRIENDS + 1)]
    assert [door.doorman.is_friend(friend) for friend in friends] == [True] * FRIENDS + [False]
    for n in range(MOST_STRANGERS * 2):
        door.comes(str(n), "a", 10.0 + n)
    assert not [name for name in door.gone if name.startswith("friend") and name != f"friend {FRIENDS}"]
    door.doorman.leaves(friends[0])
    assert door.doorman.is_friend(door.comes("next", "a", 1e6))


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 30)), max_size=600))
def test_there_are_never_more_strangers_than_that(arrivals: list[tuple[str, int]]) -> None:
    door, now_s = Door(), 0.0
    for n, (host, wait) in enumerate(arrivals):
        now_s += wait / 1000
        door.comes(str(n), host, now_s)
        assert str(n) not in door.gone, "whoever comes is heard"
        assert n + 1 - len(door.gone) <= doorman.MOST_STRANGERS
