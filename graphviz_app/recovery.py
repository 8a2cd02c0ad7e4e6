"""Unsaved changes outlive a crash: a copy is kept beside, and found again at the next start.

Each open document has three files in the recovery folder: the copy ``*.graph.json``, what it is a
copy of ``*.about.json``, and a ``*.lock`` that is held while the document is open.  A copy whose
lock nobody holds was left behind.  The file that the user saves is never touched here.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import msgspec
from PySide6.QtCore import (
    QDeadlineTimer,
    QLockFile,
    QObject,
    QRunnable,
    QThreadPool,
    QTimer,
    Signal,
    Slot,
)

from engine.errors import FileError
from engine.files.atomic import replace_file
from engine.files.project import graph_bytes, load
from engine.graph.graph import Graph
from graphviz_app.app_data import app_data, held_by_another, make_private, take_lock

# A copy is written when the user pauses this long, and during work without a pause this often.
PAUSE_MS, LONGEST_MS = 3_000, 15_000
KEPT = timedelta(days=30)
UNFINISHED_KEPT = timedelta(days=1)  # what a process was writing when it died

COPY, ABOUT, LOCK = ".graph.json", ".about.json", ".lock"

SESSION = secrets.token_hex(8)
"""This run of the app; unlike a process number it is never used again."""


def recovery_folder() -> Path:
    """Where copies are kept unless a test says otherwise."""
    return app_data() / "recovery"


class About(msgspec.Struct, frozen=True):
    """What a copy is a copy of, beside it; a file's name need not be text, so it is bytes."""

    title: str
    nodes: int
    saved_at: Annotated[datetime, msgspec.Meta(tz=True)]
    original: bytes | None = None
    process: int = 0
    session: str = ""


@dataclass(frozen=True)
class _Snapshot:
    """A graph that wants a copy; ``number`` counts the changes of its document."""

    number: int
    graph: Graph
    original: Path | None


class _CopyFiles:
    """The three files of one document; threads may share it.  The latest snapshot wins."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._name = secrets.token_hex(8)
        self._lock: QLockFile | None = None
        self._settled = 0  # the last change that is in the copy, or that needs none
        self._one_at_a_time = threading.Lock()

    def write(self, snapshot: _Snapshot) -> str:
        """Replace the copy, unless a later one is there; returns what went wrong, or ""."""
        try:
            data = graph_bytes(snapshot.graph)  # takes longest, so it holds up nobody
            with self._one_at_a_time:
                if snapshot.number > self._settled:
                    make_private(self._folder)
                    self._hold_lock()
                    replace_file(self._path(COPY), data)
                    replace_file(self._path(ABOUT), _about(snapshot))
                    self._settled = snapshot.number
        except FileError as error:
            return f"Your changes cannot be backed up. {error}"
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            return f"Your changes cannot be backed up: {reason}. Save the file to keep them."
        return ""

    def remove(self, number: int) -> None:
        """Delete the files; no snapshot up to ``number`` is written any more."""
        with self._one_at_a_time:
            self._settled = number
            _remove(self._path(COPY))
            _remove(self._path(ABOUT))
            if self._lock is not None:
                self._lock.unlock()
                self._lock = None
            self._name = secrets.token_hex(8)  # who looks for copies now may hold the old lock

    def _path(self, ending: str) -> Path:
        return self._folder / (self._name + ending)

    def _hold_lock(self) -> None:
        if self._lock is None:
            lock = take_lock(self._path(LOCK))
            if not lock.isLocked():
                full = lock.error() == QLockFile.LockError.UnknownError
                raise OSError("the disk may be full" if full else "permission denied")
            self._lock = lock


class _WriteJob(QRunnable):
    """Writes a snapshot off the GUI thread and sends its number and what went wrong."""

    def __init__(
        self, files: _CopyFiles, snapshot: _Snapshot, send: Callable[[int, str], None]
    ) -> None:
        super().__init__()
        self._files, self._snapshot, self._send = files, snapshot, send

    def run(self) -> None:
        complaint = self._files.write(self._snapshot)
        with contextlib.suppress(RuntimeError):  # the document is gone
            self._send(self._snapshot.number, complaint)


class Autosave(QObject):
    """Keeps a copy of one document's unsaved changes.

    Signals: ``written`` (every change is in the copy), ``failed`` (one sentence, once until a
    copy can be written again).
    """

    written = Signal()
    failed = Signal(str)
    _finished = Signal(int, str)

    def __init__(self, folder: Path | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._files = _CopyFiles(folder or recovery_folder())
        self._changes = 0
        self._waiting: _Snapshot | None = None  # the last change, while it is not in the copy
        self._told = False
        self._latest = QDeadlineTimer()
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._start_writing)
        self._finished.connect(self._take)

    def changed(self, graph: Graph, path: Path | None) -> None:
        """Call this after each change; ``graph`` must not be written into later."""
        self._changes += 1
        self._waiting = _Snapshot(self._changes, graph, path)
        if not self._timer.isActive():
            self._latest = QDeadlineTimer(LONGEST_MS)
        self._timer.start(min(PAUSE_MS, self._latest.remainingTime()))

    def flush(self) -> None:
        """Have every change in the copy before this returns."""
        self._timer.stop()
        if self._waiting is not None:
            self._take(self._waiting.number, self._files.write(self._waiting))

    def forget(self) -> None:
        """Delete the copy: the changes are saved, undone or given up.  The next one starts anew."""
        self._timer.stop()
        self._waiting = None
        self._files.remove(self._changes)

    @Slot()
    def _start_writing(self) -> None:
        # Small graphs too: a slow disk or a network folder must not be felt in the window.
        if self._waiting is not None:
            job = _WriteJob(self._files, self._waiting, self._finished.emit)
            QThreadPool.globalInstance().start(job)

    @Slot(int, str)
    def _take(self, number: int, complaint: str) -> None:
        if self._waiting is None:  # forgotten in the meantime
            return
        if complaint:
            if not self._told:
                self._told = True
                self.failed.emit(complaint)
            return
        self._told = False
        if self._waiting.number == number:
            self._waiting = None
            self.written.emit()


# what was left behind -------------------------------------------------------------------------


@dataclass(frozen=True)
class LeftBehind:
    """Unsaved changes of a document whose window ended without saving or giving them up."""

    path: Path
    original: Path | None
    title: str
    saved_at: datetime
    nodes: int

    def graph(self) -> Graph:
        """The changes; raises FileError."""
        return load(self.path)

    def discard(self) -> None:
        """Delete them."""
        _remove(self.path)
        _remove(_beside(self.path, ABOUT))


def find_left_behind(folder: Path | None = None) -> list[LeftBehind]:
    """Copies that no open window holds, newest first; deletes those past keeping.  Never raises."""
    folder = folder or recovery_folder()
    try:
        names = [entry.name for entry in folder.iterdir()]
    except OSError:
        return []
    for name in names:
        if name.endswith(".tmp") and _age(folder / name) > UNFINISHED_KEPT:
            _remove(folder / name)
    found = []
    for name in {n.partition(".")[0] for n in names if n.endswith((COPY, ABOUT, LOCK))}:
        lock = take_lock(folder / (name + LOCK))
        if not held_by_another(lock):
            found.append(_examine(folder / (name + COPY)))
        lock.unlock()
    return sorted(filter(None, found), key=lambda left: left.saved_at, reverse=True)


def _examine(copy: Path) -> LeftBehind | None:
    """What the copy says of itself, or None where there is nothing to recover."""
    age = _age(copy)
    if age > KEPT or not copy.exists():
        _remove(copy)
        _remove(_beside(copy, ABOUT))
        return None
    try:
        about = msgspec.json.decode(_beside(copy, ABOUT).read_bytes(), type=About)
        original = None if about.original is None else Path(os.fsdecode(about.original))
        return LeftBehind(copy, original, about.title, about.saved_at, about.nodes)
    except (OSError, ValueError, RecursionError):  # died between the two: the copy can speak
        with contextlib.suppress(FileError):
            graph = load(copy)
            saved_at = datetime.now(UTC) - age
            return LeftBehind(copy, None, _title(graph, None), saved_at, len(graph.nodes))
    return None


def _about(snapshot: _Snapshot) -> bytes:
    graph, original = snapshot.graph, snapshot.original
    return msgspec.json.encode(
        About(
            title=_title(graph, original),
            nodes=len(graph.nodes),
            saved_at=datetime.now(UTC),
            original=None if original is None else os.fsencode(original.absolute()),
            process=os.getpid(),
            session=SESSION,
        )
    )


def _title(graph: Graph, original: Path | None) -> str:
    named = original.name.removesuffix(COPY) if original else "untitled"
    return (graph.name or named).encode("utf-8", "replace").decode()


def _beside(copy: Path, ending: str) -> Path:
    return copy.with_name(copy.name.removesuffix(COPY) + ending)


def _age(path: Path) -> timedelta:
    """How long ago ``path`` was written; none at all if it is not there."""
    try:
        return datetime.now(UTC) - datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except (OSError, ValueError, OverflowError):  # not there, or of no year that there is
        return timedelta(0)


def _remove(path: Path) -> None:
    """Delete a file; where that cannot be done it is found again, which is no harm."""
    with contextlib.suppress(OSError):
        path.unlink()
