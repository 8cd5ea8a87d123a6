"""What hides the eyes makes them unknown, with a cause: never closed, never open."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from eyes.patches import dark_glasses
from fermon.cameras import CameraSettings, open_camera
from fermon.domain import Face
from fermon.perception import geometry
from fermon.perception.blazeface import BlazeFace
from fermon.perception.contract import Gray
from fermon.perception.eyes import EyeReader
from fermon.perception.network import Network, models_dir
from fermon.policy.closure import eye_state


@pytest.fixture(scope="module")
def reader() -> EyeReader:
    return EyeReader(Network(models_dir() / "eyes.tflite"))


@pytest.fixture(scope="module")
def attentive() -> tuple[Gray, Face]:
    """The simulated driver, looking ahead, and his face."""
    frame = open_camera("demo", CameraSettings(), "max").read(1)
    assert frame is not None
    (face,) = BlazeFace().search(frame.gray)
    return frame.gray, face


def painted(gray: Gray, face: Face, paint: Callable[[Gray, tuple[int, int], float], None]) -> Gray:
    """A copy with something painted over each eye: paint(picture, centre px, unit px)."""
    out = gray.copy()
    for place in geometry.places(face)[:2]:
        paint(out, (round(place.x), round(place.y)), place.unit)
    return out


def dark_lens(out: Gray, at: tuple[int, int], unit: float) -> None:
    cv2.ellipse(out, at, (round(0.42 * unit), round(0.32 * unit)), 0, 0, 360, 12, -1)


def glare(out: Gray, at: tuple[int, int], unit: float) -> None:
    cv2.ellipse(out, at, (round(0.4 * unit), round(0.3 * unit)), 0, 0, 360, 250, -1)


def hand(out: Gray, at: tuple[int, int], unit: float) -> None:
    side = round(0.5 * unit)
    rows, columns = np.mgrid[-side:side, -side:side]
    skin = 150 + 20 * np.sin(columns / (0.12 * unit)) + 0.1 * rows  # fingers side by side
    out[at[1] - side : at[1] + side, at[0] - side : at[0] + side] = skin.astype(np.uint8)


def test_the_attentive_driver_is_read_open(reader: EyeReader, attentive: tuple[Gray, Face]) -> None:
    eyes = reader.read(*attentive)
    assert eyes.cause is None
    assert eyes.left is not None
    assert eyes.left < 0.5


@pytest.mark.parametrize("paint", [dark_lens, glare, hand])
def test_covered_eyes_are_unknown(
    reader: EyeReader, attentive: tuple[Gray, Face], paint: Callable[[Gray, tuple[int, int], float], None]
) -> None:
    gray, face = attentive
    eyes = reader.read(painted(gray, face, paint), face)
    assert (eyes.left, eyes.right, eyes.cause) == (None, None, "covered")


def test_a_hopeless_blur_is_unknown(reader: EyeReader, attentive: tuple[Gray, Face]) -> None:
    gray, face = attentive
    eyes = reader.read(
        np.asarray(cv2.GaussianBlur(gray, (0, 0), 0.2 * geometry.places(face).left.unit), np.uint8), face
    )
    assert (eyes.left, eyes.right, eyes.cause) == (None, None, "covered")


def test_one_covered_eye_leaves_the_other_readable(reader: EyeReader, attentive: tuple[Gray, Face]) -> None:
    gray, face = attentive
    half, left = gray.copy(), geometry.places(face).left
    dark_lens(half, (round(left.x), round(left.y)), left.unit)
    eyes = reader.read(half, face)
    assert (eyes.left, eyes.cause) == (None, "covered")
    assert eyes.right is not None


def test_dark_glasses_on_real_drivers_are_hardly_ever_closed_eyes(reader: EyeReader, shared: Path) -> None:
    """Frames that the network was trained on, as unreadable: a check of the whole way, not a figure."""
    root, detector = shared / "frames_yawdd", BlazeFace()
    read = {"closed": 0, "unknown": 0, "open": 0}
    for path in sorted(root.glob("no_yawn/*.jpg")):
        if not dark_glasses(str(path.relative_to(root)), ""):
            continue
        gray = np.asarray(cv2.imread(str(path), cv2.IMREAD_GRAYSCALE), np.uint8)
        for face in detector.search(gray)[:1]:
            eyes = reader.read(gray, face)
            read[eye_state(eyes.left, eyes.right, 0.5, 0.1).value] += 1
    total = sum(read.values())
    assert total > 40
    assert read["closed"] <= 0.02 * total
    assert read["unknown"] >= 0.7 * total
