"""What is drawn is where the truth says, and the same each time."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from synth import body, pictures, scene
from synth.camera import Camera
from synth.face import Look
from synth.light import Lamp, Light
from synth.people import make
from synth.pieces import Material, Piece
from synth.render import Renderer


def test_the_same_seed_gives_the_same_pixels(renderer: Renderer) -> None:
    first, second = (
        scene.picture(*scene.at_random(1, 9, 0)[:2], renderer, scene.at_random(1, 9, 0)[2])[0] for _ in range(2)
    )
    assert first is not None and second is not None
    assert first.shape == (480, 640) or first.shape in ((240, 320), (720, 1280))
    assert np.array_equal(first, second)


def test_a_bright_spot_is_drawn_where_it_is_projected(renderer: Renderer) -> None:
    camera = Camera("dash", (0.1, -0.7, 0.1), (0.0, -0.05, 0.0), 4.0, 50.0, (640, 480))
    at = np.array([0.06, -0.08, 0.09])
    corners = np.array([[-1, 0, -1], [1, 0, -1], [1, 0, 1], [-1, 0, 1]]) * 0.004 + at
    spot = Piece(corners, np.array([[0, 1, 2], [0, 2, 3]]), Material.GLOW, 1.0)
    person = make(1, 0)
    light = Light("overcast", Lamp((0.0, -5.0, 5.0), 0.0), 0.0, 0.0)
    radiance = renderer.draw(
        [(person, body.stand(person, Look()), [spot], [])], [], [], camera, light, (640, 480), 50.0
    )
    y, x = np.mgrid[0:480, 0:640]
    found = np.array([(x * radiance).sum(), (y * radiance).sum()]) / radiance.sum()
    assert found == pytest.approx(camera.project(at[None])[0], abs=0.3)


@pytest.mark.parametrize("lids", [0.0, 1.0])
def test_eyes_are_dark_where_the_truth_says_they_are_open(renderer: Renderer, lids: float) -> None:
    """A dark iris between bright skin: the pixels at the eye's truth know whether it is open."""
    from dataclasses import replace

    drawn, _, rng = scene.at_random(1, 0, 0)
    person = replace(make(1, 0), glasses="none", headwear="none", mask=False, hair="short", iris=0.03)
    light = Light("overcast", Lamp((0.0, -5.0, 5.0), 0.3), 0.7, 0.3)
    camera = Camera("dash", (0.0, -0.7, 0.0), (0.0, -0.09, 0.03), 0.0, 30.0, (640, 480))
    where = replace(drawn, person=person, light=light, camera=camera, passenger=None)
    where = replace(where, sensor=replace(where.sensor, noise=0.0, jpeg=0, motion_px=0.0, focus_px=0.3))
    picture, record, _ = scene.picture(where, scene.Moment(Look(lids=(lids, lids))), renderer, rng)
    assert picture is not None
    x, y = (round(v) for v in record["face"]["points"]["eye_left"])
    nose = record["face"]["points"]["nose"]
    skin = float(picture[round(nose[1]), round(nose[0])])
    darkest = float(picture[y - 3 : y + 4, x - 3 : x + 4].min())
    assert (darkest < 0.45 * skin) == (lids == 1.0)


def test_pictures_are_written_with_their_truth(tmp_path: Path, renderer: Renderer) -> None:
    records = list(pictures.draw_all(1, range(3, 4), 2, tmp_path, 1))
    assert [record["picture"] for record in records] == ["000003-0.png", "000003-1.png"]
    for record in records:
        picture = cv2.imread(str(tmp_path / record["picture"]), cv2.IMREAD_UNCHANGED)
        assert picture.shape == tuple(record["size"][::-1]) and picture.dtype == np.uint8
        json.dumps(record)


def test_the_demos_clip_is_what_is_drawn(renderer: Renderer) -> None:
    """Who changes the demo's driver, its script or how it is drawn has to draw the clip anew (synth.demo)."""
    from fermon.cameras.demo.camera import CLIP
    from synth import demo_driver

    clip = cv2.VideoCapture(str(CLIP))
    first, gain = demo_driver.part((0, 1, None))
    for t_s in (0.0, 13.0, 30.0, 50.0, 67.0):
        seq = round(t_s * demo_driver.RATE_HZ)
        clip.set(cv2.CAP_PROP_POS_FRAMES, seq)
        kept = clip.read()[1][..., 0].astype(float)
        pixels = first if seq == 0 else demo_driver.part((seq, seq + 1, gain))[0]
        drawn = np.frombuffer(pixels, np.uint8).reshape(480, 640)
        assert np.abs(kept - drawn).mean() < 4, f"at {t_s} s"
