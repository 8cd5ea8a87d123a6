"""Files that people write (configuration, manifests): read whole, within a limit, and never waited for."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

from fermon.paths import NO_FILES

NO_NAME = "not a possible file name"


def content(path: Path, most_bytes: int) -> bytes:
    """Return what is in a regular file. Raises OSError, whose `strerror` says why not.

    Pipes and devices are refused: reading them may wait for ever, or never end.
    """
    try:
        kind = stat.S_IFMT(path.stat().st_mode)
    except ValueError:
        raise OSError(errno.EINVAL, NO_NAME) from None
    if kind == stat.S_IFDIR:
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    if kind in NO_FILES:
        raise OSError(errno.EINVAL, f"{NO_FILES[kind]}, expected a regular file")
    with path.open("rb") as file:
        found = file.read(most_bytes + 1)
    if len(found) > most_bytes:
        raise OSError(errno.EFBIG, f"larger than {most_bytes // 1024} KiB")
    return found
