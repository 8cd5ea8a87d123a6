"""The table of face detectors, and the choice among them."""

from __future__ import annotations

import logging
from collections.abc import Callable

from fermon.errors import ModelError, Problem
from fermon.paths import expand
from fermon.perception.blazeface import BlazeFace
from fermon.perception.contract import Detector
from fermon.perception.haar import Haar
from fermon.perception.yunet import YuNet

log = logging.getLogger(__name__)

# Best first, by the share of right boxes on driver frames (tools/faces/evaluate.py); "auto" takes the first that works.
# Each entry makes its detector from the path of a YuNet file ("" = none).
DETECTORS: dict[str, Callable[[str], Detector]] = {
    "blazeface": lambda _: BlazeFace(),
    "yunet": lambda yunet_model: YuNet(expand(yunet_model)),
    "haar": lambda _: Haar(),
}


def make_detector(name: str, yunet_model: str = "") -> Detector:
    """Return the detector `name`, or for "auto" the best one that can be had.

    Raises ModelError when the named one, or for "auto" every one, cannot be had.
    """
    if name != "auto":
        return DETECTORS[name](yunet_model)
    problems = [Problem("no face detector can be loaded")]
    for candidate, make in DETECTORS.items():
        if candidate == "yunet" and not yunet_model:
            continue  # nobody asked for it
        try:
            return make(yunet_model)
        except ModelError as error:
            # Going on with a weaker detector is better than blindness, but not silently.
            log.warning("detector %s cannot be loaded: %s", candidate, error)
            problems += error.problems
    raise ModelError.of(problems)
