"""A live camera is opened again, with longer and longer pauses, by a thread of its own; a clip is not."""

from __future__ import annotations

import threading
from collections.abc import Callable

import numpy as np
import pytest

from fermon.cameras.contract import Camera
from fermon.cameras.keeper import CameraKeeper
from fermon.domain import NS_PER_S, Frame
from fermon.errors import CameraLost, CameraNotFound

CABIN = np.arange(48 * 64, dtype=np.uint8).reshape(48, 64)
STEP_S = 0.05
GONE = CameraLost("unplugged")
NOWHERE = CameraNotFound("not there")


def picture(number: int) -> Frame:
    return Frame(number, number, np.roll(CABIN, number, axis=1))


class Scripted:
    """A camera that gives what it is told: frames, None, or an exception."""

    def __init__(self, *script: Frame | Exception | None, live: bool = True, name: str = "scripted") -> None:
        self.name, self.live, self.closed = name, live, 0
        self.timeouts: list[float] = []
        self._script = list(script)

    def read(self, timeout_s: float) -> Frame | None:
        assert not self.closed
        self.timeouts.append(timeout_s)
        item = self._script.pop(0) if self._script else None
        if isinstance(item, Exception):
            raise item
        return item

    def close(self) -> None:
        self.closed += 1


class Bench:
    """A keeper on an invented clock. `others` is what opening gives, one after the other."""

    def __init__(self, first: Camera | None, *others: Camera | Exception) -> None:
        self.s = 0.0
        self.opened_at: list[float] = []
        self.waits: list[float] = []
        self.openers: list[tuple[str, bool]] = []
        self._others = list(others)
        self.before_opening: Callable[[], object] = int
        self.keeper = CameraKeeper(self._open, first, self._wait)

    def _open(self) -> Camera:
        thread = threading.current_thread()
        self.openers.append((thread.name, thread.daemon))
        self.opened_at.append(round(self.s, 3))
        self.before_opening()
        item = self._others.pop(0) if self._others else NOWHERE
        if isinstance(item, Exception):
            raise item
        return item

    def _wait(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.s += seconds
        if self.before_opening is int:
            join_opener()

    def read(self, times: int = 1) -> Frame | None:
        """Read so often; return the last answer."""
        frame = None
        for _ in range(times):
            frame = self.keeper.read(round(self.s * NS_PER_S), STEP_S)
        return frame

    def read_until(self, second: float) -> None:
        """Read, without a camera, until then."""
        while self.s < second - 1e-9:
            before = self.s
            assert self.read() is None and self.s > before, "there is a camera"

    def read_until_back(self) -> Frame:
        """Return the frame with which the camera is back."""
        while self.s < 60:
            frame = self.read()
            if self.keeper.ok:
                assert frame is not None
                return frame
            self.s += 0.001  # a camera that gives nothing takes time too
        raise AssertionError("not back")


def join_opener() -> None:
    for thread in threading.enumerate():
        if thread.name == "camera-open":
            thread.join()


def test_a_lost_camera_is_closed_reported_and_opened_again(reports: list[str]) -> None:
    lost, back = Scripted(picture(1), GONE), Scripted(picture(2), picture(3))
    bench = Bench(lost, NOWHERE, back)
    assert bench.keeper.ok
    frame = bench.read()
    assert frame is not None and frame.seq == 1
    assert bench.read() is None
    assert not bench.keeper.ok
    assert lost.closed == 1 and lost.timeouts == [STEP_S] * 2
    assert reports == ["camera lost: unplugged"]
    bench.read_until(0.85)
    assert not bench.keeper.ok, "opened, but it has shown nothing yet"
    assert reports == ["camera lost: unplugged", "camera: not there"]
    bench.read()
    frame = bench.read()
    assert frame is not None and frame.seq == 2
    assert bench.keeper.ok
    assert reports == ["camera lost: unplugged", "camera: not there", "camera back"]
    assert len(bench.opened_at) == 2
    assert back.closed == 0 and back.timeouts == [STEP_S]
    bench.keeper.close()
    assert (lost.closed, back.closed) == (1, 1)


def test_attempts_come_after_longer_and_longer_pauses() -> None:
    """0.25, 0.5, 1, 2, 4, 5, 5 s; each counts from when the failure was seen, a turn after the attempt."""
    bench = Bench(Scripted(GONE))
    bench.read()
    bench.read_until(25.0)
    assert bench.opened_at == [0.25, 0.8, 1.85, 3.9, 7.95, 13.0, 18.05, 23.1]
    assert set(bench.waits) == {STEP_S}, "a turn without a camera takes its time"


def test_pauses_begin_anew_with_a_camera_that_shows_something() -> None:
    bench = Bench(Scripted(GONE), NOWHERE, NOWHERE, Scripted(picture(1), GONE))
    bench.read()
    bench.read_until(1.9)  # opened at 1.85
    assert bench.read(2) is not None
    assert bench.read() is None, "lost again"
    lost_s = bench.s
    bench.read_until(lost_s + 1.0)
    assert [round(at - lost_s, 3) for at in bench.opened_at[3:]] == [0.25, 0.8]


def test_pauses_go_on_growing_with_a_camera_that_shows_nothing() -> None:
    bench = Bench(Scripted(GONE), Scripted(GONE), Scripted(GONE))
    bench.read()
    bench.read_until(0.3)
    bench.read(2)  # taken, and lost
    lost_s = bench.s
    bench.read_until(lost_s + 0.6)
    assert [round(at - lost_s, 3) for at in bench.opened_at[1:]] == [0.5]


def test_a_camera_that_is_not_there_yet_is_waited_for(reports: list[str]) -> None:
    bench = Bench(None, NOWHERE, Scripted(picture(1)))
    assert not bench.keeper.ok
    bench.read_until(0.35)
    assert bench.opened_at == [0.0, 0.3], "at once, then after a quarter of a second"
    assert bench.read(2) is not None
    assert bench.keeper.ok
    assert reports == ["camera: not there", "camera back"]


def test_a_bug_in_opening_is_told_once_with_its_traceback_and_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    bug = ZeroDivisionError("of a driver")
    bench = Bench(None, bug, bug, NOWHERE, Scripted(picture(1)))
    bench.read_until_back()
    first, second = caplog.records
    assert (first.levelname, first.getMessage()) == ("ERROR", "camera: ZeroDivisionError: of a driver")
    assert first.exc_info and first.exc_info[1] is bug
    assert (second.levelname, second.getMessage(), second.exc_info) == ("WARNING", "camera: not there", None)


def test_a_driver_that_hangs_in_open_is_left_to_one_thread() -> None:
    """Ticks, outputs and the watchdog go on meanwhile; the thread keeps no process alive."""
    release = threading.Event()
    bench = Bench(None, Scripted(picture(1)))
    bench.before_opening = release.wait
    bench.read_until(60.0)
    assert bench.openers == [("camera-open", True)]
    release.set()
    join_opener()
    assert bench.read(2) is not None
    assert len(bench.openers) == 1


def test_a_camera_that_opens_after_the_end_is_closed() -> None:
    release, late = threading.Event(), Scripted(picture(1))
    bench = Bench(None, late)
    bench.before_opening = release.wait
    bench.read()
    bench.keeper.close()
    assert late.closed == 0
    release.set()
    join_opener()
    assert late.closed == 1


def test_a_camera_that_was_opened_and_not_yet_taken_is_closed() -> None:
    fresh = Scripted(picture(1))
    bench = Bench(None, fresh)
    bench.read()
    bench.keeper.close()
    assert fresh.closed == 1


def test_a_lost_camera_is_not_taken_for_the_one_that_could_not_be_opened() -> None:
    again = Scripted(picture(1), GONE)
    bench = Bench(Scripted(GONE), again, NOWHERE)
    bench.read()
    bench.read_until(0.3)
    assert bench.read(2) is not None
    bench.read()
    bench.read_until(bench.s + 2.0)  # Scripted would complain about a read after its close
    assert again.closed == 1 and not bench.keeper.ok


def test_the_same_trouble_is_told_again_once_the_camera_was_back(reports: list[str]) -> None:
    bench = Bench(Scripted(GONE), Scripted(picture(1), GONE))
    bench.read()
    bench.read_until(0.3)
    bench.read(3)
    bench.read_until(3.0)
    assert reports == ["camera lost: unplugged", "camera back", "camera lost: unplugged", "camera: not there"]


def test_a_camera_that_can_be_opened_but_shows_its_last_picture_is_not_back(reports: list[str]) -> None:
    """A hung sensor: the driver answers and hands out the picture before the hang, again and again."""
    frozen = CameraLost("/dev/video0", found="the very same picture for 2.0 s", remedy="frozen?")
    frozen_again = CameraLost("/dev/video0", found="the very same picture for 2.1 s", remedy="frozen?")
    healthy = picture(7)
    bench = Bench(
        Scripted(picture(3), frozen),
        Scripted(picture(3), frozen_again),
        Scripted(picture(3), frozen_again),
        Scripted(picture(3), None, healthy, healthy),
    )
    bench.read(2)
    assert bench.read_until_back() is healthy
    assert len(bench.opened_at) == 3
    assert reports == ["camera lost: /dev/video0: found the very same picture for 2.0 s; frozen?", "camera back"]
    assert bench.read() is healthy, "from then on it is the camera that tells of repetitions"


@pytest.mark.parametrize("after", [np.full((48, 64), 2, np.uint8), np.full((24, 32), 2, np.uint8)])
def test_a_dark_picture_may_repeat(after: np.ndarray) -> None:
    """Noise is clipped away in darkness; whether it is dark is perception's to say."""
    dark = Frame(1, 0, np.full((48, 64), 2, np.uint8))
    bench = Bench(Scripted(dark, GONE), Scripted(Frame(5, 0, after)))
    bench.read(2)
    bench.read_until(0.3)
    assert bench.read(2) is not None
    assert bench.keeper.ok


def test_a_clip_that_breaks_is_not_begun_again() -> None:
    clip = Scripted(CameraLost("damaged"), live=False)
    bench = Bench(clip)
    with pytest.raises(CameraLost, match="damaged"):
        bench.read()
    assert bench.openers == []
