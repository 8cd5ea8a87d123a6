"""The network that looks at the place where the face is: where it cuts, and what it says of the drawn driver."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from fermon.cameras import CameraSettings, open_camera
from fermon.domain import Box
from fermon.errors import ModelError
from fermon.perception.blazeface import BlazeFace, overlap
from fermon.perception.contract import Gray
from fermon.perception.face import (
    GRID,
    MIDDLES,
    PER_PLACE,
    POINTS,
    PROFILE_DEG,
    SIDE,
    FaceReader,
    Look,
    crop,
    points_in,
)
from fermon.perception.network import Network, models_dir, open_network


@pytest.fixture(scope="module")
def drawn() -> Gray:
    frame = open_camera("demo", CameraSettings(), "max").read(1)
    assert frame is not None
    return frame.gray


@pytest.fixture(scope="module")
def reader() -> FaceReader:
    return FaceReader(open_network("face"))


@pytest.fixture(scope="module")
def box(drawn: Gray) -> Box:
    (face,) = BlazeFace().search(drawn)
    return face.box


@pytest.mark.parametrize("side", [40, 64, 100, 200, 400])
def test_a_crop_shows_its_place_in_its_middle(side: int) -> None:
    gray = np.zeros((480, 640), np.uint8)
    spot = max(1, side // 32)
    gray[260 - spot : 260 + spot + 1, 330 - spot : 330 + spot + 1] = 255
    cut = crop(gray, 330, 260, side)
    assert cut.shape == (SIDE, SIDE)
    ys, xs = np.nonzero(cut > cut.max() / 2)
    assert (xs.mean(), ys.mean()) == pytest.approx(((SIDE - 1) / 2, (SIDE - 1) / 2), abs=0.6)


def test_a_crop_over_the_edge_repeats_it_and_one_outside_is_a_picture_too() -> None:
    gray = np.full((480, 640), 90, np.uint8)
    for x, y, side in ((0, 0, 100), (640, 480, 300), (-400, -400, 200), (2000, 100, 700), (320, 240, 3000)):
        assert crop(gray, x, y, side).shape == (SIDE, SIDE)
    assert (crop(gray, 5, 5, 90) == 90).all()


def test_the_drawn_driver_is_a_face_and_the_seat_beside_is_none(drawn: Gray, reader: FaceReader, box: Box) -> None:
    seen = reader.look(drawn, box)
    assert seen.face > 0.9
    assert overlap(seen.box, box) > 0.7
    assert max(seen.mask, seen.hand, seen.dark_glasses) < 0.5
    assert reader.look(drawn, Box(0, 0, box.w, box.h)).face < 0.5
    assert reader.look(np.full_like(drawn, 80), box).face < 0.5


def test_points_are_where_a_face_has_them(drawn: Gray, reader: FaceReader, box: Box) -> None:
    left, right, nose, mouth_left, mouth_right, chin = reader.look(drawn, box).points
    assert left[0] < nose[0] < right[0]
    assert mouth_left[0] < mouth_right[0]
    assert max(left[1], right[1]) < nose[1] < min(mouth_left[1], mouth_right[1]) < chin[1]


def test_a_place_a_little_off_is_drawn_back_to_the_face(drawn: Gray, reader: FaceReader, box: Box) -> None:
    exact = reader.look(drawn, box)
    for dx, dy in ((0.15, 0.0), (-0.15, 0.1), (0.0, -0.15)):
        moved = reader.look(drawn, box._replace(x=box.x + dx * box.w, y=box.y + dy * box.h))
        assert overlap(moved.box, exact.box) > 0.8


def test_a_mirrored_picture_turns_the_other_way(drawn: Gray, reader: FaceReader, box: Box) -> None:
    mirrored = np.ascontiguousarray(drawn[:, ::-1])
    there = Box(drawn.shape[1] - box.x - box.w, *box[1:])
    one, other = reader.look(drawn, box), reader.look(mirrored, there)
    assert other.yaw == pytest.approx(-one.yaw, abs=6)
    assert other.pitch == pytest.approx(one.pitch, abs=6)


@pytest.mark.parametrize("turn", [-20, 20])
def test_a_head_that_tilts_to_its_right_shoulder_rolls_to_the_plus(
    drawn: Gray, reader: FaceReader, box: Box, turn: int
) -> None:
    """The driver's right is the picture's left: turned counter-clockwise (OpenCV's plus) it shows such a head."""
    middle = box.x + box.w / 2, box.y + box.h / 2
    turned = cv2.warpAffine(drawn, cv2.getRotationMatrix2D(middle, turn, 1.0), drawn.shape[::-1])
    level = reader.look(drawn, box).roll
    assert reader.look(np.asarray(turned, np.uint8), box).roll - level == pytest.approx(turn, abs=7)


@pytest.mark.parametrize(("yaw", "profile"), [(PROFILE_DEG, True), (-PROFILE_DEG, True), (PROFILE_DEG - 1, False)])
def test_far_round_is_profile(yaw: float, profile: bool) -> None:
    assert Look(1, 0, 0, 0, Box(0, 0, 1, 1), (), yaw, 0, 0).profile == profile


def places(*said: tuple[int, int, float, float, float]) -> np.ndarray:
    """What all places say of the first point: (column, row, sureness, px right, px down); the rest say nothing."""
    out = np.zeros((GRID, GRID, PER_PLACE), np.float32)
    out[..., 0] = -50
    for column, row, sure, right, down in said:
        out[row, column, [0, POINTS, POINTS + 1]] = sure, right, down
    return out.ravel()


def test_a_point_is_where_its_surest_place_says() -> None:
    """The middle of the first place is 4 px right and down of the crop's corner, half a crop from the crop's middle."""
    assert MIDDLES[0] * SIDE == pytest.approx([-28, -28])
    assert MIDDLES[GRID + 2] * SIDE == pytest.approx([-28 + 2 * 8, -28 + 8])
    found = points_in(places((2, 1, 0.0, 3.0, -2.0)))
    assert found.shape == (POINTS, 2)
    assert found[0] * SIDE == pytest.approx([-12 + 3, -20 - 2], abs=1e-4)
    assert found[1] == pytest.approx([0, 0], abs=1e-6)  # all places alike: the middle


def test_two_places_are_believed_as_they_are_sure() -> None:
    found = points_in(places((2, 1, 1.0, 0.0, 0.0), (3, 1, 1.0 + np.log(3), 0.0, 0.0)))[0] * SIDE
    assert found == pytest.approx([-12 + 0.75 * 8, -20], abs=1e-4)


def test_another_network_in_its_place_is_refused() -> None:
    with pytest.raises(ModelError, match=r"eyes\.tflite"):
        FaceReader(Network(Path(models_dir()) / "eyes.tflite"))
