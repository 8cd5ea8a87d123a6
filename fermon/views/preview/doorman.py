"""Decides which connections may stay: strangers come and go, and can never take the room of those who may watch.

A stranger is a connection whose request has not been read, or was not for it; a friend is one that may see the page.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

STRANGERS = 32  # from here on a stranger goes for each that comes,
PATIENT_S = 0.25  # ... if it has had so long to say what it wants; and
MOST_STRANGERS = 256  # ... from here on also if it has not
FRIENDS = 16


@dataclass(frozen=True, slots=True, eq=False)
class Visitor:
    """A connection: where it comes from, when it came (s), and how it is sent away at once."""

    host: str
    since_s: float
    send_away: Callable[[], None]


class Doorman:
    """Keeps the lists. Of too many strangers the oldest one from the address that has most of them goes first."""

    def __init__(self) -> None:
        self._strangers: dict[Visitor, None] = {}  # oldest first
        self._friends: set[Visitor] = set()
        self.sent_away = 0

    def arrives(self, visitor: Visitor) -> None:
        """Let a stranger in, whoever has to go for it: what it wants is not known before it has said so."""
        self._strangers[visitor] = None
        crowd = Counter(stranger.host for stranger in self._strangers)
        most = max(crowd.values())
        oldest = next(stranger for stranger in self._strangers if crowd[stranger.host] == most)
        number, age_s = len(self._strangers), visitor.since_s - oldest.since_s
        if number > MOST_STRANGERS or (number > STRANGERS and age_s >= PATIENT_S):
            del self._strangers[oldest]
            self.sent_away += 1
            oldest.send_away()

    def is_friend(self, visitor: Visitor) -> bool:
        """Take a stranger for a friend from now on; False when there are too many already."""
        if len(self._friends) >= FRIENDS:
            return False
        self._strangers.pop(visitor, None)
        self._friends.add(visitor)
        return True

    def leaves(self, visitor: Visitor) -> None:
        self._strangers.pop(visitor, None)
        self._friends.discard(visitor)
