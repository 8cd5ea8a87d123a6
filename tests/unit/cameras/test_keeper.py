"""A live camera is opened again; a clip is not."""

from __future__ import annotations

import time

import numpy as np
import pytest

from fermon.cameras.keeper import CameraKeeper
from fermon.domain import NS_PER_S, Frame
from fermon.errors import CameraLost, CameraNotFound

FRAME = Frame(1, 0, np.zeros((4, 4), np.uint8))
CABIN = np.arange(48 * 64, dtype=np.uint8).reshape(48, 64)


class Scripted:
    """A camera that gives what it is told: frames, None, or an exception."""

    name = "scripted"

    def __init__(self, *script: Frame | Exception | None, live: bool = True) -> None:
        self.live, self.closed = live, False
        self._script = list(script)

    def read(self, timeout_s: float) -> Frame | None:
        item = self._script.pop(0) if self._script else None
        if isinstance(item, Exception):
            raise item
        return item

    def close(self) -> None:
        self.closed = True


def read_until_ok(keeper: CameraKeeper) -> Frame | None:
    """Return the frame with which the camera was back."""
    deadline = time.monotonic() + 30
    now_ns = 0
    while True:
        now_ns += 10 * NS_PER_S
        frame = keeper.read(now_ns, 0.0)
        if keeper.ok:
            return frame
        assert time.monotonic() < deadline, "the camera was not opened again"


def test_a_lost_camera_is_closed_reported_and_opened_again(reports: list[str]) -> None:
    lost, back = Scripted(FRAME, CameraLost("unplugged")), Scripted(FRAME)
    attempts: list[object] = [CameraNotFound("not there yet"), back]

    def open_again() -> Scripted:
        item = attempts.pop(0)
        if isinstance(item, Exception):
            raise item
        assert isinstance(item, Scripted)
        return item

    keeper = CameraKeeper(open_again, lost, lambda _: None)
    assert keeper.read(0, 0.0) is FRAME
    assert keeper.read(1, 0.0) is None
    assert not keeper.ok
    assert lost.closed
    assert read_until_ok(keeper) is FRAME
    assert reports == ["camera lost: unplugged", "camera: not there yet", "camera back"]
    keeper.close()
    assert back.closed


def test_a_camera_that_is_not_there_yet_is_waited_for() -> None:
    keeper = CameraKeeper(lambda: Scripted(FRAME), None, lambda _: None)
    assert not keeper.ok
    read_until_ok(keeper)
    keeper.close()


def test_a_camera_that_can_be_opened_but_shows_its_last_picture_is_not_back(reports: list[str]) -> None:
    """A hung sensor: the driver answers and hands out the picture before the hang, again and again."""
    frozen = CameraLost("/dev/video0", found="the very same picture for 2.0 s", remedy="frozen?")
    frozen_again = CameraLost("/dev/video0", found="the very same picture for 2.1 s", remedy="frozen?")
    healthy = Frame(9, 0, CABIN[::-1])
    cameras = [
        Scripted(Frame(5, 0, CABIN), frozen_again),
        Scripted(Frame(7, 0, CABIN), frozen_again),
        Scripted(Frame(8, 0, CABIN), None, healthy),
    ]
    keeper = CameraKeeper(lambda: cameras.pop(0), Scripted(Frame(1, 0, CABIN), frozen), lambda _: time.sleep(0))
    keeper.read(0, 0.0)
    keeper.read(1, 0.0)
    assert not keeper.ok
    assert read_until_ok(keeper) is healthy
    assert not cameras
    assert reports == ["camera lost: /dev/video0: found the very same picture for 2.0 s; frozen?", "camera back"]
    keeper.close()


def test_a_dark_picture_may_repeat() -> None:
    """Noise is clipped away in darkness; whether it is dark is perception's to say."""
    dark = np.full((48, 64), 2, np.uint8)
    keeper = CameraKeeper(
        lambda: Scripted(Frame(5, 0, dark)), Scripted(Frame(1, 0, dark), CameraLost("unplugged")), print
    )
    keeper.read(0, 0.0)
    keeper.read(1, 0.0)
    assert read_until_ok(keeper) is not None
    keeper.close()


def test_a_clip_that_breaks_is_not_begun_again() -> None:
    keeper = CameraKeeper(lambda: Scripted(FRAME), Scripted(CameraLost("damaged"), live=False), print)
    with pytest.raises(CameraLost, match="damaged"):
        keeper.read(0, 0.0)
