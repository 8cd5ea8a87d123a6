"""Halving a picture: the cheapest way down, some thirty times cheaper than an area filter of any other factor."""

from __future__ import annotations

import numpy as np

from fermon.perception.contract import Gray


def halve(gray: Gray, times: int) -> tuple[Gray, int]:
    """Return `gray`, uint8 (height, width), halved up to `times` times, and by what factor it is smaller now.

    Each pixel is the mean of factor x factor pixels; an odd last row or column is left out. A side of one pixel is not
    halved further. The picture is a view of `gray` when nothing was halved.
    """
    import cv2

    factor = 1
    for _ in range(times):
        height, width = gray.shape[0] // 2, gray.shape[1] // 2
        if not height or not width:
            break
        even = gray[: 2 * height, : 2 * width]
        gray = np.asarray(cv2.resize(even, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
        factor *= 2
    return gray, factor
