"""Says what a run of .ci/run left out:  python -m lib.not_run FILE

FILE is what the doors and tests/conftest.py wrote where FERMON_NOT_RUN named it, a line each, separated by tabs:
"passed TEST", "skipped TEST REASON" (TEST may be a whole file), "suite NAME REASON". A test that was skipped in one
environment and passed in another did run.
"""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

NOT_MEANT = "does not apply: "  # begins the reason of a skip that is none: a contract's case that an output has not


def left_out(lines: list[str]) -> list[str]:
    """Return "WHAT, because REASON" for each suite and each reason, the suites first."""
    entries = [line.split("\t") for line in lines]
    ran = {test for word, test, *_ in entries if word in ("passed", "failed")}
    ran |= {test.partition("::")[0] for test in ran}
    skipped = {(test, rest[0]) for word, test, *rest in entries if word == "skipped" and test not in ran}
    reasons = Counter(reason for _, reason in skipped if not reason.startswith(NOT_MEANT))
    said = {f"{what}, because: {rest[0]}": None for word, what, *rest in entries if word == "suite"}
    said |= {f"{count} test{'s' * (count > 1)}, because: {reason}": None for reason, count in reasons.most_common()}
    return list(said)


def main() -> int:
    found = left_out(Path(sys.argv[1]).read_text(encoding="utf-8").splitlines())
    print("\n".join(["Not run:", *(f"  {entry}" for entry in found)] if found else ["Everything ran."]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
