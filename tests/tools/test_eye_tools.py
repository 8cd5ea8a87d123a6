"""The tools that make and judge the eye network: lids that are drawn, who is held out, what counts as a false alert."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluate_clips import Clip, _count_yawns, _note, fold_folders
from eyes.annotations import Event, Score
from eyes.augment import lower_lid, place_crop, seen_at
from eyes.folds import FOLDS, in_fold, person
from eyes.mesh import lid_lines, opening
from eyes.patches import PATCH_SHAPE, PX_PER_UNIT, clip_label, still_label
from fermon.domain import NS_PER_S, Alert, Kind, Level
from fermon.errors import ModelError

LIDS = np.array([-0.07, 0.05, 0.24, 0.0])  # upper and lower apex, half width (units), slope


def open_eye() -> np.ndarray:
    """Dark skin (60) with a bright eye (220) between the lids of LIDS."""
    patch = np.full(PATCH_SHAPE, 60, np.uint8)
    rows, columns = np.mgrid[0 : PATCH_SHAPE[0], 0 : PATCH_SHAPE[1]]
    x = (columns - (PATCH_SHAPE[1] - 1) / 2) / PX_PER_UNIT / LIDS[2]
    y = (rows - (PATCH_SHAPE[0] - 1) / 2) / PX_PER_UNIT
    arch = np.maximum(0, 1 - x**2)
    patch[(y > LIDS[0] * arch) & (y < LIDS[1] * arch)] = 220
    return patch


def seen(share: float) -> float:
    """The share of the eye's pixels that a lid lowered to `share` leaves in sight."""
    eye = open_eye()
    return float((lower_lid(eye, LIDS, share) > 140).sum() / (eye > 140).sum())


@given(st.floats(0.0, 1.0), st.floats(0.0, 1.0))
def test_a_lower_lid_hides_more(one: float, other: float) -> None:
    assert seen(min(one, other)) <= seen(max(one, other)) + 0.02


@given(st.floats(0.0, 1.0))
def test_a_lowered_lid_leaves_its_share_of_the_eye_and_the_edge_above_it(share: float) -> None:
    assert share - 0.1 <= seen(share) <= share + 0.3  # the eye is seven pixels high


def test_a_lid_left_open_hides_nothing() -> None:
    assert np.abs(lower_lid(open_eye(), LIDS, 1.0).astype(int) - open_eye()).mean() < 3


def test_the_lower_half_of_the_picture_stays() -> None:
    eye = np.random.default_rng(0).integers(0, 256, PATCH_SHAPE, dtype=np.uint8)
    below = PATCH_SHAPE[0] // 2 + round((LIDS[1] + 0.01) * PX_PER_UNIT)
    assert (lower_lid(eye, LIDS, 0.2)[below:] == eye[below:]).all()


@given(st.floats(-0.2, 0.2), st.floats(-0.2, 0.2), st.floats(-0.2, 0.2), st.floats(0.8, 1.25), st.booleans())
def test_a_crop_shows_the_eye_where_it_is_said_to_be(
    x: float, y: float, turn: float, scale: float, mirror: bool
) -> None:
    patch = np.zeros(PATCH_SHAPE, np.uint8)
    patch[38:42, 46:50] = 255
    crop = place_crop(patch, np.array([x, y]), turn, scale, mirror).astype(float)
    if crop.sum() < 255 * 8:
        return  # moved out of the crop
    rows, columns = np.mgrid[0 : crop.shape[0], 0 : crop.shape[1]]
    dx, dy = seen_at(np.array([x, y]), turn, scale, mirror)
    assert (crop * columns).sum() / crop.sum() == pytest.approx((crop.shape[1] - 1) / 2 + dx * PX_PER_UNIT, abs=1.5)
    assert (crop * rows).sum() / crop.sum() == pytest.approx((crop.shape[0] - 1) / 2 + dy * PX_PER_UNIT, abs=1.5)


def test_meshes_tell_lids_and_openings() -> None:
    mesh = np.zeros((1, 478, 2), np.float32)
    corners_and_lids = {33: (10, 50), 133: (30, 50), 160: (17, 46), 158: (23, 46), 144: (17, 53), 153: (23, 53)}
    for point, place in corners_and_lids.items():
        mesh[0, point] = place
    centre, gap, ratio = opening(mesh)
    assert centre[0, 0].tolist() == [20, 50]
    assert gap[0, 0] == pytest.approx(7)
    assert ratio[0, 0] == pytest.approx(7 / 20)
    assert lid_lines(mesh)[0, 0].tolist() == pytest.approx([-4, 3, 10, 0])


def test_annotations_come_before_the_teacher() -> None:
    shut, half = [Event(1.0, 3.0, "eyes_closed")], [Event(1.0, 3.0, "eyes_half")]
    assert clip_label(shut, 2.0, np.array([0.9, 0.9])).tolist() == [1, 1]
    assert clip_label([], 2.0, np.array([0.1, 0.1])).tolist() == [0, 0]
    lowered = clip_label(half, 2.0, np.array([0.1, 0.4]))
    assert np.isnan(lowered[0])  # said to be half shut: never taught as shut
    assert lowered[1] == 0
    assert still_label(np.array([0.05, 0.06])).tolist() == [1, 1]
    assert np.isnan(still_label(np.array([0.12, 0.13]))).all()


def test_everybody_in_the_clips_is_held_out_exactly_once(shared: Path) -> None:
    people = {person(path.name) for path in (shared / "videos").glob("*.mp4")}
    held = [name for fold in FOLDS for name in fold]
    assert sorted(held) == sorted(people)


@given(st.lists(st.text("abc0123456789", min_size=1), min_size=1, max_size=30))
def test_every_group_is_held_out_by_one_fold(groups: list[str]) -> None:
    names = np.array(groups)
    assert (sum(in_fold(names, n).astype(int) for n in range(len(FOLDS))) == 1).all()


def alert(kind: Kind, start_s: float, end_s: float) -> Alert:
    return Alert(round(end_s * NS_PER_S), kind, Level.WARNING, True, round(start_s * NS_PER_S), {})


def test_a_fatigue_alert_without_an_annotated_closure_is_false() -> None:
    events, clip = [Event(2.0, 4.0, "eyes_closed"), Event(6.0, 9.0, "eyes_half")], Clip(Score())
    _note(clip, alert(Kind.MICROSLEEP, 2.1, 3.6), events)
    _note(clip, alert(Kind.ANGER, 6.0, 8.0), events)
    assert clip.false_alerts == 0
    _note(clip, alert(Kind.MICROSLEEP, 6.5, 8.0), events)
    assert clip.false_alerts == 1
    assert clip.alerts[-1] == "!WARNING MICROSLEEP 8.0 s"


def test_yawns_are_found_inside_annotated_ones_only() -> None:
    clip = Clip(Score())
    _count_yawns(clip, [3.1, 20.0], [Event(1.0, 4.0, "yawn"), Event(8.0, 12.0, "yawn")])
    assert (clip.yawns, clip.yawns_found, clip.yawns_false) == (2, 1, 1)


def test_missing_folds_are_named_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"holds no fold0\.tflite; make it: python -m eyes\.train"):
        fold_folders(tmp_path, tmp_path)
