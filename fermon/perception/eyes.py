"""Reads the eyes of a face: closed probability of each, or the cause why it cannot be read."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from fermon.domain import Eyes, Face
from fermon.perception import geometry
from fermon.perception.contract import Gray
from fermon.perception.network import Network

CLASSES = ("closed", "unreadable", "lowered")
# Values of the second output: lid opening (1 = usual, 0 = shut), where the eye is (right, down) from the crop's centre
# in units, and the gaze's yaw and pitch in GAZE_DEG as the camera sees it.
PLACE = 5
GAZE_DEG = 45.0

# Brightness of a crop is brought to 128 with a deviation of 52 levels, so that night and noon look alike.
_MEAN, _DEVIATION = 128.0, 52.0
_LEAST_DEVIATION = 5.0  # levels of 255; below it a crop is noise or nothing, and is not blown up further
# An eye that the first look finds off the crop's centre by more than this (units) is looked at again there.
_RECENTRE = 0.08
_MOST_MOVED = 0.35  # units; an "eye" further away is none
# Of people left out of training: no closed or open frame of the annotated clips then is unknown; of driver frames in
# dark glasses 79 % are, and 10 % of those without (models/README.md).
UNREADABLE = 0.2
LOWERED = 0.5  # of the mean; no drawn eye left out of training that is shut and read so was called lowered
MOST_OPEN = 1.25  # of the lids: no eye opens wider
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


class Reading(NamedTuple):
    """What the network says of one eye: probabilities of CLASSES, and of what PLACE tells all but the gaze.

    That is off by 11 to 14 degrees on people left out of training: too much to be used.
    """

    closed: float
    unreadable: float
    lowered: float
    opening: float
    place: tuple[float, float]  # units right and down of the crop's centre


def _round(opening: float) -> float:
    return round(min(MOST_OPEN, max(0.0, opening)), 3)


class EyeReader:
    """Cuts both eyes, finds their true centre, and reads them with one small network."""

    def __init__(self, network: Network) -> None:
        network.must_be(CLASSES, (1, *geometry.EYE_SHAPE, 1), (len(CLASSES), PLACE))
        self._network = network

    def read(self, gray: Gray, face: Face) -> Eyes:
        """Return both eyes of a face in a picture, uint8 (height, width). An eye is None when it cannot be read."""
        places = geometry.places(face)
        if places.left.unit < geometry.MIN_UNIT_PX:
            return Eyes(None, None, "too small")
        turn = geometry.turn(face)
        if not -_PROFILE <= turn <= 1 + _PROFILE:
            return Eyes(None, None, "off-axis")
        one = self._eye(gray, places.left) if turn > -_MOST_TURNED else "off-axis"
        other = self._eye(gray, places.right) if turn < 1 + _MOST_TURNED else "off-axis"
        seen = [eye for eye in (one, other) if isinstance(eye, Reading)]
        causes = [eye for eye in (one, other) if isinstance(eye, str)]
        if seen and sum(eye.lowered for eye in seen) / len(seen) >= LOWERED:
            causes.insert(0, "lowered")
        left, right = (eye if isinstance(eye, Reading) else None for eye in (one, other))
        return Eyes(
            None if left is None else round(left.closed, 4),
            None if right is None else round(right.closed, 4),
            causes[0] if causes else None,
            (None if left is None else _round(left.opening), None if right is None else _round(right.opening)),
        )

    def look(self, gray: Gray, place: geometry.Patch) -> Reading | None:
        """Return what the network says of the eye at `place`; None outside the frame."""
        crop = geometry.cut(gray, place, geometry.EYE_SHAPE, geometry.EYE_WIDTH_UNITS)
        if crop is None:
            return None
        outputs = self._network.run_gray(standardise(crop))
        state, where = sorted(outputs, key=len)  # the converter may change their order
        opening, right, down = (float(value) for value in where[:3])
        closed, unreadable, lowered = (float(value) for value in state)
        return Reading(closed, unreadable, lowered, opening, (right, down))

    def _eye(self, gray: Gray, place: geometry.Patch) -> Reading | str:
        """Return the reading of one eye, or the cause why it cannot be read."""
        seen = self.look(gray, place)
        if seen is None:
            return "out of frame"
        distance = math.hypot(*seen.place)
        if distance > _RECENTRE:
            shrink = min(1.0, _MOST_MOVED / distance)
            again = self.look(gray, place.moved(seen.place[0] * shrink, seen.place[1] * shrink))
            seen = again or seen
        return "covered" if seen.unreadable >= UNREADABLE else seen
