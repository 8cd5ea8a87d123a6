"""The whole configuration: defaults, then the file. Every key with its meaning stands in default.toml."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Annotated, Any

from fermon.cameras import CameraSettings
from fermon.errors import ConfigError, Problem
from fermon.outputs import OutputsSettings
from fermon.perception.pipeline import PerceptionSettings
from fermon.policy import PolicySettings
from fermon.schema import Range, read


@dataclass(frozen=True, slots=True)
class SessionSettings:
    """Recording: a session file that reaches `max_mib` is rotated, and `keep` older parts are kept."""

    file: str = ""
    max_mib: Annotated[float, Range(0.01, 100_000, "MiB")] = 64.0
    keep: Annotated[int, Range(0, 1000, "older parts")] = 4


@dataclass(frozen=True, slots=True)
class Config:
    """One field for each table of the TOML file."""

    camera: CameraSettings = field(default_factory=CameraSettings)
    perception: PerceptionSettings = field(default_factory=PerceptionSettings)
    policy: PolicySettings = field(default_factory=PolicySettings)
    outputs: OutputsSettings = field(default_factory=OutputsSettings)
    session: SessionSettings = field(default_factory=SessionSettings)

    def as_dict(self) -> dict[str, Any]:
        """Plain tables, as they are recorded in a session's header."""
        return asdict(self)


def read_tables(path: Path) -> Mapping[str, Any]:
    """Return a TOML file's tables. Raises ConfigError naming the file and the line when it cannot be read."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such file", remedy="give --config the path of a TOML file") from None
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}", remedy="make it readable for this user") from None
    except UnicodeDecodeError as error:
        raise ConfigError(
            f"{path}: not UTF-8 text ({error.reason} at byte {error.start})", remedy="save it as UTF-8"
        ) from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: not TOML: {error}") from None


def load(path: Path | None) -> Config:
    """Return the defaults with the file's keys over them; None = only the defaults.

    Raises ConfigError that lists every problem of the file, one a line, with file, key, what was found, what was
    expected, and the nearest valid name; or, when each key is right for itself, what contradicts itself.
    """
    if path is None:
        return Config()
    config = _checked(path, read_tables(path))
    contradictions = config.policy.problems()
    if contradictions:
        raise ConfigError.of([problem.inside(str(path)) for problem in contradictions])
    return config


def policy_table(path: Path | None) -> Mapping[str, Any]:
    """Return what the file's `[policy]` sets, for laying it over recorded settings; empty for None.

    Each key of the file is checked; raises ConfigError as `load` does. Whether the numbers contradict each other only
    the recorded settings below them can tell.
    """
    if path is None:
        return {}
    tables = read_tables(path)
    _checked(path, tables)
    return dict(tables.get("policy", {}))


def _checked(path: Path, tables: Mapping[str, Any]) -> Config:
    problems: list[Problem] = []
    config = read(Config, tables, "", problems)
    if problems:
        raise ConfigError.of([problem.inside(str(path)) for problem in problems])
    return config
