"""How good a whole frame is: is there light, is there anything to see."""

from __future__ import annotations

import numpy as np

from fermon.domain import Face, Quality
from fermon.perception.contract import Gray
from fermon.perception.shrink import halve

_SIDE = 96  # px of the small picture that is judged: sensor noise averages out, a lens cap or a hand stays flat
# Mean absolute Laplacian of that picture, in grey levels. A flat picture with sensor noise of 2 to 4 levels gives 2 to
# 2.6, a far defocused one 1.1, a man before black in dim light 4.4, cars and rooms 7 to 28 (the annotated clips).
_FLAT, _FULL = 3.0, 19.0
# White of the video range, in which most cameras give their gray picture: there is nothing above it. In the full range
# a pixel from here on is 8 % below white at most.
_WHITE = 235
_LOOKED_AT = 64  # pixels of a side that are looked at, evenly spread: 4000 tell a share to a hundredth


def judge(gray: Gray) -> Quality:
    """Judge a picture, uint8 (height, width). Contrast is the standard deviation, 1 = half of the scale."""
    import cv2

    # Halved as far as it goes first: 0.04 ms instead of 0.5 ms for 640x480, and the same but for rounding.
    times = max(0, (min(gray.shape) // _SIDE).bit_length() - 1)
    small = cv2.resize(halve(gray, times)[0], (_SIDE, _SIDE), interpolation=cv2.INTER_AREA)
    mean, deviation = cv2.meanStdDev(small)
    edges = cv2.Laplacian(small, cv2.CV_16S, ksize=1)
    detail = float(cv2.norm(edges, cv2.NORM_L1)) / (_SIDE * _SIDE)
    sharpness = min(1.0, max(0.0, (detail - _FLAT) / (_FULL - _FLAT)))
    return Quality(
        round(float(mean[0, 0]) / 255, 4), round(sharpness, 4), round(min(1.0, float(deviation[0, 0]) / 127.5), 4)
    )


def burnt_out(gray: Gray, face: Face | None) -> float:
    """Return the share 0..1 of the face in a picture, uint8 (height, width), or without one of the picture, at white.

    Of a face that reaches over the edge what is inside counts.
    """
    if face is not None:
        x, y, w, h = face.box
        inside = gray[max(0, int(y)) : max(0, int(y + h)), max(0, int(x)) : max(0, int(x + w))]
        gray = inside if inside.size else gray
    some = gray[:: max(1, gray.shape[0] // _LOOKED_AT), :: max(1, gray.shape[1] // _LOOKED_AT)]
    return round(float(np.count_nonzero(some >= _WHITE)) / some.size, 4)
