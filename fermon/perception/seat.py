"""Where the driver sits: the part of the picture in which a face can be his.

A printed face is a face to any network: nothing here tells one from a driver's. A poster, a shirt or a telephone with a
face on it is no driver outside the seat, and may be taken for one inside it. Where the driver's face is large in the
picture, the seat, 1.5 face widths wider on each side, is nearly all of it.
"""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

from fermon.domain import NS_PER_S, Box

MARGIN_FACES = 1.5  # face widths that the seat is wider than the faces in it, on each side (policy)
MEMORY_S = 600.0  # faces older than this are forgotten (policy)
# On a bench nobody sits beside the driver, and a camera that was turned must not stay blind for ten minutes.
BENCH_MEMORY_S = 60.0
_BIN_S = 5.0  # faces are kept as one rectangle for so long


class _Bin(NamedTuple):
    number: int
    left: float
    top: float
    right: float
    bottom: float


class Seat:
    """Learns the seat from the faces that were the driver's.

    `side` is "left", "right" (of the picture: before there is a face in the seat, that half) or "largest" (anywhere).
    """

    def __init__(self, side: str) -> None:
        self._side = side
        self._memory_bins = int((BENCH_MEMORY_S if side == "largest" else MEMORY_S) / _BIN_S)
        self._bins: deque[_Bin] = deque()

    def sat(self, t_ns: int, box: Box) -> None:
        """Remember a face of the driver's, px of the frame."""
        margin = MARGIN_FACES * box.w
        sides = box.x - margin, box.y - margin, box.x + box.w + margin, box.y + box.h + margin
        number = t_ns // int(_BIN_S * NS_PER_S)
        if self._bins and self._bins[-1].number == number:
            last = self._bins.pop()
            sides = (
                min(last.left, sides[0]),
                min(last.top, sides[1]),
                max(last.right, sides[2]),
                max(last.bottom, sides[3]),
            )
        self._bins.append(_Bin(number, *sides))

    def holds(self, t_ns: int, box: Box, width: int) -> bool:
        """Whether a face can be the driver's, in a picture `width` px wide: its centre lies in the seat."""
        oldest = t_ns // int(_BIN_S * NS_PER_S) - self._memory_bins
        while self._bins and self._bins[0].number < oldest:
            self._bins.popleft()
        x, y = box.x + box.w / 2, box.y + box.h / 2
        if not self._bins:
            return self._side == "largest" or (x < width / 2) == (self._side == "left")
        return min(b.left for b in self._bins) <= x <= max(b.right for b in self._bins) and min(
            b.top for b in self._bins
        ) <= y <= max(b.bottom for b in self._bins)
