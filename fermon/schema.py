"""The vocabulary of configuration classes, and the one reader that fills them from TOML tables.

A settings class is a frozen dataclass whose fields are bool, int, float, str, tuple[str, ...], tuple[float, ...] or
another settings class. A field has a default, a comment for people, and a limit: every number has a Range.

    class SerialSettings:
        baud: Annotated[int, Range(1200, 4_000_000, "baud")] = key(115_200, "bit rate of the port")
        parity: Annotated[str, Choice("none", "even", "odd")] = key("none", "parity bit")

That one line is the key: `fermon --default-config` shows it with its default, comment and limit (`fermon.defaults`).
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar, cast, get_args, get_origin, get_type_hints

from fermon.errors import Problem

T = TypeVar("T")

MOST_SHOWN = 80  # characters
MOST_BITS = 256
COMMENT = "comment"  # the name of a field's comment in its metadata


def key(default: T, comment: str) -> T:
    """Return a field of a settings class with its default and the comment that people read beside the key."""
    described: Any = dataclasses.field(default=default, metadata={COMMENT: comment})
    return cast(T, described)


def table(cls: type[T], comment: str = "") -> T:
    """Return a field that holds another settings class: a TOML table, with the comment beside its header."""
    described: Any = dataclasses.field(default_factory=cls, metadata={COMMENT: comment})
    return cast(T, described)


@dataclass(frozen=True, slots=True)
class Range:
    """A number from `low` to `high`, both included, in `unit`."""

    low: float
    high: float
    unit: str

    def problem(self, name: str, value: float) -> Problem | None:
        """Return what is wrong with `value` for the key `name`, or None."""
        if self.low <= value <= self.high:  # false for NaN
            return None
        return Problem(name, shown(value), str(self))

    def __str__(self) -> str:
        return f"{self.low:.9g} to {self.high:.9g} {self.unit}".rstrip()


class Choice:
    """One of a few words, or of a few whole numbers."""

    def __init__(self, *words: str | int) -> None:
        self.words = words

    def problem(self, name: str, value: str | int) -> Problem | None:
        """Return what is wrong with `value` for the key `name`, or None."""
        if value in self.words:
            return None
        meant = near(value, [word for word in self.words if isinstance(word, str)]) if isinstance(value, str) else ""
        return Problem(name, shown(value), f"one of {', '.join(map(repr, self.words))}", meant)

    def __str__(self) -> str:
        return ", ".join(map(str, self.words))


def shown(value: Any) -> str:
    """Return how a value of a file is shown to people: short, and in one line, whatever it is.

    >>> shown("wörd"), shown(True), shown([1]), shown(10**400)
    ("'wörd'", 'True', 'a list of 1', 'a number of about 400 digits')
    """
    if isinstance(value, Mapping):
        return "a table"
    if isinstance(value, (list, tuple)):
        return f"a list of {len(value)}" if value else "an empty list"
    if isinstance(value, int) and value.bit_length() > MOST_BITS:  # Python refuses to write out the longest
        return f"a number of about {round(value.bit_length() * math.log10(2))} digits"
    text = repr(value)
    return text if len(text) <= MOST_SHOWN else f"{text[:MOST_SHOWN]}…"


def near(word: str, known: tuple[str, ...] | list[str]) -> str:
    """Return "did you mean 'x'?" for the nearest known word, or "" when none is near."""
    import difflib  # only when something is wrong

    close = difflib.get_close_matches(word, known, n=1, cutoff=0.6)
    return f"did you mean {close[0]!r}?" if close else ""


def _scalar(name: str, value: Any, kind: Any) -> tuple[Any, Problem | None]:
    """Return (the value as `kind`, None) or (None, what is wrong with it for the key `name`)."""
    expected = {bool: "true or false", int: "a whole number", float: "a number", str: "a text in quotes"}
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        try:
            return float(value), None
        except OverflowError:
            return None, Problem(name, shown(value), expected[float])
    if kind is str and isinstance(value, str) and "\0" in value:
        return None, Problem(name, shown(value), "a text without the character 0")
    if type(value) is kind:
        return value, None
    if get_origin(kind) is tuple and isinstance(value, list):
        item = get_args(kind)[0]
        found = [_scalar(f"{name}: in the list", v, item) for v in value]
        wrong = next((why for _, why in found if why), None)
        return (None, wrong) if wrong else (tuple(v for v, _ in found), None)
    return None, Problem(name, shown(value), expected.get(kind, "a list"))


def parts(hint: Any) -> tuple[Any, tuple[Range | Choice, ...]]:
    """Return a field's type and its limits, from its type hint."""
    return (get_args(hint)[0], hint.__metadata__) if hasattr(hint, "__metadata__") else (hint, ())


def read(cls: type[T], table: Any, where: str, problems: list[Problem]) -> T:
    """Fill settings class `cls` from a TOML table; whatever is missing keeps its default.

    Every problem is appended to `problems`, named "where.key", so that all are reported at once; the value then keeps
    its default. What is no table at all is one problem.
    """
    if not isinstance(table, Mapping):
        problems.append(Problem(where, shown(table), f"a table [{where}]"))
        return cls()
    hints = get_type_hints(cls, include_extras=True)
    values: dict[str, Any] = {}
    for key, value in table.items():
        name = f"{where}.{key}" if where else key
        if key not in hints:
            problems.append(Problem(f"{name[:MOST_SHOWN]}: no such key", remedy=near(key, list(hints))))
            continue
        kind, limits = parts(hints[key])
        if dataclasses.is_dataclass(kind) and isinstance(kind, type):
            values[key] = read(kind, value, name, problems)
            continue
        number, wrong = _scalar(name, value, kind)
        wrong = wrong or next((p for limit in limits if (p := limit.problem(name, number))), None)
        if wrong:
            problems.append(wrong)
        else:
            values[key] = number
    return cls(**values)
