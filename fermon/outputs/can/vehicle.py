"""One signal of a vehicle's DBC, whatever else stands in that file. No I/O here.

A maker's DBC has thousands of signals, and often something in it that a strict reader refuses: only the wanted signal,
and what it is multiplexed by, have to be sound here. It takes a small part of the time of reading the whole file, which
on a Pi may be longer than an output may take to open.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from fermon.errors import OutputError
from fermon.outputs.can.bits import Bits
from fermon.schema import near

KEYWORD = re.compile(r"^[ \t]*(?=(?:[A-Z]+_(?:[A-Z]+_)*|VERSION|FILTER)[\s:])", re.MULTILINE)
QUOTED = re.compile(r'"(?:\\.|[^"\\])*"', re.DOTALL)
MESSAGE = re.compile(r"BO_\s+(\d{1,10})\s+([^\s:]+)\s*:")
SIGNAL_NAME = re.compile(r"SG_\s+([^\s:]+)")
SIGNAL = re.compile(
    r"SG_\s+[^\s:]+\s*(?P<mux>M|m\d{1,10}M?)?\s*:\s*(?P<start>\d{1,5})\s*\|\s*(?P<length>\d{1,5})\s*@\s*(?P<order>[01])\s*"
    r"(?P<sign>[+-])\s*\((?P<factor>[^,()]+),(?P<offset>[^,()]+)\)\s*(?:\[(?P<low>[^|\]]*)\|(?P<high>[^\]]*)\])?"
    r'\s*(?:"(?P<unit>[^"]*)")?'
)
LONG_NAME = re.compile(r'BA_\s+"System(?:Signal|Message)LongSymbol"\s+(?:SG_|BO_)\s+(\d+)\s+([^\s"]*)\s*"([^"]*)"')
FORMAT = re.compile(r'BA_\s+"VFrameFormat"\s+BO_\s+(\d+)\s+"?(\w+)')
VALUES = re.compile(r"VAL_\s+(\d+)\s+(\S+)")
VALUE = re.compile(r'(-?\d{1,20})\s*"((?:\\.|[^"\\])*)"')
VALUE_TYPE = re.compile(r"SIG_VALTYPE_\s+(\d+)\s+([^\s:]+)\s*:?\s*([12])\b")
SELECTED_BY = re.compile(r"SG_MUL_VAL_\s+(\d+)\s+(\S+)\s+(\S+)\s+([^;]*)")
RANGE = re.compile(r"(\d{1,10})\s*-\s*(\d{1,10})")

UNMAPPED = "VECTOR__INDEPENDENT_SIG_MSG"  # where editors keep the signals that no message carries
J1939_FORMATS = ("3", "J1939PG")
MOST_SELECTORS = 8  # multiplexers above each other; a longer chain goes round in a circle


@dataclass(frozen=True, slots=True)
class Selector:
    """A multiplexer: the frame carries the signal while the multiplexer's number is in one of `ranges` (inclusive)."""

    bits: Bits
    ranges: tuple[tuple[int, int], ...]

    def selects(self, data: bytes) -> bool:
        raw = self.bits.raw(data)
        return raw is not None and any(low <= raw <= high for low, high in self.ranges)


@dataclass(frozen=True, slots=True)
class VehicleSignal:
    """A signal and the frame that carries it. Limits are in its unit; None = none. `words` names raw numbers."""

    name: str  # "Message.Signal"
    can_id: int
    extended: bool
    j1939: bool  # the identifier stands for its parameter group: from any source address, at any priority
    bits: Bits
    factor: float
    offset: float
    low: float | None
    high: float | None
    unit: str
    words: Mapping[int, str]
    selectors: tuple[Selector, ...]


@dataclass(slots=True)
class _Block:
    """A BO_ with its SG_ statements by name."""

    number: int
    name: str
    signals: dict[str, str] = field(default_factory=dict)

    @property
    def extended(self) -> bool:
        return self.number > 0x7FF  # marked with bit 31; without the mark where an 11-bit one cannot be meant

    @property
    def can_id(self) -> int:
        return self.number & 0x1FFF_FFFF


def find_signal(text: str, name: str) -> VehicleSignal:
    """Return the signal `name` out of a DBC's text: "Message.Signal", or "Signal" when only one message has it.

    Raises OutputError when there is none or more than one, or when it cannot be read.
    """
    for quoted in (False, True):  # a missing quotation mark turns texts inside out: then what is quoted counts too
        statements = list(_statements(text, quoted))
        found = _named(statements, name)
        if found:
            break
    if len(found) != 1:
        what = "no such signal" if not found else f"{len(found)} messages have it: write Message.Signal"
        raise OutputError(f"can: speed signal {name!r}: {what}", remedy=_others(statements, name, found))
    return _read(statements, *found[0])


def _statements(text: str, quoted: bool) -> Iterator[str]:
    """Cut a DBC at the keywords that begin a line; without `quoted` those inside a text in quotes are none."""
    seen = text if quoted else QUOTED.sub(lambda m: m[0].replace("\n", " "), text)
    starts = [m.end() for m in KEYWORD.finditer(seen)]
    for start, end in zip(starts, [*starts, len(text)][1:], strict=True):
        yield text[start:end]


def _blocks(statements: list[str]) -> list[_Block]:
    blocks: list[_Block] = []
    current: _Block | None = None
    for statement in statements:
        if message := MESSAGE.match(statement):
            current = _Block(int(message[1]), message[2])
            blocks.append(current)
        elif not statement.startswith("SG_"):
            current = None
        elif current is not None and (signal := SIGNAL_NAME.match(statement)):
            current.signals[signal[1]] = statement
    return [block for block in blocks if block.name != UNMAPPED]


def _named(statements: list[str], name: str) -> list[tuple[_Block, str]]:
    """Return every (message, short name of the signal) that `name` may mean, the same row twice only once."""
    wanted_message, _, wanted = name.rpartition(".")
    long = {(m[1], m[2]): m[3] for s in statements if (m := LONG_NAME.match(s))}
    found: dict[tuple[int, str], tuple[_Block, str]] = {}
    for block in _blocks(statements):
        number = str(block.number)
        if wanted_message not in ("", block.name, long.get((number, ""))):
            continue
        for signal, row in block.signals.items():
            if wanted in (signal, long.get((number, signal))):
                found.setdefault((block.number, row.strip()), (block, signal))
    return list(found.values())


def _others(statements: list[str], name: str, found: list[tuple[_Block, str]]) -> str:
    if found:
        return f"they are {', '.join(f'{block.name}.{signal}' for block, signal in found)}"
    known = [f"{block.name}.{signal}" for block in _blocks(statements) for signal in block.signals]
    speeds = sorted(n for n in known if "peed" in n.rpartition(".")[2])[:20]
    return near(name, known) or f"signals with speed: {', '.join(speeds) or 'none'}"


def _read(statements: list[str], block: _Block, signal: str) -> VehicleSignal:
    name, number = f"{block.name}.{signal}", str(block.number)
    row = _row(block, signal)
    floats = {(m[1], m[2]): int(m[3]) for s in statements if (m := VALUE_TYPE.match(s))}
    formats = {m[1]: m[2] for s in statements if (m := FORMAT.match(s))}
    words = next((s for s in statements if (m := VALUES.match(s)) and (m[1], m[2]) == (number, signal)), "")
    factor, offset, low, high = (_number(row[part]) for part in ("factor", "offset", "low", "high"))
    if not factor or offset is None:
        raise OutputError(
            f"can: speed signal {name!r}", found=f"({row['factor']},{row['offset']})", expected="(factor,offset)"
        )
    if low is None or high is None or low >= high:  # [0|0] is a DBC's way to say that there are none
        low = high = None
    return VehicleSignal(
        name=name,
        can_id=block.can_id,
        extended=block.extended,
        j1939=formats.get(number) in J1939_FORMATS,
        bits=_bits(name, row, floating=(number, signal) in floats),
        factor=factor,
        offset=offset,
        low=low,
        high=high,
        unit=row["unit"] or "",
        words={int(raw): word for raw, word in VALUE.findall(words)},
        selectors=tuple(_selectors(statements, block, signal)),
    )


def _selectors(statements: list[str], block: _Block, signal: str) -> Iterator[Selector]:
    """Yield the multiplexers above a signal, the nearest first."""
    selected_by = {m[2]: m for s in statements if (m := SELECTED_BY.match(s)) and m[1] == str(block.number)}
    for _ in range(MOST_SELECTORS):
        mark = _row(block, signal)["mux"] or ""
        if not mark.startswith("m"):
            return
        own = int(mark.strip("mM"))
        ranges: tuple[tuple[int, int], ...] = ((own, own),)
        if found := selected_by.get(signal):
            above = found[3]
            ranges = tuple((int(low), int(high)) for low, high in RANGE.findall(found[4])) or ranges
        else:
            above = next((s for s, row in block.signals.items() if (m := SIGNAL.match(row)) and m["mux"] == "M"), "")
        if above not in block.signals:
            raise OutputError(f"can: speed signal {f'{block.name}.{signal}'!r} is multiplexed, but by no signal")
        yield Selector(_bits(f"{block.name}.{above}", _row(block, above)), ranges)
        signal = above
    raise OutputError(f"can: the multiplexers of message {block.name!r} select each other in a circle")


def _row(block: _Block, signal: str) -> re.Match[str]:
    row = SIGNAL.match(block.signals[signal])
    if row is None:
        raise OutputError(
            f"can: speed signal {f'{block.name}.{signal}'!r}",
            found=" ".join(block.signals[signal].split())[:120],
            expected='SG_ name : start|length@order sign (factor,offset) [least|most] "unit" receivers',
        )
    return row


def _bits(name: str, row: re.Match[str], floating: bool = False) -> Bits:
    bits = Bits(int(row["start"]), int(row["length"]), row["order"] == "0", row["sign"] == "-", floating)
    if problem := bits.problem():
        raise OutputError(f"can: speed signal {name!r} has {problem}")
    return bits


def _number(text: str | None) -> float | None:
    try:
        number = float(text or "")
    except ValueError:
        return None
    return number if math.isfinite(number) else None
