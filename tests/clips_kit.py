"""Clips for tests: ordinary ones by OpenCV, Matroska with any time stamps and raw H.264 written by hand."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from fermon.cameras import EndOfFrames
from fermon.cameras.playback import Pacer
from fermon.cameras.video import VideoCamera
from fermon.domain import Frame

Gray = NDArray[np.uint8]


def write(path: Path, pictures: Sequence[Gray], codec: str, rate_hz: float = 20.0) -> Path:
    """Write gray pictures of one size with OpenCV's `codec`, into the container that the path's ending names."""
    height, width = pictures[0].shape
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*codec), rate_hz, (width, height))
    assert writer.isOpened()
    for picture in pictures:
        writer.write(cv2.cvtColor(picture, cv2.COLOR_GRAY2BGR))
    writer.release()
    return path


def jpegs(pictures: Sequence[Gray]) -> list[bytes]:
    return [cv2.imencode(".jpg", picture)[1].tobytes() for picture in pictures]


def y4m(pictures: Sequence[Gray], rate: str) -> bytes:
    """`rate` is the header's word, such as "F15:1"; 4:2:0."""
    height, width = pictures[0].shape
    colour = bytes([128]) * (height // 2 * (width // 2) * 2)
    head = f"YUV4MPEG2 W{width} H{height} {rate} Ip A1:1 C420jpeg\n".encode()
    return head + b"".join(b"FRAME\n" + picture.tobytes() + colour for picture in pictures)


def matroska(pictures: Sequence[bytes], stamps_ms: Sequence[int], *, step_ms: int = 0, end_ms: float = 0) -> bytes:
    """Return a Matroska file of JPEGs with these time stamps; `step_ms` is the step between frames that it names.

    `end_ms` is the duration that it names, which counts from time 0. 0 = it names none.
    """

    def element(name: str, content: bytes) -> bytes:
        return bytes.fromhex(name) + (1 << 56 | len(content)).to_bytes(8, "big") + content

    def number(name: str, value: int) -> bytes:
        return element(name, value.to_bytes(8, "big"))

    height, width = cv2.imdecode(np.frombuffer(pictures[0], np.uint8), cv2.IMREAD_GRAYSCALE).shape
    duration = element("4489", struct.pack(">d", end_ms)) if end_ms else b""
    step = number("23E383", step_ms * 1_000_000) if step_ms else b""
    track = number("D7", 1) + number("73C5", 1) + number("83", 1) + element("86", b"V_MJPEG") + step
    track += element("E0", number("B0", width) + number("BA", height))
    segment = element("1549A966", number("2AD7B1", 1_000_000) + duration) + element("1654AE6B", element("AE", track))
    for picture, stamp_ms in zip(pictures, stamps_ms, strict=True):
        segment += element("1F43B675", number("E7", stamp_ms) + element("A3", b"\x81\0\0\x80" + picture))
    head = element("4282", b"matroska") + number("4287", 4) + number("4285", 2)
    return element("1A45DFA3", head) + element("18538067", segment)


def play(path: Path, **options: float) -> tuple[list[Frame], str]:
    """Return all frames and what was said at the end."""
    camera = VideoCamera(path, Pacer("max"), **options)  # type: ignore[arg-type]
    frames: list[Frame] = []
    try:
        while (frame := camera.read(1.0)) is not None:
            frames.append(frame)
    except EndOfFrames as end:
        return frames, str(end)
    finally:
        camera.close()
    raise AssertionError("a picture did not come at once")


def times_ms(frames: Sequence[Frame]) -> list[int]:
    return [round(frame.t_ns / 1e6) for frame in frames]


class Bits:
    """Writes numbers as bits, the first one highest (ITU-T H.264, 7.2 and 9.1)."""

    def __init__(self) -> None:
        self._bits: list[int] = []

    def u(self, bits: int, value: int) -> Bits:
        self._bits += [value >> place & 1 for place in reversed(range(bits))]
        return self

    def ue(self, *values: int) -> Bits:
        for value in values:
            length = (value + 1).bit_length()
            self.u(2 * length - 1, value + 1)
        return self

    def se(self, value: int) -> Bits:
        return self.ue(2 * value - 1 if value > 0 else -2 * value)

    def align(self) -> Bits:
        return self.u(-len(self._bits) % 8, 0)

    def bytes(self) -> bytes:
        return bytes(np.packbits(np.array(self._bits, np.uint8)))


def unit(header: int, payload: bytes) -> bytes:
    """Return a NAL unit with its start code."""
    guarded, zeros = bytearray(), 0
    for byte in payload:
        if zeros >= 2 and byte <= 3:
            guarded.append(3)
            zeros = 0
        guarded.append(byte)
        zeros = zeros + 1 if byte == 0 else 0
    return b"\0\0\0\1" + bytes([header]) + bytes(guarded)


@dataclass(frozen=True)
class Timing:
    """What a stream says about time: units in a tick, ticks a second, and whether its pictures keep to them."""

    units: int
    scale: int
    fixed: bool


def parameters(width: int, height: int, timing: Timing | None, *, profile: int = 66, vui: bool = True) -> bytes:
    """Return the sequence parameter set of a stream of `width` x `height` px, multiples of 16."""
    bits = Bits().u(8, profile).u(8, 0).u(8, 30).ue(0)
    if profile == 100:
        bits.ue(1, 0, 0).u(1, 0).u(1, 1)  # with scaling lists: the first one with steps, the others not there
        bits.u(1, 1)
        for _ in range(16):
            bits.se(1)
        bits.u(7, 0)
    bits.ue(0, 2, 1).u(1, 0).ue(width // 16 - 1, height // 16 - 1).u(1, 1).u(1, 0)
    bits.u(1, 1).ue(0, 0, 0, 0).u(1, vui)
    if vui:
        bits.u(1, 1).u(8, 255).u(16, 1).u(16, 1).u(1, 1).u(1, 0).u(1, 1).u(4, 5).u(1, 1).u(24, 0).u(1, 1).ue(0, 0)
        bits.u(1, timing is not None)
        if timing is not None:
            bits.u(32, timing.units).u(32, timing.scale).u(1, timing.fixed)
        bits.u(1, 0).u(1, 0).u(1, 0).u(1, 0)
    return unit(0x67, bits.u(1, 1).align().bytes())


def h264(pictures: Sequence[Gray], timing: Timing | None, *, vui: bool = True) -> list[bytes]:
    """Return the units of a raw H.264 stream of gray pictures: two parameter sets, then one unit for each picture.

    Each is an IDR picture of I_PCM macroblocks: what is decoded is what was written.
    """
    height, width = pictures[0].shape
    sets = [
        parameters(width, height, timing, vui=vui),
        unit(0x68, Bits().ue(0, 0).u(2, 0).ue(0, 0, 0).u(3, 0).se(0).se(0).se(0).u(3, 0).u(1, 1).align().bytes()),
    ]
    return sets + [unit(0x65, b"".join(_slice(number, picture))) for number, picture in enumerate(pictures)]


def _slice(number: int, picture: Gray) -> Iterator[bytes]:
    head = Bits().ue(0, 7, 0).u(4, 0).ue(number % 2).u(2, 0).se(0)
    for top in range(0, picture.shape[0], 16):
        for left in range(0, picture.shape[1], 16):
            yield head.ue(25).align().bytes()  # a macroblock as it is
            yield picture[top : top + 16, left : left + 16].tobytes() + bytes([128]) * 128
            head = Bits()
    yield b"\x80"


def bars(count: int, width: int = 64, height: int = 48) -> list[Gray]:
    """Return pictures that tell their number: a dark one whose brighter bar stands 2 px further in each."""
    made = []
    for number in range(count):
        picture = np.full((height, width), 40, np.uint8)
        picture[:, 2 * number % width : 2 * number % width + 8] = 200
        made.append(picture)
    return made


def number_of(gray: Gray) -> int:
    """Return the number of a picture of `bars`, below 28."""
    return round(int(np.argmax(gray.mean(axis=0) > 120)) / 2)
