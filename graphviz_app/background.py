"""Work off the GUI thread, of which only the latest counts.

The threads know nothing of Qt, and no Qt object may die in one: it would be destroyed in the wrong
thread, which is a crash.  So nothing is told by signals, and while a thread is at work Python's
garbage collector, which runs in whichever thread happens to ask for memory, is off.
"""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import shiboken6
from PySide6.QtCore import QObject, QTimer, Slot

Work = Callable[[], object]
Take = Callable[[Any], None]

POLL_MS = 5
_THREADS = ThreadPoolExecutor(2, "work")


class _Desk(QObject):
    """Hands out work, and what came of it, in the GUI thread; there is one, for good."""

    def __init__(self) -> None:
        super().__init__()
        self._running: list[tuple[Future, weakref.ref[LatestWork]]] = []
        self._poll = QTimer(self)
        self._poll.setInterval(POLL_MS)
        self._poll.timeout.connect(self._look)

    def run(self, work: Work, asker: LatestWork) -> None:
        """Do ``work`` in a thread, then tell ``asker`` if it is still there."""
        gc.disable()
        self._running.append((_THREADS.submit(work), weakref.ref(asker)))
        self._poll.start()

    @Slot()
    def _look(self) -> None:
        done = next((pair for pair in self._running if pair[0].done()), None)
        if done is None:
            return
        self._running.remove(done)
        if not self._running:
            self._poll.stop()
            gc.enable()
        future, asker = done
        latest = asker()
        if latest is not None and shiboken6.isValid(latest):
            latest.take(future)


_desk: list[_Desk] = []


class LatestWork(QObject):
    """Runs one piece of work at a time; of those that are asked for meanwhile, only the last.

    What a piece yields is handed over in the GUI thread; what it raises is raised there.  Nothing
    is handed over once this object is deleted.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._busy: Take | None = None
        self._next: tuple[Work, Take] | None = None
        if not _desk:
            _desk.append(_Desk())

    def ask(self, work: Work, take: Take) -> None:
        """Run ``work`` in a thread as soon as none runs, and hand what it yields to ``take``."""
        self._next = work, take
        self._start()

    def forget(self) -> None:
        """Do not begin what has not begun."""
        self._next = None

    def _start(self) -> None:
        if self._busy is not None or self._next is None:
            return
        work, self._busy = self._next
        self._next = None
        _desk[0].run(work, self)

    def take(self, future: Future) -> None:
        """Hand over what a piece came to, and begin the next; for the desk."""
        take, self._busy = self._busy, None
        self._start()
        if take is not None:
            take(future.result())
