"""The simulated driver: its script, its clip, and that a real detector finds the drawn face."""

from __future__ import annotations

import itertools

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from fermon.cameras import EndOfFrames
from fermon.cameras.demo.camera import CLIP, RATE_HZ, DemoCamera
from fermon.cameras.demo.script import END_S, SCRIPT, expected_alerts, moment
from fermon.cameras.playback import Pacer
from fermon.domain import Frame, Kind
from fermon.errors import CameraLost


@pytest.fixture(scope="module")
def frames() -> list[Frame]:
    camera, found = DemoCamera(Pacer("max")), []
    with pytest.raises(EndOfFrames, match="demo: end after 76 s"):
        while (frame := camera.read(1.0)) is not None:
            found.append(frame)
    camera.close()
    return found


def at(frames: list[Frame], t_s: float) -> NDArray[np.uint8]:
    return frames[int(t_s * RATE_HZ)].gray


def test_the_script_has_no_gaps_and_ends_in_time() -> None:
    assert SCRIPT[0].start_s == 0
    for before, after in itertools.pairwise(SCRIPT):
        assert before.end_s == after.start_s
    assert END_S < 90
    whats = [segment.what for segment in SCRIPT]
    for what in ("attentive", "blinking", "microsleep", "angry", "gone"):
        assert what in whats


def test_the_driver_does_what_the_script_says() -> None:
    for segment in SCRIPT:
        middle = moment((segment.start_s + segment.end_s) / 2)
        assert (middle.lids_long == 1) == (segment.what in ("microsleep", "asleep"))
        assert (middle.anger == 1) == (segment.what == "angry")
        assert (middle.away == 1) == (segment.what == "gone")


def test_lids_are_shut_from_the_first_to_the_last_frame_of_a_sleep() -> None:
    for segment in SCRIPT:
        if segment.what in ("microsleep", "asleep"):
            assert moment(segment.start_s).lids == 1
            assert moment(segment.end_s - 0.001).lids == 1
            assert moment(segment.end_s + 0.15).lids == 0


def test_blinks_stay_blinks() -> None:
    """No closure but the sleeps is as long as a quarter of a second, from which on PERCLOS would count it."""
    times = np.arange(0, END_S, 0.005)
    # From a quarter of the way down the lids are drawn half shut, which may be read as closed.
    shut = np.array([moment(t).lids >= 0.25 and moment(t).lids_long == 0 for t in times])
    edges = np.flatnonzero(np.diff(np.concatenate([[0], shut.astype(int), [0]])))
    lengths = (edges[1::2] - edges[::2]) * 0.005
    assert 10 <= len(lengths) <= 40
    assert lengths.max() < 0.25 - 1 / RATE_HZ


def test_expected_alerts_lie_in_the_demo_and_in_order() -> None:
    for alert in expected_alerts():
        assert 0 < alert.raised_s[0] < alert.raised_s[1] < END_S
        if alert.cleared_s is not None:
            assert alert.raised_s[1] < alert.cleared_s[0] < alert.cleared_s[1] < END_S
    kinds = {alert.kind for alert in expected_alerts()}
    assert {Kind.MICROSLEEP, Kind.ANGER, Kind.UNAVAILABLE} <= kinds


def test_the_clip_is_small_and_ends_by_itself_at_its_rate(frames: list[Frame]) -> None:
    assert CLIP.stat().st_size < 3_000_000
    assert len(frames) == round(END_S * RATE_HZ)
    assert {frame.gray.shape for frame in frames} == {(480, 640)}
    assert [frame.t_ns for frame in frames] == pytest.approx([seq / RATE_HZ * 1e9 for seq in range(len(frames))], abs=2)


def test_it_can_be_closed() -> None:
    camera = DemoCamera(Pacer("max"))
    camera.close()
    with pytest.raises(CameraLost, match="demo: closed"):
        camera.read(0.0)


def test_pictures_differ_by_lids_and_expression(frames: list[Frame]) -> None:
    open_, shut, angry = (at(frames, t)[100:330, 200:440].astype(int) for t in (17.0, 13.0, 30.0))
    assert np.abs(open_ - shut).mean() > 1
    assert np.abs(open_ - angry).mean() > 1


def test_a_detector_finds_the_face_when_it_is_there_and_only_then(frames: list[Frame]) -> None:
    """OpenCV's own frontal cascade: a detector that knows nothing of fermon."""
    cascade = cv2.CascadeClassifier(cv2.data.haarcascades + "haarcascade_frontalface_default.xml")
    for t in np.arange(0.5, END_S, 3.7):
        faces = cascade.detectMultiScale(at(frames, float(t)), 1.1, 5, minSize=(100, 100))
        away = moment(float(t)).away
        assert len(faces) == (0 if away == 1 else 1), f"at {t:.1f} s"


def test_an_empty_seat_is_no_covered_camera(frames: list[Frame]) -> None:
    """Five times as sharp as the policy's limit (0.02): the cause of UNAVAILABLE is that nobody is there."""
    from fermon.perception.quality import judge

    quality = judge(at(frames, 50.0))
    assert quality.sharpness > 0.1
    assert quality.brightness > 0.15
