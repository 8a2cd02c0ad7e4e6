"""Training the document: what it is trained with, the run, and what comes back into the graph.

The document holds data and settings, and every change of them is a step of undo.  A run trains a
copy in the worker; where it pauses, its weights become the document's, as one step of undo.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import msgspec
import numpy as np
from PySide6.QtCore import QElapsedTimer, QObject, QTimer, Signal, Slot

from engine.data.choice import DataChoice
from engine.errors import EngineError, FileError
from engine.files.project import graph_from_bytes
from engine.graph.graph import Graph
from engine.numerals import number
from engine.training.fitting import fits, fitted
from engine.training.initial import with_new_weights
from engine.training.looks import Scene, View
from engine.training.run_file import RunRecord, record_of
from engine.training.settings import Settings
from graphviz_app.background import LatestWork
from graphviz_app.document import Document
from graphviz_app.train.defaults import choice_of, default_record, fitting_rate
from graphviz_app.train.messages import Begun, Look
from graphviz_app.train.session import State, TrainSession

KEEPS_RUN = ("rate", "epochs")  # settings that a run takes on as it goes
ROWS_ONLY = ("noise", "flip", "count", "points", "outlier")  # settings that change rows alone
REBUILD_MS = 60  # edits in a row make one new run


@dataclass(frozen=True)
class Found:
    """What loading data gives: the graph fitted to them, None where it fits already; how many
    numbers a row has; or why they cannot be.
    """

    graph: Graph | None = None
    numbers: int = 1
    trouble: str = ""


class Training(QObject):
    """The run of a document.

    Signals: ``setup_changed()``, data or settings; ``begun(Begun)``, another run is there;
    ``looked(Look)``; ``said(str)``, a sentence; ``refused(str)``, one on why something cannot be;
    ``state_changed()``; ``looked_inside(object)``
    with what ``questions.inside`` gives; ``run_over(object)``, the last look at a run that another
    one takes the place of.
    """

    setup_changed = Signal()
    begun = Signal(object)
    looked = Signal(object)
    said = Signal(str)
    refused = Signal(str)
    state_changed = Signal()
    looked_inside = Signal(object)
    run_over = Signal(object)

    def __init__(self, document: Document, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.document = document
        self.session = TrainSession(self)
        self.view = View()
        self.last: Look | None = None
        self.scene: Scene | None = None
        self.limit = 0.0
        self._active = False  # whether the workspace is in sight
        self._stale = True  # whether the run is of another graph, or with other settings
        self._ours: Graph | None = None  # the graph that this object made the document's
        self._start: Graph | None = None  # as the run began
        self._unread = True  # whether what the file says of training was not looked at yet
        self._going = False  # whether it is to go on once it has begun
        self._kept_update = 0  # of which the weights were made the document's
        self._work = LatestWork(self)
        self._edited = QElapsedTimer()  # since the last edit
        self._edited.start()
        self._rebuild = QTimer(self, singleShot=True)
        self._rebuild.timeout.connect(self._begin)
        self.record = self.began_with = default_record(document.graph)
        document.structure_changed.connect(self._graph_changed)
        document.values_changed.connect(self._graph_changed)
        document.training_changed.connect(self._training_changed)
        document.replaced.connect(self._forget)
        session = self.session
        session.begun.connect(self._take_begun)
        session.looked.connect(self._take_look)
        session.failed.connect(self._take_failure)
        session.state_changed.connect(self.state_changed)

    # what it is trained with --------------------------------------------------------------------

    @property
    def data(self) -> DataChoice:
        """The data that it learns from."""
        return self.record.data

    @property
    def settings(self) -> Settings:
        """How it is trained."""
        return self.record.settings

    @property
    def going(self) -> bool:
        """Whether it trains, or will as soon as the run has begun."""
        return self._going or self.session.state is State.GOING

    def set_settings(self, title: str, key: str | None = None, **changes: Any) -> None:
        """Change settings; raises no error but says a sentence where they cannot be."""
        try:
            after = msgspec.convert({**msgspec.structs.asdict(self.settings), **changes}, Settings)
            after.check()
        except (msgspec.ValidationError, EngineError) as error:
            self.refused.emit(str(error))
            self.setup_changed.emit()  # what was typed goes back
            return
        self._edit(title, key, settings=after)

    def set_data(self, title: str, key: str | None = None, **changes: Any) -> None:
        """Change the data; the network is fitted to them where it has to be."""
        after = msgspec.structs.replace(self.data, **changes)
        if looks_alike(self.data, after):
            self._edit(title, key, data=after)
        else:
            self._use_data(title, key, after)

    def choose_data(self, name: str) -> None:
        """Learn from another set of the table."""
        self._use_data(f"Data: {name.replace('_', ' ')}", None, choice_of(name, self.data))

    def use_data(self, title: str, data: DataChoice) -> None:
        """Learn from data of one's own."""
        self._use_data(title, None, data)

    def _use_data(self, title: str, key: str | None, data: DataChoice) -> None:
        """Load in the background, then change data and, where needed, the network."""
        graph = self.document.graph

        def work() -> Found:
            try:
                train = data.load().train
                after = None if fits(graph, train) else fitted(graph, train)
                return Found(after, math.prod(train.x.shape[1:]))
            except (EngineError, MemoryError, OSError) as error:
                return Found(trouble=str(error))

        self._work.ask(work, partial(self._take_data, title, key, data, graph))

    def _take_data(
        self,
        title: str,
        key: str | None,
        data: DataChoice,
        of: Graph,
        found: Found,
    ) -> None:
        if found.trouble:
            self.refused.emit(found.trouble)
            self.setup_changed.emit()
            return
        before = self.settings.rate
        rate = fitting_rate(before, found.numbers)
        settings = _with(self.settings, rate=rate)
        if found.graph is None or of is not self.document.graph:
            self._edit(title, key, data=data, settings=settings)
            return
        stack = self.document.stack
        stack.beginMacro(title)
        try:
            self.document.edit("Fit the network to the data", found.graph)
            self._edit(title, None, data=data, settings=settings)
        finally:
            stack.endMacro()
        said = "The network was fitted to the data: its inputs, its last layer and loss"
        tail = f", and the learning rate ({rate:g})" if rate != before else ""
        self.said.emit(f"{said}{tail}.")

    def _edit(self, title: str, key: str | None, **changes: Any) -> None:
        after = msgspec.structs.replace(self.record, **changes)
        self.document.edit_training(title, msgspec.to_builtins(after), key)

    # the document -------------------------------------------------------------------------------

    @Slot()
    def _forget(self) -> None:
        """Another document: nothing of the run before belongs to it."""
        self.session.end()
        self._ours = self._start = self.last = None
        self._going, self._stale, self._unread = False, True, True

    @Slot()
    def _training_changed(self) -> None:
        before = self.record
        self._read_record()
        self.setup_changed.emit()
        same = before.data == self.record.data and _restarts(before.settings, self.record.settings)
        if same and not self._stale:
            if before.settings.rate != self.record.settings.rate and self.settings.rate:
                self.session.change(rate=self.settings.rate)
            return
        self._mark_stale()

    def _read_record(self) -> None:
        training = self.document.training
        if training is None:
            self.record = default_record(self.document.graph)
            return
        try:
            self.record = record_of(training, "This file")
        except FileError as error:
            self.refused.emit(str(error))
            self.record = default_record(self.document.graph)

    @Slot()
    def _graph_changed(self) -> None:
        if self.document.graph is self._ours:
            return
        if self._unread or self.document.training is None:
            self._unread = False
            self._read_record()
            self.setup_changed.emit()
        self._mark_stale()

    def _mark_stale(self) -> None:
        self._stale = True
        if self._active:  # the first of many edits at once, the others when they rest
            rests = not self._rebuild.isActive() and self._edited.hasExpired(REBUILD_MS)
            self._rebuild.start(0 if rests else REBUILD_MS)
        self._edited.start()

    def set_active(self, active: bool) -> None:
        """The workspace came into sight or went out of it."""
        self._active = active
        if not active:
            self.pause()
            return
        self.session.start()
        if self._stale:
            self._read_record()
            self.setup_changed.emit()
            self._begin()

    # the run ------------------------------------------------------------------------------------

    @Slot()
    def _begin(self) -> None:
        self._rebuild.stop()
        if not self.document.graph.nodes:
            self.session.end()
            self.refused.emit(
                "There is nothing to train yet: build a graph, or begin with a network."
            )
            return
        if self.last is not None and self.last.frame.update:
            self.run_over.emit(self.last)
        self._going = self.going
        self._stale, self.last, self._kept_update = False, None, 0
        self._start = self._ours = self.document.graph
        self.began_with = self.record
        self.session.begin(self.document.graph, self.data, self.settings, self.view)

    def _take_begun(self, begun: Begun) -> None:
        self.scene = begun.scene
        self.begun.emit(begun)
        if self.limit:
            self.session.change(limit=self.limit)
        if self._going:
            self._going = False
            self.session.go()

    def _take_look(self, look: Look) -> None:
        self.last = look
        self.looked.emit(look)
        stands = not look.going and not look.frame.travelled
        if stands and look.frame.update != self._kept_update:
            self._kept_update = look.frame.update
            self.keep_weights()

    @Slot(str)
    def _take_failure(self, sentence: str) -> None:
        self._going = False
        if self.session.state is State.FAILED:
            self._stale = True
        self.refused.emit(sentence)

    def toggle(self) -> None:
        """Run or pause."""
        if self.going:
            self.pause()
        else:
            self.run()

    def run(self, until: tuple[str, float] | None = None) -> None:
        """Train on, from where it stands; after an end from the beginning."""
        if self.last is not None and self.last.frame.ended and not self._stale:
            self.reset()
        if self._stale or self.session.state in (State.MAKING, State.FAILED, State.EMPTY):
            self._going = True
            if self.session.state is not State.MAKING:
                self._begin()
            return
        self.session.go(until=until)

    def pause(self) -> None:
        """Stop after the update under way."""
        self._going = False
        self.session.pause()

    def step_batch(self) -> None:
        """One update."""
        self._step(1, 0)

    def step_epoch(self) -> None:
        """One pass over the training set."""
        self._step(0, 1)

    def _step(self, batches: int, epochs: int) -> None:
        if self._stale:
            self._begin()
        self.session.go(batches, epochs)

    def set_limit(self, epochs_a_second: float) -> None:
        """No faster than that; 0 is as fast as it can."""
        self.limit = epochs_a_second
        self.session.change(limit=epochs_a_second)

    def set_entry(self, leaf: str, index: tuple[int, ...], number: float) -> None:
        """Another number for a weight, while it runs or not."""
        self.session.change(entry=(leaf, tuple(index), number))

    def set_view(self, view: View) -> None:
        """Look at something else."""
        if view != self.view:
            self.view = view
            self.session.change(view=view)

    def travel(self, epoch: int | None) -> None:
        """Show the run as it was at an epoch; None goes back to now."""
        if epoch is not None:
            self.pause()
        self.session.travel(epoch)

    # weights ------------------------------------------------------------------------------------

    def reset(self) -> None:
        """Back to the weights with which the run began."""
        self._going = False
        start = self._start
        if start is not None:
            self._put_back(start)
        self._begin()

    def _put_back(self, start: Graph) -> None:
        now = self.document.graph
        if start.nodes.keys() == now.nodes.keys():
            values = {i: n.value for i, n in start.nodes.items() if n.op == "parameter"}
            self._put("Reset the weights", _with_values(now, values), None)

    def new_weights(self) -> None:
        """Other weights, drawn from the next seed."""
        seed = self.settings.seed + 1
        try:
            after = with_new_weights(self.document.graph, seed)
        except EngineError as error:
            self.refused.emit(str(error))
            return
        stack = self.document.stack
        stack.beginMacro("New weights")
        try:
            self.document.edit("New weights", after)
            self._edit("New weights", None, settings=_with(self.settings, seed=seed))
        finally:
            stack.endMacro()

    def new_data(self) -> None:
        """Other rows of the same kind, drawn from the next seed."""
        self.set_data("New data", seed=self.data.seed + 1)

    def keep_weights(self, then: Callable[[], None] | None = None) -> None:
        """Make what was learned the document's, as one step of undo for the whole run."""
        self.session.ask("learned", partial(self._take_learned, then))

    def _take_learned(self, then: Callable[[], None] | None, learned: Mapping[str, Any]) -> None:
        after = _with_values(self.document.graph, learned["weights"])
        epochs = learned["epoch"]
        title = f"Train {epochs:,} epoch{'s' if epochs != 1 else ''}"
        self._put(title, after, ("train", self.session.run))
        history = msgspec.json.decode(learned["history"])
        result = {name: column[-1] for name, column in history["epochs"].items() if column}
        self.record = msgspec.structs.replace(
            self.record, ended=learned["ended"], result=result, history=history
        )
        self.document.keep_training(msgspec.to_builtins(self.record))
        if then is not None:
            then()

    def keep_runs(self, runs: list[dict[str, Any]]) -> None:
        """Note the runs that are kept to be compared; they go into the file."""
        self.record = msgspec.structs.replace(self.record, runs=runs)
        self.document.keep_training(msgspec.to_builtins(self.record))

    def restore(self, title: str, weights: Mapping[str, Any], record: RunRecord | None) -> None:
        """Take over weights, and data and settings, of an earlier run or epoch."""
        after = _with_values(self.document.graph, weights)
        stack = self.document.stack
        stack.beginMacro(title)
        try:
            self.document.edit(title, after)
            if record is not None:
                self._edit(title, None, data=record.data, settings=record.settings)
        finally:
            stack.endMacro()

    def _put(self, title: str, after: Graph, key: tuple | None) -> None:
        """Make ``after`` the document's graph without beginning another run."""
        self._ours = after
        self.document.edit(title, after, key)
        self._ours = self.document.graph

    # looking inside -----------------------------------------------------------------------------

    def look_inside(self) -> None:
        """Pause, and put the batch to come into the document's graph."""
        self.pause()
        self.session.ask("inside", self._take_inside)

    def _take_inside(self, inside: dict[str, Any]) -> None:
        graph = graph_from_bytes(inside["graph"])
        now = self.document.graph
        after = now.like({**now.nodes, **_of(graph, now)})
        after.output = graph.output
        batch, batches = inside["batch"] + 1, inside["batches"]
        self._put(f"Look inside batch {batch} of {batches}", after, None)
        self.looked_inside.emit(inside)

    # advice -------------------------------------------------------------------------------------

    def try_rates(self) -> None:
        """Pause, and say which learning rates suit the weights as they are."""
        self.pause()
        self.said.emit("A hundred learning rates are tried, each for one update.")
        self.session.ask("rates", lambda found: self.said.emit(rates_in_words(**found)))

    def shutdown(self) -> None:
        """End the run and its process; called as the window closes."""
        self._rebuild.stop()
        self.session.shutdown()


def rates_in_words(best: float, worst: float, limit: float) -> str:
    """What trying learning rates has shown: see ``questions.rates``."""
    parts = [f"the loss falls fastest at a learning rate near {number(best, 2)}"]
    if math.isnan(best):
        parts = ["too few updates were possible to tell which learning rate is best"]
    if math.isfinite(worst):
        parts.append(f"it has grown fourfold at {number(worst, 2)}")
    if math.isfinite(limit):
        parts.append(f"plain gradient descent overshoots beyond 2/λ = {number(limit, 2)}")
    return f"From these weights {', '.join(parts)}."


def looks_alike(one: DataChoice, other: DataChoice) -> bool:
    """Whether rows of both have the same columns and classes, so that one network fits both."""
    return (one.name, one.inputs, _form(one)) == (other.name, other.inputs, _form(other))


def _form(choice: DataChoice) -> dict[str, Any]:
    return {name: value for name, value in choice.settings.items() if name not in ROWS_ONLY}


def _restarts(before: Settings, after: Settings) -> bool:
    """Whether a run can go on with the other settings."""
    one, other = msgspec.structs.asdict(before), msgspec.structs.asdict(after)
    return all(one[name] == other[name] for name in one if name not in KEEPS_RUN)


def _with(settings: Settings, **changes: Any) -> Settings:
    return msgspec.structs.replace(settings, **changes)


def _with_values(graph: Graph, values: Mapping[str, Any]) -> Graph:
    nodes = dict(graph.nodes)
    for leaf, given in values.items():
        node = nodes.get(leaf)
        if node is None or given is None or np.shape(node.value) != np.shape(given):
            continue
        value = float(given) if np.ndim(given) == 0 else np.array(given, float)
        nodes[leaf] = msgspec.structs.replace(node, value=value)
    return graph.like(nodes)


def _of(graph: Graph, like: Graph) -> dict[str, Any]:
    """The nodes of ``graph``; those that ``like`` has are shown there as before."""
    return {
        i: msgspec.structs.replace(n, opened=like.nodes[i].opened) if i in like.nodes else n
        for i, n in graph.nodes.items()
    }
