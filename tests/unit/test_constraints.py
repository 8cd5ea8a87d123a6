"""deploy/constraints-3.1?.txt: what is installed in a vehicle is what pyproject.toml asks for, and has hashes."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
VERSIONS = ("3.11", "3.12", "3.13")


def pins(file: str) -> dict[str, str]:
    """Return release by name; every line has to be a pin with at least one hash, and nothing else."""
    found = {}
    text = re.sub(r"^ *#.*\n", "", (ROOT / "deploy" / file).read_text(encoding="utf-8"), flags=re.MULTILINE)
    for entry in text.replace("\\\n", " ").splitlines():
        pin, *hashes = entry.split()
        assert hashes and all(re.fullmatch("--hash=sha256:[0-9a-f]{64}", word) for word in hashes), entry
        name, release = pin.split("==")
        found[canonicalize_name(name)] = release
    return found


def installed_extras(python: str) -> list[Requirement]:
    """Return what a vehicle's fermon requires with this Python: the dependencies, and the extras that `pi` names."""
    optional = PROJECT["project"]["optional-dependencies"]
    (pi,) = map(Requirement, optional["pi"])
    words = PROJECT["project"]["dependencies"] + [word for extra in sorted(pi.extras) for word in optional[extra]]
    requirements = map(Requirement, words)
    environment = {"python_version": python, "python_full_version": f"{python}.0"}
    return [each for each in requirements if each.marker is None or each.marker.evaluate(environment)]


@pytest.mark.parametrize("python", VERSIONS)
def test_every_dependency_of_a_vehicle_is_pinned_within_its_limits(python: str) -> None:
    pinned = pins(f"constraints-{python}.txt")
    required = installed_extras(python)
    assert {"numpy", "gpiozero", "pyserial", "python-can", "cantools"} <= {each.name for each in required}
    for each in required:
        assert each.specifier.contains(pinned.get(canonicalize_name(each.name), "0")), f"{each}: call deploy/lock.sh"


def test_every_python_that_fermon_runs_on_has_its_file() -> None:
    named = {line.rpartition(" ")[2] for line in PROJECT["project"]["classifiers"] if " :: 3." in line}
    assert named == set(VERSIONS)


def test_on_debian_12_numpy_stays_below_2_as_its_picamera2_is_built_for() -> None:
    assert pins("constraints-3.11.txt")["numpy"].startswith("1.")


def test_the_tools_that_build_the_wheel_are_pinned() -> None:
    pinned = pins("constraints-build.txt")
    for each in map(Requirement, PROJECT["build-system"]["requires"]):
        assert each.specifier.contains(pinned[canonicalize_name(each.name)]), f"{each}: call deploy/lock.sh"
