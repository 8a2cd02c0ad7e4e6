"""Work off the GUI thread, of which only the latest counts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, QRunnable, QThreadPool, Signal, Slot

Work = Callable[[], object]
Take = Callable[[Any], None]


class LatestWork(QObject):
    """Runs one piece of work at a time; of those that are asked for meanwhile, only the last.

    What a piece yields is handed over in the thread of this object; what it raises is raised there.
    """

    _ended = Signal(object, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._busy = False
        self._next: tuple[Work, Take] | None = None
        self._ended.connect(self._take)

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
        QThreadPool.globalInstance().start(_Piece(work, take, self._ended.emit))

    @Slot(object, object)
    def _take(self, result: object, take: Take) -> None:
        self._busy = False
        self._start()
        if isinstance(result, BaseException):
            raise result
        take(result)


class _Piece(QRunnable):
    def __init__(self, work: Work, take: Take, send: Callable[[object, Take], None]) -> None:
        super().__init__()
        self._work, self._hand_to, self._send = work, take, send

    def run(self) -> None:
        try:
            result = self._work()
        except BaseException as error:  # raised where somebody hears of it
            result = error
        try:
            self._send(result, self._hand_to)
        except RuntimeError:  # who asked is gone
            return
