"""Configuration: all problems at once, with near-miss names; every key is documented, and default.toml is fresh."""

from __future__ import annotations

import dataclasses
import json
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_type_hints

import pytest

import fermon
from fermon.config import Config, load
from fermon.defaults import default_toml, table_lines
from fermon.errors import ConfigError
from fermon.schema import Range, key, parts, table

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


def every_key(settings: Any = None, where: str = "") -> Iterator[tuple[str, Any, Any, str]]:
    """Yield each key: its name with its tables, its default, its type hint, and its comment."""
    settings = Config() if settings is None else settings
    hints = get_type_hints(type(settings), include_extras=True)
    for field in dataclasses.fields(settings):
        value, name = getattr(settings, field.name), f"{where}{field.name}"
        if dataclasses.is_dataclass(value):
            yield from every_key(value, f"{name}.")
        else:
            yield name, value, hints[field.name], field.metadata.get("comment", "")


KEYS = [pytest.param(*key, id=key[0]) for key in every_key()]


@pytest.mark.parametrize(("name", "default", "hint", "comment"), KEYS)
def test_every_key_is_documented_in_place(name: str, default: Any, hint: Any, comment: str) -> None:
    """A comment for people; a range with its unit for each number, which the key's name says again."""
    assert len(comment) > 3, f"{name}: no comment"
    kind, limits = parts(hint)
    if kind not in (int, float):
        return
    assert limits, f"{name}: a number without a Range"
    for limit in limits:
        assert limit.problem(name, default) is None, "the default is outside its own range"
    units = {"_deg_per_s": "degrees/s", "_s": "s", "_hz": "Hz", "_kmh": "km/h", "_mib": "MiB", "_deg": "degrees"}
    unit = next((unit for ending, unit in units.items() if name.endswith(ending)), None)
    if isinstance(limits[0], Range) and unit is not None:
        assert limits[0].unit in (unit, "frames a second")


def test_the_text_holds_every_key_with_its_default_its_comment_and_its_limits() -> None:
    lines = default_toml().splitlines()
    for name, _, hint, comment in every_key():
        limits = "".join(f" [{limit}]" for limit in parts(hint)[1])
        key = name.rpartition(".")[2]
        assert any(line.startswith(f"{key} = ") and line.endswith(f"  # {comment}{limits}") for line in lines), name
    assert "height = 480               # picture height to ask for [120 to 4096 px]" in lines
    assert 'speed = "none"             # source of the vehicle\'s speed [none, dbc, j1939, obd2]' in lines
    assert [line for line in lines if len(line) > 120] == [], "shorten the comment"


def test_the_text_is_toml_of_exactly_the_defaults(tmp_path: Path) -> None:
    text = default_toml()
    plain = json.loads(json.dumps(dataclasses.asdict(Config())))  # tuples are lists in TOML
    assert tomllib.loads(text) == plain
    assert load(write(tmp_path, text)) == Config()


@dataclasses.dataclass(frozen=True)
class Inner:
    words: tuple[str, ...] = key(("a", 'b "c"'), "texts")
    small: float = key(1e-7, "a number")


@dataclasses.dataclass(frozen=True)
class Outer:
    path: str = key("C:\\wörd\n", "text")
    inner: Inner = table(Inner, "within")


def test_the_text_gives_other_values_as_toml() -> None:
    """Lists, numbers of all sizes and any text, as a default of another day may be."""

    lines = list(table_lines(Outer(), "outer", ""))
    assert tomllib.loads("\n".join(lines)) == {
        "outer": {"path": "C:\\wörd\n", "inner": {"words": ["a", 'b "c"'], "small": 1e-7}}
    }
    assert "[outer.inner]              # within" in lines


def test_the_file_to_read_is_what_the_command_prints() -> None:
    fresh = "fermon --default-config > fermon/default.toml"
    assert DEFAULT.read_text(encoding="utf-8") == default_toml(), f"default.toml is stale; run: {fresh}"


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
