"""The installer's words and refusals; what it installs is tested in tests/system/quick."""

from __future__ import annotations

import os
import pty
import subprocess
from pathlib import Path

import pytest

INSTALL = Path(__file__).parents[2] / "deploy" / "install.sh"


@pytest.mark.parametrize(
    ("words", "expected"), [(("--driver", "middle"), "found 'middle'"), (("--driver",), "found ''")]
)
def test_a_side_that_there_is_not_is_refused(words: tuple[str, ...], expected: str) -> None:
    done = subprocess.run([INSTALL, *words], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert f"--driver: {expected}, expected left or right" in done.stderr


def set_driver(config: Path, answer: bytes | None, driver: str = "") -> str:
    """Run the installer's own function on a configuration; `answer` is typed on a terminal, None = there is none."""
    text = INSTALL.read_text()
    function = text[text.index("set_driver() {") : text.index("\n}\n", text.index("set_driver() {")) + 2]
    script = f'run() {{ "$@"; }}\nconfig={config} driver={driver}\n{function}\nset_driver'
    if answer is None:
        done = subprocess.run(
            ["bash", "-c", script], capture_output=True, text=True, check=True, stdin=subprocess.DEVNULL
        )
        return done.stdout
    ours, theirs = pty.openpty()
    os.write(ours, answer)
    subprocess.run(["bash", "-c", script], stdin=theirs, stdout=theirs, stderr=theirs, check=True)
    os.close(theirs)
    said = os.read(ours, 4096).decode()
    os.close(ours)
    return said


@pytest.mark.parametrize(
    ("answer", "side"), [(b"left\n", "left"), (b"right\n", "right"), (b"\n", "largest"), (b"x\n", "largest")]
)
def test_on_a_terminal_it_asks_for_the_drivers_side(tmp_path: Path, answer: bytes, side: str) -> None:
    config = tmp_path / "fermon.toml"
    config.write_text((INSTALL.parent / "fermon.toml").read_text())
    said = set_driver(config, answer)
    assert "Which side of the camera's picture is the driver on" in said
    assert f'\ndriver = "{side}"' in config.read_text()
    assert ("until then the largest face is the driver's" in said) == (side == "largest")


def test_without_a_terminal_it_does_not_ask(tmp_path: Path) -> None:
    config = tmp_path / "fermon.toml"
    config.write_text((INSTALL.parent / "fermon.toml").read_text())
    assert "set perception.face.driver" in set_driver(config, None)
    assert set_driver(config, None, "left") == ""
    assert '\ndriver = "left"' in config.read_text()
