"""The text of default.toml, made from the settings classes: every key with its default, comment and limit.

fermon --default-config > fermon/default.toml
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from typing import Any, get_type_hints

from fermon.config import Config
from fermon.schema import COMMENT, parts

HEADER = """\
# fermon: every key with its default, its meaning and, in brackets, what it may be. Copy what you change into a file of
# your own and give it with --config (the service reads /etc/fermon/fermon.toml). `fermon --check-config --config FILE`
# checks that file.
"""
COMMENT_COLUMN = 25  # characters before the comment, unless key and value are longer


def default_toml() -> str:
    """Return a TOML file that holds every key and loads as `Config()`."""
    return "\n".join([HEADER.rstrip("\n"), *table_lines(Config(), "", "")]) + "\n"


def table_lines(settings: Any, name: str, comment: str) -> Iterator[str]:
    """Yield the lines of one table and, below it, of the tables in it; a table of nothing but tables has no header."""
    inner: list[str] = []
    keys: list[str] = []
    hints = get_type_hints(type(settings), include_extras=True)
    for field in dataclasses.fields(settings):
        value, meaning = getattr(settings, field.name), field.metadata[COMMENT]
        if dataclasses.is_dataclass(value):
            inner += table_lines(value, f"{name}.{field.name}" if name else field.name, meaning)
            continue
        limits = "".join(f" [{limit}]" for limit in parts(hints[field.name])[1])
        keys.append(_commented(f"{field.name} = {_toml(value)}", meaning + limits))
    if keys:
        yield from ("", _commented(f"[{name}]", comment), *keys)
    yield from inner


def _commented(line: str, comment: str) -> str:
    return f"{line:<{COMMENT_COLUMN}}  # {comment}" if comment else line


def _toml(value: Any) -> str:
    """Return a value as TOML.

    >>> _toml(True), _toml(0.5), _toml("a"), _toml(("b", "c"))
    ('true', '0.5', '"a"', '["b", "c"]')
    """
    if isinstance(value, tuple):
        return f"[{', '.join(map(_toml, value))}]"
    return json.dumps(value, ensure_ascii=False)  # of true, false, numbers and quoted text the two notations are one
