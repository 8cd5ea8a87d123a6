"""The command line: what a typo, a question and an interruption are answered."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fermon import cli
from fermon.cli import COMMANDS, main
from fermon.completion import SHELLS
from fermon.errors import DeviceError


def answer(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    """Return (exit code, standard output, standard error)."""
    try:
        code = main(list(words))
    except SystemExit as end:
        code = int(end.code or 0)
    return code, *capsys.readouterr()


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        ("doctr", "'doctr': no such command; did you mean 'doctor'?"),
        ("reprot drive.jsonl", "did you mean 'report'?"),
        ("demo", "did you mean 'fermon --camera demo'?"),
        ("/dev/video0", "did you mean 'fermon --camera /dev/video0'?"),
        ("0 --preview", "did you mean 'fermon --camera 0'?"),
        ("drive.jsonl", "did you mean 'fermon replay drive.jsonl'?"),
        ("fermon.toml", "did you mean 'fermon --config fermon.toml'?"),
        ("version", "did you mean '--version'?"),
        ("list-cameras", "did you mean '--list-cameras'?"),
        ("xyzzy", "'xyzzy': no such command; there are replay, report, doctor"),
        ("help doctr", "did you mean 'doctor'?"),
        ("--camra 0", "--camra: no such option; did you mean '--camera'?"),
        ("--recrod=a.jsonl", "--recrod: no such option; did you mean '--record'?"),
        ("--camera demo --xyzzy", "--xyzzy: no such option (see fermon --help)"),
        ("--camera demo doctor", "'doctor' belongs to no option; a command comes first"),
        ("--camera=", "argument --camera: found nothing, expected /dev/video0"),
        ("--pace quick", "argument --pace: invalid choice: 'quick'"),
        ("--preview here", "argument --preview: found 'here', expected an IP address and a port"),
        ("doctor --test-outputt", "fermon doctor: --test-outputt: no such option; did you mean '--test-outputs'?"),
        ("replay a b", "fermon replay: 'b' belongs to no option"),
        ("report", "fermon report: the following arguments are required: S.jsonl"),
        ("a\nb", r"'a\nb': no such command"),
    ],
)
def test_a_typo_is_one_line_with_what_was_meant(capsys: pytest.CaptureFixture[str], words: str, meant: str) -> None:
    code, out, err = answer(capsys, *words.split(" "))
    [line] = err.splitlines()
    assert code == 2 and out == "" and meant in line and line.startswith("fermon")


def test_a_file_is_taken_for_a_clip(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "drive.mp4").touch()
    assert f"did you mean 'fermon --camera {tmp_path}/drive.mp4'?" in answer(capsys, f"{tmp_path}/drive.mp4")[2]


@given(st.lists(st.text(st.characters(codec="utf-8"), min_size=1, max_size=12), min_size=1, max_size=4))
def test_no_word_is_worse_than_one_line(words: list[str]) -> None:
    """Words that begin with a dash or are no command at all; those that would start a run are left out."""
    words[0] = "x" + words[0] if words[0][0] != "-" else "--no" + words[0]
    with pytest.raises(SystemExit) as caught:
        main(words)
    assert caught.value.code == 2


def test_help_is_asked_for_in_three_ways(capsys: pytest.CaptureFixture[str]) -> None:
    general = answer(capsys, "--help")
    assert general == answer(capsys, "help") and general[0] == 0
    for name, command in COMMANDS.items():
        assert f"fermon {name}" in general[1] and command.summary in general[1]
        own = answer(capsys, "help", name)
        assert own == answer(capsys, name, "--help") and own[0] == 0 and f"usage: fermon {name}" in own[1]
    for words in ("examples:", "exit codes: 0 success", "65", "69", "78", "fermon --camera demo "):
        assert words in general[1]
    assert max(map(len, general[1].splitlines())) <= 120


def test_the_examples_are_good_command_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [line.strip() for line in cli.EXAMPLES.splitlines() if line.strip().startswith("fermon")]
    assert len(lines) >= 6
    for line in lines:
        words = line.partition("   ")[0].partition(" > ")[0].split()[1:]
        if words[0] in COMMANDS:
            from importlib import import_module

            import_module(COMMANDS[words[0]].module).parser().read(words[1:])
        else:
            cli._watch_parser().read(words)


def test_cameras_are_listed(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    found = ["/dev/video0   A webcam", "picamera      imx219"]
    monkeypatch.setattr("fermon.cameras.listing.list_cameras", lambda: found)
    assert answer(capsys, "--list-cameras") == (0, "\n".join(found) + "\n", "")
    monkeypatch.setattr("fermon.cameras.listing.list_cameras", list)
    code, out, _ = answer(capsys, "--list-cameras")
    assert code == 0 and out.strip(), "that there is none is said too"


@pytest.mark.parametrize("shell", SHELLS)
def test_completion_knows_every_command_and_option(capsys: pytest.CaptureFixture[str], shell: str) -> None:
    code, out, _ = answer(capsys, "--completion", shell)
    assert code == 0
    for word in (*COMMANDS, "camera", "check-config", "test-outputs", "record"):
        assert word in out


def test_bash_completes(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    script = tmp_path / "fermon.bash"
    script.write_text(answer(capsys, "--completion", "bash")[1])
    (tmp_path / "drive.jsonl").touch()
    asked = {"fermon --ca": "--camera", "fermon re": "replay report", "fermon --pace ": "real max",
             "fermon doctor --te": "--test-outputs", "fermon replay dri": "drive.jsonl",
             "fermon --config dri": "drive.jsonl"}  # fmt: skip
    lines = [f"source {script}"]
    for words in asked:
        parts = " ".join(f"'{word}'" for word in words.split(" "))
        lines += [f"COMP_WORDS=({parts}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); COMPREPLY=()",
                  "$(complete -p fermon | sed 's/.*-F \\([^ ]*\\).*/\\1/')", 'echo "${COMPREPLY[*]}"']  # fmt: skip
    found = subprocess.run(["bash", "-c", "\n".join(lines)], capture_output=True, text=True, cwd=tmp_path, check=False)
    assert found.stdout.splitlines() == list(asked.values()), found.stderr


def test_completion_without_shtab_names_the_extra(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "shtab", None)
    code, out, err = answer(capsys, "--completion", "bash")
    assert code == DeviceError.exit_code and out == "" and "pip install 'fermon[completion]'" in err


def test_a_version_costs_no_heavy_import() -> None:
    """On a Pi every module is time: the version, help and a typo load neither NumPy nor any of our rooms."""
    code = (
        "import sys; from fermon.cli import main\n"
        "try: main(['--version'])\n"
        "except SystemExit: pass\n"
        "print(sorted(n for n in sys.modules if n.split('.')[0] in ('numpy', 'cv2', 'difflib', 'shtab', 'asyncio')"
        " or n.startswith('fermon.')))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.splitlines()
    assert found[1:] == ["['fermon.cli', 'fermon.commandline', 'fermon.errors', 'fermon.paths']"]


def test_ctrl_c_during_a_command_is_one_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(_: list[str]) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr("fermon.session.replay.main", interrupted)
    assert answer(capsys, "replay", "x") == (130, "", "fermon: interrupted\n")
