"""What is written: never over what is read, and beside, then renamed, so that nothing half-written is left."""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
from collections.abc import Mapping
from pathlib import Path

from fermon.errors import Problem


def over_input(target: Path, inputs: Mapping[str, Path | None]) -> Problem | None:
    """Say which of `inputs` (what it is -> its path) writing to `target` would destroy, or return None.

    The same file by another name counts too: a link, a hard link, another node of the same device.
    """
    for name, path in inputs.items():
        if path is not None and _same(target, path):
            what = f"{target}: is also {name}, which would be overwritten"
            return Problem(what, remedy="choose another file to write to")
    return None


def _same(a: Path, b: Path) -> bool:
    try:
        first, second = a.stat(), b.stat()
    except OSError:  # not there yet
        return os.path.realpath(a) == os.path.realpath(b)
    except ValueError:  # no possible name: whoever opens it says so
        return False
    if stat.S_ISCHR(first.st_mode) or stat.S_ISBLK(first.st_mode):
        kinds = stat.S_IFMT(first.st_mode) == stat.S_IFMT(second.st_mode)
        return kinds and first.st_rdev == second.st_rdev
    return os.path.samestat(first, second)


def write_whole(target: Path, content: bytes) -> None:
    """Write a file that is there whole or not at all; a link stays one. Raises OSError, and leaves what was there."""
    real = Path(os.path.realpath(target))
    if real.exists() and not real.is_file():  # a device, a pipe
        real.write_bytes(content)
        return
    number, name = tempfile.mkstemp(dir=real.parent, prefix=f".{real.name[:100]}.")
    try:
        with os.fdopen(number, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        umask = os.umask(0)
        os.umask(umask)
        Path(name).chmod(stat.S_IMODE(real.stat().st_mode) if real.exists() else 0o666 & ~umask)
        Path(name).replace(real)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(name).unlink()
        raise
