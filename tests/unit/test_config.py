"""Configuration: all problems at once, with near-miss names; default.toml says what the code does."""

from __future__ import annotations

import dataclasses
import tomllib
from pathlib import Path
from typing import Any

import pytest

import fermon
from fermon.config import Config, load
from fermon.errors import ConfigError

DEFAULT = Path(fermon.__file__).parent / "default.toml"


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "fermon.toml"
    path.write_text(text, encoding="utf-8")
    return path


def problems(tmp_path: Path, text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load(write(tmp_path, text))
    return str(caught.value).splitlines()


def test_no_file_means_the_defaults() -> None:
    assert load(None) == Config()


def leaves(table: dict[str, Any], where: str = "") -> dict[str, Any]:
    out: dict[str, Any] = {}
    for key, value in table.items():
        name = f"{where}.{key}" if where else key
        out |= leaves(value, name) if isinstance(value, dict) else {name: value}
    return out


def test_default_toml_holds_every_key_with_its_default_and_a_comment() -> None:
    text = DEFAULT.read_text(encoding="utf-8")
    found = leaves(tomllib.loads(text))
    expected = leaves(dataclasses.asdict(Config()))
    assert found == {key: list(v) if isinstance(v, tuple) else v for key, v in expected.items()}
    for line in text.splitlines():
        if "=" in line and not line.startswith("#"):
            assert "#" in line, f"no meaning given: {line}"


def test_default_toml_loads_as_the_defaults() -> None:
    assert load(DEFAULT) == Config()


def test_ten_mistakes_are_ten_lines(tmp_path: Path) -> None:
    found = problems(
        tmp_path,
        """
        [camera]
        widht = 640
        rate_hz = "fast"
        height = 10
        source = 5
        [perception]
        baseline = 1
        face = "haar"
        [policy]
        profile = "privat"
        microsleep_closed_s = -1.5
        [output]
        x = 1
        [session]
        max_mib = nan
        """,
    )
    assert len(found) == 10
    text = "\n".join(found)
    assert "camera.widht: no such key; did you mean 'width'?" in text
    assert "camera.rate_hz: found 'fast', expected a number" in text
    assert "camera.height: found 10, expected 120 to 4096 px" in text
    assert "camera.source: found 5, expected a text in quotes" in text
    assert "perception.baseline: found 1, expected true or false" in text
    assert "perception.face: found 'haar', expected a table [perception.face]" in text
    assert "did you mean 'private'?" in text
    assert "policy.microsleep_closed_s: found -1.5" in text
    assert "output: no such key; did you mean 'outputs'?" in text
    assert "session.max_mib: found nan" in text
    assert all(line.startswith(f"{tmp_path}") for line in found)


def test_a_whole_number_is_a_number(tmp_path: Path) -> None:
    config = load(write(tmp_path, "[camera]\nrate_hz = 30\n"))
    assert config.camera.rate_hz == 30.0


@pytest.mark.parametrize(
    ("content", "says"),
    [(b"[camera\n", "not TOML"), (b"\xff\xfe", "not UTF-8"), (b"a = 1\na = 2\n", "not TOML")],
)
def test_unreadable_text_names_the_file(tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "fermon.toml"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=says) as caught:
        load(path)
    assert str(path) in str(caught.value)


def test_a_missing_file_and_a_folder_are_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such file"):
        load(tmp_path / "missing.toml")
    with pytest.raises(ConfigError, match="Is a directory"):
        load(tmp_path)
