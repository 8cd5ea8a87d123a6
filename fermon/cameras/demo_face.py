"""The two faces of the simulated driver. Written by tools/shape_demo.py; do not edit the numbers by hand."""

from __future__ import annotations

from fermon.cameras.drawing import FaceShape

NEUTRAL = FaceShape(lid_upper=0.115, lid_lower=0.075)
ANGRY = FaceShape(
    brow_inner_x=0.15,
    brow_inner_y=-0.13,
    brow_peak_y=-0.33,
    brow_outer_y=-0.33,
    brow_thick=0.1,
    furrow=0.9,
    bridge=0.5,
    socket=0.6,
    lid_upper=0.12,
    lid_lower=0.06,
    lid_slant=0.04,
    bag=0.5,
    nostril=0.8,
    nasolabial=0.7,
    mouth_open=0.16,
    mouth_square=0.8,
    teeth=0.9,
    mouth_corner=0.05,
    mouth_half=0.4,
    chin=0.5,
)
