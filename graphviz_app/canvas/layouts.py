"""Layouts that are good and layouts that are there at once, without holding up the window.

graphlay holds Python's lock for up to a third of a second, so that a thread would freeze the
window as well: full layouts of larger graphs come from a process of their own.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from PySide6.QtCore import QObject, QProcess, Slot

from graphviz_app import child
from graphviz_app.canvas import layout_process
from graphviz_app.canvas.layout import AT_ONCE_NODES, Layout, LayoutTask

KEPT = 12  # so many full layouts are remembered: undo and redo come back to them
TRIES = 2  # a process that broke so often is not started again

Taker = Callable[[Layout], None]


class Layouts(QObject):
    """Lays graphs out; owns the process, which starts when it is first needed.

    One task is under way at a time; of those asked for meanwhile the latest counts.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._known: dict[bytes, Layout] = {}
        self._wanted: tuple[bytes, LayoutTask, Taker] | None = None
        self._under_way = b""  # the message that the process works on
        self._process: QProcess | None = None
        self._received = b""
        self._breaks = 0

    def at_once(self, task: LayoutTask) -> Layout:
        """The full layout where that is known or takes no time, else a quick one."""
        if len(task.nodes) <= AT_ONCE_NODES:
            return task.arranged()
        return self._known.get(layout_process.packed(task)) or task.arranged(quick=True)

    def ask(self, task: LayoutTask, take: Taker) -> None:
        """Hand the full layout to ``take``: now if that takes no time, else when it is ready.

        Where no process can be had it is a quick one.  An earlier wish is forgotten.
        """
        self.forget()
        message = layout_process.packed(task)
        layout = task.arranged() if len(task.nodes) <= AT_ONCE_NODES else self._known.get(message)
        if layout is not None:
            take(layout)
            return
        self._wanted = message, task, take
        self._send()

    def forget(self) -> None:
        """Nobody waits for a layout any more."""
        self._wanted = None

    def shutdown(self) -> None:
        """End the process; it is not started again."""
        self.forget()
        self._breaks = TRIES
        process, self._process = self._process, None
        if process is not None:
            child.stop(process)

    # the process --------------------------------------------------------------------------------

    def _send(self) -> None:
        """Give the process what is wanted, unless it is at work."""
        if self._wanted is None or self._under_way:
            return
        if self._breaks >= TRIES:
            self._do_without()
            return
        if self._process is None:
            self._process = self._started()
        self._under_way = self._wanted[0]
        self._process.write(self._under_way)

    def _started(self) -> QProcess:
        process, program, arguments = child.prepared(
            self, layout_process.__name__, layout_process.VERB
        )
        process.readyReadStandardOutput.connect(self._read)
        process.finished.connect(self._broke)
        process.errorOccurred.connect(self._failed)
        self._received = b""
        process.start(program, arguments)
        return process

    @Slot()
    def _read(self) -> None:
        if self._process is None:
            return
        self._received += self._process.readAllStandardOutput().data()
        head = layout_process.COUNT_BYTES
        count = int.from_bytes(self._received[:head])
        if len(self._received) < head or len(self._received) < head + count:
            return
        layout = msgspec.msgpack.decode(self._received[head:], type=Layout)
        done, self._under_way, self._received = self._under_way, b"", b""
        self._known[done] = layout
        while len(self._known) > KEPT:
            del self._known[next(iter(self._known))]
        if self._wanted is not None and self._wanted[0] == done:
            take = self._wanted[2]
            self._wanted = None
            take(layout)
        else:
            self._send()

    @Slot(QProcess.ProcessError)
    def _failed(self, error: QProcess.ProcessError) -> None:
        if error is QProcess.ProcessError.FailedToStart:  # of any other end _broke is told
            self._broke()

    @Slot()
    def _broke(self) -> None:
        """The process ended or never began: try once more, then do without."""
        self._breaks += 1
        process, self._process, self._under_way = self._process, None, b""
        if process is not None:
            process.deleteLater()
        self._send()

    def _do_without(self) -> None:
        assert self._wanted is not None
        _, task, take = self._wanted
        self._wanted = None
        take(task.arranged(quick=True))
