"""Two people in the picture, real detectors: the driver is held, lost, not exchanged for the passenger, and refound."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from fermon.cameras import CameraSettings, open_camera
from fermon.domain import NS_PER_S, Face
from fermon.perception.contract import Gray
from fermon.perception.detectors import make_detector
from fermon.perception.face import FaceReader
from fermon.perception.network import open_network
from fermon.perception.tracker import FaceSettings, FaceTracker

PERIOD_NS = NS_PER_S // 15


def drawn_driver() -> Gray:
    """The simulated driver looking ahead, (480, 640)."""
    frame = open_camera("demo", CameraSettings(), "max").read(1)
    assert frame is not None
    return frame.gray


def scene(driver: bool, passenger: bool, enlarge: float = 1.25) -> Gray:
    """A wide picture: the driver in the left half, a passenger, nearer to the camera, in the right one."""
    one = drawn_driver()
    wide = np.full((600, 1480), 60, np.uint8)
    if driver:
        wide[60:540, 0:640] = one
    if passenger:
        large = cv2.resize(one, None, fx=enlarge, fy=enlarge, interpolation=cv2.INTER_LINEAR)
        wide[:, 680:] = np.asarray(large[:600, :800], np.uint8)
    return wide


def side(face: Face | None) -> str:
    if face is None:
        return "none"
    return "driver" if face.box.x + face.box.w / 2 < 660 else "passenger"


def tracker_of(name: str, driver: str) -> FaceTracker:
    return FaceTracker(make_detector(name), FaceReader(open_network("face")), FaceSettings(driver=driver))


def watch(tracker: FaceTracker, picture: Gray, first: int, frames: int) -> list[str]:
    return [side(tracker.update(picture, (first + i) * PERIOD_NS)) for i in range(frames)]


@pytest.mark.parametrize("name", ["blazeface", "haar"])
def test_a_lost_driver_is_refound_and_the_passenger_never_taken_for_him(name: str) -> None:
    tracker = tracker_of(name, "largest")
    alone, both, gone = scene(True, False), scene(True, True), scene(False, True)
    assert watch(tracker, alone, 0, 5)[-1] == "driver"
    assert set(watch(tracker, both, 5, 5)) == {"driver"}
    assert set(watch(tracker, gone, 10, 150)) == {"none"}  # ten seconds
    back = watch(tracker, both, 160, 5)
    assert "passenger" not in back
    assert back[-1] == "driver"


@pytest.mark.parametrize("name", ["blazeface", "haar"])
@pytest.mark.parametrize("seat", ["left", "right"])
def test_the_seat_decides_who_the_driver_is(name: str, seat: str) -> None:
    found = watch(tracker_of(name, seat), scene(True, True), 0, 5)
    assert found[-1] == ("driver" if seat == "left" else "passenger")


@pytest.mark.parametrize("name", ["blazeface", "haar"])
@pytest.mark.parametrize("seat", ["left", "right"])
def test_without_a_driver_the_other_seat_stays_a_passenger(name: str, seat: str) -> None:
    alone = scene(driver=seat == "right", passenger=seat == "left")
    assert set(watch(tracker_of(name, seat), alone, 0, 60)) == {"none"}
