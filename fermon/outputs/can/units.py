"""What a DBC's unit of speed means: km/h, mph and m/s in the many ways in which they are written."""

from __future__ import annotations

import re

LENGTHS_M = {"km": 1000.0, "k": 1000.0, "mi": 1609.344, "mile": 1609.344, "m": 1.0, "meter": 1.0, "cm": 0.01}
TIMES_S = {"h": 3600.0, "hr": 3600.0, "hour": 3600.0, "s": 1.0, "sec": 1.0, "second": 1.0}
UNITS = "km/h, kph, mph or m/s"
NONE = frozenset(("", "-", "--", "none", "na", "n/a", "unitless", "nounit", "1"))

# "km/h", "kilometres per hour", "kmph", "km/h", "km*h^-1", and without anything between: "kmh" and "kmh-1" alone
SPEED = re.compile(r"(?P<length>[a-z]+?)(?:(?P<per>/|per|p)(?P<time>[a-z]+)|(?P<unit>h|s)(?P<power>\^?-1)?)")


def kmh_per(unit: str) -> float | None:
    """Return how many km/h one of this unit is, None for what is no unit of speed.

    >>> kmh_per("[Km / h]"), kmh_per("MPH"), kmh_per("metres per second"), kmh_per("rpm")
    (1.0, 1.609344, 3.6, None)
    """
    text = re.sub(r"[\s._*·⋅()\[\]{}]", "", unit.lower().replace("−", "-").replace("⁻¹", "-1"))
    text = text.replace("kilo", "k").replace("metre", "meter").replace("kmeter", "km")
    found = SPEED.fullmatch(text)
    if found is None:
        return None
    if not found["per"] and not found["power"] and text != "kmh":  # "ms" are milliseconds
        return None
    length, time = _known(found["length"], LENGTHS_M), _known(found["time"] or found["unit"], TIMES_S)
    if length is None or time is None:
        return None
    if found["length"] == "m" and time != 1.0:  # "mph" are miles; nobody drives in metres per hour
        length = LENGTHS_M["mi"]
    return length / time * 3.6


def is_none(unit: str) -> bool:
    """Return whether this is what people write for "no unit"."""
    return re.sub(r"\s", "", unit.lower()) in NONE


def _known(word: str, table: dict[str, float]) -> float | None:
    return table.get(word, table.get(word.removesuffix("s")))
