"""The README's configuration table is the one that default.toml gives."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

import config_table

ROOT = Path(__file__).resolve().parents[2]


def test_the_readme_is_up_to_date() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert config_table.put(text, config_table.table(config_table.DEFAULT.read_text(encoding="utf-8"))) == text


def test_every_key_is_a_row() -> None:
    toml = config_table.DEFAULT.read_text(encoding="utf-8")

    def leaves(table: dict[str, object]) -> int:
        return sum(leaves(value) if isinstance(value, dict) else 1 for value in table.values())

    assert len(config_table.table(toml).splitlines()) - 2 == leaves(tomllib.loads(toml))


def test_missing_markers_are_named() -> None:
    with pytest.raises(ValueError, match="config:begin"):
        config_table.put("no markers", "")
