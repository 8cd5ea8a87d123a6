"""Reads the mouth of a face: probability of being wide open, as in a yawn; a laughing mouth is not."""

from __future__ import annotations

from fermon.domain import Face
from fermon.perception import geometry
from fermon.perception.contract import Gray
from fermon.perception.eyes import standardise
from fermon.perception.network import Network

CLASSES = ("wide_open", "unreadable", "laughing")
_UNREADABLE = 0.5


class MouthReader:
    """Cuts the mouth and reads it with one small network."""

    def __init__(self, network: Network) -> None:
        network.must_be(CLASSES, (1, *geometry.MOUTH_SHAPE, 1), (len(CLASSES),))
        self._network = network

    def read(self, gray: Gray, face: Face) -> float | None:
        """Return the probability 0..1 of a mouth wide open without laughing.

        Laughing takes from it where it is more likely than not, as a yawn looks a little like it. None when it is too
        small, out of the frame or covered.
        """
        crop = geometry.mouth_crop(gray, face)
        if crop is None:
            return None
        wide, unreadable, laughing = (float(value) for value in self._network.run_gray(standardise(crop))[0])
        return None if unreadable >= _UNREADABLE else round(wide * min(1.0, 2 * (1 - laughing)), 4)
