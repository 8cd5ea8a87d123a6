"""What the face network is told of a crop is what the crop shows."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from faces import angles, augment, material
from faces.augment import Place
from faces.regions import POINTS, REGION_FACES, REGION_PX, empty_places, group_of, part, region_of
from faces.shapes import points_of_drawn
from fermon.domain import Box, Face
from fermon.perception.face import CROP_FACES, REST, SIDE
from synth.geometry import head_angles, head_matrix

FACE_PX = REGION_PX / REGION_FACES
BOX = np.array([REGION_PX / 2 - 0.5, REGION_PX / 2 - 0.5, FACE_PX, FACE_PX])
PLACES = [Place(0, 0, 1, 0, False), Place(0.2, -0.1, 1.2, 15, False), Place(-0.15, 0.1, 0.8, -25, True)]


def region_with(spots: np.ndarray) -> np.ndarray:
    region = np.zeros((REGION_PX, REGION_PX), np.uint8)
    for x, y in spots:
        region[int(y) - 1 : int(y) + 2, int(x) - 1 : int(x) + 2] = 255
    return region


@pytest.mark.parametrize("place", PLACES)
def test_a_point_is_where_the_crop_shows_it(place: Place) -> None:
    spot = np.array([92.0, 70.0])
    points = np.tile(spot, (6, 1))
    crop = augment.cv2.warpAffine(region_with(spot[None]), augment.matrix_of(place), (SIDE, SIDE))
    ys, xs = np.nonzero(crop > 100)
    x, y = (augment.shape_in(place, BOX, points)[4:6] + 0.5) * SIDE - 0.5
    assert (xs.mean(), ys.mean()) == pytest.approx((x, y), abs=0.7)


def test_the_box_keeps_its_size_in_crop_sides() -> None:
    for place in PLACES:
        shape = augment.shape_in(place, BOX, np.zeros((6, 2)))
        assert shape[2] == pytest.approx(1 / CROP_FACES / place.scale)
    assert augment.shape_in(PLACES[0], BOX, np.zeros((6, 2)))[:2] == pytest.approx([0, 0], abs=1e-9)


def test_left_and_right_change_places_in_a_mirrored_crop() -> None:
    points = np.array([[60.0, 70], [100, 70], [80, 85], [65, 100], [95, 100], [80, 120]])
    for mirror in (False, True):
        shape = augment.shape_in(Place(0, 0, 1, 0, mirror), BOX, points)[4:].reshape(6, 2)
        assert shape[0, 0] < shape[1, 0]
        assert shape[3, 0] < shape[4, 0]


def test_a_crop_turned_clockwise_shows_a_head_that_rolls_to_its_left_shoulder() -> None:
    assert augment.angles_in(Place(0, 0, 1, 20, False), np.zeros(3)) == pytest.approx([0, 0, -20])
    # A head that looks to its own left (the picture's right) then looks down.
    yaw, pitch, _ = augment.angles_in(Place(0, 0, 1, 20, False), np.array([30.0, 0, 0]))
    assert (yaw, pitch) == pytest.approx((28.4, -9.8), abs=0.2)
    mirrored = augment.angles_in(Place(0, 0, 1, 0, True), np.array([30.0, 5, 10]))
    assert mirrored == pytest.approx([-30, 5, -10])


def test_a_turn_is_undone_by_the_turn_back() -> None:
    one = augment.angles_in(Place(0, 0, 1, 17, False), np.array([25.0, -12, 8]))
    assert augment.angles_in(Place(0, 0, 1, -17, False), one) == pytest.approx([25, -12, 8])
    assert head_angles(head_matrix(25, -12, 8)) == pytest.approx((25, -12, 8))


def test_beside_a_face_there_is_none_and_between_nothing_is_said() -> None:
    def there(offset: float, scale: float = 1.0) -> float:
        return augment.there(Place(offset, 0, scale, 0, False))

    assert there(0.3) == 1
    assert there(0.7) == 0
    assert np.isnan(there(0.5))
    assert there(0, 3.0) == 0
    state, pose, points = augment.targets(
        Place(0.7, 0, 1, 0, False), True, BOX, np.zeros((6, 2)), np.zeros(3), np.zeros(3)
    )
    assert state[0] == 0
    assert np.isnan(state[1:]).all()
    assert np.isnan(pose).all()
    assert np.isnan(points).all()


def test_drawn_eyes_are_between_their_corners() -> None:
    points = np.arange(12.0).reshape(6, 2)
    eyes = {"left": {"corners": [[10, 20], [30, 24]]}, "right": {"corners": [[50, 20], [70, 20]]}}
    found = points_of_drawn(points, eyes)
    assert found[:2].tolist() == [[20, 22], [60, 20]]
    assert (found[2:] == points[2:]).all()


def test_box_points_and_angles_are_told_as_the_network_says_them() -> None:
    points = np.full((6, 2), REGION_PX / 2 - 0.5)
    state, pose, said = augment.targets(
        Place(0, 0, 1, 0, False), True, BOX, points, np.array([9.0, -18.0, 4.5]), np.zeros(3)
    )
    assert state.tolist() == [1, 0, 0, 0]
    assert pose[:4] + REST == pytest.approx([0, 0, 1 / CROP_FACES, 1 / CROP_FACES])
    assert pose[4:] == pytest.approx([0.1, -0.2, 0.05])
    assert said == pytest.approx(np.zeros(12))


def test_a_region_is_cut_about_its_box() -> None:
    picture = np.zeros((480, 640), np.uint8)
    picture[236:245, 296:305] = 255
    region, scale, corner = region_of(picture, np.array([300.0, 240.0, 60.0, 60.0]))
    ys, xs = np.nonzero(region > 100)
    assert ((np.array([300, 240]) - corner) * scale) == pytest.approx([xs.mean(), ys.mean()], abs=1.5)


def test_places_without_a_face_touch_none() -> None:
    picture, face = np.zeros((480, 640), np.uint8), np.array([320.0, 240.0, 120.0, 120.0])
    found = list(empty_places(picture, [face], np.random.default_rng(1), 20))
    assert found
    for place in found:
        assert np.abs(place[:2] - face[:2]).max() > (face[2] + place[2]) / 2


def test_people_are_split_once_and_kept_together() -> None:
    assert part("drawn-900001") == "measure"
    assert part("drawn-120") == "choose"
    assert part("drawn-121") == "train"
    scene = {"yawn/a.jpg": "28", "yawn/b.jpg": "3"}
    assert (
        group_of("yawdd", "yawn/a.jpg", scene)
        == group_of("clips", "car_yawn_glasses_m06.mp4#3", scene)
        == "yawdd-people"
    )
    assert group_of("yawdd", "yawn/b.jpg", scene) == "scene-3"
    assert group_of("newclips", "incabin_belt2.mp4#0", scene) == group_of("newclips", "incabin_sleep3.mp4#9", scene)
    assert group_of("newclips", "hellomeme_xzy1.mp4#0", scene) == group_of("newclips", "hellomeme_xzy3.mp4#9", scene)
    assert group_of("clips", "phone_drowsy_m01.mp4#0", scene) == group_of("clips", "phone_awake_m01.mp4#1", scene)


def test_teachers_that_differ_are_not_believed() -> None:
    one = np.array([10.0, 0, 0])
    assert angles.agreed(one, np.array([13.0, 0, 0]))[0] == pytest.approx(11)
    assert np.isnan(angles.agreed(one, np.array([40.0, 0, 0]))[0])
    assert np.isnan(angles.agreed(np.full(3, np.nan), one)).all()


def test_a_mesh_gives_the_angles_of_its_axes() -> None:
    mesh = np.zeros((478, 3))
    right, down = np.array([np.cos(0.3), 0.0, np.sin(0.3)]), np.array([0.0, 1.0, 0.0])
    mesh[263], mesh[33], mesh[152], mesh[10] = right, -right, down, -down
    # z is away from the camera: the right side of the picture further away is a face that looks to the picture's right.
    yaw, pitch, roll = angles.of_mesh_raw(mesh)
    assert abs(yaw) == pytest.approx(np.degrees(0.3))
    assert yaw > 0
    assert (pitch, roll) == pytest.approx((0, 0), abs=1e-6)


class Alarmed:
    """A detector that finds these boxes (x, y, w, h) whatever it sees."""

    def __init__(self, *boxes: tuple[float, float, float, float]) -> None:
        self._faces = [Face(Box(*box), 0.3) for box in boxes]

    def search(self, picture: object) -> list[Face]:
        return self._faces


def test_what_alarms_a_detector_beside_the_known_faces_is_none() -> None:
    known = [np.array([320.0, 240.0, 100.0, 100.0])]
    on_it, touching, sleeve = (280, 200, 90, 90), (380, 200, 100, 100), (60, 300, 80, 80)
    alarming = Alarmed(on_it, touching, sleeve)
    found = material.false_alarms(alarming, np.zeros((480, 640), np.uint8), known)  # type: ignore[arg-type]
    assert [box.tolist() for box in found] == [[100, 340, 80, 80]]


def test_drawn_pictures_give_their_false_alarms_as_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cv2.imwrite(str(tmp_path / "a.png"), np.full((480, 640), 90, np.uint8))
    truth = {"picture": "a.png", "kind": "empty", "person": {"number": 7}, "passenger": None}
    truth["face"] = {"points": {name: [0, 0] for name in POINTS}}
    (tmp_path / "truth.jsonl").write_text(json.dumps(truth) + "\n")
    monkeypatch.setattr(material, "empty_places", lambda *_: iter(()))
    for boxes in ([], [(60, 300, 80, 80)]):
        monkeypatch.setattr(material, "BlazeFace", lambda min_score, boxes=boxes: Alarmed(*boxes))
        rows = material.Rows()
        material.drawn(tmp_path, rows, np.random.default_rng(0))
        assert rows.rows["face"] == [False] * len(boxes)
