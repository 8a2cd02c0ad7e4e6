"""Work off the GUI thread, of which only the latest counts."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import shiboken6
from PySide6.QtCore import QObject, Signal, Slot

Work = Callable[[], object]
Take = Callable[[Any], None]

_THREADS = ThreadPoolExecutor(2, "work")


class _Post(QObject):
    """Runs in the GUI thread what is handed in from others.

    There is one, which is never deleted: to emit a signal of an object that another thread deletes
    is a crash, and who asked for work may go while it is done.
    """

    arrived = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.arrived.connect(self._run)

    @Slot(object)
    def _run(self, call: Callable[[], None]) -> None:
        call()


_post: list[_Post] = []


class LatestWork(QObject):
    """Runs one piece of work at a time; of those that are asked for meanwhile, only the last.

    What a piece yields is handed over in the GUI thread; what it raises is raised there.  Nothing
    is handed over once this object is deleted.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._busy = False
        self._next: tuple[Work, Take] | None = None
        if not _post:
            _post.append(_Post())

    def ask(self, work: Work, take: Take) -> None:
        """Run ``work`` in a thread as soon as none runs, and hand what it yields to ``take``."""
        self._next = work, take
        self._start()

    def forget(self) -> None:
        """Do not begin what has not begun."""
        self._next = None

    def _start(self) -> None:
        if self._busy or self._next is None:
            return
        self._busy = True
        work, take = self._next
        self._next = None
        _THREADS.submit(_run, work, weakref.ref(self), take)

    def _take(self, result: object, take: Take) -> None:
        self._busy = False
        self._start()
        if isinstance(result, BaseException):
            raise result
        take(result)


def _run(work: Work, asker: weakref.ref[LatestWork], take: Take) -> None:
    """In a thread: do it, and post what came of it."""
    try:
        result = work()
    except BaseException as error:  # raised where somebody hears of it
        result = error
    _post[0].arrived.emit(partial(_hand_over, asker, result, take))


def _hand_over(asker: weakref.ref[LatestWork], result: object, take: Take) -> None:
    work = asker()
    if work is not None and shiboken6.isValid(work):
        work._take(result, take)
