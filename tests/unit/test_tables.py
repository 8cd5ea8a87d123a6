"""TOML as editors, mistakes and accidents leave it: read, or one clear line."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fermon.config import Config, load
from fermon.errors import ConfigError
from fermon.tables import MOST_BYTES, read_tables

TEXT = '[camera]\nsource = "/dev/vidéo0"\n'


def complaint(tmp_path: Path, content: bytes) -> str:
    path = tmp_path / "fermon.toml"
    path.write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        load(path)
    [line] = str(caught.value).splitlines()
    assert line.startswith(f"{path}: ")
    return line.removeprefix(f"{path}: ")


def test_a_byte_order_mark_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "notepad.toml").write_bytes(TEXT.encode("utf-8-sig").replace(b"\n", b"\r\n"))
    assert load(tmp_path / "notepad.toml").camera.source == "/dev/vidéo0"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_utf_16_is_named_with_the_remedy(tmp_path: Path, encoding: str) -> None:
    line = complaint(tmp_path, TEXT.encode(encoding))
    assert line.startswith("not UTF-8 text: found ") and line.endswith(
        "save it as UTF-8 (in Notepad: Save as, Encoding: UTF-8)"
    )
    assert "UTF-16, which Windows editors call Unicode" in line or encoding == "utf-16-be"


def test_ansi_is_named_with_line_letter_and_remedy(tmp_path: Path) -> None:
    line = complaint(tmp_path, TEXT.encode("cp1252"))
    assert "found byte 0xE9 ('é' in Windows-1252, which Windows editors call ANSI) in line 2; save it as UTF-8" in line


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"camera = " + b"[" * 5000, "lists or tables nested too deeply"),
        (b"camera = " + b"{a=" * 5000, "lists or tables nested too deeply"),
        (b"[camera]\nwidth = " + b"9" * 400, "camera.width: found a number of about 400 digits, expected 160 to"),
        (b"[camera]\nrate_hz = " + b"9" * 400, "camera.rate_hz: found a number of about 400 digits, expected a number"),
        (b"[camera]\nwidth = 0x" + b"f" * 9000, "camera.width: found a number of about 10837 digits, expected 160 to"),
        (b"[camera]\nwidth = " + b"9" * 5000, "not usable TOML: Exceeds the limit"),
        (b"[camera]\nwidth = " + b"[" * 80 + b"]" * 80, "camera.width: found a list of 1, expected a whole number"),
        (b"camera.width." + b"a." * 50 + b"a = 1", "camera.width: found a table, expected a whole number"),
        (b"camera.width." + b"a." * 100_000 + b"a = 1", "lists or tables nested too deeply"),
        (b'[camera]\nsource = "\\ud800"', "not TOML"),
        (b'["a\\nb\\u001b[31m"]', r"a\nb\x1b[31m: no such key"),
        (b"x" * 5000 + b" = 1", "xxx: no such key"),
        (b"camera = 3", "camera: found 3, expected a table [camera]"),
        (b"[[camera]]", "camera: found a list of 1, expected a table [camera]"),
        (b"#" + b"." * MOST_BYTES, "cannot be read: larger than 256 KiB"),
    ],
)  # fmt: skip
def test_whatever_is_in_it_is_one_short_line(tmp_path: Path, content: bytes, says: str) -> None:
    line = complaint(tmp_path, content)
    assert says in line and len(line) < 300 and line.isprintable()


def test_a_pipe_and_a_device_are_refused_and_not_waited_for(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.toml"
    os.mkfifo(pipe)
    for path, what in ((pipe, "a pipe"), (Path("/dev/zero"), "a device")):
        with pytest.raises(ConfigError, match=f"{path}: cannot be read: {what}, expected a regular file"):
            load(path)


@pytest.mark.parametrize("name", ["x" * 300, "nul\0.toml", "~nosuchuser/x.toml", "\udcff/none.toml"])
def test_no_name_is_worse_than_one_line(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path / name)
    [line] = str(caught.value).splitlines()
    assert line.isprintable()


PIECES = st.sampled_from(
    ["[", "]", "[camera]\n", "camera", "policy.", "width", " = ", "640\n", "nan", "-inf\n", "'", '"""', "{", "}", ",",
     "\n", "1e999", "0x" + "f" * 300, "\\ud800", "\ufeff", "1979-05-27", "true", "#", "\0", "é", "[[",
     "session.file=''\n"]
)  # fmt: skip


@given(st.one_of(st.binary(max_size=200), st.lists(PIECES, max_size=40).map(lambda parts: "".join(parts).encode())))
def test_any_content_is_a_configuration_or_lines_that_name_the_file(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.toml"
    path.write_bytes(content)
    try:
        assert isinstance(load(path), Config)
    except ConfigError as error:
        lines = str(error).splitlines()
        assert len(lines) == len(error.problems)
        assert all(line.startswith(f"{path}: ") and line.isprintable() for line in lines)


def test_the_gpio_silencer_reads_the_same_files(tmp_path: Path) -> None:
    from fermon.outputs.gpio.silence import main

    path = tmp_path / "fermon.toml"
    path.write_bytes("\ufeff[outputs.gpio]\nenabled = false\n".encode())
    assert main(["--config", str(path)]) == 0
    for wrong in (b"outputs = 3", b"outputs.gpio = 3", b"a = " + b"[" * 5000, b"\xff"):
        path.write_bytes(wrong)
        assert main(["--config", str(path)]) == 78


def test_tables_come_as_they_are(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text("[a.b]\nc = [1, 2]\n")
    assert read_tables(tmp_path / "a.toml") == {"a": {"b": {"c": [1, 2]}}}
