"""Standard output that stalls, breaks, is closed, or is a terminal of another character set."""

from __future__ import annotations

import contextlib
import io
import os
import threading
from collections.abc import Iterator

import pytest

from fermon.views import writer
from fermon.views.writer import StreamWriter


class Pipe:
    """A pipe as standard output; its other end is read by the test."""

    def __init__(self, encoding: str = "utf-8") -> None:
        self._read, write = os.pipe()
        self.stream = open(write, "w", encoding=encoding)  # noqa: SIM115, PTH123
        self._read_open = True

    def fill(self) -> None:
        """Let the next write stall."""
        fd = self.stream.fileno()
        os.set_blocking(fd, False)
        with contextlib.suppress(BlockingIOError):
            while True:
                os.write(fd, b"." * 4096)
        os.set_blocking(fd, True)

    def read(self, until: str) -> str:
        found = b""
        while until.encode() not in found:
            found += os.read(self._read, 65536)
        return found.decode()

    def hang_up(self) -> None:
        if self._read_open:
            self._read_open = False
            os.close(self._read)


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    made = Pipe()
    yield made
    made.hang_up()
    made.stream.close()


def test_text_goes_out_in_its_order(pipe: Pipe) -> None:
    out = StreamWriter(pipe.stream)
    assert all(out.write(f"{number}\n") for number in range(100))
    out.close()
    assert pipe.read("99\n") == "".join(f"{number}\n" for number in range(100))


def test_a_reader_who_stops_holds_nobody_up_and_is_told_what_he_missed(
    pipe: Pipe, monkeypatch: pytest.MonkeyPatch, reports: list[str]
) -> None:
    monkeypatch.setattr(writer, "WAITING", 10)
    out = StreamWriter(pipe.stream)
    pipe.fill()
    taken = [bool(out.write(f"{number}\n")) for number in range(100)]
    assert 10 <= sum(taken) <= 11 and out.lost == 100 - sum(taken)
    assert pipe.read("0\n")
    out.write("again\n")
    assert "again\n" in pipe.read("again\n")
    out.close()
    assert len(reports) == 1 and "lines were lost, its reader did not keep up" in reports[0]


def test_a_full_disk_is_told_once_and_tried_again(capsys: pytest.CaptureFixture[str]) -> None:
    with open("/dev/full", "w") as full:  # noqa: PTH123
        out = StreamWriter(full)
        for _ in range(5):
            assert out.write("words\n")
        out.close()
    told = "fermon: standard output: No space left on device; watching goes on without it\n"
    assert capsys.readouterr().err == told


def test_a_closed_standard_output_takes_everything(reports: list[str]) -> None:
    out = StreamWriter(None)
    assert out.write("words\n")
    out.close()
    assert reports == []


def test_a_reader_who_has_gone_is_noticed(pipe: Pipe, capsys: pytest.CaptureFixture[str]) -> None:
    gone = threading.Event()
    out = StreamWriter(pipe.stream)
    out.when_gone(gone.set)
    pipe.hang_up()
    out.write("words\n")
    assert gone.wait(30)
    out.write("more\n")
    out.close()
    assert capsys.readouterr() == ("", "")


def test_who_asks_late_is_told_that_the_reader_has_gone(pipe: Pipe) -> None:
    out = StreamWriter(pipe.stream)
    pipe.hang_up()
    out.write("words\n")
    out.close()
    gone: list[bool] = []
    out.when_gone(lambda: gone.append(True))
    assert gone == [True]


@pytest.mark.parametrize("encoding", ["iso-8859-1", "ascii"])
def test_another_character_set_gets_what_it_has(encoding: str) -> None:
    pipe = Pipe(encoding)
    out = StreamWriter(pipe.stream)
    out.write("PERCLOS   ███▌·· 20% \u4e2d\n")
    out.close()
    assert pipe.read("\n") == "PERCLOS   ###=.. 20% ?\n"
    pipe.hang_up()
    pipe.stream.close()


def test_what_has_no_descriptor_is_no_fault() -> None:
    out = StreamWriter(io.StringIO())
    assert out.write("words\n")
    out.close()
