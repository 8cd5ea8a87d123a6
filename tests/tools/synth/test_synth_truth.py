"""Truth: by schema, the same everywhere, and what it says of covers."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import synth
from synth import scene
from synth.face import Look
from synth.people import generator, make
from synth.truth import state

SCHEMA = Path(synth.__file__).with_name("truth.schema.json")


def truth(seed: int, number: int, shot: int) -> dict[str, Any]:
    drawn, moment, rng = scene.at_random(seed, number, shot)
    return scene.picture(drawn, moment, None, rng)[1]


def test_pictures_at_random_fit_the_schema() -> None:
    jsonschema = pytest.importorskip("jsonschema", reason="needs the extra dev")
    validator = jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text(encoding="utf-8")))
    for number in range(0, 60, 2):
        record = json.loads(json.dumps(truth(1, number, 0)))
        problems = [f"{error.json_path}: {error.message}" for error in validator.iter_errors(record)]
        assert not problems


def test_the_same_seed_tells_the_same() -> None:
    assert truth(5, 11, 2) == truth(5, 11, 2)
    assert truth(5, 11, 2) != truth(5, 11, 3)


def look(person_number: int, moment: scene.Moment, **changes: Any) -> dict[str, Any]:
    drawn, _, rng = scene.at_random(1, person_number, 0)
    plain = {"glasses": "none", "mask": False, "headwear": "none", "hair": "short"}
    person = replace(make(1, person_number), **(plain | changes))
    return scene.picture(replace(drawn, person=person, passenger=None), moment, None, rng)[1]["face"]


def test_lids_are_told_for_each_eye_of_the_picture() -> None:
    face = look(2, scene.Moment(Look(lids=(0.0, 1.0))))  # the driver's left is shut: the picture's right
    assert face["eyes"]["right"]["lids"] == pytest.approx(0.0, abs=0.01)
    assert face["eyes"]["left"]["lids"] == pytest.approx(1.0, abs=0.01)
    assert (state(face["eyes"]["left"]), state(face["eyes"]["right"])) == ("open", "closed")
    assert face["points"]["eye_left"][0] < face["points"]["eye_right"][0]


def test_a_hand_a_mask_and_glasses_are_told() -> None:
    bare = look(2, scene.Moment(Look()))
    assert bare["mouth"]["covers"] == {} and bare["eyes"]["left"]["behind"] is None
    assert look(2, scene.Moment(Look(), hand="mouth"))["mouth"]["covers"].get("hand", 0) > 0.5
    rubbed = look(2, scene.Moment(Look(), hand="eye", hand_side=0))["eyes"]["right"]
    assert rubbed["covers"].get("hand", 0) > 0.5 and state(rubbed) == "hidden"
    assert look(2, scene.Moment(Look()), mask=True)["mouth"]["covers"].get("mask", 0) > 0.9
    assert look(2, scene.Moment(Look()), glasses="dark")["eyes"]["left"]["behind"] == "dark lens"


def test_gaze_into_the_lens_is_told_as_zero_and_follows_the_head() -> None:
    face = look(2, scene.Moment(Look(gaze_deg=(0, 0))))
    assert face["gaze"] == pytest.approx(face["head"][:2], abs=0.6)
    aside = look(2, scene.Moment(Look(gaze_deg=(20, 0))))
    assert aside["gaze"][0] - face["gaze"][0] == pytest.approx(20, abs=2.5)
    assert aside["head"] == face["head"]


def test_generators_do_not_share_their_numbers() -> None:
    assert generator(1, 2, 3).random() == generator(1, 2, 3).random()
    assert len({generator(1, 2, 3).random(), generator(1, 3, 2).random(), generator(2, 2, 3).random()}) == 3
