"""A TOML file's tables, or one clear error, whatever is in the file."""

from __future__ import annotations

import codecs
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fermon.errors import ConfigError
from fermon.files import content

MOST_BYTES = 256 * 1024  # a configuration that sets every key is a twentieth of it
MOST_DOTS = 100  # on one line
SAVE_AS_UTF8 = "save it as UTF-8 (in Notepad: Save as, Encoding: UTF-8)"
_WIDE_MARKS = (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def read_tables(path: Path) -> Mapping[str, Any]:
    """Return the tables of a TOML file. Raises ConfigError that names the file and, where there is one, the line."""
    try:
        found = content(path, MOST_BYTES)
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such file", remedy="give --config the path of a TOML file") from None
    except OSError as error:
        raise ConfigError(
            f"{path}: cannot be read: {error.strerror}", remedy="give a TOML file that this user may read"
        ) from None
    text = _text(found, str(path))
    try:
        if any(line.partition("#")[0].count(".") > MOST_DOTS for line in text.splitlines()):
            raise RecursionError  # what tomllib needs grows with the square of a key's parts: 57 GB for 120,000
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: not TOML: {error}") from None
    except RecursionError:
        raise ConfigError(f"{path}: not usable TOML", found="lists or tables nested too deeply") from None
    except ValueError as error:  # a number of more digits than Python reads
        raise ConfigError(f"{path}: not usable TOML: {error}") from None


def _text(found: bytes, name: str) -> str:
    """Return a file's text; a byte-order mark, which Windows editors write, is no part of it."""
    wide = found.startswith(_WIDE_MARKS) or found[1:2] == b"\0"  # the first letter of a table is an ASCII one
    if wide or b"\0" in found:
        raise ConfigError(
            f"{name}: not UTF-8 text",
            found="UTF-16, which Windows editors call Unicode" if wide else "a zero byte: a binary file?",
            remedy=SAVE_AS_UTF8,
        )
    try:
        return found.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = found.count(b"\n", 0, error.start) + 1
        byte = found[error.start : error.start + 1]
        ansi = byte.decode("cp1252", "replace")
        meaning = f" ({ansi!r} in Windows-1252, which Windows editors call ANSI)" if ansi.isprintable() else ""
        raise ConfigError(
            f"{name}: not UTF-8 text",
            found=f"byte 0x{byte[0]:02X}{meaning} in line {line}",
            remedy=SAVE_AS_UTF8,
        ) from None
