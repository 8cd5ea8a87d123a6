"""Reads the eyes of a face: closed probability of each, or the cause why it cannot be read."""

from __future__ import annotations

import math

import numpy as np

from fermon.domain import Eyes, Face
from fermon.perception import geometry
from fermon.perception.contract import Gray
from fermon.perception.network import Network

CLASSES = ("closed", "unreadable")
PLACE = 3  # values of the second output: lid gap, and where the eye is (right, down) from the crop's centre, in units

# Brightness of a crop is brought to 128 with a deviation of 52 levels, so that night and noon look alike.
_MEAN, _DEVIATION = 128.0, 52.0
_LEAST_DEVIATION = 5.0  # levels of 255; below it a crop is noise or nothing, and is not blown up further
# An eye that the first look finds off the crop's centre by more than this (units) is looked at again there.
_RECENTRE = 0.08
_MOST_MOVED = 0.35  # units; an "eye" further away is none
# By people left out of training: 0.3 % of the closed and none of the open frames of the annotated clips then are
# unknown; of 168 drivers' frames in dark glasses 152, of 215 pictures of a hand before the eyes 159 (models/README.md).
UNREADABLE = 0.2
# The nose beyond an eye (geometry.turn outside 0..1): the far eye is behind the nose's bridge.
_MOST_TURNED = 0.75
# Further round the face is in profile: the near eye, too, is seen from the side or through a temple of its glasses.
_PROFILE = 1.25


def standardise(crop: Gray) -> Gray:
    """Bring a crop, uint8 of any shape, to the mean and deviation that the network knows."""
    import cv2

    mean, deviation = cv2.meanStdDev(crop)
    gain = _DEVIATION / max(_LEAST_DEVIATION, float(deviation[0, 0]))
    levels = np.arange(256, dtype=np.float32)
    table = np.clip((levels - np.float32(mean[0, 0])) * np.float32(gain) + np.float32(_MEAN), 0, 255).astype(np.uint8)
    return np.asarray(cv2.LUT(crop, table), np.uint8)


class EyeReader:
    """Cuts both eyes, finds their true centre, and reads them with one small network."""

    def __init__(self, network: Network) -> None:
        network.must_be(CLASSES, (1, *geometry.EYE_SHAPE, 1), (2, 3))
        self._network = network

    def read(self, gray: Gray, face: Face) -> Eyes:
        """Return both eyes of a face in a picture, uint8 (height, width). An eye is None when it cannot be read."""
        left, right, _ = geometry.places(face)
        if left.unit < geometry.MIN_UNIT_PX:
            return Eyes(None, None, "too small")
        turn = geometry.turn(face)
        if not -_PROFILE <= turn <= 1 + _PROFILE:
            return Eyes(None, None, "off-axis")
        p_left, left_cause = self._eye(gray, left) if turn > -_MOST_TURNED else (None, "off-axis")
        p_right, right_cause = self._eye(gray, right) if turn < 1 + _MOST_TURNED else (None, "off-axis")
        return Eyes(p_left, p_right, left_cause or right_cause)

    def look(self, gray: Gray, place: geometry.Patch) -> tuple[float, float, float, float, float] | None:
        """Return closed and unreadable probability, lid gap and the eye's place (units); None outside the frame."""
        crop = geometry.cut(gray, place, geometry.EYE_SHAPE, geometry.EYE_WIDTH_UNITS)
        if crop is None:
            return None
        outputs = self._network.run_gray(standardise(crop))
        state, where = sorted(outputs, key=len)  # the converter may change their order
        return float(state[0]), float(state[1]), float(where[0]), float(where[1]), float(where[2])

    def _eye(self, gray: Gray, place: geometry.Patch) -> tuple[float | None, str | None]:
        seen = self.look(gray, place)
        if seen is None:
            return None, "out of frame"
        dx, dy = seen[3], seen[4]
        distance = math.hypot(dx, dy)
        if distance > _RECENTRE:
            shrink = min(1.0, _MOST_MOVED / distance)
            again = self.look(gray, place.moved(dx * shrink, dy * shrink))
            seen = again or seen
        if seen[1] >= UNREADABLE:
            return None, "covered"
        return round(seen[0], 4), None
