"""What a clip may be called, and what is said about what is none."""

from __future__ import annotations

import contextlib
import http.server
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from fermon.cameras import CameraSettings, open_camera
from fermon.cameras.playback import Pacer
from fermon.cameras.video import VideoCamera
from fermon.errors import CameraNotFound
from tests.clips_kit import bars, play, write

ODD_NAMES = [
    b"caf\xe9.avi",
    b"\xff\xfe.avi",
    "\N{SNOWMAN}.avi".encode(),
    b"a:b.avi",
    b"http:x.avi",
    b"%03d.avi",
    b"a\nb.avi",
]


@pytest.mark.parametrize("name", ODD_NAMES)
def test_a_name_of_any_bytes_plays(tmp_path: Path, name: bytes) -> None:
    write(tmp_path / "clip.avi", bars(5), "MJPG").rename(tmp_path / os.fsdecode(name))
    frames, end = play(tmp_path / os.fsdecode(name))
    assert len(frames) == 5
    assert end.isprintable()
    end.encode("utf-8")


def test_a_relative_name_that_looks_like_an_address_plays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "clip.avi", bars(5), "MJPG").rename(tmp_path / "2026-11-24T10:00:00.avi")
    monkeypatch.chdir(tmp_path)
    assert len(play(Path("2026-11-24T10:00:00.avi"))[0]) == 5


@contextlib.contextmanager
def web_server(folder: Path) -> Iterator[tuple[int, list[str]]]:
    """A web server of `folder` on this machine: (port, the paths that it was asked for)."""
    asked: list[str] = []

    class Handler(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *words: object) -> None:
            super().__init__(*words, directory=str(folder))  # type: ignore[arg-type]

        def log_message(self, format: str, *words: object) -> None:
            asked.append(self.path)

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_port, asked
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize("disguise", [b"", b"#\0\n"])
def test_a_play_list_opens_no_address(tmp_path: Path, disguise: bytes) -> None:
    """With a zero byte it is no text file, and ffmpeg is asked: a file may name nothing but files to it."""
    write(tmp_path / "clip.ts", bars(20), "mp4v")
    with web_server(tmp_path) as (port, asked):
        path = tmp_path / "list.m3u8"
        head = b"#EXTM3U\n#EXT-X-TARGETDURATION:2\n" + disguise
        path.write_bytes(head + f"#EXTINF:1.0,\nhttp://127.0.0.1:{port}/clip.ts\n#EXT-X-ENDLIST\n".encode())
        with pytest.raises(CameraNotFound):
            VideoCamera(path, Pacer("max"))
    assert asked == []


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("rtsp://anna:secret@10.0.0.7:554/stream1", "rtsp://...@10.0.0.7:554/stream1"),
        ("http://10.0.0.7/video", "http://10.0.0.7/video"),
        ("udp://@239.0.0.1:1234", "udp://...@239.0.0.1:1234"),
    ],
)
def test_an_address_is_answered_with_what_to_do(address: str, shown: str) -> None:
    with pytest.raises(CameraNotFound, match=r"takes no pictures from a network; .*v4l2loopback") as refused:
        open_camera(address, CameraSettings())
    assert str(refused.value).startswith(f"{shown}: an address")
    assert "secret" not in str(refused.value)


def test_the_address_of_a_file_names_its_path() -> None:
    with pytest.raises(CameraNotFound, match=r"give the file's path: /home/anna/x\.mp4"):
        open_camera("file:///home/anna/x.mp4", CameraSettings())


def test_a_pipe_is_refused_without_waiting_for_it(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.mp4")
    with pytest.raises(CameraNotFound, match="found a pipe, expected a video"):  # the test's time limit is the check
        open_camera(str(tmp_path / "pipe.mp4"), CameraSettings())


def test_home_folders_are_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "clip.avi", bars(5), "MJPG")
    monkeypatch.setenv("HOME", str(tmp_path))
    camera = open_camera("~/clip.avi", CameraSettings(), "max")
    assert camera.read(1.0) is not None
    camera.close()
    with pytest.raises(CameraNotFound, match=r"~nosuch/clip\.avi: there is no home folder ~nosuch"):
        open_camera("~nosuch/clip.avi", CameraSettings())


def test_a_clip_in_shared_memory_is_a_clip(tmp_path: Path) -> None:
    memory = Path("/dev/shm")
    if not os.access(memory, os.W_OK):
        pytest.skip("no /dev/shm here")
    path = memory / f"fermon-test-{os.getpid()}.avi"
    try:
        write(path, bars(5), "MJPG")
        camera = open_camera(str(path), CameraSettings(), "max")
        assert not camera.live
        camera.close()
    finally:
        path.unlink(missing_ok=True)
