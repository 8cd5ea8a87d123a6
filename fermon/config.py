"""The whole configuration: defaults, then the file. default.toml shows every key (`fermon --default-config`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

from fermon.cameras import CameraSettings
from fermon.errors import ConfigError, Problem
from fermon.outputs import OutputsSettings
from fermon.perception.pipeline import PerceptionSettings
from fermon.policy import PolicySettings
from fermon.schema import Range, key, read, table
from fermon.tables import read_tables


@dataclass(frozen=True, slots=True)
class SessionSettings:
    """Recording: a session file that reaches `max_mib` is rotated, and `keep` older parts are kept."""

    file: str = key("", 'path; an earlier run becomes an older part; "" = no recording; --record overrides it')
    max_mib: Annotated[float, Range(0.01, 100_000, "MiB")] = key(
        64.0, "size at which a new file begins; 15 frames a second: 15 MiB an hour"
    )
    keep: Annotated[int, Range(0, 1000, "older parts")] = key(4, "older files that are kept")


@dataclass(frozen=True, slots=True)
class Config:
    """One field for each table of the TOML file."""

    camera: CameraSettings = table(CameraSettings)
    perception: PerceptionSettings = table(PerceptionSettings)
    policy: PolicySettings = table(PolicySettings, "alert timing: changed values leave the published timing contract")
    session: SessionSettings = table(SessionSettings, "observations and alerts as numbers, never pictures")
    outputs: OutputsSettings = table(OutputsSettings)

    def as_dict(self) -> dict[str, Any]:
        """Plain tables, as they are recorded in a session's header."""
        return asdict(self)


def read_config(path: Path | None) -> tuple[Config, list[Problem]]:
    """Return the defaults with the file's keys over them, and everything that is wrong with those: None = no file.

    Each problem names file, key, what was found, what was expected, and the nearest valid name; the key then keeps its
    default. Raises ConfigError when the file is no TOML.
    """
    if path is None:
        return Config(), []
    config, problems = _read(path, read_tables(path))
    # Beside a key that keeps its default a contradiction would be one that nobody wrote.
    return config, problems or [problem.inside(str(path)) for problem in contradictions(config)]


def load(path: Path | None) -> Config:
    """Return the defaults with the file's keys over them; None = only the defaults.

    Raises ConfigError that lists every problem of the file, one a line, as `read_config` names them.
    """
    config, problems = read_config(path)
    if problems:
        raise ConfigError.of(problems)
    return config


def policy_table(path: Path | None) -> Mapping[str, Any]:
    """Return what the file's `[policy]` sets, for laying it over recorded settings; empty for None.

    Each key of the file is checked; raises ConfigError as `load` does. Whether the numbers contradict each other only
    the recorded settings below them can tell.
    """
    if path is None:
        return {}
    tables = read_tables(path)
    _, problems = _read(path, tables)
    if problems:
        raise ConfigError.of(problems)
    return dict(tables.get("policy", {}))


def _read(path: Path, tables: Mapping[str, Any]) -> tuple[Config, list[Problem]]:
    problems: list[Problem] = []
    config = read(Config, tables, "", problems)
    return config, [problem.inside(str(path)) for problem in problems]


def contradictions(config: Config) -> list[Problem]:
    """Return the keys that are good alone and not together."""
    problems = config.policy.problems()
    rate_hz, least_hz = config.camera.rate_hz, config.policy.slow_hz
    if rate_hz < least_hz * (1 - config.policy.floor_slack):
        problems.append(
            Problem(
                "camera.rate_hz",
                f"{rate_hz:g}",
                f"at least policy.slow_hz = {least_hz:g}, below which the camera always counts as too slow",
            )
        )
    return problems
