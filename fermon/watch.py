"""Makes the parts of one run from the configuration and the command line, and runs them."""

from __future__ import annotations

import argparse
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from fermon.cameras import open_camera
from fermon.cli import logging_to_stderr
from fermon.config import Config, SessionSettings
from fermon.daemon import Daemon
from fermon.errors import CameraNotFound
from fermon.outputs import make_outputs
from fermon.outputs.hub import Hub
from fermon.perception.pipeline import Perception
from fermon.perception.load import RateControl
from fermon.session.recorder import Recorder
from fermon.systemd import Systemd
from fermon.views.terminal import Terminal
from fermon.views.contract import JsonLines, Several, Silent, View

if TYPE_CHECKING:
    from fermon.views.preview.address import Address


def choose_view(as_json: bool, under_systemd: bool, preview: Address | None = None) -> View:
    """JSON lines if asked for, nothing under systemd (the log output speaks there), else lines for people.

    With `preview` the web page beside it; raises OutputError when its address cannot be listened on.
    """
    view: View
    if as_json:
        view = JsonLines(sys.stdout)
    else:
        view = Silent() if under_systemd else Terminal(sys.stdout, live=sys.stdout.isatty())
    if preview is None:
        return view
    from fermon.views.preview.view import Preview

    page = Preview(preview)
    view.report(f"preview: {page.url}" + ("" if preview.local else " (anybody with this address sees the driver)"))
    return Several([view, page])


def make_recorder(path: Path | None, settings: SessionSettings) -> Recorder | None:
    """Return what records into `path` (of the command line) or the settings' file, None for neither."""
    if path is None and not settings.file:
        return None
    standing = path is None
    return Recorder(
        path or Path(settings.file).expanduser(), int(settings.max_mib * 2**20), settings.keep, standing=standing
    )


def watch(config: Config, options: argparse.Namespace) -> int:
    """Run the monitor; returns the exit code. Raises ModelError, CameraNotFound, OutputError when it cannot start."""
    systemd = Systemd()
    # Started by systemd: as a notify service, or with its standard error connected to the journal.
    under_systemd = systemd.present or "JOURNAL_STREAM" in os.environ
    logging_to_stderr(under_systemd)
    if not under_systemd:
        # The terminal shows the alerts itself; the log output would say everything twice.
        config = replace(config, outputs=replace(config.outputs, log=replace(config.outputs.log, enabled=False)))
    source = options.camera or config.camera.source
    view = choose_view(options.json, under_systemd, options.preview)
    perception = Perception(config.perception)

    try:
        camera = open_camera(source, config.camera, options.pace)
    except CameraNotFound as error:
        if not config.camera.wait_for_camera:
            raise
        view.report(f"{error}; waiting for it")
        camera = None
    recorder = make_recorder(options.record, config.session)
    hub = Hub(make_outputs(config.outputs), view.report)
    in_real_time = camera is None or camera.live or options.pace == "real"
    Daemon(
        config,
        lambda: open_camera(source, config.camera, options.pace),
        camera,
        perception,
        hub,
        view,
        recorder,
        systemd,
        RateControl() if in_real_time else None,
    ).run()
    return 0
