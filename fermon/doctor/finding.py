"""One line of the doctor's."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from fermon.errors import FermonError


class Verdict(StrEnum):
    OK = "ok"
    WARNING = "warning"
    FAULT = "fault"


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found in one area; `remedy` is what to do about it, "" when nothing is to be done."""

    area: str
    verdict: Verdict
    text: str
    remedy: str = ""

    def fields(self) -> dict[str, Any]:
        return {"area": self.area, "verdict": self.verdict.value, "text": self.text, "remedy": self.remedy or None}


def ok(area: str, text: str) -> Finding:
    return Finding(area, Verdict.OK, text)


def warning(area: str, text: str, remedy: str) -> Finding:
    return Finding(area, Verdict.WARNING, text, remedy)


def fault(area: str, text: str, remedy: str) -> Finding:
    return Finding(area, Verdict.FAULT, text, remedy)


def faults(area: str, error: FermonError, remedy: str) -> Iterator[Finding]:
    """Yield a fault for each problem of `error`; `remedy` is for those that name none of their own."""
    for problem in error.problems:
        yield fault(area, str(replace(problem, remedy="")), problem.remedy or remedy)
