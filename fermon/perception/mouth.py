"""Reads the mouth of a face: probability of being wide open, as in a yawn."""

from __future__ import annotations

from fermon.domain import Face
from fermon.perception import geometry
from fermon.perception.contract import Gray
from fermon.perception.eyes import standardise
from fermon.perception.network import Network

CLASSES = ("wide_open", "unreadable")
_UNREADABLE = 0.5


class MouthReader:
    """Cuts the mouth and reads it with one small network."""

    def __init__(self, network: Network) -> None:
        network.must_be(CLASSES, (1, *geometry.MOUTH_SHAPE, 1), (2,))
        self._network = network

    def read(self, gray: Gray, face: Face) -> float | None:
        """Return the probability 0..1 of a wide open mouth; None when it is too small, out of the frame or covered."""
        crop = geometry.mouth_crop(gray, face)
        if crop is None:
            return None
        wide, unreadable = self._network.run_gray(standardise(crop))[0]
        return None if unreadable >= _UNREADABLE else round(float(wide), 4)
