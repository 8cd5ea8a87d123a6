"""Makes the parts of one run from the configuration and the command line, and runs them."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from fermon.cameras import Camera, entry, open_camera
from fermon.config import Config, SessionSettings
from fermon.daemon import Daemon, Parts
from fermon.errors import CameraNotFound, OutputError
from fermon.outputs import make_outputs
from fermon.outputs.hub import Hub
from fermon.paths import expand
from fermon.perception.load import RateControl
from fermon.perception.pipeline import Perception
from fermon.session.recorder import Recorder
from fermon.systemd import JournalHandler, Systemd
from fermon.targets import over_input
from fermon.views.contract import ReportHandler, Several, View, spoken_through
from fermon.views.journal import Silent
from fermon.views.jsonlines import JsonLines
from fermon.views.terminal import Terminal
from fermon.views.writer import StreamWriter

if TYPE_CHECKING:
    from fermon.views.preview.view import Preview

log = logging.getLogger(__name__)

# A run without a clock (a clip at full pace) waits so long for a slow disk or reader before it loses anything.
OFFLINE_PATIENCE_S = 60.0


def watch(config: Config, options: argparse.Namespace) -> int:
    """Run the monitor; returns the exit code. Raises ModelError, CameraNotFound, OutputError when it cannot start."""
    check_targets(config, options)
    systemd = Systemd()
    # Started by systemd: as a notify service, or with its standard error connected to the journal.
    under_systemd = systemd.present or "JOURNAL_STREAM" in os.environ
    if not under_systemd:
        # The terminal shows the alerts itself; the log output would say everything twice.
        config = replace(config, outputs=replace(config.outputs, log=replace(config.outputs.log, enabled=False)))
    in_real_time = runs_in_real_time(options.camera or config.camera.source, options.pace)
    out = StreamWriter(sys.stdout, 0.0 if in_real_time else OFFLINE_PATIENCE_S)
    view = choose_view(out, options.json, under_systemd)
    preview = make_preview(options)
    if preview is not None:
        view = Several([view, preview])
    handlers: list[logging.Handler] = [ReportHandler(view)]
    if under_systemd:
        handlers.append(JournalHandler())
    with closing(out), spoken_through(*handlers):
        if preview is not None:
            beware = "" if preview.local else " (anybody with this address sees the driver)"
            log.info("preview: %s%s", preview.url, beware)
        parts = make_parts(config, options, view, systemd, in_real_time)
        daemon = Daemon(config, parts)
        if not under_systemd and not make_outputs(config.outputs):
            out.when_gone(daemon.stop)  # nobody is left who is told anything
        daemon.run()
    return 0


def runs_in_real_time(source: str, pace: str) -> bool:
    """Whether frames come when they come: from a live camera, or from what is played at its own pace."""
    return pace == "real" or entry(source).live


def choose_view(out: StreamWriter, as_json: bool, under_systemd: bool) -> View:
    """JSON lines if asked for, nothing under systemd (the log output speaks there), else lines for people."""
    if as_json:
        return JsonLines(out)
    return Silent() if under_systemd else Terminal(out, live=sys.stdout is not None and sys.stdout.isatty())


def make_preview(options: argparse.Namespace) -> Preview | None:
    """Return the web page, or None; raises OutputError when its address cannot be listened on."""
    if options.preview is None:
        return None
    from fermon.views.preview.view import Preview

    return Preview(options.preview)


def make_parts(config: Config, options: argparse.Namespace, view: View, systemd: Systemd, in_real_time: bool) -> Parts:
    """Open what the run needs, the outputs last. Raises as `watch` does."""
    source = config.camera.source if options.camera is None else options.camera

    def open_it() -> Camera:
        return open_camera(source, config.camera, options.pace, options.fps)

    perception = Perception(config.perception)
    camera: Camera | None
    try:
        camera = open_it()
    except CameraNotFound as error:
        if not config.camera.wait_for_camera:
            raise
        log.warning("%s; waiting for it", error)
        camera = None
    return Parts(
        open_camera=open_it,
        camera=camera,
        perception=perception,
        recorder=make_recorder(options.record, config.session, 0.0 if in_real_time else OFFLINE_PATIENCE_S),
        view=view,
        systemd=systemd,
        rates=RateControl() if in_real_time else None,
        hub=Hub(make_outputs(config.outputs)),
    )


def check_targets(config: Config, options: argparse.Namespace) -> None:
    """Raise OutputError when the recording would be written over what the run reads."""
    target = options.record or (expand(config.session.file) if config.session.file else None)
    if target is None:
        return
    camera = expand(options.camera or config.camera.source)
    inputs: dict[str, Path | None] = {"the camera": camera, "the configuration": options.config}
    if config.outputs.serial.enabled:
        inputs["the serial port"] = Path(config.outputs.serial.port)
    problem = over_input(target, inputs)
    if problem is not None:
        raise OutputError.of([problem])


def make_recorder(path: Path | None, settings: SessionSettings, patience_s: float) -> Recorder | None:
    """Return what records into `path` (of the command line) or the settings' file, None for neither."""
    if path is None and not settings.file:
        return None
    return Recorder(
        path or expand(settings.file),
        int(settings.max_mib * 2**20),
        settings.keep,
        standing=path is None,
        patience_s=patience_s,
    )
