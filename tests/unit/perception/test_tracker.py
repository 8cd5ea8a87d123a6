"""The face is held from frame to frame, nothing that is no face is, and the passenger is not the driver."""

from __future__ import annotations

import logging

import numpy as np
import pytest

from fermon.domain import NS_PER_S, Box, Face, Points
from fermon.perception.contract import Gray
from fermon.perception.face import Look
from fermon.perception.tracker import FaceSettings, FaceTracker, face_of, same_place

GRAY: Gray = np.zeros((480, 640), np.uint8)
DRIVER, PASSENGER = Box(100, 100, 120, 120), Box(450, 120, 130, 130)
SLEEVE = Box(120, 320, 100, 100)
PERIOD_NS = NS_PER_S // 15


def look_at(box: Box, face: float = 0.99, yaw: float = 0.0, mask: float = 0.0) -> Look:
    middle = box.x + box.w / 2, box.y + box.h / 2
    return Look(face, mask, 0.0, 0.0, box, (middle,) * 6, yaw, 0.0, 0.0)


class Scene:
    """Detector and network in one: `found` is what the detector finds, `faces` what is there and how sure it looks."""

    name = "scene"

    def __init__(self, *boxes: Box) -> None:
        self.found = list(boxes)
        self.faces = dict.fromkeys(boxes, 0.99)
        self.searches = self.looks = 0
        self.mask = 0.0

    def search(self, gray: Gray) -> list[Face]:
        self.searches += 1
        return [Face(box, 0.9) for box in self.found]

    def look(self, gray: Gray, box: Box) -> Look:
        self.looks += 1
        near = [(other, sure) for other, sure in self.faces.items() if same_place(box, other)]
        return look_at(*near[0], mask=self.mask) if near else look_at(box, 0.02)


def tracker_of(scene: Scene, driver: str = "largest", hold_s: float = 3.0) -> FaceTracker:
    return FaceTracker(scene, scene, FaceSettings(driver=driver, hold_s=hold_s))


def place(face: Face | None) -> Box | None:
    return None if face is None else face.box


def test_the_largest_face_is_the_driver() -> None:
    assert place(tracker_of(Scene(DRIVER, PASSENGER)).update(GRAY, 0)) == PASSENGER


def test_the_driver_may_be_on_a_side() -> None:
    assert place(tracker_of(Scene(DRIVER, PASSENGER), "left").update(GRAY, 0)) == DRIVER
    assert place(tracker_of(Scene(DRIVER, PASSENGER), "right").update(GRAY, 0)) == PASSENGER


def test_a_passenger_alone_is_not_the_driver_of_the_other_side() -> None:
    assert tracker_of(Scene(PASSENGER), "left").update(GRAY, 0) is None
    assert tracker_of(Scene(DRIVER), "right").update(GRAY, 0) is None


def test_a_small_face_behind_is_not_the_driver() -> None:
    child = Box(5, 100, 40, 40)
    assert place(tracker_of(Scene(child, DRIVER), "left").update(GRAY, 0)) == DRIVER


def test_a_held_face_needs_no_search() -> None:
    scene = Scene(DRIVER)
    tracker = tracker_of(scene)
    tracker.update(GRAY, 0)
    assert tracker.searched
    assert place(tracker.update(GRAY, PERIOD_NS)) == DRIVER
    assert not tracker.searched
    assert scene.searches == 1


def test_what_the_network_calls_no_face_is_not_taken() -> None:
    scene = Scene(SLEEVE)
    scene.faces = {SLEEVE: 0.85}  # enough to be held, not to be taken
    tracker = tracker_of(scene)
    assert tracker.update(GRAY, 0) is None
    assert tracker.look is None
    scene.faces[SLEEVE] = 0.95
    assert place(tracker.update(GRAY, PERIOD_NS)) == SLEEVE


def test_a_face_in_a_mask_need_not_be_as_sure() -> None:
    scene = Scene(DRIVER)
    scene.faces, scene.mask = {DRIVER: 0.75}, 0.6
    assert place(tracker_of(scene).update(GRAY, 0)) == DRIVER
    scene.mask = 0.4
    assert tracker_of(scene).update(GRAY, 0) is None
    scene.faces, scene.mask = {DRIVER: 0.65}, 0.6
    assert tracker_of(scene).update(GRAY, 0) is None


class Fickle(Scene):
    """What looks like a face from where it was found, and from beside it in all looks but `astray`."""

    astray = 1

    def look(self, gray: Gray, box: Box) -> Look:
        self.looks += 1
        lost = box != DRIVER and self.looks <= 1 + self.astray
        return look_at(box._replace(x=box.x + 60) if lost else DRIVER, mask=self.mask)


@pytest.mark.parametrize(
    ("astray", "mask", "taken"), [(0, 0.0, True), (1, 0.0, False), (1, 0.6, True), (2, 0.6, False)]
)
def test_what_is_a_face_from_one_place_only_is_none(astray: int, mask: float, taken: bool) -> None:
    scene = Fickle(DRIVER)
    scene.astray, scene.mask = astray, mask
    assert (tracker_of(scene).update(GRAY, 0) is not None) == taken


def test_a_few_pixels_are_no_face() -> None:
    small, enough = Box(100, 100, 23, 23), Box(100, 100, 25, 25)
    assert tracker_of(Scene(small)).update(GRAY, 0) is None
    scene = Scene(enough)
    tracker = tracker_of(scene)
    assert place(tracker.update(GRAY, 0)) == enough
    scene.faces = {small: 0.99}
    assert tracker.update(GRAY, PERIOD_NS) is None


def test_a_sure_look_that_others_beside_it_deny_goes_when_the_detector_misses_it() -> None:
    scene = Fickle(DRIVER)
    scene.astray = 0
    tracker = tracker_of(scene)
    tracker.update(GRAY, 0)
    scene.found, scene.looks, scene.astray = [], 0, 100
    assert tracker.update(GRAY, 31 * PERIOD_NS) is None


def test_a_face_is_held_until_it_looks_like_one_no_longer() -> None:
    scene = Scene(DRIVER)
    tracker = tracker_of(scene)
    tracker.update(GRAY, 0)
    scene.found = []
    scene.faces[DRIVER] = 0.65
    assert place(tracker.update(GRAY, PERIOD_NS)) == DRIVER
    scene.faces[DRIVER] = 0.55
    assert tracker.update(GRAY, 2 * PERIOD_NS) is None


def test_every_two_seconds_the_detector_is_asked_and_half_sure_faces_go() -> None:
    scene = Scene(DRIVER)
    tracker = tracker_of(scene)
    tracker.update(GRAY, 0)
    scene.found, scene.faces[DRIVER] = [], 0.8
    held = [tracker.update(GRAY, i * PERIOD_NS) is not None for i in range(1, 32)]
    assert held == [True] * 30 + [False]  # 31 periods are a little more than 2 s
    assert scene.searches == 2  # at the start, and the check, which serves the choice after it too


def test_a_sure_face_stays_though_the_detector_misses_it() -> None:
    scene = Scene(DRIVER)
    tracker = tracker_of(scene)
    tracker.update(GRAY, 0)
    scene.found = []
    assert all(tracker.update(GRAY, i * PERIOD_NS) for i in range(1, 100))
    assert scene.searches == 1 + 99 // 31


def test_a_larger_passenger_does_not_take_over() -> None:
    scene = Scene(DRIVER)
    tracker = tracker_of(scene)
    tracker.update(GRAY, 0)
    scene.found, scene.faces[PASSENGER] = [DRIVER, PASSENGER], 0.99
    assert {place(tracker.update(GRAY, i * PERIOD_NS)) for i in range(1, 100)} == {DRIVER}


def test_the_driver_takes_over_from_a_far_smaller_face_in_the_seat() -> None:
    poster = Box(150, 120, 50, 50)
    scene = Scene(poster)
    tracker = tracker_of(scene)
    tracker.update(GRAY, 0)
    scene.found, scene.faces = [poster, DRIVER], {poster: 0.99, DRIVER: 0.99}
    found = [place(tracker.update(GRAY, i * PERIOD_NS)) for i in range(1, 32)]
    assert found == [poster] * 30 + [DRIVER]


@pytest.mark.parametrize("driver", ["largest", "left"])
def test_a_lost_driver_is_never_replaced_by_the_passenger(driver: str) -> None:
    scene = Scene(DRIVER)
    tracker = tracker_of(scene, driver)
    tracker.update(GRAY, 0)
    scene.found, scene.faces = [PASSENGER], {PASSENGER: 0.99}
    assert {tracker.update(GRAY, i * PERIOD_NS) for i in range(1, 50 * 15)} == {None}
    scene.found, scene.faces = [PASSENGER, DRIVER], {PASSENGER: 0.99, DRIVER: 0.99}
    assert place(tracker.update(GRAY, 51 * NS_PER_S)) == DRIVER


def test_of_two_faces_in_the_seat_the_one_where_he_was_is_the_driver_at_first() -> None:
    beside, scene = Box(240, 100, 150, 150), Scene(DRIVER)
    tracker = tracker_of(scene, hold_s=3.0)
    tracker.update(GRAY, 0)
    scene.faces = {}
    assert tracker.update(GRAY, PERIOD_NS) is None
    scene.found, scene.faces = [beside, DRIVER], {beside: 0.99, DRIVER: 0.99}
    assert place(tracker.update(GRAY, 2 * PERIOD_NS)) == DRIVER
    scene.found, scene.faces = [beside, DRIVER], {beside: 0.99, DRIVER: 0.99}
    assert place(tracker.update(GRAY, 5 * NS_PER_S)) == beside  # not held for hold_s: looked for anew, the largest


def test_a_first_look_off_the_middle_is_followed_by_a_second() -> None:
    scene = Scene(DRIVER)
    scene.found = [Box(130, 110, 120, 120)]
    assert place(tracker_of(scene).update(GRAY, 0)) == DRIVER
    assert scene.looks == 2 + 3  # and three from beside it


def test_a_head_far_round_is_in_profile() -> None:
    class Turned(Scene):
        def look(self, gray: Gray, box: Box) -> Look:
            return look_at(DRIVER, yaw=-70.0)

    face = tracker_of(Turned(DRIVER)).update(GRAY, 0)
    assert face is not None
    assert face.profile


def test_two_faces_of_like_size_are_told_once(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        for driver in ("left", "largest"):
            scene = Scene(DRIVER, PASSENGER)
            tracker = tracker_of(scene, driver)
            for i in range(3):
                scene.faces = {}  # lost: looked for in each frame
                tracker.update(GRAY, i * PERIOD_NS)
    assert [record.message for record in caplog.records if "like size" in record.message] == [
        'two faces of like size: the larger one is taken for the driver; set perception.face.driver to "left" or'
        ' "right", the side of the picture that the driver is on'
    ]


@pytest.mark.parametrize(("driver", "first"), [("left", 40), ("right", 600)])
def test_of_two_faces_in_his_half_the_outer_one_is_the_drivers(driver: str, first: float) -> None:
    """The other leans over from the middle, or from behind; he may be larger, wider and nearer."""
    outer, inner = Box(first - 40, 100, 80, 80), Box(250 if driver == "left" else 330, 90, 60, 60)
    for wider in (1.0, 2.0):
        other = Box(inner.x + (0 if driver == "left" else 30 * (1 - wider)), inner.y, inner.w * wider, inner.h * wider)
        scene = Scene(other, outer)
        assert place(tracker_of(scene, driver).update(np.zeros((480, 680), np.uint8), 0)) == outer


class Short(Scene):
    """A network that sees a face only from where it nearly is."""

    def look(self, gray: Gray, box: Box) -> Look:
        near = [other for other in self.faces if abs(box.x + box.w / 2 - other.x - other.w / 2) < 40]
        return look_at(near[0], self.faces[near[0]]) if near else look_at(box, 0.02)


def test_who_was_just_lost_is_preferred_about_where_he_was_and_the_surer_of_two() -> None:
    large, moved, unsure = Box(10, 90, 150, 150), Box(200, 100, 120, 120), Box(195, 200, 100, 100)
    scene = Short(DRIVER)
    tracker = tracker_of(scene, hold_s=1.0)
    tracker.update(GRAY, 0)
    far = Box(330, 90, 150, 150)
    scene.found, scene.faces = [far, moved], {far: 0.99, moved: 0.95}
    assert place(tracker.update(GRAY, NS_PER_S // 2)) == moved
    assert tracker.searched
    scene.faces = {}
    scene.found = []
    assert tracker.update(GRAY, NS_PER_S) is None
    scene.found, scene.faces = [far, moved, unsure, large], {far: 0.99, moved: 0.95, large: 0.99}
    assert place(tracker.update(GRAY, 3 * NS_PER_S)) in (far, large)  # no longer just lost: the largest


@pytest.mark.parametrize(("second", "told"), [(0.69, False), (0.71, True)])
def test_faces_of_unlike_size_need_no_word_and_the_check_sees_them_too(
    caplog: pytest.LogCaptureFixture, second: float, told: bool
) -> None:
    scene = Scene(DRIVER)
    tracker = tracker_of(scene)
    tracker.update(GRAY, 0)
    scene.found = [Box(450, 120, second * DRIVER.w, second * DRIVER.w), DRIVER]
    with caplog.at_level(logging.WARNING):
        tracker.update(GRAY, 31 * PERIOD_NS)
    assert any("like size" in record.message for record in caplog.records) == told


@pytest.mark.parametrize(("larger", "taken"), [(1.55, False), (1.65, True)])
def test_only_a_far_larger_face_takes_over(larger: float, taken: bool) -> None:
    small, big = Box(100, 100, 60, 60), Box(190, 60, 60 * larger, 60 * larger)
    scene = Short(small)
    tracker = tracker_of(scene)
    tracker.update(GRAY, 0)
    scene.found, scene.faces = [small, big], {small: 0.99, big: 0.99}
    assert (place(tracker.update(GRAY, 31 * PERIOD_NS)) == big) == taken
    assert tracker.searched == taken  # perhaps another person


def test_a_face_out_of_his_seat_is_not_followed() -> None:
    """It moved there step by step, or the network's place did."""
    scene = Scene(Box(200, 100, 60, 60))
    tracker = tracker_of(scene, "left")
    tracker.update(GRAY, 0)
    out = Box(400, 100, 60, 60)  # 200 px on; the seat reaches 90 px further than the face
    tracker._last = out
    scene.found, scene.faces = [], {out: 0.99}
    assert tracker.update(GRAY, PERIOD_NS) is None


def test_it_looks_from_beside_a_face_and_from_nearer_and_further() -> None:
    seen: list[Box] = []

    class Watching(Scene):
        def look(self, gray: Gray, box: Box) -> Look:
            seen.append(box)
            return look_at(DRIVER)

    tracker_of(Watching(DRIVER)).update(GRAY, 0)
    centres = [(box.x + box.w / 2, box.y + box.h / 2, box.w, box.h) for box in seen]
    expected = [(160, 160, 120, 120), (178, 172, 120, 120), (142, 148, 150, 150), (160, 178, 96, 96)]
    assert [pytest.approx(row) for row in expected] == centres


def test_the_face_is_the_looks() -> None:
    points = ((1.0, 2.0), (3.0, 2.0), (2.0, 3.0), (1.5, 4.0), (3.5, 6.0), (2.0, 9.0))
    face = face_of(Look(0.97, 0.0, 0.0, 0.0, DRIVER, points, 0.0, 0.0, 0.0))
    assert (face.box, face.score, face.profile) == (DRIVER, 0.97, False)
    assert face.points == Points((1.0, 2.0), (3.0, 2.0), (2.0, 3.0), (2.5, 5.0))


@pytest.mark.parametrize(
    ("other", "same"),
    [
        (Box(100, 100, 120, 120), True),
        (Box(219, 100, 120, 120), True),
        (Box(221, 100, 120, 120), False),
        (Box(125, 125, 68, 68), True),
        (Box(125, 125, 65, 65), False),
        (Box(60, 60, 210, 210), True),
        (Box(60, 60, 220, 220), False),
        (Box(250, 60, 200, 200), True),  # within a width of the larger
    ],
)
def test_one_head_a_moment_apart(other: Box, same: bool) -> None:
    assert same_place(DRIVER, other) == same_place(other, DRIVER) == same
