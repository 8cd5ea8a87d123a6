"""Reads sessions. Leniently: what cannot be used is counted by cause, and the rest goes on."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from fermon.domain import Ack, Box, CameraChange, Eyes, Face, Head, Input, Observation, Points, Quality, Speed, Tick
from fermon.errors import SessionError
from fermon.paths import unreadable
from fermon.session.format import VERSION

MAX_PROBLEMS = 20  # messages kept; all are counted


class RecordedAlert(NamedTuple):
    """An alert line of a recording, as it stands there: what a replay can be compared with."""

    t_ns: Any
    kind: Any
    level: Any
    active: Any


class SessionReader:
    """Reads a session's inputs one by one. `header` is there from the start; the rest is complete after the end.

    `problems` holds messages for people, `not_used` counts by cause what could not be used. Recorded alerts are no
    inputs; `recorded` keeps them for comparing. Raises SessionError when the file cannot be read, or does not begin
    with a header of this version.
    """

    def __init__(self, path: Path | str) -> None:
        self.name = str(path)
        self.problems: list[str] = []
        self.not_used: Counter[str] = Counter()
        self.recorded: list[RecordedAlert] = []
        if (problem := unreadable(Path(path), "a session, which is a regular file")) is not None:
            raise SessionError.of([problem])  # unopened: a pipe would be waited for, a device never end
        try:
            self._file: BinaryIO = Path(path).open("rb")  # noqa: SIM115  (closed by __exit__)
        except OSError as error:
            raise SessionError(f"{self.name}: cannot be opened: {error.strerror or error}") from None
        try:
            self.header = self._read_header()
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> SessionReader:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._file.close()

    def _read_header(self) -> dict[str, Any]:
        expected = f'expected a session header such as {{"type":"session","version":{VERSION}}}'
        try:
            line = self._file.readline()
        except OSError as error:
            raise SessionError(f"{self.name}: cannot be read: {error.strerror or error}") from None
        if not line.strip():
            raise SessionError(f"{self.name}: line 1 is empty, {expected}")
        header = _parse(line)
        if not isinstance(header, dict) or header.get("type") != "session":
            raise SessionError(f"{self.name}: line 1 is no session header, {expected}")
        version = header.get("version")
        if version != VERSION or isinstance(version, bool):
            raise SessionError(
                f"{self.name}: session version",
                found=repr(version),
                expected=str(VERSION),
                remedy="use the fermon that recorded it",
            )
        return header

    def __iter__(self) -> Iterator[Input]:
        """Yield the inputs in the file's order; `policy.feed` judges their times."""
        for number, line in enumerate(self._file, 2):
            fields = _parse(line)
            if isinstance(fields, dict):
                item = self._decode(fields)
                if item is not None:
                    yield item
            elif line.strip():
                if line.endswith(b"\n"):
                    self._problem("broken line", f"{self.name}: line {number} is no JSON object: skipped")
                else:
                    self._problem("truncated line", f"{self.name}: line {number}, the last one, is cut off: skipped")

    def _problem(self, cause: str, message: str) -> None:
        self.not_used[cause] += 1
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append(message)

    def _decode(self, fields: dict[str, Any]) -> Input | None:
        kind = fields.get("type")
        if kind == "alert":
            self.recorded.append(RecordedAlert(*(fields.get(key) for key in RecordedAlert._fields)))
            return None
        if kind not in ("observation", "tick", "speed", "ack", "camera"):
            self.not_used["unknown type"] += 1
            return None
        t_ns = fields.get("t_ns")
        if type(t_ns) is float and t_ns.is_integer():
            t_ns = int(t_ns)
        if type(t_ns) is not int:
            self.not_used["t_ns"] += 1
            return None
        if kind == "observation":
            return self._observation(t_ns, fields)
        if kind == "tick":
            return Tick(t_ns)
        if kind == "speed":
            source = fields.get("source")
            return Speed(t_ns, self._number(fields.get("kmh"), "kmh"), source if isinstance(source, str) else "")
        if kind == "ack":
            return Ack(t_ns)
        return CameraChange(t_ns, str(fields.get("state")))

    def _observation(self, t_ns: int, fields: dict[str, Any]) -> Observation:
        seq, mouth, expression = fields.get("seq"), fields.get("mouth"), fields.get("expression")
        return Observation(
            t_ns,
            seq if type(seq) is int else 0,
            self._face(fields.get("face")),
            tuple(expression) if isinstance(expression, list) else expression,
            self._eyes(fields.get("eyes")),
            mouth,
            self._quality(fields.get("quality")),
            self._head(fields.get("head")),
        )

    def _face(self, value: Any) -> Face | None:
        if not isinstance(value, dict):
            self._nothing(value, "face")
            return None
        try:
            x, y, w, h = map(float, value["box"])
        except (KeyError, TypeError, ValueError, OverflowError):
            self.not_used["face.box"] += 1
            x = y = w = h = 0.0  # a face without a place is still a face
        points: Points | None = None
        if value.get("points") is not None:
            try:
                points = Points(*((float(px), float(py)) for px, py in value["points"]))
            except (TypeError, ValueError, OverflowError):
                self.not_used["face.points"] += 1
        score = self._number(value.get("score", 1.0), "face.score")
        return Face(Box(x, y, w, h), score, points, value.get("profile") is True)

    def _head(self, value: Any) -> Head | None:
        if not isinstance(value, dict):
            self._nothing(value, "head")
            return None
        return Head(*(self._number(value.get(angle), "head") for angle in ("yaw", "pitch", "roll")))

    def _eyes(self, value: Any) -> Eyes | None:
        if not isinstance(value, dict):
            self._nothing(value, "eyes")
            return None
        return Eyes(value.get("left"), value.get("right"), value.get("cause"), self._opening(value.get("opening")))

    def _opening(self, value: Any) -> tuple[float | None, float | None]:
        known = value if isinstance(value, list) and len(value) == 2 else [None, None]
        numbers = [None if math.isnan(number := self._number(each, "eyes.opening")) else number for each in known]
        if known is not value and value is not None:
            self.not_used["eyes.opening"] += 1
        return numbers[0], numbers[1]

    def _quality(self, value: Any) -> Quality:
        if not isinstance(value, dict):
            self._nothing(value, "quality")
            return Quality(float("nan"), float("nan"))
        return Quality(
            self._number(value.get("brightness"), "quality"),
            self._number(value.get("sharpness"), "quality"),
            value.get("contrast"),
            value.get("burnt_out"),
        )

    def _nothing(self, value: Any, cause: str) -> None:
        """Count a value that is there but is no object."""
        if value is not None:
            self.not_used[cause] += 1

    def _number(self, value: Any, cause: str) -> float:
        """Return a number, NaN when it is none (null is not counted: it says that it is not known)."""
        if type(value) is float or type(value) is int:
            try:
                return float(value)
            except OverflowError:
                pass
        if value is not None:
            self.not_used[cause] += 1
        return float("nan")


def _parse(line: bytes) -> Any:
    """Return a line's value, or None when it is no JSON."""
    try:
        return json.loads(line)
    except (ValueError, RecursionError):  # UnicodeDecodeError is a ValueError
        return None
