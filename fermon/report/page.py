"""The report as one HTML page: no script, nothing from outside, opens offline."""

from __future__ import annotations

import json
from collections.abc import Mapping
from html import escape
from importlib.resources import files
from string import Template
from typing import Any

from fermon.domain import NS_PER_S
from fermon.report.charts import Chart, clock
from fermon.report.drive import AWAY, Drive
from fermon.words import reason

MOST_ALERTS = 500  # lines in the table; all are counted


def page(drive: Drive) -> str:
    """Return the page."""
    template = Template(files("fermon.report").joinpath("page.html").read_text(encoding="utf-8"))
    return template.substitute(
        name=escape(drive.name),
        about=escape(_about(drive)),
        figures=_figures(drive),
        timeline=Chart(drive).draw(),
        alerts=_alerts(drive),
        origin=escape(
            "Computed anew from the recorded observations, as fermon replay does, with the settings of the session. "
            + drive.recorded
        ),
        sight=_sight(drive),
        source=_source(drive),
    )


def _about(drive: Drive) -> str:
    header = drive.header
    started = f"recorded {header['started']}" if isinstance(header.get("started"), str) else "time of recording unknown"
    return f"{clock(drive.duration_s)} long, {started}, fermon {header.get('fermon', '?')}"


def percent(share: float | None) -> str:
    """Return a share as percent; a dash when it is not available."""
    return "–" if share is None else f"{share:.0%}" if share >= 0.1 else f"{share:.1%}"


def figures(drive: Drive) -> list[tuple[str, str, str]]:
    """Return (name, value, explanation) of the summary's figures."""
    raised = drive.raised
    levels = {
        level: sum(n for (found, _), n in raised.items() if found == level)
        for level in ("CRITICAL", "WARNING", "NOTICE")
    }
    perclos = max((c.perclos_60s for c in drive.cells if c.perclos_60s is not None), default=None)
    longest = max((c.longest_s for c in drive.cells), default=0.0)
    rate = drive.frames / drive.duration_s if drive.duration_s > 0 else None
    return [
        (
            "Alerts",
            str(sum(levels.values())),
            ", ".join(f"{n} {level}" for level, n in levels.items() if n) or "none raised",
        ),
        ("Driver seen", percent(drive.seen), "of the time: a face and an eye readable"),
        ("Eyes closed", percent(drive.closed), "of that, blinks included"),
        ("Highest PERCLOS", percent(perclos), "in any 60 s"),
        ("Longest closure", f"{longest:.1f} s", "eyes closed without a break"),
        ("Blinks", "–" if drive.blinks_per_min is None else f"{drive.blinks_per_min:.0f} a minute", "mean"),
        ("Yawns", str(drive.yawns), "in the whole drive"),
        *_attention(drive),
        ("Frames", str(drive.frames), "–" if rate is None else f"{rate:.1f} a second"),
    ]


def _attention(drive: Drive) -> list[tuple[str, str, str]]:
    """What the head tells; nothing of a drive that has no head's angles."""
    if drive.away is None:
        return []
    longest = max((span.end_s - span.start_s for span in drive.attention if span.what == AWAY), default=0.0)
    return [
        ("Turned away", percent(drive.away), "of the time in which attention was determined"),
        ("Longest look away", f"{longest:.1f} s", "without a break"),
        ("Nods", str(drive.nods), "in the whole drive"),
    ]


def _figures(drive: Drive) -> str:
    return "\n".join(
        f"<div><dt>{escape(name)}</dt><dd>{escape(value)}<small>{escape(more)}</small></dd></div>"
        for name, value, more in figures(drive)
    )


def _alerts(drive: Drive) -> str:
    if not drive.alerts:
        return "<p>None in the whole drive.</p>"
    rows = []
    for alert in drive.alerts[:MOST_ALERTS]:
        seconds = (alert.t_ns - drive.start_ns) / NS_PER_S
        look, word = (alert.level.name, alert.level.name) if alert.active else ("cleared", "cleared")
        rows.append(
            f'<tr><td class="n">{clock(seconds)}<br><span class="soft">{seconds:.1f} s</span></td>'
            f'<th scope="row"><span class="tag {look}">{word}</span> {alert.kind.value}</th>'
            f"<td>{escape(reason(alert))}{_evidence(alert.evidence)}</td></tr>"
        )
    more = len(drive.alerts) - MOST_ALERTS
    rest = f"<p>and {more} further lines; fermon replay shows all.</p>" if more > 0 else ""
    head = _head("Time", "Alert", "Why")
    scroll = '<div class="scroll" tabindex="0" role="region" aria-label="Table of alerts">'
    return f"{scroll}<table>{head}<tbody>{''.join(rows)}</tbody></table></div>{rest}"


def _head(*names: str) -> str:
    return "<thead><tr>" + "".join(f'<th scope="col">{name}</th>' for name in names) + "</tr></thead>"


def _evidence(evidence: Mapping[str, Any]) -> str:
    """The figures behind the words, as they were judged."""
    told = ", ".join(f"{key} {_value(value)}" for key, value in evidence.items() if value is not None and value != [])
    return f'<br><span class="soft">{escape(told)}</span>' if told else ""


def _value(value: Any) -> str:
    if isinstance(value, list | tuple):
        return "+".join(map(str, value))
    return str(value).lower() if isinstance(value, bool) else str(value)


def _sight(drive: Drive) -> str:
    """Where the time went: seen, and each cause of not seeing, most first."""
    seconds = drive.seconds
    usable = seconds.get("open", 0.0) + seconds.get("closed", 0.0)
    causes = [(what, s) for what, s in seconds.items() if what not in ("open", "closed") and s >= 0.05]
    total = max(drive.duration_s, 1e-9)
    rows: list[tuple[str, float, float | None]] = [("seen: a face and an eye readable", usable, None)]
    for what, lost in sorted(causes, key=lambda cause: -cause[1]):
        rows.append((what, lost, max((b.end_s - b.start_s for b in drive.blind if b.what == what), default=0.0)))
    body = "".join(
        f'<tr><th scope="row">{escape(what)}</th><td class="n">{lost:.1f} s</td>'
        f'<td class="n">{percent(lost / total)}</td>'
        f'<td class="n">{"" if longest is None else f"{longest:.1f} s"}</td></tr>'
        for what, lost, longest in rows
    )
    head = _head("Driver", "Time", "Share", "Longest")
    return f"<table>{head}<tbody>{body}</tbody></table>"


def _source(drive: Drive) -> str:
    models = drive.header.get("models")
    parts = [f"<li>Session <code>{escape(drive.name)}</code>: observations only, no pictures.</li>"]
    if isinstance(models, Mapping):
        named = ", ".join(f"{escape(str(name))} <code>{escape(str(sha)[:12])}</code>" for name, sha in models.items())
        parts.append(f"<li>Networks: {named or 'not recorded'}.</li>")
    if drive.not_used:
        causes = ", ".join(f"{cause} {n}" for cause, n in sorted(drive.not_used.items()))
        parts.append(f"<li>Could not use: {escape(causes)}.</li>")
    parts += [f"<li>{escape(problem)}</li>" for problem in drive.problems]
    config = drive.header.get("config")
    settings = ""
    if isinstance(config, Mapping) and config:
        text = json.dumps(config, indent=1, ensure_ascii=False)
        settings = f"<details><summary>Recorded configuration</summary><pre>{escape(text)}</pre></details>"
    return f"<ul>{''.join(parts)}</ul>{settings}"
