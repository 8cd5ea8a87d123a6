"""NMEA-0183-style sentences: `$` text `*` two hex digits, the XOR of the text's characters. No I/O here."""

from __future__ import annotations

import math
import re
from collections import Counter

from fermon.domain import Acknowledged, Attention, Kind, Mode, Received, Status, VehicleSpeed

MOST_CHARACTERS = 82  # NMEA 0183: the longest sentence, `$` and line end included
NOT_AVAILABLE = -1  # PERCLOS before its window is full: never 0, and safe for sscanf, strtok and atoi alike
MOST_MS = 2**32 - 1  # the receiver's unsigned long; wraps after 49.7 days as a microcontroller's millis() does
MOST_CLOSURE_MS = 2**31 - 1
MOST_DEGREES = 180.0
MOST_KMH = 500.0
SOURCE = "serial"  # whose speeds these are
KMH = re.compile(r"\d{1,3}(\.\d{1,6})?", re.ASCII)


def checksum(text: str) -> int:
    """Return the XOR of the characters between `$` and `*`.

    >>> f"{checksum('FERMA'):02X}"
    '5D'
    """
    result = 0
    for character in text.encode("ascii"):
        result ^= character
    return result


def sentence(text: str) -> bytes:
    """Return `text` framed, with checksum and line end.

    >>> sentence("FERMA")
    b'$FERMA*5D\\r\\n'
    """
    return f"${text}*{checksum(text):02X}\r\n".encode("ascii")


def status_sentence(status: Status) -> bytes:
    """Return `$FERM,<ms since start>,<state>,<expression alert>,<visibility>,<perclos %>,<closure ms>,<level>*hh`.

    State and visibility are numbered as in the DBC's value tables. PERCLOS is that of the last 60 s, -1 while there
    is none. Booting is state 0 with level 0, "cannot see" is state 0 with level 1.
    """
    state = status.state
    share, closure_s = state.perclos_60s, state.closure_s
    perclos = NOT_AVAILABLE if share is None or math.isnan(share) else round(min(max(share, 0.0), 1.0) * 100)
    fields = (
        status.uptime_ms & MOST_MS,
        int(status.wakefulness),
        int(any(alert.kind is Kind.ANGER for alert in state.alerts)),
        int(state.visibility),
        perclos,
        0 if math.isnan(closure_s) else round(min(max(closure_s * 1000, 0.0), MOST_CLOSURE_MS)),
        state.level,
    )
    return sentence("FERM," + ",".join(map(str, fields)))


def attention_sentence(status: Status) -> bytes:
    """Return `$FERMD,<ms since start>,<attention>,<yaw>,<pitch>,<away ms>,<level of DISTRACTED 0-2>*hh`.

    Attention is numbered as in the DBC's value table. Yaw and pitch are whole degrees from forward, + = to the
    driver's own left and up. A field that is not available is empty. While fermon is broken nothing of the head is.
    """
    state = status.state
    level = next((alert.level for alert in state.alerts if alert.kind is Kind.DISTRACTED), 0)
    stale = status.mode is Mode.FAULT
    known = state.away_30s is not None and not stale
    fields = (
        status.uptime_ms & MOST_MS,
        int(Attention.NOT_DETERMINED if stale and not level else state.attention),
        "" if stale else _angle(state.head_yaw_deg),
        "" if stale else _angle(state.head_pitch_deg),
        _whole(min(max(state.away_s * 1000, 0.0), MOST_CLOSURE_MS)) if known else "",
        int(level),
    )
    return sentence("FERMD," + ",".join(map(str, fields)))


def _angle(degrees: float | None) -> str:
    return "" if degrees is None else _whole(min(max(degrees, -MOST_DEGREES), MOST_DEGREES))


def _whole(value: float) -> str:
    return str(round(value)) if math.isfinite(value) else ""


class Reader:
    """Finds sentences in what comes in, whatever stands between them. Holds less than one sentence's characters.

    `rejected` counts what was thrown away, by cause.
    """

    def __init__(self) -> None:
        self.rejected: Counter[str] = Counter()
        self._text: bytearray | None = None  # what came since the last `$`; None outside a sentence

    def feed(self, data: bytes) -> list[Received]:
        """Take bytes as they come, in pieces of any length; return what the complete sentences among them say."""
        found: list[Received] = []
        for piece in re.split(rb"(?=\$)", data):
            if piece.startswith(b"$"):
                if self._text is not None:
                    self.rejected["cut off"] += 1
                self._text = bytearray()
                piece = piece[1:]
            if self._text is not None:
                self._text += piece[: MOST_CHARACTERS + 1 - len(self._text)]
                self._look(found)
        return found

    def _look(self, found: list[Received]) -> None:
        """Take the sentence when it is complete (two digits after `*`), give it up when it can no longer be one."""
        text = self._text or bytearray()
        star = text.find(b"*")
        body = text if star < 0 else text[:star]
        if any(not 0x20 <= byte <= 0x7E for byte in body):
            self._give_up("garbage")
        elif 0 <= star <= MOST_CHARACTERS - 6 and len(text) >= star + 3:
            self._text = None
            received = self._read(body.decode("ascii"), bytes(text[star + 1 : star + 3]))
            if received is not None:
                found.append(received)
        elif len(text) > MOST_CHARACTERS - 3:
            self._give_up("oversized")

    def _read(self, body: str, digits: bytes) -> Received | None:
        if not re.fullmatch(rb"[0-9A-Fa-f]{2}", digits) or int(digits, 16) != checksum(body):
            self.rejected["checksum"] += 1
            return None
        if body == "FERMA":
            return Acknowledged()
        kind, _, value = body.partition(",")
        if kind == "FERMV" and KMH.fullmatch(value) and float(value) <= MOST_KMH:
            return VehicleSpeed(float(value), SOURCE)
        self.rejected["value" if kind == "FERMV" else "unknown"] += 1
        return None

    def _give_up(self, cause: str) -> None:
        self.rejected[cause] += 1
        self._text = None
