"""Change every statement and operator of a module in turn, and see whether its tests notice.

    python tools/mutate.py fermon/daemon.py fermon/watch.py [--sample N [--seed S]] [--jobs N] [--line N] [--show]

For each mutant (mutations.py) the tests of its module that execute the changed line are run, the quickest first, until
one fails. What no test notices is printed, and the exit code is 1. A mutant that nobody can notice is excused by an
entry with its reason in mutate.toml; an entry that fits no mutant is an error too.

Tests mirror the house: those of `fermon/a/b.py` are `tests/unit/a/test_b*.py`; TESTS has the others. They run in this
process, forked for each mutant after everything of others is imported: a mutant takes some tenths of a second. One
whose tests take far longer than without it counts as noticed.

Why not a tool from PyPI (looked at in November 2026): none of mutmut 3.8, cosmic-ray 8.7, pytest-gremlins 1.12 and
mutatest 3.1 deletes statements, and a daemon's loop is calls whose results nobody uses: `hub.close()` taken away is
the mutant that matters here. MutPy does, and rests since 2019. cosmic-ray starts a process for each mutant and runs
every test.
"""

from __future__ import annotations

import argparse
import ast
import importlib.util
import io
import json
import os
import random
import signal
import sys
import tempfile
import time
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import redirect_stdout, suppress
from functools import partial
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, SourceFileLoader
from pathlib import Path
from types import CodeType

import pytest

from mutations import Mutant, mutants
from tested_lines import Test, Watcher

ROOT = Path(__file__).resolve().parents[1]
EXCUSES = "tools/mutate.toml"
TESTS = {"fermon/systemd.py": ("tests/integration/test_systemd.py",)}
QUIET = ("-q", "-p", "no:randomly")
SPARE_S, SPARE = 5.0, 5.0  # seconds, and times as long as without a mutant, that the tests may take
SURVIVED, KILLED, SLOW = "survived", "killed", "killed by time"


class Module:
    """A source file with its mutants and its tests."""

    def __init__(self, root: Path, file: str) -> None:
        self.root, self.file, self.path = root, file, root / file
        if not self.path.is_file():
            raise SystemExit(f"mutate: {file}: no such file; expected a path from {root}, like fermon/daemon.py")
        parts = Path(file).with_suffix("").parts
        self.name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        self._source = self.path.read_text(encoding="utf-8").splitlines()
        self.tree = ast.parse("\n".join(self._source))
        self.mutants = mutants(self.tree)

    def at(self, mutant: Mutant) -> str:
        return self._source[mutant.line - 1].strip()

    def test_files(self) -> list[str]:
        """Return the paths of its test files. SystemExit when there are none."""
        folders = Path("tests/unit", *Path(self.file).parts[1:-1])
        patterns = TESTS.get(self.file, (f"{folders}/test_{self.path.stem}*.py",))
        found = [str(path) for pattern in patterns for path in sorted(self.root.glob(pattern))]
        if not found:
            raise SystemExit(
                f"mutate: {self.file}: found no tests like {' or '.join(patterns)}; see TESTS in {__file__}"
            )
        return found

    def code(self) -> CodeType:
        """Compile the tree as it stands."""
        return compile(ast.fix_missing_locations(self.tree), str(self.path), "exec", dont_inherit=True)


class Instead(MetaPathFinder):
    """Has one module made from another code than its file's."""

    def __init__(self, module: Module, code: CodeType) -> None:
        class Loader(SourceFileLoader):
            def get_code(self, fullname: str) -> CodeType:
                return code

        self._module, self._loader = module, Loader(module.name, str(module.path))

    def find_spec(self, fullname: str, path: object, target: object = None) -> ModuleSpec | None:
        if fullname != self._module.name:
            return None
        return importlib.util.spec_from_file_location(fullname, self._module.path, loader=self._loader)


def forget_own_modules(root: Path) -> None:
    """Have the project's modules and tests imported anew; those of others stay."""
    own = tuple(f"{root / folder}{os.sep}" for folder in ("fermon", "tests", "tools/scenarios"))
    for name, module in list(sys.modules.items()):
        if str(getattr(module, "__file__", None)).startswith(own):
            del sys.modules[name]


def fork(work: Callable[[], int], show: bool) -> int:
    """Return the process number of a child that does `work` and ends with its exit code, in silence unless `show`."""
    pid = os.fork()
    with suppress(PermissionError, ProcessLookupError):  # both do it: whoever comes first
        os.setpgid(pid, pid)
    if pid:
        return pid
    code = 3
    try:
        if not show:
            for number in (1, 2):
                os.dup2(os.open(os.devnull, os.O_WRONLY), number)
        code = int(work())
    finally:
        os._exit(code)


def tests_of(module: Module, folder: Path) -> tuple[list[Test], frozenset[int]]:
    """Run the module's tests as it is; return them, the quickest first, and the lines that its import executes."""
    files = module.test_files()
    found = folder / "tests.json"

    def run() -> int:
        watcher = Watcher(module.path)
        watcher.watch()
        code = pytest.main([*QUIET, f"--basetemp={folder / 'plain'}", *files], plugins=[watcher])
        tests = [(test.name, test.seconds, sorted(test.lines)) for test in watcher.tests]
        found.write_text(json.dumps([tests, sorted(watcher.always)]))
        return code

    with redirect_stdout(io.StringIO()):
        pytest.main(["--collect-only", "-qq", *files])  # imports what all children need
    forget_own_modules(module.root)
    _, status = os.waitpid(fork(run, show=True), 0)
    if os.waitstatus_to_exitcode(status):
        raise SystemExit(f"mutate: {module.file}: its tests fail without a mutant")
    tests, always = json.loads(found.read_text())
    return sorted((Test(n, s, frozenset(ls)) for n, s, ls in tests), key=lambda t: t.seconds), frozenset(always)


def chosen(mutant: Mutant, tests: Sequence[Test], always: frozenset[int]) -> list[Test]:
    """Return the tests that execute the mutant's statement."""
    if not always.isdisjoint(mutant.lines):
        return list(tests)
    return [test for test in tests if not test.lines.isdisjoint(mutant.lines)]


def try_mutants(
    module: Module, wanted: Sequence[Mutant], folder: Path, jobs: int, show: bool
) -> Iterator[tuple[Mutant, str]]:
    """Yield each mutant with what became of it."""
    tests, always = tests_of(module, folder)
    print(
        f"{module.file}: {len(wanted)} mutants, {len(tests)} tests of {sum(t.seconds for t in tests):.1f} s", flush=True
    )
    waiting = list(enumerate(wanted))[::-1]
    running: dict[int, tuple[Mutant, float]] = {}
    try:
        while waiting or running:
            while waiting and len(running) < jobs:
                number, mutant = waiting.pop()
                own = chosen(mutant, tests, always)
                if not own:
                    yield mutant, f"{SURVIVED}, no test executes it"
                    continue
                limit_s = SPARE_S + SPARE * sum(test.seconds for test in own)
                run = partial(_run, module, mutant, own, folder / str(number))
                running[fork(run, show)] = (mutant, time.monotonic() + limit_s)
            time.sleep(0.005)
            for pid, (mutant, end) in list(running.items()):
                done, status = os.waitpid(pid, os.WNOHANG)
                if done:
                    del running[pid]
                    yield mutant, _outcome(module, os.waitstatus_to_exitcode(status))
                elif time.monotonic() > end:
                    _kill(pid)
                    del running[pid]
                    yield mutant, SLOW
    finally:
        for pid in running:
            _kill(pid)


def _run(module: Module, mutant: Mutant, tests: Sequence[Test], folder: Path) -> int:
    """Run the tests against the mutant; return pytest's exit code. Only for a process that ends afterwards."""
    mutant.apply()
    sys.meta_path.insert(0, Instead(module, module.code()))
    names = (test.name for test in tests)
    return pytest.main([*QUIET, "-x", "--timeout=0", f"--basetemp={folder}", *names])


def _kill(pid: int) -> None:
    """End a child with all that it has started."""
    os.killpg(pid, signal.SIGKILL)
    os.waitpid(pid, 0)


def _outcome(module: Module, code: int) -> str:
    if code == pytest.ExitCode.NO_TESTS_COLLECTED:
        raise SystemExit(f"mutate: {module.file}: pytest ran no test")
    return KILLED if code else SURVIVED


def excused(module: Module) -> tuple[list[Mutant], list[Mutant], list[str]]:
    """Return the mutants to be tried, those that are excused, and the excuses that fit none."""
    path = module.root / EXCUSES
    entries = tomllib.loads(path.read_text(encoding="utf-8")).get(module.file, []) if path.exists() else []
    unused = {(entry["at"], what) for entry in entries for what in entry["what"] if entry["why"]}
    known = set(unused)
    tried: list[Mutant] = []
    spared: list[Mutant] = []
    for mutant in module.mutants:
        key = (module.at(mutant), mutant.text)
        (spared if key in known else tried).append(mutant)
        unused.discard(key)
    return tried, spared, [f"{at}: {what}" for at, what in sorted(unused)]


def main() -> int:
    parser = argparse.ArgumentParser(prog="mutate", description="See whether the tests notice every small change.")
    parser.add_argument("files", nargs="+", help="paths from the project's root, like fermon/daemon.py")
    parser.add_argument("--sample", type=int, metavar="N", help="try only so many mutants, chosen by chance")
    parser.add_argument("--seed", default="", help="of that choice: any text")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="mutants at the same time")
    parser.add_argument("--line", type=int, help="try only the mutants of this line")
    parser.add_argument("--root", type=Path, default=ROOT, help="of another project")
    parser.add_argument("--show", action="store_true", help="show what pytest prints for each mutant")
    options = parser.parse_args()
    root = options.root.resolve()
    os.chdir(root)
    sys.path.insert(0, str(root))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("mutate: terminated"))  # children too
    began = time.monotonic()
    plan = [(module, *excused(module)) for module in (Module(root, file) for file in options.files)]
    everything = [(number, mutant) for number, (_, tried, _, _) in enumerate(plan) for mutant in tried]
    if options.line:
        everything = [(number, mutant) for number, mutant in everything if mutant.line == options.line]
    if options.sample and options.sample < len(everything):
        everything = random.Random(options.seed).sample(everything, options.sample)
    total: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        for number, (module, _, spared, unused) in enumerate(plan):
            wanted = [mutant for of, mutant in everything if of == number]
            total["excused"] += len(spared)
            for text in unused:
                total["useless excuses"] += 1
                print(f"{EXCUSES}: {module.file}: no such mutant: {text}")
            for mutant, outcome in (
                try_mutants(module, wanted, Path(folder), options.jobs, options.show) if wanted else ()
            ):
                total[outcome.split(",")[0]] += 1
                if outcome.startswith(SURVIVED):
                    print(f"{module.file}:{mutant.line}: {outcome}: {module.at(mutant)}\n    {mutant.text}", flush=True)
    counts = ", ".join(f"{count} {what}" for what, count in sorted(total.items()) if count)
    print(f"{len(everything)} mutants in {time.monotonic() - began:.0f} s: {counts}")
    return 1 if total[SURVIVED] or total["useless excuses"] else 0


if __name__ == "__main__":
    sys.exit(main())
