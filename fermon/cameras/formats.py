"""The pixel formats of V4L2 that can be read, and the gray picture inside each.

The driver's raw picture is taken without OpenCV's conversion to BGR: of YUYV every second byte is the gray picture.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from fermon.cameras.live import Gray
from fermon.cameras.opencv import quiet_cv2

PACKED = ("YUYV", "UYVY")  # every second byte is gray
PLANAR = ("NV12", "NV21", "YU12", "YV12")  # gray plane first, then half as many rows of colour
JPEG = ("MJPG", "JPEG")
COLOUR = ("BGR3", "RGB3")
DEEP = {"Y10": 10, "Y12": 12, "Y14": 14, "Y16": 16}  # gray of so many bits in two bytes, low byte first
READABLE = (*PACKED, "GREY", *JPEG, *PLANAR, *COLOUR, *DEEP)
_LEAST_BITS = 10  # of Y16, until a picture shows more
_BIG_ENDIAN = 1 << 31


def name_of(code: int) -> str:
    """Return the name of a V4L2 pixel format from its number.

    >>> name_of(0x56595559), name_of(0x20363159), name_of(0xA0363159)
    ('YUYV', 'Y16', 'Y16 big-endian')
    """
    letters = (code & ~_BIG_ENDIAN & 0xFFFFFFFF).to_bytes(4, "little").decode("ascii", "replace")
    return letters.strip("\0 ") + (" big-endian" if code & _BIG_ENDIAN else "")


class GrayReader:
    """Reads the gray picture, uint8 (height, width), out of a driver's raw pictures of one format and size.

    JPEGs are decoded `shrink` (1, 2, 4 or 8) times smaller. Y16 is scaled by the bits that its pictures were seen to
    use: a sensor's 10 or 12 bits usually stand in the low ones.
    """

    def __init__(self, pixel_format: str, width: int, height: int, shrink: int = 1) -> None:
        self._format, self._width, self._height, self._shrink = pixel_format, width, height, shrink
        self._bits = _LEAST_BITS if pixel_format == "Y16" else DEEP.get(pixel_format, 8)

    def read(self, picture: NDArray[Any]) -> Gray | None:
        """Return the gray picture, contiguous and sharing no memory with the driver; None: it is damaged.

        Told by its shape, since OpenCV versions differ in what they leave unconverted: one row is the driver's buffer
        as it was (OpenCV 4.11 does so for every format); else (h, w) gray, (h, w, 2) packed YUV 4:2:2, (3h/2, w) planar
        YUV 4:2:0, gray first, (h, w, 3) BGR or RGB; uint16 (h, w) for more than 8 bits. OpenCV copied them.
        """
        one_row = picture.ndim == 2 and 1 in picture.shape
        if one_row and self._format in JPEG:
            return self._decoded(picture)
        if one_row:
            whole = self._shaped(picture.reshape(-1))
            if whole is None:
                return None
            picture = whole
        if picture.dtype == np.uint16:
            return self._scaled(picture)
        if picture.ndim == 2:
            return picture[: picture.shape[0] * 2 // 3] if self._format in PLANAR and not one_row else picture
        cv2 = quiet_cv2()
        if picture.shape[2] == 2:
            return np.asarray(cv2.extractChannel(picture, 1 if self._format == "UYVY" else 0), np.uint8)
        order = cv2.COLOR_RGB2GRAY if self._format == "RGB3" else cv2.COLOR_BGR2GRAY
        return np.asarray(cv2.cvtColor(picture, order), np.uint8)

    def _decoded(self, picture: NDArray[np.uint8]) -> Gray | None:
        cv2 = quiet_cv2()
        flags = {
            1: cv2.IMREAD_GRAYSCALE,
            2: cv2.IMREAD_REDUCED_GRAYSCALE_2,
            4: cv2.IMREAD_REDUCED_GRAYSCALE_4,
            8: cv2.IMREAD_REDUCED_GRAYSCALE_8,
        }
        decoded: Gray | None = cv2.imdecode(picture.reshape(-1), flags[self._shrink])
        return decoded

    def _shaped(self, row: NDArray[Any]) -> NDArray[Any] | None:
        """Return the picture in a driver's buffer; of planar formats the gray plane. None: too few bytes."""
        if self._format in DEEP and row.dtype == np.uint8:
            row = row[: row.size // 2 * 2].view("<u2")
        depth = 2 if self._format in PACKED else 3 if self._format in COLOUR else 1
        wanted = self._width * self._height * depth
        if row.size < wanted:
            return None
        shape = (self._height, self._width) if depth == 1 else (self._height, self._width, depth)
        return row[:wanted].reshape(shape)

    def _scaled(self, wide: NDArray[np.uint16]) -> Gray:
        self._bits = max(self._bits, int(wide.max()).bit_length())
        return (wide >> (self._bits - 8)).astype(np.uint8)
