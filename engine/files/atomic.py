"""Replacing a file all at once: whatever happens, either the old or the new one is there whole."""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
from pathlib import Path


def replace_file(path: Path, data: bytes) -> None:
    """Write ``data`` to ``path``: beside it first, synced, then moved into its place.

    Permissions of the file that was there are kept, a link is followed, and nothing is left
    behind on failure, which raises OSError.
    """
    target = Path(os.path.realpath(path))
    mode = None
    with contextlib.suppress(FileNotFoundError):
        found = os.stat(target)
        if stat.S_ISDIR(found.st_mode):
            raise IsADirectoryError(f"{path} is a folder")
        if not os.access(target, os.W_OK):
            raise PermissionError(f"{path} is read-only")
        mode = stat.S_IMODE(found.st_mode)
    beside = target.with_name(f".{secrets.token_hex(8)}.tmp")
    try:
        with open(beside, "xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if mode is not None:
            os.chmod(beside, mode)
        os.replace(beside, target)
    except BaseException:
        with contextlib.suppress(OSError):
            beside.unlink()
        raise
    _sync_folder(target.parent)


def _sync_folder(folder: Path) -> None:
    """Make the move itself last through a power cut, where the system can."""
    with contextlib.suppress(OSError):  # Windows opens no folders
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
