"""Paths of people: home folders, names of any bytes, and why a file cannot be read."""

from __future__ import annotations

import contextlib
import doctest
import os
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fermon import paths
from fermon.paths import expand, shown, unreadable

NAMES = st.text(st.characters(exclude_characters="/\0"), min_size=1, max_size=20)


@contextlib.contextmanager
def nobody() -> Iterator[None]:
    """Be a user without rights for a while: root may enter and read everything."""
    if os.geteuid():
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("~/x.mp4", "/home/anna/x.mp4"),
        ("~", "/home/anna"),
        ("~nosuch/x.mp4", "~nosuch/x.mp4"),
        ("x/~", "x/~"),
        ("a\0b", "a\0b"),
        ("", "."),
    ],
)
def test_home_folders_are_put_in_where_there_are_some(
    monkeypatch: pytest.MonkeyPatch, text: str, expected: str
) -> None:
    monkeypatch.setenv("HOME", "/home/anna")
    assert expand(text) == Path(expected)


def test_there_may_be_no_home_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a container whose user is a bare number."""
    monkeypatch.delenv("HOME")
    monkeypatch.setattr(os, "getuid", lambda: 4_000_000)
    assert expand("~/x.mp4") == Path("~/x.mp4")
    problem = unreadable(expand("~/x.mp4"), "a video")
    assert str(problem) == "~/x.mp4: there is no home folder ~"


@given(name=NAMES)
def test_what_is_shown_is_one_line_of_text(name: str) -> None:
    assert shown(name).isprintable()
    shown(name).encode("utf-8")


@given(name=st.text(st.characters(categories=["L", "N"]), min_size=1))
def test_ordinary_names_are_shown_as_they_are(name: str) -> None:
    assert shown(Path(name)) == name


def test_the_examples() -> None:
    assert doctest.testmod(paths).failed == 0


def test_a_file_that_can_be_read_is_no_problem(tmp_path: Path) -> None:
    (tmp_path / "caf\udce9.mp4").write_bytes(b"x")
    (tmp_path / "link").symlink_to("caf\udce9.mp4")
    assert unreadable(tmp_path / "caf\udce9.mp4", "a video") is None
    assert unreadable(tmp_path / "link", "a video") is None


def test_what_is_no_file_is_named_and_never_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")  # opening it would wait for ever
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "socket"))
        found = {
            str(path): unreadable(path, "a video", "give a file")
            for path in (tmp_path, tmp_path / "pipe", tmp_path / "socket", Path("/dev/null"), Path())
        }
    kinds = ["a folder", "a pipe", "a socket", "a device", "a folder"]
    assert [str(problem) for problem in found.values()] == [
        f"{name}: found {kind}, expected a video; give a file" for name, kind in zip(found, kinds, strict=True)
    ]


def test_what_is_not_there_is_told_apart(tmp_path: Path) -> None:
    (tmp_path / "drive.mp4").write_bytes(b"x")
    (tmp_path / "caf\udce9.mp4").write_bytes(b"x")
    (tmp_path / "loop").symlink_to("loop")

    def said(path: str | Path) -> str:
        text = str(unreadable(tmp_path / path, "a video", "give a file"))
        assert text.isprintable()
        return text.removeprefix(f"{tmp_path}/")

    assert said("zzz") == "zzz: no such file; give a file"
    assert said("drve.mp4") == "drve.mp4: no such file; did you mean 'drive.mp4'? give a file"
    assert said("cafe.mp4") == r"cafe.mp4: no such file; did you mean 'caf\\xe9.mp4'? give a file"
    assert said("no/x.mp4") == f"no/x.mp4: no such file, and no such folder {tmp_path}/no; give a file"
    assert said("drive.mp4/x") == f"drive.mp4/x: no such file, and no such folder {tmp_path}/drive.mp4; give a file"
    assert said("loop").startswith("loop: cannot be read: Too many levels")
    assert said("a\0b") == r"a\x00b: not a possible file name; give a file"
    assert ": the name is too long: found 300 bytes, expected at most 255" in said("é" * 150)


def test_what_this_user_may_not_see_is_named() -> None:
    with tempfile.TemporaryDirectory() as name:  # not pytest's folder, which another user may not enter
        folder = Path(name)
        folder.chmod(0o755)
        closed, shut = folder / "closed", folder / "shut.mp4"
        closed.mkdir()
        shut.write_bytes(b"x")
        closed.chmod(0)
        shut.chmod(0)
        with nobody():
            inside, itself = unreadable(closed / "clip.mp4", "a video"), unreadable(shut, "a video")
        closed.chmod(0o700)
    assert str(inside) == (
        f"{closed}/clip.mp4: this user may not enter the folder {closed}; give a video from elsewhere"
    )
    assert str(itself) == f"{shut}: this user may not read it; make it readable for this user"
