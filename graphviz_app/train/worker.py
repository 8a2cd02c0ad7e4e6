"""The process that trains: obeys the window's commands between updates, and shows how it goes.

A process of its own, and no thread: small networks spend their time in Python, and a thread that
trains at full speed takes Python's lock from the window for 5 ms at a time, which one sees.
Knows no Qt.
"""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from engine.errors import EngineError
from engine.files.project import graph_from_bytes
from engine.run.threads import hold_blas_to_one_thread
from engine.training.snapshots import unpack
from engine.training.trainer import Trainer
from engine.training.watching import Watcher
from graphviz_app.train.channel import Channel
from graphviz_app.train.landscapes import flat, path_of
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
from graphviz_app.train.past import Past
from graphviz_app.train.questions import QUESTIONS

SLICE_S = 0.004  # of training between two looks into the mailbox
FRAME_S = 1 / 23  # between two frames: every one of them costs training a millisecond or two
SPEED_S = 0.5  # over which speed is measured
SWITCH_S = 0.0005  # that the threads which read and write wait for the one that trains
IDLE_S = 0.5  # to wait for a command while there is nothing to do


def main() -> int:
    """Obey commands until the window is gone."""
    hold_blas_to_one_thread()
    sys.setswitchinterval(SWITCH_S)
    with contextlib.suppress(EOFError, OSError, KeyboardInterrupt):  # nobody is there any more
        _Worker(Channel()).run()
    return 0


class _Worker:
    def __init__(self, connection: Channel) -> None:
        self._connection = connection
        self._run = 0
        self._trainer: Trainer | None = None
        self._watcher: Watcher | None = None
        self._past = Past()
        self._going: Go | None = None
        self._goal = (0, 0)  # update and epoch at which to pause; 0 is none
        self._limit = 0.0
        self._may_show = True  # the window has shown the last frame
        self._dirty = False  # something happened since the last frame
        self._next_frame = 0.0
        self._travelling = False
        self._speed = 0.0
        self._measured = (0.0, 0.0)  # when, and at which epoch, the speed was measured
        self._paced = (0.0, 0.0)
        self._obey: dict[type, Callable[[Any], None]] = {
            Begin: self._begin,
            Go: self._go,
            Pause: self._pause,
            Change: self._change,
            Shown: self._shown,
            Travel: self._travel,
            Ask: self._ask,
        }

    def run(self) -> None:
        """Until the connection breaks."""
        while True:
            wait = 0.0 if self._going is not None else IDLE_S
            if self._dirty and self._may_show:
                wait = min(wait, max(0.0, self._next_frame - time.perf_counter()))
            for command in self._mail(wait):
                if isinstance(command, Begin) or command.run == self._run:
                    self._obey[type(command)](command)
            try:
                if self._going is not None:
                    self._train()
                self._show()
            except (EngineError, FloatingPointError, MemoryError, RuntimeError) as error:
                self._fail(error)

    def _mail(self, wait: float) -> list[Command]:
        """What has arrived, waiting so many seconds for something; without what was said of runs
        that another one has already taken the place of.
        """
        commands: list[Command] = []
        while self._connection.poll(0.0 if commands else wait):
            command = self._connection.recv()
            if isinstance(command, Begin):
                commands.clear()
            commands.append(command)
        return commands

    def _say(self, report: Report) -> None:
        self._connection.send(report)

    def _fail(self, error: BaseException) -> None:
        self._going = None
        sentence = str(error) or f"Training stopped: {type(error).__name__}."
        self._say(Failed(self._run, sentence))

    # commands -----------------------------------------------------------------------------------

    def _begin(self, command: Begin) -> None:
        begun = time.perf_counter()
        self._run, self._going = command.run, None
        self._trainer = self._watcher = None
        self._past, self._travelling = Past(), False
        self._may_show, self._dirty, self._speed = True, True, 0.0
        self._next_frame = 0.0  # at once
        try:
            graph = graph_from_bytes(command.graph)
            trainer = Trainer(graph, command.data.load(), command.settings)
            if command.snapshot:
                trainer.restore(unpack(command.snapshot))
            self._watcher = Watcher(trainer, command.data, command.view)
            self._trainer = trainer
            self._past.keep(trainer)
            self._say(Begun(self._run, self._watcher.scene(), time.perf_counter() - begun))
        except (EngineError, MemoryError, RuntimeError, ValueError) as error:
            self._fail(error)

    def _go(self, command: Go) -> None:
        if self._trainer is None or self._trainer.ended:
            self._dirty = True
            return
        trainer = self._trainer
        self._going, self._travelling = command, False
        update = trainer.update + command.batches if command.batches else 0
        epoch = trainer.epoch + command.epochs if command.epochs else 0
        self._goal = (update, epoch)
        self._measured = self._paced = (time.perf_counter(), self._progress())

    def _pause(self, command: Pause) -> None:
        self._going, self._dirty = None, True

    def _shown(self, command: Shown) -> None:
        self._may_show = True

    def _change(self, command: Change) -> None:
        trainer, watcher = self._trainer, self._watcher
        if trainer is None or watcher is None:
            return
        try:
            if command.rate is not None:
                trainer.set_rate(command.rate)
            if command.view is not None:
                aimed = watcher.view
                watcher.set_view(command.view)
                if aimed.axes != command.view.axes:
                    self._say(Begun(self._run, watcher.scene(), 0.0))
            if command.limit is not None:
                self._limit = command.limit
                self._paced = (time.perf_counter(), self._progress())
            if command.entry is not None:
                leaf, index, number = command.entry
                trainer.set_entry(leaf, index, number)
        except EngineError as error:
            self._say(Failed(self._run, str(error)))
        self._dirty = True

    def _travel(self, command: Travel) -> None:
        self._travelling = command.epoch is not None
        if command.epoch is None or self._trainer is None or self._watcher is None:
            self._dirty = True
            return
        self._going = None
        kept = self._past.nearest(command.epoch)
        if kept is None:
            return
        frame = self._watcher.look_back(kept.weights, self._watcher.look())
        self._send_look(kept.stamped(frame))

    def _ask(self, command: Ask) -> None:
        trainer = self._trainer
        if trainer is None or self._watcher is None:
            return
        try:
            result = QUESTIONS[command.question](
                trainer, self._watcher, self._past, **command.arguments
            )
            trouble = ""
        except (EngineError, MemoryError, RuntimeError, ValueError) as error:
            result, trouble = None, str(error)
        self._say(Answer(self._run, command.number, command.question, result, trouble))

    # training -----------------------------------------------------------------------------------

    def _progress(self) -> float:
        """Epochs, with the share of the one under way."""
        trainer = self._trainer
        return 0.0 if trainer is None else trainer.epoch + trainer.batch_index / trainer.batches

    def _train(self) -> None:
        trainer = self._trainer
        if trainer is None:
            self._going = None
            return
        end = time.perf_counter() + SLICE_S
        while self._going is not None:
            if self._limit and self._is_ahead():
                time.sleep(SLICE_S)
                break
            epoch = trainer.epoch
            trainer.step_batch()
            if trainer.epoch != epoch:
                self._past.keep(trainer)
            if trainer.ended or self._reached():
                self._going = None
            if time.perf_counter() >= end:
                break
        self._dirty = True
        self._measure()

    def _is_ahead(self) -> bool:
        """Whether the run is faster than the limit allows."""
        since, at = self._paced
        return self._progress() - at > (time.perf_counter() - since) * self._limit

    def _reached(self) -> bool:
        assert self._trainer is not None
        assert self._going is not None
        trainer, (update, epoch) = self._trainer, self._goal
        if (update and trainer.update >= update) or (epoch and trainer.epoch >= epoch):
            return True
        if self._going.until is None or trainer.batch_index:
            return False
        column, number = self._going.until
        found = trainer.history.epochs.last.get(column) if trainer.epoch else None
        if found is None:
            return False
        return found <= number if column.endswith("loss") else found >= number

    def _measure(self) -> None:
        now = time.perf_counter()
        since, at = self._measured
        if now - since >= SPEED_S:
            progress = self._progress()
            self._speed = (progress - at) / (now - since)
            self._measured = (now, progress)

    # showing ------------------------------------------------------------------------------------

    def _show(self) -> None:
        now = time.perf_counter()
        if not (self._dirty and self._may_show) or now < self._next_frame or self._travelling:
            return
        if self._watcher is None:
            return
        self._dirty = False
        self._send_look(self._watcher.look())
        self._next_frame = now + FRAME_S

    def _send_look(self, frame: Any) -> None:
        self._may_show = False
        going, past = self._going is not None, self._past
        path = path_of([m for m in past.moments if m.epoch <= frame.epoch])
        if path is not None and self._trainer is not None and not frame.travelled:
            path = np.vstack([path, flat(self._trainer.weights())])  # as it is within an epoch
        speed = self._speed if going else 0.0
        self._say(Look(self._run, frame, going, speed, past.epochs, path))


if __name__ == "__main__":
    sys.exit(main())
