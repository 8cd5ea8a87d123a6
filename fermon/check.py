"""What a run would find wrong with the files and folders that the configuration names, found without a run.

Opens no device and needs no library of one: a vehicle's configuration is checked on any laptop. Whether camera, port
and lines are there and work is what `fermon doctor` says.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from fermon import outputs
from fermon.cameras import entry
from fermon.config import Config
from fermon.errors import ModelError, Problem
from fermon.paths import expand
from fermon.perception.network import NETWORKS, network_path, read_network
from fermon.perception.tracker import FaceSettings


def problems(config: Config) -> list[Problem]:
    """Return everything at once; each problem begins with the key."""
    return [
        *_camera(config.camera.source),
        *_models(config.perception.models),
        *_detector(config.perception.face),
        *_session(config.session.file),
        *outputs.check(config.outputs),
    ]


def _camera(source: str) -> Iterator[Problem]:
    try:
        kind = entry(source)
    except ValueError as error:
        yield Problem("camera.source", remedy=str(error))
        return
    if not kind.live and source != "demo" and "://" not in source:
        yield from _readable("camera.source", source, "/dev/videoN, N, picamera, demo, or a video file")


def _models(folder: str) -> Iterator[Problem]:
    if folder and not expand(folder).is_dir():
        yield Problem("perception.models", repr(folder), "a folder", '"" takes the networks that fermon brings')
        return
    for name in NETWORKS:
        try:
            read_network(network_path(name, folder))
        except ModelError as error:
            yield from (problem.inside("perception.models") for problem in error.problems)


def _detector(face: FaceSettings) -> Iterator[Problem]:
    if face.detector == "yunet" or face.yunet_model:
        yield from _readable("perception.face.yunet_model", face.yunet_model, "the path of a YuNet ONNX file")


def _readable(key: str, text: str, expected: str) -> Iterator[Problem]:
    """Yield why `text` is no file that can be read."""
    path, why = expand(text), ""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            why = "no regular file"
        elif not os.access(path, os.R_OK):
            why = f"{_user()} may not read it"
    except (OSError, ValueError) as error:
        why = _reason(error)
    if why:
        yield Problem(key, f"{text!r} ({why})" if text else "nothing", expected)


def _session(text: str) -> Iterator[Problem]:
    """Yield why nothing could be recorded to `text`, as far as that can be seen without writing."""
    if not text:
        return
    path = expand(text)
    folder = path.parent
    found, remedy = "", ""
    try:
        if (mode := _mode(path)) is not None and not stat.S_ISREG(mode):
            found, remedy = "a folder" if stat.S_ISDIR(mode) else "no regular file", "name a file, as session.jsonl"
        elif _mode(folder) is None:
            found, remedy = f"there is no folder {folder}", f"sudo mkdir -p {folder}"
        elif not os.access(folder, os.W_OK | os.X_OK) or (mode is not None and not os.access(path, os.W_OK)):
            found = f"{_user()} may not write there"
            remedy = "if another user records, check as that one: sudo -u fermon fermon --check-config"
    except (OSError, ValueError) as error:
        found = _reason(error)
    if found:
        yield Problem("session.file", f"{text!r} ({found})", "a file that can be written", remedy)


def _mode(path: Path) -> int | None:
    """Return what is at `path`, None for nothing. Raises OSError, ValueError when that cannot be told."""
    try:
        return path.stat().st_mode
    except FileNotFoundError:
        return None


def _reason(error: OSError | ValueError) -> str:
    return (error.strerror or str(error)) if isinstance(error, OSError) else "no possible name of a file"


def _user() -> str:
    import pwd

    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return f"user {os.geteuid()}"
