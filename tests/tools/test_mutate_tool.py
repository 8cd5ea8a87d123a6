"""The mutation tool: what it changes, and that it tells what nobody noticed."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from mutations import mutants

ROOT = Path(__file__).resolve().parents[2]


def texts(source: str) -> list[str]:
    return [mutant.text for mutant in mutants(ast.parse(source))]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("hub.close()", ["delete: hub.close()"]),
        ("return_ = f(g, k=v)", ["delete: return_ = f(g, k=v)", "return_ = f(g, k=v) -> None", "f(g, k=v) -> f(g)"]),
        ("a += b", ["delete: a += b", "a += b -> a -= b"]),
        ("a, b = 1, c", [
            "delete: a, b = (1, c)", "a, b = (1, c) -> b, = (c,)", "a, b = (1, c) -> a, = (1,)", "1 -> 2",
        ]),
        ("a = b = c", ["delete: a = b = c", "a = b = c -> b = c", "a = b = c -> a = c", "a = b = c -> None"]),
        ("while a < 1: pass", ["while a < 1: -> never", "while a < 1: -> always", "a < 1 -> a <= 1", "a < 1 -> a >= 1",
                               "1 -> 2"]),
        ("if a and not b: pass", [
            "if a and (not b): -> never", "if a and (not b): -> always", "a and (not b) -> a or not b",
            "a and (not b) -> not b", "a and (not b) -> a", "not b -> b",
        ]),
        ("for x in y: f(x)", ["for x in y: -> over nothing", "delete: f(x)"]),
        ("with lock: f()", ["without: with lock:", "delete: f()"]),
        ("with lock as x: f()", ["delete: f()"]),
        ("try: f()\nexcept E: g()\nfinally: h()", [
            "finally: -> only without an exception", "delete: f()", "except E: nothing is caught", "delete: g()",
            "delete: h()",
        ]),
        ("print(max(a, b) if c is None else -d)", [
            "delete: print(max(a, b) if c is None else -d)", "max(a, b) if c is None else -d -> max(a, b)",
            "max(a, b) if c is None else -d -> -d", "c is None -> c is not None", "max(a, b) -> a", "max(a, b) -> b",
            "-d -> d",
        ]),
        ("{int(x) for x in y if x}", ["{int(x) for x in y if x} -> {int(x) for x in y}", "int(x) -> x"]),
        ("def f(a: int = 0, b: str = 'x'):\n    '''Text.'''\n    return a", [
            "0 -> 1", "'x' -> 'x~'", "return a -> return None",
        ]),
        ("import a\nT = TypeVar('T')\nassert a\nif TYPE_CHECKING: f()\nx: int\n...", []),
        ("raise E", ["delete: raise E"]),
        ("f = lambda: 1.5", ["delete: f = lambda: 1.5", "f = lambda: 1.5 -> None", "lambda: 1.5 -> lambda: None",
                             "1.5 -> 3.0"]),
        ("self.x: int | None = 3", ["delete: self.x: int | None = 3", "3 -> 4"]),
    ],
)  # fmt: skip
def test_what_is_changed(source: str, expected: list[str]) -> None:
    found = texts(source)
    for text in expected:
        assert text in found
    assert len(found) >= len(expected)
    if source[:2] != "{i":
        assert sorted(found) == sorted(expected)


def test_each_change_gives_another_program_that_compiles() -> None:
    source = (ROOT / "fermon/outputs/hub.py").read_text(encoding="utf-8")
    count = len(mutants(ast.parse(source)))
    assert count > 30
    programs = {ast.unparse(ast.parse(source))}
    for number in range(count):
        tree = ast.parse(source)
        mutants(tree)[number].apply()
        compile(ast.fix_missing_locations(tree), "mutant", "exec")
        programs.add(ast.unparse(tree))
    assert len(programs) > 0.97 * count, "hardly any two are the same"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with one module, whose tests notice everything but that nobody is told."""
    (tmp_path / "fermon").mkdir()
    (tmp_path / "fermon/__init__.py").touch()
    (tmp_path / "fermon/small.py").write_text(
        "from collections.abc import Callable\n\n\n"
        "def double(x: int, tell: Callable[[int], None] = print) -> int:\n"
        "    tell(x)\n"
        "    return 2 * x if x >= 0 else 3\n"
    )
    (tmp_path / "tests/unit").mkdir(parents=True)
    (tmp_path / "tests/unit/test_small.py").write_text(
        "from fermon.small import double\n\n\n"
        "def test_double() -> None:\n"
        "    assert [double(x) for x in (0, 1, -5, 7)] == [0, 2, 3, 14]\n"
    )
    (tmp_path / "tools").mkdir()
    return tmp_path


def mutate(project: Path, *words: str) -> tuple[int, list[str]]:
    command = [sys.executable, str(ROOT / "tools/mutate.py"), "--root", str(project), *words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    return done.returncode, (done.stdout + done.stderr).splitlines()


def test_what_no_test_notices_is_told_until_it_is_excused(project: Path) -> None:
    code, lines = mutate(project, "fermon/small.py")
    assert code == 1
    survived = [line for line in lines if "survived: " in line]
    assert survived == ["fermon/small.py:5: survived: tell(x)"]
    assert lines[lines.index(survived[0]) + 1] == "    delete: tell(x)"
    assert lines[-1].endswith("1 survived") and "killed" in lines[-1]
    excuse = '[["fermon/small.py"]]\nat = "tell(x)"\nwhat = ["delete: tell(x)"]\nwhy = "Nobody listens."\n'
    (project / "tools/mutate.toml").write_text(excuse)
    code, lines = mutate(project, "fermon/small.py")
    assert code == 0 and "1 excused" in lines[-1]
    useless = excuse.replace("tell(x)", "tell(y)") + excuse.replace("Nobody listens.", "")
    (project / "tools/mutate.toml").write_text(useless)
    code, lines = mutate(project, "fermon/small.py", "--line", "5")
    assert code == 1
    assert "tools/mutate.toml: fermon/small.py: no such mutant: tell(y): delete: tell(y)" in lines
    assert survived[0] in lines, "an excuse has a reason"


def test_a_sample_is_the_same_for_the_same_seed(project: Path) -> None:
    one, other = (mutate(project, "fermon/small.py", "--sample", "3", "--seed", "a1b2")[1] for _ in range(2))
    assert one[-1].startswith("3 mutants in ")
    assert one[-1].split(" s: ")[1] == other[-1].split(" s: ")[1]


def test_tests_that_fail_anyway_and_modules_without_tests_are_refused(project: Path) -> None:
    assert mutate(project, "fermon/other.py") == (1, [
        f"mutate: fermon/other.py: no such file; expected a path from {project}, like fermon/daemon.py"
    ])  # fmt: skip
    (project / "fermon/other.py").write_text("x = 1\n")
    code, lines = mutate(project, "fermon/other.py")
    assert code == 1 and lines[-1].startswith("mutate: fermon/other.py: found no tests like tests/unit/test_other*.py")
    (project / "tests/unit/test_small.py").write_text("def test_nothing():\n    assert False\n")
    code, lines = mutate(project, "fermon/small.py")
    assert code == 1 and lines[-1] == "mutate: fermon/small.py: its tests fail without a mutant"
