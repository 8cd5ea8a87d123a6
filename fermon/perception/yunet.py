"""YuNet through OpenCV's FaceDetectorYN: a box and points, from an ONNX file that the user names."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from fermon.domain import Box, Face, Points
from fermon.errors import ModelError
from fermon.paths import unreadable
from fermon.perception.contract import Gray

_SEARCH_SIDE = 320  # px of the longer side: it missed no face there (see models/README.md) at 4 ms
_TRACK_SIDE = 160


class YuNet:
    """Detector with points. Raises ModelError when OpenCV cannot load `path`."""

    name = "yunet"

    def __init__(self, path: Path, min_score: float = 0.6) -> None:
        import cv2

        if problem := unreadable(path, "a YuNet ONNX file", "perception.face.yunet_model must name one"):
            raise ModelError.of([problem])
        try:
            self._net = cv2.FaceDetectorYN.create(str(path), "", (_TRACK_SIDE, _TRACK_SIDE), min_score)
            self._detect(np.zeros((_TRACK_SIDE, _TRACK_SIDE), np.uint8), 0.0, 0.0, _TRACK_SIDE)
        except cv2.error as error:
            raise ModelError(f"{path}: OpenCV cannot run it as YuNet: {str(error).strip().splitlines()[-1]}") from None

    def search(self, gray: Gray) -> list[Face]:
        return self._detect(gray, 0.0, 0.0, _SEARCH_SIDE)

    def _detect(self, gray: Gray, left: float, top: float, side: int) -> list[Face]:
        import cv2

        factor = min(1.0, side / max(gray.shape))
        size = (max(1, round(gray.shape[1] * factor)), max(1, round(gray.shape[0] * factor)))
        small = cv2.cvtColor(cv2.resize(gray, size, interpolation=cv2.INTER_AREA), cv2.COLOR_GRAY2BGR)
        self._net.setInputSize(size)
        _, rows = self._net.detect(small)
        faces = []
        for row in [] if rows is None else rows:
            x, y, w, h, *rest = (float(v) / factor for v in row[:14])
            p = [(rest[i] + left, rest[i + 1] + top) for i in range(0, 10, 2)]
            eyes = sorted(p[:2])
            mouth = ((p[3][0] + p[4][0]) / 2, (p[3][1] + p[4][1]) / 2)
            faces.append(Face(Box(x + left, y + top, w, h), float(row[14]), Points(eyes[0], eyes[1], p[2], mouth)))
        return faces
