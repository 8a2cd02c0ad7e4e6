"""The window's side of a run: owns the worker, sends commands, takes what comes back.

A report of a run that is over is dropped.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable
from enum import Enum
from typing import Any

from PySide6.QtCore import QObject, QProcess, Signal, Slot

from engine.data.choice import DataChoice
from engine.files.project import graph_bytes
from engine.graph.graph import Graph
from engine.training.looks import View
from engine.training.settings import Settings
from graphviz_app import child
from graphviz_app.train import channel, worker
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
        self._process: QProcess | None = None
        self._closed = False
        self._received = bytearray()
        self._asked: dict[int, tuple[Callable[[Any], None], Callable[[str], None]]] = {}
        self._question = 0

    # the process --------------------------------------------------------------------------------

    def start(self) -> None:
        """Have a process ready; it takes most of a second, in the background."""
        if self._process is not None or self._closed:
            return
        process, program, arguments = child.prepared(self, worker.__name__, channel.VERB)
        process.readyReadStandardOutput.connect(self._read)
        process.finished.connect(self._died)
        process.errorOccurred.connect(self._failed)
        self._received = bytearray()
        self._process = process
        process.start(program, arguments)

    def shutdown(self) -> None:
        """End the process; it is not started again, whatever still arrives as the window closes."""
        self._closed = True
        self.run += 1
        self._asked.clear()
        self._drop_process()
        self._set(State.EMPTY)

    def _drop_process(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            child.stop(process)

    def _send(self, command: Command) -> None:
        if self._process is not None:
            self._process.write(channel.packed(command))

    @Slot(QProcess.ProcessError)
    def _failed(self, error: QProcess.ProcessError) -> None:
        if error is QProcess.ProcessError.FailedToStart:  # of any other end _died is told
            self._died()

    @Slot()
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
    def _read(self) -> None:
        if self._process is None:
            return
        self._received += self._process.readAllStandardOutput().data()
        head = channel.COUNT_BYTES
        while len(self._received) >= head:
            count = int.from_bytes(self._received[:head])
            if len(self._received) < head + count:
                return
            report: Report = pickle.loads(self._received[head : head + count])
            del self._received[: head + count]
            if report.run == self.run:
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
