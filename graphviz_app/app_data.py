"""The app's own folder on this machine, and locks in it that end with the process that took them.

Recovery and the guard of open files keep their notes here; nobody else writes into it.
"""

from __future__ import annotations

import time
from pathlib import Path

from PySide6.QtCore import QLockFile, QStandardPaths

# Longer than it takes to create a lock: a younger one may not be held by the system yet.
SETTLED_S = 2.0


def app_data() -> Path:
    """The folder for what the app keeps on this machine; it need not exist.

    It is the local one, which does not travel between machines as settings may: what lies in it
    speaks of processes.
    """
    location = QStandardPaths.StandardLocation.GenericDataLocation
    return Path(QStandardPaths.writableLocation(location)) / "graphviz-app"


def make_private(folder: Path) -> None:
    """Create ``folder`` if need be, closed to other users; raises OSError."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def take_lock(path: Path) -> QLockFile:
    """Try once to take the lock file ``path``, even from a process that died; see ``isLocked``."""
    lock = QLockFile(str(path))
    lock.setStaleLockTime(0)  # never by age alone: a window may stay open for weeks
    # A lock file of the dead may name a process that runs, a later one with the same number.  The
    # system knows: it lets nobody remove a lock file that is held.
    held = not lock.tryLock(0) and held_by_another(lock)
    if held and _settled(path) and lock.removeStaleLockFile():
        lock.tryLock(0)
    return lock


def held_by_another(lock: QLockFile) -> bool:
    """Whether taking ``lock`` failed for another window has it, and not for want of a folder."""
    return not lock.isLocked() and lock.error() == QLockFile.LockError.LockFailedError


def _settled(path: Path) -> bool:
    try:
        return abs(time.time() - path.stat().st_mtime) > SETTLED_S
    except OSError:
        return False
