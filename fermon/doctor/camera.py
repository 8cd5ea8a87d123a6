"""The camera: does it open, how fast is it, is there light, is a face found?"""

from __future__ import annotations

import time
from collections.abc import Iterator

from fermon.cameras import open_camera
from fermon.cameras.contract import Camera, EndOfFrames
from fermon.config import Config
from fermon.doctor.finding import Finding, fault, faults, ok, warning
from fermon.domain import NS_PER_S, Frame
from fermon.errors import CameraLost, CameraNotFound, ModelError
from fermon.perception.quality import judge

REMEDY = "plug it in, or name another: --camera SOURCE, or camera.source in the configuration"
WATCH_S = 3.0
PLENTY = 120  # frames after which a clip or the demo has been watched for long enough
ENOUGH_FACES = 0.5  # share of frames


def check_camera(config: Config, source: str) -> Iterator[Finding]:
    """Yield what the camera gives in three seconds. Frames are looked at and forgotten."""
    try:
        camera = open_camera(source, config.camera, "max")
    except CameraNotFound as error:
        yield from faults("camera", error, REMEDY)
        return
    try:
        frames = _watch(camera, config.camera.first_frame_s)
    except CameraLost as error:
        yield from faults("camera", error, REMEDY)
        return
    finally:
        camera.close()
    if not frames:
        yield fault(
            "camera", f"{source}: opens but gives no frame", "check its cable and power, or name another camera"
        )
        return
    yield from _judge(frames, config, source, camera.live)


def _watch(camera: Camera, first_frame_s: float) -> list[Frame]:
    """Return the frames of three seconds from the first one on."""
    frames: list[Frame] = []
    end = time.monotonic() + first_frame_s
    while time.monotonic() < end and (camera.live or len(frames) < PLENTY):
        try:
            frame = camera.read(0.25)
        except EndOfFrames:
            break
        if frame is not None:
            if not frames:
                end = time.monotonic() + WATCH_S
            frames.append(frame)
    return frames


def _judge(frames: list[Frame], config: Config, source: str, live: bool) -> Iterator[Finding]:
    height, width = frames[0].gray.shape
    seconds = (frames[-1].t_ns - frames[0].t_ns) / NS_PER_S
    rate = (len(frames) - 1) / seconds if seconds > 0 else 0.0
    text = f"{source}: {width}x{height} px, {rate:.1f} frames a second"
    floor = config.policy.slow_hz
    if rate < floor:
        yield fault(
            "camera", f"{text}, expected at least {floor:g}", "more light, a smaller picture, or another camera"
        )
    elif live and rate < 0.9 * config.camera.rate_hz:
        yield warning(
            "camera",
            f"{text}, {config.camera.rate_hz:g} were asked for",
            'more light (cameras expose longer in the dark), camera.pixel_format = "MJPG", or a smaller picture',
        )
    else:
        yield ok("camera", text)
    qualities = [judge(frame.gray) for frame in frames[:: max(1, len(frames) // 10)]]
    bright = sum(quality.brightness for quality in qualities) / len(qualities)
    sharp = sum(quality.sharpness for quality in qualities) / len(qualities)
    if bright < config.policy.dark_brightness:
        remedy = "light the driver (infrared, 850 or 940 nm), take off the lens cap"
        yield warning(
            "camera", f"too dark: mean brightness {bright:.2f}, expected {config.policy.dark_brightness:g}", remedy
        )
    elif sharp < config.policy.blocked_sharpness:
        limit = config.policy.blocked_sharpness
        yield warning(
            "camera", f"nothing in focus: sharpness {sharp:.3f}, expected {limit:g}", "clean and focus the lens"
        )
    else:
        yield ok("camera", f"light and focus: brightness {bright:.2f}, sharpness {sharp:.2f} (each 0 to 1)")
    yield _face(frames, config)


def _face(frames: list[Frame], config: Config) -> Finding:
    from fermon.perception.pipeline import Perception

    try:
        perception = Perception(config.perception)
    except ModelError as error:
        return warning("camera", f"face not searched: {error.problem.what}", "repair the models first")
    begin = time.perf_counter()
    observations = [perception.observe(frame) for frame in frames]
    took_ms = (time.perf_counter() - begin) / len(frames) * 1000
    found = sum(observation.face is not None for observation in observations) / len(frames)
    eyes = sum(
        o.eyes is not None and (o.eyes.left is not None or o.eyes.right is not None) for o in observations
    ) / len(frames)
    heads = sum(observation.head is not None for observation in observations) / len(frames)
    attention = f"the head's angles in {heads:.0%}" if heads else "no head's angles: attention is not determined"
    text = f"face in {found:.0%} of the frames, an eye readable in {eyes:.0%}, {attention}; {took_ms:.1f} ms a frame"
    if found >= ENOUGH_FACES and eyes >= ENOUGH_FACES:
        return ok("camera", text)
    return warning(
        "camera", text, "sit where the driver sits; the camera belongs in front of the face, at most 30 degrees aside"
    )
