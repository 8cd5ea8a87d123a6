"""The real clips: as many frames as their list says, at their own times. Needs the shared test data."""

from __future__ import annotations

import csv
from itertools import pairwise
from pathlib import Path

import pytest

from fermon.cameras import CameraSettings, EndOfFrames, open_camera


@pytest.mark.parametrize(
    "name", ["phone_drowsy_m01.mp4", "webcam_blinks_m05.mp4", "dark_angry_m11.mp4", "car_yawn_f10.mp4"]
)
def test_a_clip_gives_every_frame_at_its_time(shared: Path, name: str) -> None:
    videos = shared / "videos"
    with (videos / "videos.csv").open(newline="", encoding="utf-8") as file:
        row = next(row for row in csv.DictReader(file) if row["file"] == name)
    camera = open_camera(str(videos / name), CameraSettings(), "max")
    times, shapes = [], set()
    with pytest.raises(EndOfFrames):
        while (frame := camera.read(1.0)) is not None:
            times.append(frame.t_ns)
            shapes.add(frame.gray.shape)
    camera.close()
    width, height = map(int, row["resolution"].split("x"))
    assert shapes == {(height, width)}
    assert len(times) == int(row["frames"])
    assert times[0] == 0
    assert all(after > before for before, after in pairwise(times))
    assert times[-1] / 1e9 == pytest.approx(float(row["duration_s"]), abs=1.5 / float(row["fps"]))
