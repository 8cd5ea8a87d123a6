"""Which cameras there are: what --list-cameras shows."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from fermon.cameras import listing, nodes
from fermon.cameras.listing import list_cameras
from fermon.errors import CameraNotFound
from tests.camera_fakes import FakePicamera2, Script


def no_picamera2() -> Any:
    raise CameraNotFound("picamera: the library picamera2 cannot be loaded")


def test_v4l2_cameras_come_with_their_names_and_codecs_do_not(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = {"/dev/video0": ("HD Webcam", True), "/dev/video10": ("bcm2835-codec", False)}
    monkeypatch.setattr(nodes, "nodes", lambda: list(answers))
    monkeypatch.setattr(nodes, "describe", answers.get)
    monkeypatch.setattr(listing, "picamera2_class", no_picamera2)
    assert list_cameras() == ["/dev/video0   HD Webcam"]


def test_a_node_that_may_not_be_opened_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nodes, "nodes", lambda: ["/dev/video0"])
    monkeypatch.setattr(nodes, "describe", lambda _: None)
    monkeypatch.setattr(os, "access", lambda *_: False)
    monkeypatch.setattr(listing, "picamera2_class", no_picamera2)
    assert len(list_cameras()) == 1
    assert "join the group 'video'" in list_cameras()[0]


def test_pi_cameras_come_with_their_models_unopened(monkeypatch: pytest.MonkeyPatch) -> None:
    factory = FakePicamera2.factory(Script(), models=("imx708_wide_noir", "ov9281"))
    monkeypatch.setattr(nodes, "nodes", list)
    monkeypatch.setattr(listing, "picamera2_class", factory)
    assert list_cameras() == ["picamera      imx708_wide_noir", "picamera1     ov9281"]
    assert factory().made == []


def test_a_libcamera_that_fails_is_no_camera(monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken:
        @staticmethod
        def global_camera_info() -> list[dict[str, Any]]:
            raise RuntimeError("no media devices")

    monkeypatch.setattr(nodes, "nodes", list)
    monkeypatch.setattr(listing, "picamera2_class", lambda: Broken)
    assert list_cameras() == []


def test_this_machines_cameras_are_the_nodes_there_are() -> None:
    assert all(Path(line.split()[0]).exists() or line.startswith("picamera") for line in list_cameras())
