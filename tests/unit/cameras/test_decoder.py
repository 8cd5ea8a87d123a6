"""Past pictures that cannot be decoded, over a stand-in for cv2.VideoCapture that follows a script."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from fermon.cameras.decoder import Decoder

BAD, ODD, HUGE = "cannot be decoded", "of another size", "no memory for it"
Picture = float | str  # its time stamp in ms, or what is wrong with it


class ScriptedClip:
    """Gives pictures with these time stamps (its gray level is the stamp in tenths of ms), and fails as they say."""

    def __init__(
        self, script: Sequence[Picture], promised: float = 0.0, begins: float = 0.0, turned: float = 0
    ) -> None:
        self._script, self._at = list(script), -1
        self._facts = {
            cv2.CAP_PROP_FRAME_COUNT: promised,
            cv2.CAP_PROP_PTS: begins,
            cv2.CAP_PROP_ORIENTATION_META: turned,
        }
        self.retrieved = 0

    def set(self, prop: int, value: float) -> bool:
        return True

    def get(self, prop: int) -> float:
        stamp = self._script[self._at]
        return (stamp if isinstance(stamp, float) else 0.0) if prop == cv2.CAP_PROP_POS_MSEC else self._facts[prop]

    def grab(self) -> bool:
        self._at += 1
        return self._at < len(self._script) and self._script[self._at] != BAD

    def retrieve(self) -> tuple[bool, NDArray[np.uint8]]:
        self.retrieved += 1
        picture = self._script[self._at]
        if picture == HUGE:
            raise cv2.error("Insufficient memory")
        level = picture / 10 if isinstance(picture, float) else 0
        return True, np.full((24 if picture == ODD else 12, 16, 3), level, np.uint8)

    def release(self) -> None:
        pass


def play(clip: ScriptedClip) -> tuple[list[float | None], list[int], Decoder]:
    """Return the time stamps and the gray levels of all pictures."""
    decoder, stamps, levels = Decoder(clip), [], []
    there = decoder.first()
    while there:
        gray = decoder.gray()
        if gray is not None:
            stamps.append(decoder.stamp_ms)
            levels.append(int(gray[0, 0]))
        there = decoder.next()
    return stamps, levels, decoder


def test_pictures_held_back_by_the_decoder_are_put_in_order_after_damage() -> None:
    """As ffmpeg gives them: 3.7 s before 2.8 s, and so on."""
    clip = ScriptedClip([100.0, 200.0, BAD, 700.0, 300.0, 800.0, 400.0, 900.0, 1000.0, 1100.0, 1200.0, 1300.0, 1400.0])
    stamps, levels, decoder = play(clip)
    expected = [100, 200, 300, 400, *range(700, 1500, 100)]
    assert stamps == expected
    assert levels == [stamp // 10 for stamp in expected]  # each picture kept its own stamp
    assert (decoder.seen, decoder.lost) == (12, 1)


def test_damage_behind_damage_is_counted() -> None:
    stamps, _, decoder = play(ScriptedClip([100.0, BAD, 300.0, BAD, BAD, 600.0, BAD]))
    assert stamps == [100, 300, 600]
    assert (decoder.seen, decoder.lost) == (3, 3)  # what fails at the end cannot be told from the end


def test_pictures_without_time_stamps_keep_the_order_in_which_they_come() -> None:
    stamps, _, decoder = play(ScriptedClip([100.0, BAD, 300.0, 0.0, 250.0]))
    assert stamps == [100, 300, None, 250]
    assert decoder.lost == 1


@pytest.mark.parametrize("wrong", [ODD, HUGE])
def test_what_cannot_be_converted_is_lost_wherever_it_stands(wrong: str) -> None:
    script: list[Picture] = [HUGE, 100.0, wrong, 300.0, BAD, wrong, 600.0]
    stamps, _, decoder = play(ScriptedClip(script))
    assert stamps == [100, 300, 600]
    assert (decoder.seen, decoder.lost) == (3, 4)


def test_a_clip_of_damage_alone_has_no_first_picture() -> None:
    assert not Decoder(ScriptedClip([BAD] * 20)).first()
    assert not Decoder(ScriptedClip([HUGE] * 20)).first()


@pytest.mark.parametrize(("gap", "promised", "goes_on"), [(900, 0, True), (3000, 0, False), (3000, 4000, True)])
def test_a_long_stretch_of_damage_ends_a_clip_that_promises_no_more(gap: int, promised: int, goes_on: bool) -> None:
    stamps, _, decoder = play(ScriptedClip([100.0, *[BAD] * gap, 200.0], promised))
    assert stamps == ([100, 200] if goes_on else [100])
    assert decoder.lost == (gap if goes_on else 0)


def test_only_pictures_that_are_used_are_converted() -> None:
    clip = ScriptedClip([100.0, 200.0, 300.0, 400.0])
    decoder = Decoder(clip)
    assert decoder.first()
    assert decoder.next() and decoder.next() and decoder.next()
    assert decoder.gray() is not None
    assert decoder.gray() is not None
    assert clip.retrieved == 2


@pytest.mark.parametrize(
    ("promised", "begins", "left"),
    [(1_350_060, 1_350_000, 60), (60, 1_350_000, 60), (60, 2, 60), (-3e15, 0, 0), (3e15, 0, 0)],
)
def test_what_a_clip_promises_does_not_count_what_is_before_it(promised: float, begins: float, left: int) -> None:
    decoder = Decoder(ScriptedClip([100.0], promised, begins))
    assert decoder.first()
    assert decoder.promised == left


@pytest.mark.parametrize(
    ("own", "more", "shape"), [(0, 0, (12, 16)), (90, 0, (16, 12)), (90, 270, (12, 16)), (45, 0, (12, 16))]
)
def test_the_clips_own_rotation_and_the_cameras_add_up(own: int, more: int, shape: tuple[int, int]) -> None:
    decoder = Decoder(ScriptedClip([100.0], turned=own), more)
    assert decoder.first()
    gray = decoder.gray()
    assert gray is not None
    assert gray.shape == shape
