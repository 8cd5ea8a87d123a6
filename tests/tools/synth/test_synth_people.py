"""People, their shapes and their lids."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synth import body, mouths, sight
from synth.basis import FILE, RACES, load
from synth.camera import Camera
from synth.face import Look, gap
from synth.geometry import head_angles
from synth.people import HELD_OUT, PEOPLE, SKINS, make, measuring_numbers, training_numbers

CAMERA = Camera("dash", (0.0, -0.75, 0.04), (0.0, -0.09, 0.04), 0.0, 45.0, (640, 480))
number = st.integers(0, PEOPLE - 1)


def test_the_basis_is_small() -> None:
    assert FILE.stat().st_size < 6_000_000


def test_the_middle_of_the_shapes_is_the_one_that_they_were_cut_around() -> None:
    basis = load()
    middle = basis.shape({"gender": 0.5, "age": 0.8, "muscle": 0.5, "weight": 0.5}, dict.fromkeys(RACES, 1.0), {})
    assert middle == pytest.approx(basis.base, abs=1e-5)
    with pytest.raises(ValueError, match=r"age 0\.2: expected 0\.667 to 1"):
        basis.shape({"gender": 0.5, "age": 0.2, "muscle": 0.5, "weight": 0.5}, {}, {})


@given(number)
@settings(max_examples=20)
def test_the_same_number_is_the_same_person(number: int) -> None:
    assert make(3, number) == make(3, number)
    assert make(3, number) != make(4, number)


def test_any_forty_people_hold_every_skin_sex_and_age_alike() -> None:
    people = [make(1, n) for n in range(1000, 1040)]
    assert {(p.skin, p.sex, p.age_band) for p in people} == {
        (skin, sex, band)
        for skin in range(len(SKINS))
        for sex in ("female", "male")
        for band in {p.age_band for p in people}
    }
    albedo = [np.mean([p.albedo for p in people if p.skin == skin]) for skin in range(len(SKINS))]
    assert all(np.diff(albedo) < 0)


def test_people_kept_for_measuring_are_refused_to_training() -> None:
    assert set(measuring_numbers(100)).isdisjoint(training_numbers(100))
    with pytest.raises(ValueError, match="are for measuring alone"):
        training_numbers(10, HELD_OUT - 5)
    with pytest.raises(ValueError, match=f"person {PEOPLE}: expected 0 to {PEOPLE - 1}"):
        make(1, PEOPLE)


@given(number, st.floats(0, 1.1), st.floats(0, 1.1), st.floats(-35, 20))
@settings(max_examples=25)
def test_lids_stand_where_they_were_asked_to(number: int, left: float, right: float, gaze: float) -> None:
    person = make(1, number)
    posed = body.stand(person, Look(lids=(left, right), gaze_deg=(0, gaze), actions={"jawOpen": 0.5}))
    assert posed.opening == pytest.approx((left, right), abs=0.03)
    # Measured again on the shape itself, not by what set it.
    basis, own = load(), body.shape_of(person)
    shape = np.concatenate([posed.rest, own[basis.count :]])
    centre = own[basis.count + 4]
    assert gap(shape, basis.eyes[0], centre) == pytest.approx(left * gap(own, basis.eyes[0], centre), abs=0.0004)


@given(number, st.floats(-70, 70), st.floats(-40, 30), st.floats(-25, 25))
@settings(max_examples=20)
def test_the_head_stands_where_it_was_asked_to(number: int, yaw: float, pitch: float, roll: float) -> None:
    posed = body.stand(make(1, number), Look(head_deg=(yaw, pitch, roll)))
    assert head_angles(posed.head) == pytest.approx((yaw, pitch, roll), abs=1e-6)
    # The skull moves as one: no distance on it changes.
    rows = np.flatnonzero(load().weights[:, 4] > 0.999)[::97]
    before = np.linalg.norm(posed.rest[rows] - posed.rest[rows[0]], axis=1)
    assert np.linalg.norm(posed.vertices[rows] - posed.vertices[rows[0]], axis=1) == pytest.approx(before, abs=1e-9)


@pytest.mark.parametrize("number", [0, 17, 38, 71])
def test_more_opening_shows_more_of_the_eye(number: int) -> None:
    person = make(1, number)
    opened = body.stand(person, Look())
    shares = [
        sight.Sight(body.stand(person, Look(lids=(lids, lids))), opened, CAMERA, []).eye(0)["visible"]
        for lids in (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
    ]
    assert shares == sorted(shares) and len(set(shares)) == len(shares)
    assert shares[0] < 0.02 and shares[-1] == 1.0
    assert shares[3] == pytest.approx(0.6, abs=0.1)


def test_an_eye_behind_the_nose_is_not_seen() -> None:
    person = make(1, 5)
    turned = body.stand(person, Look(head_deg=(80, 0, 0)))  # to the own left: the right eye is near the camera
    assert sight.Sight(turned, turned, CAMERA, []).eye(0)["visible"] is None
    assert sight.Sight(turned, turned, CAMERA, []).eye(1)["visible"] == 1.0


def test_a_plane_before_an_eye_hides_it_and_behind_it_does_not() -> None:
    from synth.pieces import Material, Piece

    person = replace(make(1, 5), glasses="none")
    posed = body.stand(person, Look())
    corners = np.array([[-0.02, 0, -0.02], [0.02, 0, -0.02], [0.02, 0, 0.02], [-0.02, 0, 0.02]])
    for y, share in ((-0.03, 1.0), (0.03, 0.0)):
        sheet = Piece(
            corners + posed.eyes[0] + [0, y, 0], np.array([[0, 1, 2], [0, 2, 3]]), Material.PLAIN, 0.1, covers="hand"
        )
        seen = sight.Sight(posed, posed, CAMERA, [sheet]).eye(0)
        assert seen["covers"].get("hand", 0.0) == share
        assert seen["visible"] == 1 - share


def test_a_shut_mouth_is_shut_and_a_yawn_is_wide() -> None:
    basis = load()
    for number in range(0, 40, 7):
        own = body.shape_of(make(1, number))
        assert mouths.gap(basis, basis.act(own, mouths.shut(basis, own))) < 1e-5
        assert 0.02 < mouths.gap(basis, basis.act(own, mouths.yawn(1.0))) < 0.06
    with pytest.raises(ValueError, match="'singing': expected one of closed, talking"):
        mouths.draw_mouth(np.random.default_rng(0), "singing")
