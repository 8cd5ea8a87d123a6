"""Raw pictures for the bench's camera, 640x480 px YUYV, from clips of real drivers or from the simulated one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

WIDTH, HEIGHT, RATE_HZ = 640, 480, 15.0
Gray = NDArray[np.uint8]

# What each scene shows; the clip it comes from, and where in the demo the same is seen (s).
REAL = {
    "awake": ("phone_awake_m01.mp4", 0.0, 12.0),
    "drowsy": ("phone_drowsy_m01.mp4", 0.0, 12.0),
    "angry": ("dark_angry_m11.mp4", 0.0, 20.0),
}
SIMULATED = {"awake": (1.0, 10.0), "drowsy": (11.0, 15.5), "angry": (24.0, 36.0)}


def from_clip(path: Path, start_s: float, end_s: float) -> Iterator[Gray]:
    """Yield the clip's pictures between two times at RATE_HZ, fitted into 640x480 px."""
    from fermon.cameras import EndOfFrames
    from fermon.cameras.playback import Pacer
    from fermon.cameras.video import VideoCamera

    camera = VideoCamera(path, Pacer("max"))
    number = 0
    try:
        while True:
            frame = camera.read(1.0)
            assert frame is not None
            t_s = frame.t_ns / 1e9
            while start_s <= t_s < end_s and t_s - start_s >= number / RATE_HZ:
                yield fitted(frame.gray)
                number += 1
    except EndOfFrames:
        pass
    finally:
        camera.close()


def from_demo(start_s: float, end_s: float) -> Iterator[Gray]:
    """Yield the simulated driver's pictures between two times."""
    from fermon.cameras.demo.camera import DemoCamera
    from fermon.cameras.playback import Pacer

    camera = DemoCamera(Pacer("max"))
    while (frame := camera.read(1.0)) is not None and frame.t_ns < end_s * 1e9:
        if frame.t_ns >= start_s * 1e9:
            yield fitted(frame.gray)


def fitted(gray: Gray) -> Gray:
    """Return the picture scaled to fit into 640x480 px, with bars where the shape differs."""
    import cv2

    height, width = gray.shape
    scale = min(WIDTH / width, HEIGHT / height)
    size = (round(width * scale), round(height * scale))
    small = cv2.resize(gray, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    whole = np.full((HEIGHT, WIDTH), 90, np.uint8)
    top, left = (HEIGHT - size[1]) // 2, (WIDTH - size[0]) // 2
    whole[top : top + size[1], left : left + size[0]] = small
    return whole


def write_clips(folder: Path, videos: Path | None) -> str:
    """Write awake.yuyv, drowsy.yuyv and angry.yuyv; return what they were made from."""
    folder.mkdir(parents=True, exist_ok=True)
    real = videos is not None and all((videos / name).is_file() for name, _, _ in REAL.values())
    for scene in REAL:
        pictures = from_demo(*SIMULATED[scene])
        if real and videos is not None:
            name, start_s, end_s = REAL[scene]
            pictures = from_clip(videos / name, start_s, end_s)
        yuyv = np.full((HEIGHT, WIDTH, 2), 128, np.uint8)
        with (folder / f"{scene}.yuyv").open("wb") as file:
            for gray in pictures:
                yuyv[:, :, 0] = gray
                file.write(yuyv.tobytes())
    return "clips of real drivers" if real else "the simulated driver (no annotated clips here)"
