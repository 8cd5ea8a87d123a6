"""What is written: never over what is read; whole or not at all."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from fermon.targets import over_input, write_whole


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    path = tmp_path / "clip.mp4"
    path.write_bytes(b"pictures")
    return path


def other_names(clip: Path) -> dict[str, Path]:
    folder = clip.parent
    os.link(clip, folder / "hard.mp4")
    (folder / "soft.mp4").symlink_to(clip)
    (folder / "folder").symlink_to(folder)
    return {
        "itself": clip,
        "hard link": folder / "hard.mp4",
        "link": folder / "soft.mp4",
        "by a linked folder": folder / "folder" / "clip.mp4",
        "by dots": folder / "folder" / ".." / folder.name / "clip.mp4",
    }


def test_the_same_file_by_any_name_is_refused(clip: Path) -> None:
    for how, name in other_names(clip).items():
        problem = over_input(name, {"the configuration": None, "the camera": clip})
        assert problem is not None and "is also the camera, which would be overwritten" in str(problem), how


def test_another_file_is_not(clip: Path) -> None:
    assert (
        over_input(clip.parent / "out.jsonl", {"the camera": clip, "the configuration": Path("/no/such/file")}) is None
    )
    (clip.parent / "out.jsonl").write_bytes(b"pictures")
    assert over_input(clip.parent / "out.jsonl", {"the camera": clip}) is None


def test_what_is_not_there_yet_may_be_the_same_too(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "later")
    assert over_input(tmp_path / "link", {"the session": tmp_path / "later"}) is not None


def test_a_device_by_another_node_is_the_same(tmp_path: Path) -> None:
    try:
        os.mknod(tmp_path / "zero", stat.S_IFCHR | 0o600, Path("/dev/zero").stat().st_rdev)
    except PermissionError:
        pytest.skip("only root may make device nodes")
    assert over_input(tmp_path / "zero", {"the camera": Path("/dev/zero")}) is not None
    assert over_input(tmp_path / "zero", {"the camera": Path("/dev/null")}) is None


def test_a_link_stays_and_what_it_points_to_is_written(tmp_path: Path) -> None:
    (tmp_path / "page.html").write_bytes(b"old")
    (tmp_path / "page.html").chmod(0o600)
    (tmp_path / "link").symlink_to(tmp_path / "page.html")
    write_whole(tmp_path / "link", b"new")
    assert (tmp_path / "link").is_symlink() and (tmp_path / "page.html").read_bytes() == b"new"
    assert stat.S_IMODE((tmp_path / "page.html").stat().st_mode) == 0o600
    assert len(list(tmp_path.iterdir())) == 2


def test_a_new_file_has_the_mode_that_any_program_gives(tmp_path: Path) -> None:
    (tmp_path / "usual").write_bytes(b"")
    write_whole(tmp_path / "page.html", b"new")
    assert (tmp_path / "page.html").stat().st_mode == (tmp_path / "usual").stat().st_mode


def test_what_fails_leaves_what_was_there_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "page.html").write_bytes(b"old")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_whole(tmp_path / "page.html", b"new")
    assert (tmp_path / "page.html").read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["page.html"]


def test_a_device_is_written_to_not_replaced() -> None:
    with pytest.raises(OSError, match="No space left"):
        write_whole(Path("/dev/full"), b"x")
    write_whole(Path("/dev/null"), b"x")
    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)
