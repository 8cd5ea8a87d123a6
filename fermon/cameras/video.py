"""A video file, with its own frame times."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import Any

import numpy as np

from fermon.cameras import elementary
from fermon.cameras.contract import EndOfFrames
from fermon.cameras.decoder import Decoder
from fermon.cameras.opencv import open_clip
from fermon.cameras.playback import Pacer
from fermon.cameras.timeline import NoTimes, Timeline
from fermon.domain import NS_PER_S, Frame
from fermon.errors import CameraLost, CameraNotFound, Problem
from fermon.paths import shown, unreadable

log = logging.getLogger(__name__)

SNIFF_BYTES = 4096
_SOURCES = "a camera is '/dev/videoN', 'N', 'picamera' or 'demo'"
_MOST_TOLD = 5  # jumps of the clip's time told one by one
_LATE_NS = NS_PER_S // 10  # behind which frames are dropped while the step between them is not known


class VideoCamera:
    """Plays a clip. The first frame has time 0; the same clip gives the same frames and times on every run.

    With pace "real" it plays at its own speed and drops frames when the reader is slow, as a camera would; with
    "max" every frame comes, as fast as it is read. `fps` times the frames by itself, None = as the clip says.
    Rotation metadata is honoured, `turn_deg` clockwise comes on top, and frames of another size in mid-stream are
    scaled to the first one's size (by OpenCV). What cannot be decoded is left out, counted and told.
    Raises CameraNotFound: no such file, no video, nothing that says how fast it goes.
    """

    live = False

    def __init__(self, path: Path, pacer: Pacer, *, fps: float | None = None, turn_deg: int = 0) -> None:
        self.name = shown(path)
        self._pacer = pacer
        capture, self._timeline = _open(path, self.name, fps)
        self._decoder = Decoder(capture, turn_deg)
        self._told = 0  # of the pictures lost, how many the last time knows about
        self._jumps = 0
        self._closed = False
        self._over: EndOfFrames | None = None
        if not self._decoder.first():
            self.close()
            raise CameraNotFound(f"{self.name}: no picture in it could be decoded", remedy="is it a video?")
        self._pending = self._take()  # a frame's time is known, but it is not due yet

    def read(self, timeout_s: float) -> Frame | None:
        """See Camera.read."""
        if self._closed:
            raise CameraLost(f"{self.name}: closed")
        while True:
            if not self._pending:
                self._advance()
            while self._pacer.late_ns(self._timeline.t_ns) > (self._timeline.step_ns or _LATE_NS):
                self._advance()  # the reader was slow: catch up
            if not self._pacer.wait(self._timeline.t_ns, timeout_s):
                return None
            self._pending = False
            gray = self._decoder.gray()
            if gray is not None:
                gray.flags.writeable = False
                return Frame(self._timeline.t_ns, self._decoder.seen - 1, gray)

    def close(self) -> None:
        """See Camera.close."""
        if not self._closed:
            self._closed = True
            self._decoder.close()

    def _advance(self) -> None:
        """Go on to the next frame. Raises EndOfFrames after the last one, and at every later call."""
        self._pending = False
        while not self._pending:
            if self._over is None and not self._decoder.next():
                self._over = EndOfFrames(self._ending())
            if self._over is not None:
                raise self._over
            self._pending = self._take()

    def _take(self) -> bool:
        """Give the picture at hand its time, and tell what went wrong on the way to it. False: it is left out."""
        lost = self._decoder.lost - self._told
        try:
            t_ns = self._timeline.next(self._decoder.stamp_ms, lost)
        except NoTimes:
            raise CameraLost.of([_no_times(self.name, "pictures without time stamps")]) from None
        if t_ns is None:
            self._decoder.leave_out()
            lost += 1
        if lost and not self._told:
            seconds = self._timeline.t_ns / NS_PER_S
            log.warning("%s: damaged near %.1f s: what cannot be decoded is left out", self.name, seconds)
        self._told += lost
        if self._timeline.jump:
            self._jumps += 1
            if self._jumps <= _MOST_TOLD:
                log.warning("%s: its time jumps %s", self.name, self._timeline.jump)
            self._pacer.restart()  # nobody waits for an hour of which there is no picture
        return t_ns is not None

    def _ending(self) -> str:
        """Say how the clip ended; a warning when it is not as it should be."""
        count, lost, step_s = self._decoder.seen, self._decoder.lost, self._timeline.step_ns / NS_PER_S
        seconds = self._timeline.t_ns / NS_PER_S + step_s
        # A clip's time that jumps makes its number of frames, where only its duration is told, a wrong one.
        promised = 0 if self._jumps else self._decoder.promised
        few = count < 0.95 * promised
        text = f"end after {count} frames ({seconds:.1f} s)"
        # Both must fall short: a container without an index only estimates its number of frames.
        if few and seconds < 0.95 * promised * step_s:
            text = (
                f"ends early, after {count} of {promised} frames ({seconds:.1f} s); damaged or cut off? What could be "
                f"decoded was used"
            )
        elif lost or few:
            text += f"; {max(lost, promised - count)} more could not be used"
        if self._jumps > _MOST_TOLD:
            text += f"; its time jumped {self._jumps} times"
        if lost or few or self._jumps > _MOST_TOLD:
            log.warning("%s: %s", self.name, text)
        return f"{self.name}: {text}"


def _open(path: Path, name: str, fps: float | None) -> tuple[Any, Timeline]:
    """Return an opened cv2.VideoCapture, and what times its pictures. Raises CameraNotFound with the reason."""
    if problem := unreadable(path, "a video", _SOURCES):
        raise CameraNotFound.of([problem])
    with path.open("rb") as file:
        stream = _sniff(file.read(SNIFF_BYTES), name)
        if stream is not None and not (stream.rate_hz or fps):
            raise CameraNotFound.of([_no_times(name, stream.kind, stream.hint_hz)])
        opened = open_clip(file.fileno())
        size = os.fstat(file.fileno()).st_size
    if opened is None:
        raise CameraNotFound(
            f"{name}: cannot be read as a video ({size} bytes)",
            remedy="damaged, cut off (an MP4 has its index at the end), or of a kind unknown to OpenCV's ffmpeg",
        )
    capture, rate_hz = opened
    if fps:
        log.info("%s: timed at %g frames a second, as --fps says", name, fps)
        return capture, Timeline(fps, steady=True)
    if stream is not None:
        log.info("%s: %s, timed at the %g frames a second that it says to keep", name, stream.kind, stream.rate_hz)
        return capture, Timeline(stream.rate_hz, steady=True)
    if not rate_hz:
        capture.release()
        raise CameraNotFound.of([_no_times(name, "pictures without time stamps")])
    # From 1000 on it is no rate but the unit of the time stamps, in which OpenCV's word for none is.
    return capture, Timeline(rate_hz if elementary.LEAST_HZ <= rate_hz < elementary.MOST_HZ else None, steady=False)


def _sniff(head: bytes, name: str) -> elementary.Stream | None:
    """Return the stream without time stamps that begins with `head`, None for other videos. Raises CameraNotFound."""
    if not head:
        raise CameraNotFound(name, found="an empty file (0 bytes)", expected="a video")
    stream = elementary.sniff(head)
    if stream is None and _is_text(head):  # ffmpeg would play it, as a film of a terminal
        raise CameraNotFound(name, found="a text file", expected="a video")
    return stream


def _no_times(name: str, found: str, hint_hz: float | None = None) -> Problem:
    hint = f"; its header speaks of {hint_hz:g}, which its pictures need not keep" if hint_hz else ""
    return Problem(name, found, "a clip that says when its pictures were taken", f"give their rate: --fps N{hint}")


def _is_text(head: bytes) -> bool:
    """Tell whether the start of a file is text: no video container begins with 4096 bytes free of control codes."""
    codes = np.frombuffer(head, dtype=np.uint8)
    control = (codes < 32) & ~np.isin(codes, (9, 10, 12, 13, 27))
    return not bool(control.any())
