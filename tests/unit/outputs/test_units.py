"""Units of speed as DBCs write them."""

from __future__ import annotations

import pytest

from fermon.outputs.can.units import is_none, kmh_per

KMH = ["km/h", "kmh", "KMH", "Km/h", "kph", "KPH", "kmph", "km/hr", "KM/Hour", "[km/h]", "(km/h)", "km / h", " km/h "]
KMH += ["km.h-1", "kmh-1", "km·h⁻¹", "km*h^-1", "km_per_h", "KmPerHour", "kilometers/hour", "kilometres per hour"]
MPH = ["mph", "MPH", "mi/h", "mi/hr", "mile/h", "miles/hour", "MilesPerHour", "mi.h-1"]
MS = ["m/s", "M/S", "m/sec", "mps", "m*s-1", "ms-1", "m.s^-1", "meter/second", "MetersPerSecond", "metre/s"]


@pytest.mark.parametrize(
    ("units", "kmh"),
    [
        (KMH, 1.0),
        ([*MPH, "miles per hour"], 1.609344),
        ([*MS, "m / s", "metres per second"], 3.6),
        (["cm/s"], 0.036),
    ],
)
def test_many_spellings(units: list[str], kmh: float) -> None:
    assert {unit: kmh_per(unit) for unit in units} == {unit: pytest.approx(kmh) for unit in units}


@pytest.mark.parametrize(
    "unit",
    ["rpm", "1/min", "%", "km", "h", "ms", "s", "kn", "bar", "deg/s", "m/s^2", "m/s2", "km/h/s", "°C", "hp", "/"],
)
def test_what_is_no_unit_of_speed(unit: str) -> None:
    assert kmh_per(unit) is None
    assert not is_none(unit)


@pytest.mark.parametrize("unit", ["", " ", "-", "none", "N/A", "unitless"])
def test_no_unit(unit: str) -> None:
    assert is_none(unit)
