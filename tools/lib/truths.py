"""The truth of drawn pictures (synth.pictures), line by line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lib.exits import DataError


def truths(folder: Path) -> Iterator[dict[str, Any]]:
    """Yield each picture's record (synth/truth.schema.json). Raises DataError without truth.jsonl, or at a bad line."""
    path = folder / "truth.jsonl"
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise DataError(f"{path}: {error.strerror}; expected a folder that synth.pictures wrote") from None
    for number, line in enumerate(lines, 1):
        try:
            yield json.loads(line)
        except ValueError as error:
            raise DataError(f"{path}: line {number} is no JSON ({error}); draw the pictures anew") from None
