"""The face is held from frame to frame, and the passenger is not the driver."""

from __future__ import annotations

import numpy as np

from fermon.domain import NS_PER_S, Box, Face
from fermon.perception.contract import Gray
from fermon.perception.tracker import FaceSettings, FaceTracker, same_place

GRAY: Gray = np.zeros((480, 640), np.uint8)
DRIVER = Face(Box(100, 100, 120, 120), 0.9)
PASSENGER = Face(Box(450, 120, 130, 130), 0.95)


class Scene:
    """A detector that finds the faces it is told to: all of them in a search, those near the last one in a track."""

    name = "scene"
    framing = (0.0, 0.0, 1.0)

    def __init__(self, *faces: Face) -> None:
        self.faces = list(faces)

    def search(self, gray: Gray) -> list[Face]:
        return list(self.faces)

    def track(self, gray: Gray, last: Box) -> list[Face]:
        return [face for face in self.faces if same_place(last, face.box)]


def test_the_largest_face_is_the_driver() -> None:
    assert FaceTracker(Scene(DRIVER, PASSENGER), FaceSettings()).update(GRAY, 0) == PASSENGER


def test_the_driver_may_be_on_a_side() -> None:
    scene = Scene(DRIVER, PASSENGER)
    assert FaceTracker(scene, FaceSettings(driver="left")).update(GRAY, 0) == DRIVER
    assert FaceTracker(scene, FaceSettings(driver="right")).update(GRAY, 0) == PASSENGER


def test_a_small_face_behind_is_not_the_driver() -> None:
    child = Face(Box(5, 100, 40, 40), 0.99)
    assert FaceTracker(Scene(child, PASSENGER), FaceSettings(driver="left")).update(GRAY, 0) == PASSENGER


def test_a_held_face_needs_no_search() -> None:
    tracker = FaceTracker(Scene(DRIVER), FaceSettings())
    tracker.update(GRAY, 0)
    assert tracker.searched
    assert tracker.update(GRAY, NS_PER_S // 15) == DRIVER
    assert not tracker.searched


def test_a_larger_passenger_does_not_take_over() -> None:
    scene = Scene(DRIVER)
    tracker = FaceTracker(scene, FaceSettings())
    tracker.update(GRAY, 0)
    scene.faces = [DRIVER, PASSENGER]
    assert tracker.update(GRAY, NS_PER_S // 15) == DRIVER


def test_a_lost_driver_is_not_replaced_by_the_passenger_before_hold_s() -> None:
    scene = Scene(DRIVER)
    tracker = FaceTracker(scene, FaceSettings(hold_s=3.0))
    tracker.update(GRAY, 0)
    scene.faces = [PASSENGER]
    assert tracker.update(GRAY, 1 * NS_PER_S) is None
    scene.faces = [PASSENGER, DRIVER]
    assert tracker.update(GRAY, 2 * NS_PER_S) == DRIVER
    scene.faces = [PASSENGER]
    assert tracker.update(GRAY, 5 * NS_PER_S) == PASSENGER
