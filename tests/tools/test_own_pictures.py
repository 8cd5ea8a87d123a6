"""Pictures of one's own, a folder a class, become what training reads."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from expression import fer2013, pictures
from eyes import collect, draw, mouths
from eyes.patches import PATCH_SHAPE
from fermon.cameras import CameraSettings, open_camera
from fermon.perception.geometry import MOUTH_SHAPE
from lib.exits import DataError


def paint(folder: Path, count: int, shape: tuple[int, int] = (60, 80)) -> None:
    """Write so many pictures, each of one grey level."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        assert cv2.imwrite(str(folder / f"{number:02}.png"), np.full(shape, 10 * number, np.uint8))


def test_faces_that_are_cut_become_rows_of_their_class(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    paint(tmp_path / "mine" / "happy", 12)
    paint(tmp_path / "mine" / "angry", 3)
    (tmp_path / "mine" / "angry" / "broken.jpg").write_text("no picture")
    out = tmp_path / "mine.csv.xz"
    assert pictures.main([str(tmp_path / "mine"), "--cut", "--out", str(out)]) == 0
    printed = capsys.readouterr().out
    assert "Training: angry 3, disgust 0, fear 0, happy 11" in printed
    assert "PublicTest: angry 0, disgust 0, fear 0, happy 1" in printed  # the tenth
    assert "no face found" in printed and "broken.jpg" in printed
    training = fer2013.read(out, "Training")
    assert training.labels.tolist() == [0] * 3 + [3] * 11
    assert [int(picture.max()) for picture in training.pictures[:3]] == [0, 10, 20]


def test_other_people_are_for_evaluation(tmp_path: Path) -> None:
    paint(tmp_path / "mine" / "sad", 12)
    paint(tmp_path / "others" / "sad", 2)
    out = tmp_path / "mine.csv"
    words = [str(tmp_path / "mine"), "--cut", "--test", str(tmp_path / "others"), "--out", str(out)]
    assert pictures.main(words) == 0
    assert {usage: len(split) for usage, split in fer2013.read_splits(out, fer2013.USAGES).items()} == {
        "Training": 12,
        "PublicTest": 2,
    }


def test_a_photographs_face_is_cut_as_the_daemon_cuts_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    frame = open_camera("demo", CameraSettings(), "max").read(1)
    assert frame is not None
    folder = tmp_path / "mine" / "neutral"
    folder.mkdir(parents=True)
    cv2.imwrite(str(folder / "driver.png"), frame.gray)
    cv2.imwrite(str(folder / "nobody.png"), np.full((240, 320), 90, np.uint8))
    out = tmp_path / "mine.csv"
    assert pictures.main([str(tmp_path / "mine"), "--out", str(out)]) == 0
    assert "nobody.png" in capsys.readouterr().out
    (picture,) = fer2013.read(out, "Training").pictures
    expected = pictures.cutter()(frame.gray)
    assert expected is not None
    np.testing.assert_array_equal(picture, expected)
    assert picture.std() > 10


@pytest.mark.parametrize(
    ("folders", "words"),
    [
        ((), "found no pictures"),
        (("cheerful",), "found the folder 'cheerful', expected some of angry"),
        (None, "no such"),
    ],
)
def test_a_folder_that_cannot_be_used_is_one_line_and_exit_65(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], folders: tuple[str, ...] | None, words: str
) -> None:
    if folders is not None:
        (tmp_path / "mine").mkdir()
        for name in folders:
            paint(tmp_path / "mine" / name, 1)
    assert pictures.main([str(tmp_path / "mine"), "--out", str(tmp_path / "mine.csv")]) == 65
    err = capsys.readouterr().err
    assert words in err
    assert err.count("\n") == 1


def test_single_eyes_of_ones_own_are_a_source_to_draw_from(tmp_path: Path) -> None:
    for name, person, count in (("open", "ann", 3), ("open", "bob", 2), ("closed", "ann", 2), ("unreadable", "", 2)):
        paint(tmp_path / "mine" / name / person, count)
    assert collect.main(["--own", str(tmp_path / "mine"), "--out", str(tmp_path / "eyes")]) == 0
    sources = draw.load(tmp_path / "eyes")
    assert list(sources) == ["own"]
    own = sources["own"]
    assert (int((own.closed == 0).sum()), int((own.closed == 1).sum())) == (5, 2)
    assert set(own.group) == {"ann", "bob"}
    assert draw.load_others(tmp_path / "eyes").shape == (2, *PATCH_SHAPE)
    assert draw.load_others(tmp_path).shape[1:] == PATCH_SHAPE  # without any: pictures of nothing


def test_a_source_without_open_eyes_is_refused(tmp_path: Path) -> None:
    paint(tmp_path / "mine" / "closed", 2)
    with pytest.raises(DataError, match=r"open: found no pictures"):
        collect.own_eyes(tmp_path / "mine")
    with pytest.raises(DataError, match=r"holds none of single, clips, .*, drawn, own"):
        draw.load(tmp_path)


def test_mouths_of_ones_own_are_patches_with_an_opening(tmp_path: Path) -> None:
    paint(tmp_path / "mine" / "closed", 2)
    paint(tmp_path / "mine" / "wide_open" / "ann", 3)
    mouths.collect_own(tmp_path / "mine", tmp_path / "mouths.npz")
    found = mouths.load(tmp_path / "mouths.npz")
    assert found["patch"].shape == (5, mouths.SIDE, mouths.SIDE)
    crops, targets = mouths.draw(found, np.zeros((2, *PATCH_SHAPE), np.uint8), np.random.default_rng(0))
    assert crops.shape[1:] == MOUTH_SHAPE
    assert {0.0, 1.0} == set(targets[targets[:, 1] == 0, 0].tolist())
