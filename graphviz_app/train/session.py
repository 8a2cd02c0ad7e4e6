"""The window's side of a run: owns the worker, sends commands, takes what comes back.

A thread reads the connection into a mailbox; a timer empties it in the GUI thread.  A report of a
run that is over is dropped.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from enum import Enum
from multiprocessing import get_context
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from engine.data.choice import DataChoice
from engine.files.project import graph_bytes
from engine.graph.graph import Graph
from engine.training.settings import Settings
from engine.training.watching import View
from graphviz_app.train.messages import (
    Answer,
    Ask,
    Begin,
    Begun,
    Change,
    Command,
    Failed,
    Go,
    Look,
    Pause,
    Report,
    Shown,
    Travel,
)
from graphviz_app.train.worker import work

POLL_MS = 8
STOP_S = 5.0  # it is told to stop and then killed
DIED = (
    "The process that trains has ended unexpectedly. The graph is as it was, with the weights of "
    "the last pause: press Run to start again."
)


class State(Enum):
    """What the worker does, as far as the window knows."""

    EMPTY = "empty"  # nothing to train
    MAKING = "making"  # a trainer is being made
    READY = "ready"  # it stands still
    GOING = "going"
    FAILED = "failed"


class TrainSession(QObject):
    """One run after the other, in one process.

    Signals: ``begun(Begun)``; ``looked(Look)``; ``failed(str)``, a sentence; ``state_changed()``.
    """

    begun = Signal(object)
    looked = Signal(object)
    failed = Signal(str)
    state_changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.state = State.EMPTY
        self.run = 0
        self._process: Any = None
        self._connection: Any = None  # its type is another on Windows
        self._mail: deque[tuple[Any, Report | None]] = deque()
        self._asked: dict[int, tuple[Callable[[Any], None], Callable[[str], None]]] = {}
        self._question = 0
        self._poll = QTimer(self, interval=POLL_MS)
        self._poll.timeout.connect(self._empty_mailbox)

    # the process --------------------------------------------------------------------------------

    def start(self) -> None:
        """Have a process ready; it takes most of a second, in the background."""
        if self._process is not None:
            return
        context = get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(target=work, args=(theirs,), name="train", daemon=True)
        process.start()
        theirs.close()
        self._process, self._connection = process, ours
        threading.Thread(target=_read, args=(ours, self._mail), daemon=True).start()
        self._poll.start()

    def shutdown(self) -> None:
        """End the process; called as the window closes."""
        self._poll.stop()
        self.run += 1
        self._asked.clear()
        self._drop_process()
        self._set(State.EMPTY)

    def _drop_process(self) -> None:
        process, self._process = self._process, None
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()
        if process is not None:
            process.terminate()
            process.join(STOP_S)
            if process.is_alive():
                process.kill()
                process.join(STOP_S)

    def _send(self, command: Command) -> None:
        if self._connection is None:
            return
        try:
            self._connection.send(command)
        except (OSError, ValueError):
            self._died()

    def _died(self) -> None:
        """The process is gone: say so once, and have another the next time."""
        self._asked.clear()
        self._drop_process()
        self._set(State.FAILED)
        self.failed.emit(DIED)

    # commands -----------------------------------------------------------------------------------

    def begin(
        self,
        graph: Graph,
        data: DataChoice,
        settings: Settings,
        view: View,
        snapshot: bytes = b"",
    ) -> None:
        """Make a trainer for another run; what still comes of the one before is dropped."""
        self.start()
        self.run += 1
        self._asked.clear()
        self._set(State.MAKING)
        self._send(Begin(self.run, graph_bytes(graph), data, settings, view, snapshot))

    def end(self) -> None:
        """There is nothing to train any more."""
        self._send(Pause(self.run))
        self.run += 1
        self._asked.clear()
        self._set(State.EMPTY)

    def go(self, batches: int = 0, epochs: int = 0, until: tuple[str, float] | None = None) -> None:
        """Train on: so many batches or epochs, until a goal, or until ``pause``."""
        if self.state in (State.READY, State.GOING):
            self._send(Go(self.run, batches, epochs, until))
            self._set(State.GOING)

    def pause(self) -> None:
        """Stop after the update under way."""
        if self.state is State.GOING:
            self._send(Pause(self.run))

    def change(self, **what: Any) -> None:
        """Change what a run can change while it goes on: see ``messages.Change``."""
        self._send(Change(self.run, **what))

    def travel(self, epoch: int | None) -> None:
        """Show how the run was at an epoch; None goes back to how it is."""
        self._send(Travel(self.run, epoch))

    def ask(
        self,
        question: str,
        take: Callable[[Any], None],
        refuse: Callable[[str], None] | None = None,
        **arguments: Any,
    ) -> None:
        """Ask about the run; ``take`` gets the answer in the GUI thread, ``refuse`` the sentence
        why there is none (without it, it is said as ``failed``).
        """
        self._question += 1
        self._asked[self._question] = take, refuse or self.failed.emit
        self._send(Ask(self.run, self._question, question, arguments))

    # reports ------------------------------------------------------------------------------------

    @Slot()
    def _empty_mailbox(self) -> None:
        while self._mail:
            connection, report = self._mail.popleft()
            if connection is not self._connection:
                continue  # of a process that is gone
            if report is None:
                self._died()
            elif report.run == self.run:
                self._take(report)

    def _take(self, report: Report) -> None:
        match report:
            case Begun():
                if self.state is State.MAKING:
                    self._set(State.READY)
                self.begun.emit(report)
            case Look():
                self._set(State.GOING if report.going else State.READY)
                self.looked.emit(report)
                self._send(Shown(self.run))
            case Failed():
                made = self.state is not State.MAKING
                self._set(State.READY if made else State.FAILED)
                self.failed.emit(report.sentence)
            case Answer():
                take, refuse = self._asked.pop(report.number, (None, None))
                if report.trouble and refuse is not None:
                    refuse(report.trouble)
                elif take is not None:
                    take(report.result)

    def _set(self, state: State) -> None:
        if state is not self.state:
            self.state = state
            self.state_changed.emit()


def _read(connection: Any, mail: deque[tuple[Any, Report | None]]) -> None:
    """Put what arrives into the mailbox until the connection breaks, which is told by None."""
    try:
        while True:
            mail.append((connection, connection.recv()))
    except (EOFError, OSError, TypeError, ValueError):
        mail.append((connection, None))
