"""How good a whole frame is: is there light, is there anything to see."""

from __future__ import annotations

from fermon.domain import Quality
from fermon.perception.contract import Gray

_SIDE = 96  # px of the small picture that is judged: sensor noise averages out, a lens cap or a hand stays flat
# Mean absolute Laplacian of that picture at which a frame counts as fully sharp. Interiors of cars and rooms give 8
# to 25, a covered lens below 1 (measured with tools/evaluate_clips.py on the annotated clips and on covered ones).
_FULL_SHARPNESS = 16.0


def judge(gray: Gray) -> Quality:
    """Judge a picture, uint8 (height, width). Contrast is the standard deviation, 1 = half of the scale."""
    import cv2

    small = cv2.resize(gray, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA)
    mean, deviation = cv2.meanStdDev(small)
    edges = cv2.Laplacian(small, cv2.CV_16S, ksize=1)
    sharpness = float(cv2.norm(edges, cv2.NORM_L1)) / (_SIDE * _SIDE) / _FULL_SHARPNESS
    return Quality(
        round(float(mean[0, 0]) / 255, 4), round(min(1.0, sharpness), 4), round(min(1.0, deviation[0, 0] / 127.5), 4)
    )
