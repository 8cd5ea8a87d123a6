"""The README's configuration table is the one that default.toml gives."""

from __future__ import annotations

import tomllib
from pathlib import Path

import config_table
from lib import page

ROOT = Path(__file__).resolve().parents[2]


def test_the_readme_is_up_to_date() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    table = config_table.table(config_table.DEFAULT.read_text(encoding="utf-8"))
    assert page.put(text, config_table.NAME, table) == text


def test_every_key_is_a_row() -> None:
    toml = config_table.DEFAULT.read_text(encoding="utf-8")

    def leaves(table: dict[str, object]) -> int:
        return sum(leaves(value) if isinstance(value, dict) else 1 for value in table.values())

    assert len(config_table.table(toml).splitlines()) - 2 == leaves(tomllib.loads(toml))
