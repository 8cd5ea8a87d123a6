"""The report's timeline as a PNG, through matplotlib (the extra `report`)."""

from __future__ import annotations

import io
from typing import Any

from fermon.domain import EXPRESSIONS
from fermon.errors import OutputError
from fermon.report.charts import COLUMNS, KINDS, clock
from fermon.report.drive import Drive
from fermon.report.page import figures

COLOURS = {"NOTICE": "#1d5fa8", "WARNING": "#c26a00", "CRITICAL": "#b3142a", "": "#8a949e"}
BLUE = "#2f6fb3"


def picture(drive: Drive) -> bytes:
    """Return the drive as a PNG. Raises OutputError when matplotlib is not installed."""
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError:
        raise OutputError(
            "report: a .png needs matplotlib", remedy="pip install 'fermon[report]'; a .html needs nothing"
        ) from None
    figure = Figure(figsize=(11, 8), dpi=110, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(5, 1, sharex=True, height_ratios=(1.6, 1.6, 1.5, 2.2, 0.4))
    figure.suptitle(f"{drive.name}: " + ", ".join(f"{name.lower()} {value}" for name, value, _ in figures(drive)[:5]))
    _alerts(axes[0], drive)
    _measures(axes[1], axes[2], drive)
    _expressions(axes[3], drive)
    for span in drive.blind:
        axes[4].axvspan(span.start_s, span.end_s, color=COLOURS[""])
    axes[4].set(yticks=[], ylabel="not\nseen")
    axes[4].set_xlim(0, max(drive.duration_s, 1.0))
    axes[4].xaxis.set_major_formatter(lambda seconds, _: clock(max(seconds, 0)))
    content = io.BytesIO()
    figure.savefig(content, format="png", metadata={"Software": None})
    return content.getvalue()


def _alerts(axis: Any, drive: Drive) -> None:
    for row, kind in enumerate(KINDS):
        for span in drive.spans:
            if span.what == kind.value:
                axis.barh(row, max(span.end_s - span.start_s, 0.3), left=span.start_s, color=COLOURS[span.level])
    axis.set_yticks(range(len(KINDS)), [kind.value.lower() for kind in KINDS])
    axis.set_ylim(len(KINDS) - 0.5, -0.5)


def _measures(closure: Any, perclos: Any, drive: Drive) -> None:
    columns, settings = drive.columns(COLUMNS), drive.settings
    times = [column.start_s for column in columns]
    width = columns[0].end_s - columns[0].start_s if columns else 1.0
    closure.bar(times, [column.longest_s for column in columns], width=width, align="edge", color=BLUE)
    for limit in (settings.microsleep_closed_s, settings.asleep_closed_s):
        closure.axhline(limit, color="gray", linestyle=":", linewidth=1)
    closure.set_ylabel("eyes closed, s")
    for key, thickness in (("perclos_60s", 2.0), ("perclos_180s", 1.0)):
        values = [getattr(column, key) for column in columns]
        shares = [float("nan") if value is None else value for value in values]
        perclos.plot(times, shares, linewidth=thickness, color=BLUE, label=key)
    for limit in (settings.drowsy_notice_perclos, settings.drowsy_warning_perclos_short):
        perclos.axhline(limit, color="gray", linestyle=":", linewidth=1)
    perclos.set_ylabel("PERCLOS")
    perclos.set_ylim(bottom=0)


def _expressions(axis: Any, drive: Drive) -> None:
    for column in drive.columns(COLUMNS):
        for row, probability in enumerate(column.expression or ()):
            if probability >= 0.05:
                axis.barh(
                    row,
                    column.end_s - column.start_s,
                    0.9,
                    left=column.start_s,
                    color=BLUE,
                    alpha=min(1.0, probability),
                )
    axis.set_yticks(range(len(EXPRESSIONS)), EXPRESSIONS)
    axis.set_ylim(len(EXPRESSIONS) - 0.5, -0.5)
