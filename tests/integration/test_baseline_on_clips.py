"""The driver's own level, learned and used on real pictures: the same man awake, then with slow closures."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from fermon.cameras import CameraSettings, EndOfFrames, open_camera
from fermon.domain import NS_PER_S, EyeState, Frame, Kind, Observation
from fermon.perception.pipeline import Perception, PerceptionSettings
from fermon.policy import Policy, PolicySettings
from fermon.policy.closure import eye_state

AWAKE, DROWSY = "phone_awake_m01.mp4", "phone_drowsy_m01.mp4"


def clip(path: Path) -> list[Frame]:
    camera, frames = open_camera(str(path), CameraSettings(), "max"), []
    try:
        while True:
            frame = camera.read(10)
            if frame is not None:
                frames.append(frame)
    except EndOfFrames:
        return frames
    finally:
        camera.close()


def one_after_the_other(*clips: list[Frame]) -> Iterator[Frame]:
    t_ns = 0
    for frames in clips:
        for frame in frames:
            yield replace(frame, t_ns=t_ns + frame.t_ns)
        t_ns += frames[-1].t_ns + NS_PER_S // 30


def shut(observation: Observation) -> bool:
    eyes = observation.eyes
    return eyes is not None and eye_state(eyes.left, eyes.right, 0.5, 0.1) is EyeState.CLOSED


def test_half_a_minute_awake_teaches_the_level_and_the_closures_after_it_are_seen(shared: Path) -> None:
    videos = shared / "videos"
    awake, drowsy = clip(videos / AWAKE), clip(videos / DROWSY)
    perception, policy = Perception(PerceptionSettings()), Policy(PolicySettings())
    alerts, closed_s = [], 0.0
    awake_s = 4 * (awake[-1].t_ns / NS_PER_S + 1 / 30)
    for frame in one_after_the_other(awake, awake, awake, awake, drowsy):
        observation = perception.observe(frame)
        alerts += [alert for alert in policy.feed(observation) if alert.active]
        closed_s += shut(observation) / 30 if frame.t_ns >= awake_s * NS_PER_S else 0.0
    assert closed_s == pytest.approx(1.7 + 1.29 + 1.0, abs=0.6)  # the annotated closures
    assert {alert.kind for alert in alerts} == {Kind.MICROSLEEP}
    assert all(alert.since_ns >= awake_s * NS_PER_S for alert in alerts)
