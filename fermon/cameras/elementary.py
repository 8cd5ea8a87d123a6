"""Video streams without a container: no picture in them has a time stamp, and few say how fast they go.

Asked before ffmpeg, which assumes 25 pictures a second and does not say so.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

# ISO/IEC 13818-2, table 6-4: what a sequence header's four bits mean, in pictures a second.
_MPEG_RATES_HZ = (None, 24000 / 1001, 24.0, 25.0, 30000 / 1001, 30.0, 50.0, 60000 / 1001, 60.0)
_PACK, _SEQUENCE = 0xBA, 0xB3  # start codes of MPEG's program stream (a container) and of an MPEG-1 or 2 sequence
LEAST_HZ, MOST_HZ = 0.1, 1000.0  # rates that are believed


@dataclass(frozen=True, slots=True)
class Stream:
    """A stream without time stamps. `rate_hz` is what its pictures keep, None where it does not say.

    `hint_hz` is a rate that the stream mentions without promising to keep it.
    """

    kind: str
    rate_hz: float | None = None
    hint_hz: float | None = None


def sniff(head: bytes) -> Stream | None:
    """Return what stream begins with `head` (a few kB); None for anything else, such as a container."""
    if head.startswith(b"YUV4MPEG2 "):
        return Stream("Y4M", _y4m_rate(head))
    if head.startswith(b"\xff\xd8\xff"):
        return Stream("JPEG pictures")
    if head.startswith(b"\x12\x00\x0a"):  # a temporal delimiter, then a sequence header
        return Stream("raw AV1")
    begin = re.match(rb"\x00{2,}\x01(.)(.)", head, re.DOTALL)
    if begin is None or begin[1][0] == _PACK:
        return None
    if begin[1][0] == _SEQUENCE:
        code = head[begin.start(1) + 4 : begin.start(1) + 5]
        rate = code[0] & 15 if code else 0
        return Stream("raw MPEG video", _MPEG_RATES_HZ[rate] if rate < len(_MPEG_RATES_HZ) else None)
    if begin[2] == b"\x01" and begin[1][0] >> 1 in (32, 33, 34, 35, 39):  # parameter sets, a delimiter, information
        return Stream("raw H.265")
    if begin[1][0] & 0x9F in (5, 6, 7, 8, 9):
        return _h264(head)
    return Stream("raw video")


def _y4m_rate(head: bytes) -> float | None:
    found = re.match(rb"YUV4MPEG2 (?:[^\n]* )?F(\d{1,9}):(\d{1,9})[ \n]", head)
    return _believed(int(found[1]), int(found[2])) if found else None


def _believed(pictures: int, seconds: int) -> float | None:
    return pictures / seconds if seconds and LEAST_HZ <= pictures / seconds <= MOST_HZ else None


def _h264(head: bytes) -> Stream:
    """Return what the first sequence parameter set says about time (ITU-T H.264, 7.3.2.1 and annex E)."""
    for unit in re.split(rb"\x00\x00\x01", head)[1:]:
        if unit and unit[0] & 0x9F == 7:
            try:
                units, scale, fixed = _timing(_Bits(unit[1:].replace(b"\x00\x00\x03", b"\x00\x00")))
            except IndexError:  # cut off, or damaged
                break
            rate = _believed(scale, 2 * units)
            return Stream("raw H.264", rate if fixed else None, rate)
    return Stream("raw H.264")


class _Bits:
    """Reads numbers from bits, the first one highest. Raises IndexError after the last."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    def u(self, bits: int) -> int:
        value = 0
        for at in range(self._at, self._at + bits):
            value = value << 1 | self._data[at >> 3] >> (7 - (at & 7)) & 1
        self._at += bits
        return value

    def ue(self) -> int:
        """Read an Exp-Golomb number."""
        zeros = 0
        while not self.u(1):
            zeros += 1
        return (1 << zeros) - 1 + self.u(zeros)

    def se(self) -> int:
        """Read a signed Exp-Golomb number."""
        code = self.ue()
        return (code + 1) // 2 if code & 1 else -(code // 2)


_HIGH_PROFILES = (100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135)


def _timing(bits: _Bits) -> tuple[int, int, bool]:
    """Return (units in a tick, ticks a second, whether pictures keep to them) of a parameter set; zeros: not said."""
    profile = bits.u(8)
    bits.u(16)
    bits.ue()  # its number
    if profile in _HIGH_PROFILES:
        _skip_high(bits)
    bits.ue()
    order = bits.ue()
    if order == 0:
        bits.ue()
    elif order == 1:
        bits.u(1)
        bits.se(), bits.se()
        for _ in range(bits.ue()):
            bits.se()
    bits.ue(), bits.u(1)
    bits.ue(), bits.ue()  # size
    if not bits.u(1):
        bits.u(1)
    bits.u(1)
    if bits.u(1):  # cropped
        bits.ue(), bits.ue(), bits.ue(), bits.ue()
    if not bits.u(1):  # nothing about usability (VUI)
        return 0, 0, False
    return _vui_timing(bits)


def _skip_high(bits: _Bits) -> None:
    chroma = bits.ue()
    if chroma == 3:
        bits.u(1)
    bits.ue(), bits.ue(), bits.u(1)
    if not bits.u(1):  # no scaling lists
        return
    for number in range(12 if chroma == 3 else 8):
        if bits.u(1):
            last = following = 8
            for _ in range(16 if number < 6 else 64):
                if following:
                    following = (last + bits.se()) % 256
                last = following or last


def _vui_timing(bits: _Bits) -> tuple[int, int, bool]:
    if bits.u(1) and bits.u(8) == 255:  # the pixels' shape
        bits.u(32)
    if bits.u(1):  # overscan
        bits.u(1)
    if bits.u(1):  # signal type
        bits.u(4)
        if bits.u(1):
            bits.u(24)
    if bits.u(1):  # where the colours are
        bits.ue(), bits.ue()
    if not bits.u(1):
        return 0, 0, False
    return bits.u(32), bits.u(32), bool(bits.u(1))
