"""The house rules of tools/: no command is used as a library, and every command is called as its help says."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

TOOLS = Path(__file__).resolve().parents[2] / "tools"
MODULES = {".".join(path.relative_to(TOOLS).with_suffix("").parts): path for path in TOOLS.rglob("*.py")}
TREES = {name: ast.parse(path.read_text(encoding="utf-8")) for name, path in MODULES.items()}


def is_command(tree: ast.Module) -> bool:
    return any(isinstance(node, ast.If) and "__main__" in ast.unparse(node.test) for node in tree.body)


def imported(tree: ast.Module) -> set[str]:
    """Every module that is imported, and every name that may be one."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return names


COMMANDS = sorted(name for name, tree in TREES.items() if is_command(tree))


def test_there_are_commands_and_libraries() -> None:
    assert {"train", "export", "eyes.train", "cost.compare"} <= set(COMMANDS)
    assert {"expression.runs", "int8.files", "eyes.draw"} <= set(MODULES) - set(COMMANDS)


@pytest.mark.parametrize("name", MODULES)
def test_no_command_is_imported(name: str) -> None:
    assert not imported(TREES[name]) & set(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_is_called_as_its_help_says(name: str) -> None:
    path = MODULES[name].relative_to(TOOLS.parent)
    words = (f"python {path}", f"python -m {name.removesuffix('.__main__')}")
    assert any(call in (ast.get_docstring(TREES[name]) or "") for call in words)


@pytest.mark.parametrize("name", MODULES)
def test_tensorflow_is_asked_for_by_the_converter_alone(name: str) -> None:
    assert name == "int8.convert" or not any(found.startswith("tensorflow") for found in imported(TREES[name]))
