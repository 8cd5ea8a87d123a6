"""Feeds /dev/video10 with raw YUYV pictures of 640x480 px: the camera of the test bench.

`/run/bench/scene` is read before each picture: "play NAME" plays /payload/clips/NAME.yuyv from its start and then
again and again at its own rate, "still" goes on with the very same picture, "nothing" gives no pictures.
`/run/bench/fed` holds the number of pictures given.
"""

import fcntl
import os
import struct
import sys
import time
from pathlib import Path

WIDTH, HEIGHT = 640, 480
SIZE = WIDTH * HEIGHT * 2
S_FMT = 0xC0D05605  # VIDIOC_S_FMT, 64 bit
VIDEO_OUTPUT = 2
SCENE, FED = Path("/run/bench/scene"), Path("/run/bench/fed")


def main() -> None:
    rate_hz = float(sys.argv[1])
    node = os.open("/dev/video10", os.O_RDWR)
    form = struct.pack("<I4xII4sIIIII", VIDEO_OUTPUT, WIDTH, HEIGHT, b"YUYV", 1, WIDTH * 2, SIZE, 8, 0)
    fcntl.ioctl(node, S_FMT, bytearray(form.ljust(208, b"\0")))
    scene = ""
    picture = b""
    clip = count = given = 0
    began = due = time.monotonic()
    while True:
        wanted = SCENE.read_text().strip()
        if wanted != scene:
            scene = wanted
            if scene.startswith("play "):
                clip = os.open(f"/payload/clips/{scene[5:]}.yuyv", os.O_RDONLY)
                count = os.fstat(clip).st_size // SIZE
                began = due = time.monotonic()
        if scene.startswith("play "):  # by the clock: a slow machine leaves pictures out, the clip keeps its time
            place = int((time.monotonic() - began) * rate_hz) % count
            picture = os.pread(clip, SIZE, place * SIZE)
        if scene != "nothing" and picture:
            os.write(node, picture)
            given += 1
            FED.write_text(str(given))
        due = max(due + 1 / rate_hz, time.monotonic())
        time.sleep(max(0.0, due - time.monotonic()))


main()
