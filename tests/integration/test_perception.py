"""The real detectors and networks on the drawn face: found, held, read; the same on every run."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from fermon.cameras import CameraSettings, EndOfFrames, open_camera
from fermon.domain import EXPRESSIONS, Frame, Observation
from fermon.errors import ModelError
from fermon.perception.detectors import make_detector
from fermon.perception.face import FaceReader
from fermon.perception.network import models_dir
from fermon.perception.pipeline import MASKED, Perception, PerceptionSettings
from fermon.perception.tracker import FaceSettings


def frames(count: int) -> Iterator[Frame]:
    camera = open_camera("demo", CameraSettings(), "max")
    for _ in range(count):
        try:
            frame = camera.read(1)
        except EndOfFrames:
            return
        assert frame is not None
        yield frame


def watch(count: int, settings: PerceptionSettings | None = None) -> list[Observation]:
    perception = Perception(settings or PerceptionSettings())
    return [perception.observe(frame) for frame in frames(count)]


def test_every_frame_of_an_attentive_driver_is_read() -> None:
    for observation in watch(60):
        assert observation.face is not None
        assert observation.face.points is not None
        assert observation.expression is not None
        assert len(observation.expression) == len(EXPRESSIONS)
        assert sum(observation.expression) == pytest.approx(1, abs=1e-3)
        assert observation.eyes is not None


def test_the_same_frames_give_the_same_observations() -> None:
    assert watch(30) == watch(30)


def test_haar_finds_and_holds_the_drawn_face_too() -> None:
    settings = PerceptionSettings(face=FaceSettings(detector="haar"))
    found = [observation.face is not None for observation in watch(45, settings)]
    assert np.mean(found) > 0.9


def test_what_is_burnt_out_is_measured_on_the_face_and_without_one_on_the_picture() -> None:
    (frame,) = frames(1)
    face = Perception(PerceptionSettings()).observe(frame).face
    assert face is not None
    x, y, w, h = map(int, face.box)
    behind = np.full_like(frame.gray, 255)  # the sun behind the driver
    behind[y : y + h, x : x + w] = frame.gray[y : y + h, x : x + w]
    perception = Perception(PerceptionSettings())
    perception.observe(frame)
    seen = perception.observe(Frame(frame.t_ns + 66_000_000, 1, behind))
    assert seen.face is not None
    assert seen.quality.burnt_out is not None and seen.quality.burnt_out < 0.3
    blind = Perception(PerceptionSettings()).observe(Frame(0, 0, np.full_like(frame.gray, 255)))
    assert blind.face is None
    assert blind.quality.burnt_out == 1.0
    assert blind.quality.brightness == 1.0


def test_an_empty_picture_holds_no_face() -> None:
    noise = np.random.default_rng(0).normal(90, 4, (480, 640)).clip(0, 255).astype(np.uint8)
    observation = Perception(PerceptionSettings()).observe(Frame(0, 0, noise))
    assert observation.face is None
    assert observation.eyes is None
    assert observation.expression is None
    assert observation.quality.contrast is not None
    assert observation.quality.contrast < 0.05


@pytest.mark.parametrize("shape", [(480, 640), (240, 320), (1, 1), (3, 2000)])
def test_frames_of_any_size_are_read(shape: tuple[int, int]) -> None:
    perception = Perception(PerceptionSettings())
    for seq, gray in enumerate([np.zeros(shape, np.uint8), np.full(shape, 255, np.uint8)]):
        assert perception.observe(Frame(seq, seq, gray)).face is None


def test_auto_takes_the_best_detector_that_is_there() -> None:
    assert make_detector("auto").name == "blazeface"


def test_a_named_detector_that_cannot_be_had_says_why() -> None:
    with pytest.raises(ModelError, match="yunet_model must name"):
        make_detector("yunet", "missing.onnx")


def test_auto_goes_on_with_another_detector_and_says_so(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    for ending in ("json", "tflite"):
        shutil.copy(models_dir() / f"blazeface.{ending}", tmp_path)
    (tmp_path / "blazeface.tflite").write_bytes(b"damaged")
    monkeypatch.setattr("fermon.perception.blazeface.models_dir", lambda: tmp_path)
    assert make_detector("auto").name == "haar"
    assert "detector blazeface cannot be loaded" in caplog.text


def test_the_expression_is_read_at_its_own_rate_and_held_between() -> None:
    every = watch(45, PerceptionSettings(expression_rate_hz=1000.0))
    paced = watch(45, PerceptionSettings(expression_rate_hz=5.0))
    assert all(a.eyes == b.eyes and a.mouth == b.mouth and a.face == b.face for a, b in zip(every, paced, strict=True))
    assert paced[0].expression == every[0].expression
    for k, observation in enumerate(paced):  # the demo has 15 frames a second
        assert observation.expression == paced[k - k % 3].expression
    read = [observation.expression for observation in paced[::3]]
    assert all(before != after for before, after in pairwise(read))


def test_a_held_expression_does_not_outlive_the_face() -> None:
    first, second = list(frames(2))
    seen = [first, Frame(second.t_ns, 1, np.zeros_like(second.gray)), Frame(second.t_ns + 1, 2, second.gray)]
    every, rare = (Perception(PerceptionSettings(expression_rate_hz=rate)) for rate in (1000.0, 0.5))
    observations = [rare.observe(frame) for frame in seen]
    assert observations == [every.observe(frame) for frame in seen]
    assert [observation.expression is None for observation in observations] == [False, True, False]


def test_slowed_down_to_nothing_expression_and_mouth_are_not_known() -> None:
    perception = Perception(PerceptionSettings())
    first, second, third = list(frames(3))
    perception.observe(first)
    perception.slow_down(0.0, 0.0)
    slow = perception.observe(second)
    assert slow.expression is None
    assert slow.mouth is None
    assert slow.eyes is not None
    perception.slow_down(5.0, 1000.0)
    assert perception.observe(third).expression is not None


def test_a_mask_leaves_the_eyes_and_hides_mouth_and_expression(monkeypatch: pytest.MonkeyPatch) -> None:
    first, second, third = frames(3)
    settings = PerceptionSettings(expression_rate_hz=1000.0)
    perception, other = Perception(settings), Perception(settings)
    perception.observe(first)
    bare = perception._tracker.look
    assert bare is not None
    covers = [0.0]
    monkeypatch.setattr(FaceReader, "look", lambda *place: replace(bare, mask=covers[0]))
    assert perception.observe(first).expression is not None
    covers[0] = MASKED
    seen = perception.observe(second)
    covers[0] = 0.0
    assert seen.face is not None
    assert seen.eyes is not None and seen.eyes.left is not None
    assert seen.expression is None
    assert seen.mouth is None
    again = perception.observe(third)
    assert again.mouth is not None
    assert again.expression == other.observe(third).expression  # a look of its own: none from before the mask


def test_the_heads_angles_come_with_the_face_and_not_in_profile(monkeypatch: pytest.MonkeyPatch) -> None:
    perception, (first, second) = Perception(PerceptionSettings()), frames(2)
    head = perception.observe(first).head
    assert head is not None
    assert abs(head.yaw) < 15 and abs(head.pitch) < 20 and abs(head.roll) < 10
    look = perception._tracker._reader.look
    monkeypatch.setattr(perception._tracker._reader, "look", lambda *place: replace(look(*place), yaw=70.0))
    seen = perception.observe(second)
    assert seen.head is None
    assert seen.face is not None and seen.face.profile


@pytest.mark.parametrize(("mouth", "happy"), [(0.9, 0.0), (0.5, 0.0), (0.4, 0.7), (None, 0.7)])
def test_a_mouth_wide_open_without_laughing_is_no_happy_face(
    monkeypatch: pytest.MonkeyPatch, mouth: float | None, happy: float
) -> None:
    """What the expression network has of happy then counts as neutral, so that no other expression gains by it."""
    perception = Perception(PerceptionSettings())
    monkeypatch.setattr(perception._mouth, "read", lambda gray, face: mouth)
    said = (0.1, 0.0, 0.05, 0.7, 0.05, 0.0, 0.1)
    monkeypatch.setattr(perception._expression, "follow", lambda gray, face: said)
    (frame,) = frames(1)
    found = perception.observe(frame).expression
    assert found is not None
    assert found[EXPRESSIONS.index("happy")] == happy
    assert found[EXPRESSIONS.index("neutral")] == pytest.approx(0.8 - happy)
    assert found[0] == 0.1
    assert sum(found) == pytest.approx(1)
