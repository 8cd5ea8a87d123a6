"""The paths that people write on the command line and in the configuration."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

from fermon.errors import Problem, one_line

NO_FILES = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


def expand(text: str | Path) -> Path:
    """Return the path that `text` names, with "~" and "~name" replaced by the home folders. Never raises.

    A home folder that there is not stays as it is written, so that whoever opens the path names it: no such file.
    """
    try:
        return Path(os.path.expanduser(text))  # noqa: PTH111  (Path.expanduser raises where there is no home)
    except ValueError:  # a name with a zero character
        return Path(text)


def shown(path: str | Path) -> str:
    r"""Return a path as people and files in UTF-8 may be given it: in one line, bytes that are no text written out.

    >>> shown("a\nb \udcff.mp4")
    'a\\nb \\xff.mp4'
    """
    return one_line(str(path))


def unreadable(path: Path, expected: str, remedy: str = "") -> Problem | None:
    """Say why there is no regular file at `path` that this user may read, or return None when there is.

    `expected` says what of ("a video"), `remedy` what to give instead. Never waits: pipes and devices are refused
    unopened.
    """
    try:
        kind = stat.S_IFMT(path.stat().st_mode)
        if kind in NO_FILES:
            return Problem(shown(path), found=NO_FILES[kind], expected=expected, remedy=remedy)
        with path.open("rb", buffering=0) as file:
            file.read(1)
    except ValueError:  # a zero character
        return Problem(f"{shown(path)}: not a possible file name", remedy=remedy)
    except OSError as error:
        return _why_not(path, error, expected, remedy)
    return None


def _why_not(path: Path, error: OSError, expected: str, remedy: str) -> Problem:
    name, folder = shown(path), path.parent
    if error.errno == errno.ENAMETOOLONG:
        long = max((len(os.fsencode(part)) for part in path.parts), default=0)
        return Problem(f"{name[:60]}…: the name is too long", found=f"{long} bytes", expected="at most 255")
    if error.errno in (errno.ENOENT, errno.ENOTDIR):
        if path.parts and path.parts[0].startswith("~"):
            return Problem(f"{name}: there is no home folder {shown(path.parts[0])}", remedy=remedy)
        if not folder.is_dir():
            return Problem(f"{name}: no such file, and no such folder {shown(folder)}", remedy=remedy)
        near = _near(path)
        meant = f"did you mean {near!r}? " if near else ""
        return Problem(f"{name}: no such file", remedy=f"{meant}{remedy}".strip())
    if error.errno in (errno.EACCES, errno.EPERM):
        closed = next(
            (part for part in reversed(path.absolute().parents) if not os.access(part, os.X_OK, effective_ids=True)),
            None,
        )
        if closed is not None:
            return Problem(
                f"{name}: this user may not enter the folder {shown(closed)}",
                remedy=f"give {expected} from elsewhere",
            )
        return Problem(f"{name}: this user may not read it", remedy="make it readable for this user")
    return Problem(f"{name}: cannot be read: {error.strerror}", remedy=remedy)


def _near(path: Path) -> str | None:
    """Return the name in the same folder that is most like this one."""
    import difflib  # only when something is wrong: a start pays for every import

    try:
        names = [entry.name for entry in path.parent.iterdir() if entry.is_file()]
    except OSError:
        return None
    found = difflib.get_close_matches(path.name, names, n=1, cutoff=0.75)
    return shown(found[0]) if found else None
