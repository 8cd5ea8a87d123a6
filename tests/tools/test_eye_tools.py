"""The tools that make and judge the eye network: lids that are drawn, who is held out, what counts as a false alert."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluate_clips import Clip, _count_yawns, _note, fold_folders
from eyes import draw, drawn, more, mouths
from eyes.annotations import Event, Score, read_events
from eyes.augment import lower_lid, place_crop, seen_at
from eyes.folds import FOLDS, fold_of, in_fold, person
from eyes.mesh import lid_lines, opening
from eyes.patches import PATCH_SHAPE, PX_PER_UNIT, clip_label, still_label
from fermon.domain import NS_PER_S, Alert, Kind, Level
from fermon.errors import ModelError
from fermon.perception.eyes import CLASSES, PLACE
from fermon.perception.geometry import EYE_SHAPE, MOUTH_SHAPE
from fermon.perception.mouth import CLASSES as MOUTH_CLASSES
from lib.exits import DataError

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


# The drawn people and the second delivery ----------------------------------------------------------------------------


def drawn_face(lids: float, gaze_down_deg: float = 0.0, visible: float | None = 0.9, **eye: object) -> dict[str, Any]:
    seen = {"lids": lids, "visible": visible, "covers": {"lid": 1 - lids}, "behind": None, **eye}
    return {"gaze": [5.0, -3.0], "gaze_in_head": [0.0, gaze_down_deg], "eyes": {"left": seen, "right": seen}}


@pytest.mark.parametrize(("lids", "closed"), [(0.0, 1.0), (0.15, 1.0), (0.2, np.nan), (0.3, 0.0), (1.0, 0.0)])
def test_drawn_lids_are_closed_where_a_fifth_is_left_at_most(lids: float, closed: float) -> None:
    face = drawn_face(lids)
    assert drawn.labels(face, face["eyes"]["left"])["closed"] == pytest.approx(closed, nan_ok=True)


@pytest.mark.parametrize(
    ("lids", "down_deg", "lowered"), [(0.5, -20, 1.0), (0.5, -9, np.nan), (0.5, 0, 0.0), (0.05, -20, 0.0)]
)
def test_drawn_lids_are_lowered_where_the_gaze_is_and_they_are_apart(
    lids: float, down_deg: float, lowered: float
) -> None:
    face = drawn_face(lids, down_deg)
    assert drawn.labels(face, face["eyes"]["left"])["lowered"] == pytest.approx(lowered, nan_ok=True)


def test_the_gaze_of_a_shut_eye_is_not_told() -> None:
    shut, wide = drawn_face(0.0), drawn_face(1.0)
    assert np.isnan(drawn.labels(shut, shut["eyes"]["left"])["gaze"]).all()
    assert drawn.labels(wide, wide["eyes"]["left"])["gaze"] == (5.0, -3.0)


@pytest.mark.parametrize(
    ("eye", "share"),
    [
        ({}, 0.0),
        ({"covers": {"lid": 0.4, "hand": 0.5, "hair": 0.1}}, 0.6),
        ({"behind": "lens"}, 0.0),
        ({"behind": "dark lens"}, 1.0),
        ({"visible": None}, 1.0),
    ],
)
def test_what_hides_a_drawn_eye_is_not_its_lid(eye: dict[str, Any], share: float) -> None:
    assert drawn.covered(drawn_face(0.5, **eye)["eyes"]["left"]) == pytest.approx(share)


def test_an_eye_seen_from_aside_is_narrow() -> None:
    assert drawn.width({"corners": [[10, 20], [40, 60]]}, 100.0) == pytest.approx(0.5)


@pytest.mark.parametrize("deviation", [3.0, 12.0])
def test_noise_is_measured_against_what_it_covers(deviation: float) -> None:
    picture = np.tile(np.where(np.arange(48) // 12 % 2, 150.0, 90.0), (32, 1))
    noisy = np.clip(picture + np.random.default_rng(0).normal(0, deviation, picture.shape), 0, 255).astype(np.uint8)
    assert drawn.noise(noisy) == pytest.approx(deviation / 27, rel=0.5)


def test_annotations_of_the_newer_clips_come_before_the_teacher() -> None:
    events = [Event(1, 3, "gaze_down"), Event(4, 6, "eyes_closed_in_yawn"), Event(7, 8, "eyes_open")]
    shut, wide = np.array([0.1, 0.1]), np.array([0.9, 0.9])
    assert [v.tolist() if isinstance(v, np.ndarray) else v for v in more.label(events, 2, shut, True)] == [[0, 0], 1.0]
    assert more.label(events, 5, wide, True)[0].tolist() == [1, 1]
    assert more.label(events, 7.5, shut, True)[0].tolist() == [0, 0]
    assert np.isnan(more.label(events, 3.1, shut, True)[0]).all()  # an event's edge
    assert more.label(events, 10, shut, True)[0].tolist() == [1, 1]
    assert np.isnan(more.label(events, 10, shut, False)[0]).all()  # a clip that nobody annotated: perhaps a look down
    assert more.label(events, 10, wide, False)[0].tolist() == [0, 0]


def test_the_newer_list_of_clips_is_read_with_the_older_words(tmp_path: Path) -> None:
    (tmp_path / "clips.csv").write_text("file\na.mp4\nb.mp4\n")
    rows = "a.mp4,1,2,eyes_closed_in_yawn\na.mp4,3,4,gaze_down\na.mp4,5,6,eyes_open\na.mp4,7,7.2,blink\n"
    (tmp_path / "clip_events.csv").write_text("file,start_s,end_s,label\n" + rows)
    found = read_events(tmp_path)
    assert found["b.mp4"] == []
    assert [(e.start_s, e.label) for e in found["a.mp4"]] == [(1, "eyes_closed"), (3, "eyes_half"), (7, "blink")]
    (tmp_path / "clips.csv").unlink()
    with pytest.raises(DataError, match=r"found neither videos\.csv nor clips\.csv"):
        read_events(tmp_path)


@pytest.mark.parametrize("clip", ["phone_awake_m01.mp4", "incabin_sleep3.mp4", "lia_driving1.mp4", "odd.mp4"])
def test_every_clip_is_held_out_in_one_fold(clip: str) -> None:
    assert fold_of(clip) in range(len(FOLDS))
    assert fold_of("incabin_sleep3.mp4") == fold_of("incabin_belt2.mp4")


def source(count: int = 40, **columns: np.ndarray) -> draw.Source:
    rng = np.random.default_rng(0)
    patch = rng.integers(0, 256, (count, *PATCH_SHAPE), dtype=np.uint8)
    base: dict[str, np.ndarray] = {key: np.full((count, *shape), np.nan) for key, shape in draw.COLUMNS.items()}
    base |= {"patch": patch, "group": np.arange(count).astype(str), "dark": np.zeros(count, bool)}
    return draw.Source(**(base | {"closed": np.arange(count) % 2 * 1.0} | columns))


def test_an_epoch_tells_state_opening_and_gaze_of_every_crop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(draw, "UNREADABLE", 30)
    monkeypatch.setitem(draw.DRAW, "drawn", (40, 60))
    told = source(opening=np.full(40, 0.8), lowered=np.ones(40), gaze=np.full((40, 2), 9.0))
    crops, states, where = draw.draw({"drawn": told}, told.patch, np.random.default_rng(1))
    assert crops.shape[1:] == EYE_SHAPE
    assert (len(crops), states.shape[1], where.shape[1]) == (130, len(CLASSES), PLACE)
    readable = states[:, 1] == 0
    assert readable.sum() == 100
    assert set(states[readable, 2]) == {1.0}
    assert np.allclose(where[readable, 0], 0.8)
    assert np.allclose(np.abs(where[readable, 3]), 0.2)  # yaw turns with the mirror,
    assert np.allclose(where[readable, 4], 0.2)  # pitch does not
    assert np.isnan(where[~readable]).all()


def test_eyes_of_one_kind_only_are_refused_where_both_are_wanted(tmp_path: Path) -> None:
    for name, refused in (("mmu2", False), ("clips", True)):
        folder = tmp_path / name
        folder.mkdir()
        eyes = source(closed=np.zeros(40))
        np.savez(folder / f"{name}.npz", patch=eyes.patch, closed=eyes.closed, group=eyes.group)
        if refused:
            with pytest.raises(DataError, match="found no closed eyes"):
                draw.load(folder)
        else:
            assert np.isnan(draw.load(folder)[name].gaze).all()


def test_mouths_are_told_open_unreadable_and_laughing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mouths, "PER_EPOCH", 200)
    monkeypatch.setattr(mouths, "UNREADABLE", 20)
    count = 60
    found = {
        "patch": np.random.default_rng(0).integers(0, 256, (count, mouths.SIDE, mouths.SIDE), dtype=np.uint8),
        "opening": np.where(np.arange(count) % 2, 0.9, 0.05),
        "laughs": np.repeat([0.0, 1.0, np.nan], count // 3),
        "source": np.full(count, "fer"),
    }
    crops, targets = mouths.draw(found, found["patch"], np.random.default_rng(1))
    assert crops.shape == (220, *MOUTH_SHAPE)
    assert targets.shape == (220, len(MOUTH_CLASSES))
    told = targets[:200]
    assert set(told[:, 0]) == {0.0, 1.0}
    assert (told[:, 1] == 0).all()
    assert 60 < (told[:, 2] == 1).sum() < 140  # laughs are shown about as often as all the rest together
    assert (np.isnan(targets[200:, [0, 2]])).all()
    assert (targets[200:, 1] == 1).all()


def test_mouths_without_a_word_on_laughing_are_read(tmp_path: Path) -> None:
    np.savez(tmp_path / "mouths.npz", opening=np.ones(3), source=np.full(3, "own"), group=np.arange(3))
    assert np.isnan(mouths.load(tmp_path / "mouths.npz")["laughs"]).all()


def drawn_truth(name: str, light: str = "overcast", **eye: object) -> str:
    """A line of truth: eyes 60 px apart about (100, 100) and (160, 100)."""

    def at(x: float) -> dict[str, object]:
        seen = {"lids": 1.0, "visible": 0.9, "covers": {"lid": 0.1}, "behind": None}
        return seen | {"corners": [[x - 12, 100], [x + 12, 100]]} | eye

    points = {"eye_left": [100, 100], "eye_right": [160, 100], "nose": [130, 130], "chin": [130, 190]}
    points |= {"mouth_left": [112, 155], "mouth_right": [148, 155]}
    face = {"in_picture": 1.0, "points": points, "gaze": [0, 0], "gaze_in_head": [0, 0]}
    face["eyes"] = {"left": at(100), "right": at(160)}
    who = {"number": 7}
    return json.dumps({"picture": name, "kind": "open", "light": {"name": light}, "person": who, "face": face})


@pytest.mark.parametrize(
    ("noise", "more", "eyes", "dark"),
    [
        (0.0, {}, 2, 0),
        (60.0, {}, 0, 0),  # nobody could tell lids in that
        (0.0, {"light": "near dark"}, 0, 0),
        (0.0, {"behind": "dark lens"}, 2, 2),
        (0.0, {"covers": {"hand": 0.4}}, 0, 0),  # neither readable nor not
        (0.0, {"covers": {"hand": 0.6}}, 2, 2),
        (0.0, {"corners": [[95, 100], [105, 100]]}, 2, 2),  # seen from far aside
        (0.0, {"corners": [[93, 100], [107, 100]]}, 0, 0),
    ],
)
def test_drawn_eyes_are_taken_as_they_can_be_seen(
    tmp_path: Path, noise: float, more: dict[str, Any], eyes: int, dark: int
) -> None:
    rows, columns = np.mgrid[0:240, 0:260]
    picture = 120 + (5 if noise else 60) * np.sin(rows / 9.0) * np.cos(columns / 11.0)
    picture = picture + np.random.default_rng(0).normal(0, noise, picture.shape)
    cv2.imwrite(str(tmp_path / "a.png"), np.clip(picture, 0, 255).astype(np.uint8))
    if "corners" in more:  # about each eye's own middle
        (one, _), (other, _) = more["corners"]
        half = (other - one) / 2
        line = json.loads(drawn_truth("a.png"))
        for side, x in (("left", 100), ("right", 160)):
            line["face"]["eyes"][side]["corners"] = [[x - half, 100], [x + half, 100]]
        text = json.dumps(line)
    else:
        text = drawn_truth("a.png", **more)
    (tmp_path / "truth.jsonl").write_text(text + "\n")
    drawn.drawn([tmp_path]).save(tmp_path / "drawn.npz")
    found = np.load(tmp_path / "drawn.npz")
    assert (len(found["dark"]), int(found["dark"].sum())) == (eyes, dark)
    assert set(found["group"]) <= {"drawn-7"}
