"""Make the README's configuration table from fermon/default.toml: `python tools/config_table.py --update README.md`.

--check FILE exits 1 when the file's table is stale.
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

from lib import page

NAME = "config"
DEFAULT = Path(__file__).resolve().parents[1] / "fermon" / "default.toml"


def table(toml: str) -> str:
    """Return the Markdown table of a commented TOML text."""
    rows, section = ["| key | default | meaning |", "|---|---|---|"], ""
    for line in toml.splitlines():
        if header := re.match(r"\[([\w.]+)\]", line):
            section = header[1]
        elif entry := re.match(r"(\w+) = (.+?)\s+# (.+)", line):
            rows.append(f"| `{section}.{entry[1]}` | `{entry[2]}` | {entry[3]} |")
    return "\n".join(rows)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--update", type=Path)
    parser.add_argument("--check", type=Path)
    args = parser.parse_args()
    body = table(DEFAULT.read_text(encoding="utf-8"))
    path: Path | None = args.update or args.check
    if path is None:
        print(body)
        return 0
    return page.update_or_check(path, NAME, body, f"tools/config_table.py --update {path}", write=bool(args.update))


if __name__ == "__main__":
    sys.exit(main())
