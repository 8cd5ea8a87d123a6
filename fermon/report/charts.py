"""The timeline as SVG: lanes one below the other over one time axis. Coordinates are px of a 1000 px wide drawing."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from fermon.domain import EXPRESSIONS, Kind, Level
from fermon.report.drive import NOT_KNOWN, Cell, Drive, Span
from fermon.words import reason

WIDTH, LEFT, RIGHT = 1000.0, 108.0, 40.0
COLUMNS = 440  # of measures: two px each
ROW = 13.0  # height of a thin row
STEPS_S = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200, 86400)
KINDS = (Kind.UNRESPONSIVE, Kind.ASLEEP, Kind.MICROSLEEP, Kind.DROWSY, Kind.DISTRACTED, Kind.ANGER, Kind.UNAVAILABLE)


def clock(seconds: float) -> str:
    """Return h:mm:ss or m:ss.

    >>> clock(3723.4), clock(59.9)
    ('1:02:03', '0:59')
    """
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


class Chart:
    """Gathers the drawing, lane by lane, downwards."""

    def __init__(self, drive: Drive) -> None:
        self._drive = drive
        self._span_s = max(drive.duration_s, 1.0)
        self._columns = drive.columns(COLUMNS)
        self._parts: list[str] = []
        self._y = 4.0

    def x(self, seconds: float) -> float:
        return LEFT + min(max(seconds / self._span_s, 0.0), 1.0) * (WIDTH - LEFT - RIGHT)

    def draw(self) -> str:
        """Return the whole drawing."""
        self._alerts()
        self._closures()
        self._perclos()
        self._expressions()
        if self._drive.attended_s:
            self._attention()
        self._sight()
        if any(column.speed_kmh is not None for column in self._columns):
            self._speed()
        self._axis()
        told = _in_words(self._drive)
        return (
            f'<svg viewBox="0 0 {WIDTH:g} {self._y:g}" role="img" aria-label="{escape(told)}">'
            + "\n".join(self._parts)
            + "</svg>"
        )

    def _text(self, x: float, y: float, text: str, look: str = "", anchor: str = "start") -> None:
        self._parts.append(f'<text x="{x:g}" y="{y:g}" class="{look}" text-anchor="{anchor}">{escape(text)}</text>')

    def _rect(self, x: float, y: float, width: float, height: float, look: str, extra: str = "", tip: str = "") -> None:
        title = f"<title>{escape(tip)}</title>" if tip else ""
        place = f'x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}"'
        self._parts.append(f'<rect {place} class="{look}"{extra}>{title}</rect>')

    def _lane(self, name: str, height: float, look: str = "title") -> float:
        """Begin a lane below the last one; return its top."""
        top = self._y
        self._rect(LEFT, top, WIDTH - LEFT - RIGHT, height, "track")
        self._text(LEFT - 8, top + height / 2 + 4, name, look, "end")
        self._y = top + height + 1
        return top

    def _gap(self) -> None:
        self._y += 9

    def _rule(self, y: float, text: str) -> None:
        self._parts.append(f'<line x1="{LEFT:g}" x2="{WIDTH - RIGHT:g}" y1="{y:.1f}" y2="{y:.1f}" class="rule"/>')
        self._text(WIDTH - RIGHT + 5, y + 3.5, text, "small")

    def _alerts(self) -> None:
        kinds = [kind for kind in KINDS if any(span.what == kind.value for span in self._drive.spans)]
        if not kinds:
            top = self._lane("alerts", ROW + 4)
            self._text(LEFT + 8, top + 12, "none")
        for kind in kinds:
            top = self._lane(kind.value.lower(), ROW + 2)
            for span in self._drive.spans:
                if span.what == kind.value:
                    self._span(span, top + 1, ROW, span.level)
        self._gap()

    def _span(self, span: Span, top: float, height: float, look: str) -> None:
        start = self.x(span.start_s)
        tip = f"{span.level} {span.what}, {clock(span.start_s)} to {clock(span.end_s)}".strip()
        if span.alert is not None and (why := reason(span.alert)):
            tip += f": {why}"
        self._rect(start, top, max(2.0, self.x(span.end_s) - start), height, look, tip=tip)

    def _closures(self) -> None:
        settings = self._drive.settings
        height, full_s = 78.0, settings.unresponsive_closed_s * 1.1
        top = self._lane("eyes closed", height)
        limits = (
            (settings.microsleep_closed_s, Level.WARNING),
            (settings.asleep_closed_s, Level.CRITICAL),
        )
        for column in self._columns:
            if column.longest_s <= 0:
                continue
            look = next((level.name for limit, level in reversed(limits) if column.longest_s >= limit), "bar")
            tall = min(1.0, column.longest_s / full_s) * height
            x = self.x(column.start_s)
            width = max(1.2, self.x(column.end_s) - x)
            self._rect(
                x, top + height - tall, width, tall, look, tip=f"{clock(column.start_s)}: {column.longest_s:.1f} s"
            )
        for limit_s in (*(limit for limit, _ in limits), settings.unresponsive_closed_s):
            self._rule(top + height - limit_s / full_s * height, f"{limit_s:g} s")
        self._gap()

    def _perclos(self) -> None:
        settings = self._drive.settings
        most = max((c.perclos_60s for c in self._columns if c.perclos_60s is not None), default=0.0)
        full = max(1.6 * settings.drowsy_warning_perclos_short, 1.1 * most)
        height = 70.0
        top = self._lane("PERCLOS", height)
        for look, key in (("curve second", "perclos_180s"), ("curve", "perclos_60s")):
            for run in _runs(self._columns, key):
                points = " ".join(
                    f"{self.x((c.start_s + c.end_s) / 2):.1f},{top + height - getattr(c, key) / full * height:.1f}"
                    for c in run
                )
                self._parts.append(f'<polyline points="{points}" class="{look}"/>')
        for limit in (settings.drowsy_notice_perclos, settings.drowsy_warning_perclos_short):
            self._rule(top + height - limit / full * height, f"{limit:.0%}")
        self._text(LEFT + 5, top + 12, "60 s thick, 180 s thin", "small")
        self._gap()

    def _expressions(self) -> None:
        """One row for each expression, the darker the more probable."""
        for index, name in enumerate(EXPRESSIONS):
            top = self._lane(name, ROW, "")
            for start_s, end_s, tenths in _shades(self._columns, index):
                x = self.x(start_s)
                tip = f"{name} {tenths * 10} %, {clock(start_s)} to {clock(end_s)}"
                self._rect(x, top, self.x(end_s) - x, ROW, "bar", f' opacity="{tenths / 10:g}"', tip)
        self._gap()

    def _attention(self) -> None:
        """Turned away in blue, and in the alert's colour while DISTRACTED was on; grey where it was not known."""
        top = self._lane("attention", ROW + 5)
        for span in _visible(self._drive.attention, self._span_s):
            self._span(span, top, ROW + 5, "none" if span.what == NOT_KNOWN else "bar")
        for span in self._drive.spans:
            if span.what == Kind.DISTRACTED.value:
                self._span(span, top + ROW, 5.0, span.level)
        self._gap()

    def _sight(self) -> None:
        top = self._lane("not seen", ROW + 5)
        for span in _visible(self._drive.blind, self._span_s):
            self._span(span, top, ROW + 5, "none")
        self._gap()

    def _speed(self) -> None:
        height = 40.0
        top = self._lane("km/h", height)
        most = max(c.speed_kmh for c in self._columns if c.speed_kmh is not None)
        full = max(50.0, 1.1 * most)
        for run in _runs(self._columns, "speed_kmh"):
            points = " ".join(
                f"{self.x((c.start_s + c.end_s) / 2):.1f},{top + height - (c.speed_kmh or 0.0) / full * height:.1f}"
                for c in run
            )
            self._parts.append(f'<polyline points="{points}" class="curve"/>')
        self._text(LEFT + 5, top + 12, f"up to {most:.0f}", "small")
        self._gap()

    def _axis(self) -> None:
        step = next((s for s in STEPS_S if self._span_s / s <= 10), STEPS_S[-1])
        lines = []
        for number in range(int(self._span_s // step) + 1):
            x = self.x(number * step)
            lines.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="0" y2="{self._y - 6:g}" class="grid"/>')
            self._text(x, self._y + 8, clock(number * step), "", "middle")
        self._parts = lines + self._parts
        self._y += 16


def _runs(columns: Iterable[Cell], key: str) -> list[list[Cell]]:
    """Return the columns in which `key` is available, in unbroken rows."""
    runs: list[list[Cell]] = [[]]
    for column in columns:
        if getattr(column, key) is None:
            runs.append([])
        else:
            runs[-1].append(column)
    return [run for run in runs if run]


def _shades(columns: Iterable[Cell], index: int) -> list[tuple[float, float, int]]:
    """Return (from, to, tenths of probability) of one expression; neighbours alike are one, none is left out."""
    shades: list[tuple[float, float, int]] = []
    for column in columns:
        expression = column.expression
        tenths = 0 if expression is None else round(expression[index] * 10)
        if not tenths:
            continue
        if shades and shades[-1][2] == tenths and shades[-1][1] == column.start_s:
            shades[-1] = (shades[-1][0], column.end_s, tenths)
        else:
            shades.append((column.start_s, column.end_s, tenths))
    return shades


def _visible(spans: Iterable[Span], span_s: float) -> list[Span]:
    """Return the spans without those too short to be seen (half a px), single unreadable frames mostly."""
    least_s = span_s / (WIDTH - LEFT - RIGHT) / 2
    return [span for span in spans if span.end_s - span.start_s >= max(least_s, 0.2)]


def _in_words(drive: Drive) -> str:
    """The timeline for who cannot see it."""
    spans = "; ".join(
        f"{s.level.lower()} {s.what.lower()} {clock(s.start_s)} to {clock(s.end_s)}" for s in drive.spans[:40]
    )
    return f"Timeline of {clock(drive.duration_s)}. Alerts: {spans or 'none'}. The table below tells why."
