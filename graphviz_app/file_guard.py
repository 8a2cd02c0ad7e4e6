"""Two windows, one file: who has it open, and whether it changed behind a window's back.

It only tells; what to do about it is asked where there is a user.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from PySide6.QtCore import QLockFile

from graphviz_app.app_data import app_data, held_by_another, make_private, take_lock

Stamp = tuple[int, int, int]


class FileGuard:
    """One window's claim to its file, seen by every other window of this user on this machine.

    Where the claims cannot be written down, every file is as good as free.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder or app_data() / "open-files"
        self._lock: QLockFile | None = None
        self._lock_path: Path | None = None
        self._noted: tuple[Path, Stamp | None] | None = None

    def claim(self, path: Path) -> bool:
        """Claim ``path`` in place of what was claimed before.

        False if another window has it; then the claim before stays, until ``release``.
        """
        lock_path = self._folder / f"{_key(path)}.lock"
        if self._lock is not None and lock_path == self._lock_path:
            return True
        try:
            make_private(self._folder)
        except OSError:
            return True
        lock = take_lock(lock_path)
        if held_by_another(lock):
            return False
        self.release()
        self._lock, self._lock_path = lock, lock_path
        return True

    def release(self) -> None:
        """Let others have the file."""
        if self._lock is not None:
            self._lock.unlock()
        self._lock = self._lock_path = None

    def note(self, path: Path, stamp: Stamp | None = None) -> None:
        """Remember ``path`` as it is on disk now, or as it was at ``stamp``.

        Ask for the stamp before loading, and note it if that succeeded.
        """
        self._noted = path, stamp or stamp_of(path)

    def changed_on_disk(self, path: Path) -> bool:
        """Whether ``path``, the file noted last, holds a version that is not the noted one.

        A file that is gone holds none: saving loses nothing then.
        """
        if self._noted is None or self._noted[0] != path:
            return False
        now = stamp_of(path)
        return now is not None and now != self._noted[1]


def _key(path: Path) -> str:
    """The same for every way to name one file."""
    real = os.path.normcase(os.path.realpath(path))
    return hashlib.sha256(os.fsencode(real)).hexdigest()[:32]


def stamp_of(path: Path) -> Stamp | None:
    """What tells one version of a file from another; None where there is none."""
    try:
        found = os.stat(path)
    except (OSError, ValueError):
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
