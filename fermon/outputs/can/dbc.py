"""Status -> CAN frames, by the DBC file alone: names, places, scales and value tables are read from it (cantools)."""

from __future__ import annotations

import codecs
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from fermon.domain import Attention, Kind, Mode, Spoken, Status
from fermon.errors import OutputError
from fermon.files import content
from fermon.outputs.can.e2e import Protector
from fermon.paths import shown, unreadable
from fermon.shipped import shipped

NOT_AVAILABLE = "not available"  # the DBC's word for a figure that does not exist at the moment
ACTIVE, INACTIVE = "active", "inactive"
MOST_BYTES = 64 << 20  # of a DBC file; the largest ones of vehicle makers have a few MiB
MESSAGES = ("FermonState", "FermonDetail", "FermonAck")
ATTENTION = "FermonAttention"  # not sent where the file, a copy made for an older fermon, lacks it


def shipped_dbc() -> Path:
    """Return where fermon.dbc is: in the installed package, or in `deploy` of a source tree."""
    return shipped("fermon.dbc", "deploy/fermon.dbc")


def read_text(path: Path) -> str:
    """Return a DBC file's text, with or without byte-order mark: UTF-8, UTF-16 with its mark, else Windows-1252 (ANSI).

    Raises OutputError when it cannot be read or is no text.
    """
    if problem := unreadable(path, "a DBC file"):
        raise OutputError.of([problem.inside("can")])
    try:
        text = _decoded(content(path, MOST_BYTES))
    except OSError as error:
        raise OutputError(f"can: cannot read {shown(path)}: {error.strerror}", expected="a DBC file") from error
    if "\0" in text:
        raise OutputError(
            f"can: {shown(path)} is no text, or UTF-16 without its mark", remedy="save it as UTF-8 or ANSI"
        )
    return text


def _decoded(data: bytes) -> str:
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16", errors="replace")
    data = data.removeprefix(codecs.BOM_UTF8)
    for encoding in ("utf-8", "cp1252"):
        with suppress(UnicodeDecodeError):
            return data.decode(encoding)
    return data.decode("latin-1")  # five bytes are nothing in Windows-1252; other code pages use them


def load(path: Path) -> Any:
    """Return the cantools database in `path`; its messages are not checked for signals that overlap.

    Raises OutputError when it is missing or no DBC.
    """
    text = read_text(path)
    try:
        import cantools
    except ImportError as error:
        raise OutputError(f"can: {error}", remedy="install it: pip install 'fermon[can]'") from error
    try:
        return cantools.database.load_string(text, "dbc", strict=False)
    except Exception as error:  # cantools lets its parser's errors through
        raise OutputError(f"can: {path} is no usable DBC file: {error}") from error


class Encoder:
    """Makes the frames of one DBC file; each message has its own counter, which goes on for the life of this object."""

    def __init__(self, database: Any, source: str) -> None:
        """`source` names the file in errors. Raises OutputError when the database does not hold fermon's messages."""
        missing = [name for name in MESSAGES if name not in {m.name for m in database.messages}]
        if missing:
            raise OutputError(
                f"can: {source} lacks {', '.join(missing)}", remedy="start from a copy of the shipped fermon.dbc"
            )
        self.state, self.detail, self.ack = (database.get_message_by_name(name) for name in MESSAGES)
        self.attention: Any = next((m for m in database.messages if m.name == ATTENTION), None)
        sent = [m for m in (self.state, self.detail, self.attention) if m is not None]
        self._protectors = {m.name: Protector(_data_id(m, source)) for m in sent}
        try:
            for message in (*sent, self.ack):
                message.refresh(strict=True)
            self.state_frame(_EMPTY)
            self.detail_frame(_EMPTY)
            self.attention_frame(_EMPTY)
            self.acknowledged(bytes(self.ack.length))
        except Exception as error:  # cantools has several kinds, KeyError among them
            raise OutputError(f"can: {source} does not fit fermon's signals: {error!r}") from error
        self._protectors = {m.name: Protector(_data_id(m, source)) for m in sent}

    @property
    def detail_cycle_s(self) -> float:
        return float(self.detail.cycle_time or 1000) / 1000

    @property
    def state_cycle_s(self) -> float:
        return float(self.state.cycle_time or 200) / 1000

    def state_frame(self, status: Status) -> bytes:
        """Return the data of FermonState."""
        return self._frame(self.state, state_signals(status))

    def detail_frame(self, status: Status) -> bytes:
        """Return the data of FermonDetail."""
        return self._frame(self.detail, detail_signals(status))

    def attention_frame(self, status: Status) -> bytes | None:
        """Return the data of FermonAttention; None where the file has none."""
        return None if self.attention is None else self._frame(self.attention, attention_signals(status))

    def acknowledged(self, data: bytes) -> bool | None:
        """Return whether a FermonAck with this data says "pressed"; None for one that cannot be read."""
        try:
            return bool(self.ack.decode(data, decode_choices=False)["Acknowledge"] == 1)
        except Exception:
            return None

    def _frame(self, message: Any, signals: Mapping[str, float | str | None]) -> bytes:
        fitted = {s.name: _fit(s, signals[s.name]) for s in message.signals if s.name in signals}
        data = message.encode(fitted | {"Checksum": 0, "AliveCounter": 0})
        return self._protectors[message.name].protect(bytes(data))


def state_signals(status: Status) -> dict[str, float | str | None]:
    """Return FermonState's signals in the DBC's units and words; None = not available."""
    state = status.state
    mode = status.mode
    kinds = {alert.kind for alert in state.alerts}
    unseen = mode is not Mode.MONITORING and state.closure_s == 0  # then "not closed" would be a guess
    level = {0: "none", 1: "notice", 2: "warning", 3: "critical"}[state.level]
    return {
        "State": status.wakefulness,
        "Visibility": state.visibility,
        "Level": level,
        "ExpressionAlert": ACTIVE if Kind.ANGER in kinds else INACTIVE,
        "Mode": mode,
        "Drowsy": ACTIVE if Kind.DROWSY in kinds else INACTIVE,
        "Microsleep": ACTIVE if Kind.MICROSLEEP in kinds else INACTIVE,
        "Asleep": ACTIVE if Kind.ASLEEP in kinds else INACTIVE,
        "Unresponsive": ACTIVE if Kind.UNRESPONSIVE in kinds else INACTIVE,
        "Unavailable": ACTIVE if Kind.UNAVAILABLE in kinds else INACTIVE,
        "Latency": status.latency_ms,
        "Perclos": _percent(state.perclos_60s),
        "Confidence": _percent(state.coverage),
        "ClosureTime": None if unseen else state.closure_s,
    }


def detail_signals(status: Status) -> dict[str, float | str | None]:
    """Return FermonDetail's signals in the DBC's units; None = not available."""
    state = status.state
    return {
        "Yawns": state.yawns,
        "PerclosLong": _percent(state.perclos_180s),
        "BlinkRate": state.blink_rate_per_min,
        "FrameRate": state.rate_hz,
        "Speed": state.speed_kmh,
        "Uptime": status.uptime_ms // 1000,
    }


def attention_signals(status: Status) -> dict[str, float | str | None]:
    """Return FermonAttention's signals in the DBC's units and words; None = not available."""
    state = status.state
    distracted = next((alert for alert in state.alerts if alert.kind is Kind.DISTRACTED), None)
    known = state.away_30s is not None
    # What a monitor that is broken said last of the head is old; an alert that is on stays.
    stale = status.mode is Mode.FAULT
    return {
        "Attention": Attention.NOT_DETERMINED if stale and distracted is None else state.attention,
        "Distracted": INACTIVE if distracted is None else ACTIVE,
        "DistractedLevel": "none" if distracted is None else distracted.level.words,
        "HeadYaw": None if stale else state.head_yaw_deg,
        "HeadPitch": None if stale else state.head_pitch_deg,
        "AwayTime": state.away_s if known and not stale else None,
        "Away30": None if stale else state.away_30s,
        "Nods": state.nods,
    }


def _percent(share: float | None) -> float | None:
    return None if share is None else share * 100


def _fit(signal: Any, value: float | str | None) -> float | str:
    """Return what cantools can encode: the word for None, numbers inside the signal's limits and on its grid.

    A step that has no word in the file, as in a copy made for an older fermon, is the nearest one that has.
    """
    if value is None or value != value:  # NaN
        return NOT_AVAILABLE
    if isinstance(value, Spoken) and value.words in map(str, (signal.choices or {}).values()):
        return value.words
    if isinstance(value, str):
        return value
    value = min(max(value, signal.minimum), signal.maximum)
    raw = round((value - signal.offset) / signal.scale)  # cantools rounds some and cuts others
    return float(raw * signal.scale + signal.offset)


def _data_id(message: Any, source: str) -> int:
    attribute = message.dbc.attributes.get("E2EDataId")
    starts = {signal.name: (signal.start, signal.length) for signal in message.signals}
    if attribute is None or starts.get("Checksum") != (0, 8) or starts.get("AliveCounter") != (8, 4):
        raise OutputError(
            f"can: {source}: {message.name} must have the attribute E2EDataId, Checksum at 0|8 and AliveCounter at 8|4 "
            "(E2E profile 1)"
        )
    return int(attribute.value)


def _empty_status() -> Status:
    from fermon.domain import DriverState

    return Status(DriverState(t_ns=0), uptime_ms=0)


_EMPTY = _empty_status()
