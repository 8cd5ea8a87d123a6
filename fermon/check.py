"""What a run would find wrong with the files and folders that the configuration names, found without a run.

Opens no device and needs no library of one: a vehicle's configuration is checked on any laptop. Whether camera, port
and lines are there and work is what `fermon doctor` says.
"""

from __future__ import annotations

import errno
import os
import pwd
import stat
from collections.abc import Iterator
from pathlib import Path

from fermon import outputs
from fermon.cameras import CAMERAS, CameraSettings, entry, open_camera
from fermon.config import Config
from fermon.errors import CameraNotFound, ModelError, Problem
from fermon.files import NO_NAME
from fermon.paths import expand, unreadable
from fermon.perception.network import NETWORKS, network_path, read_network
from fermon.perception.tracker import FaceSettings

SOURCES = "/dev/videoN, N, picamera, demo, or a video file"


def problems(config: Config) -> list[Problem]:
    """Return everything at once; each problem begins with the key."""
    return [
        *_camera(config.camera),
        *_models(config.perception.models),
        *_detector(config.perception.face),
        *session_problems(config.session.file),
        *outputs.check(config.outputs),
    ]


def _camera(settings: CameraSettings) -> Iterator[Problem]:
    source = settings.source
    try:
        kind = entry(source)
        if kind is CAMERAS["address"]:
            open_camera(source, settings)  # which says why it is none
    except CameraNotFound as error:
        yield from (problem.inside("camera.source") for problem in error.problems)
        return
    if kind is CAMERAS["video"] and (problem := unreadable(expand(source), "a video", f"give {SOURCES}")):
        yield problem.inside("camera.source")


def _models(folder: str) -> Iterator[Problem]:
    if folder and not _is_folder(expand(folder)):
        yield Problem("perception.models", repr(folder), 'a folder, or "" for the shipped networks')
        return
    for name in NETWORKS:
        try:
            read_network(network_path(name, folder))
        except ModelError as error:
            yield from (problem.inside("perception.models") for problem in error.problems)


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:
        return False


def _detector(face: FaceSettings) -> Iterator[Problem]:
    key = "perception.face.yunet_model"
    if not face.yunet_model:
        if face.detector == "yunet":
            yield Problem(key, "nothing", "the path of a YuNet ONNX file")
    elif problem := unreadable(expand(face.yunet_model), "a YuNet ONNX file"):
        yield problem.inside(key)


def session_problems(text: str) -> Iterator[Problem]:
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
    except OSError as error:
        found = os.strerror(error.errno or errno.EIO)
    except ValueError:
        found = NO_NAME
    if found:
        yield Problem("session.file", f"{text!r} ({found})", "a file that can be written", remedy)


def _mode(path: Path) -> int | None:
    """Return what is at `path`, None for nothing. Raises OSError, ValueError when that cannot be told."""
    try:
        return path.stat().st_mode
    except FileNotFoundError:
        return None


def _user() -> str:
    """Return the name that this process acts in."""
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return f"user {os.geteuid()}"
