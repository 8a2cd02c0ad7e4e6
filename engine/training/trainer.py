"""The trainer: takes a graph through data, update by update, and can be stopped and looked into.

What it runs is the plan of the learner's own graph.  It owns the order of the examples, the masks
of dropout, the state of the optimiser and the history; an executor owns the numbers.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import msgspec
import numpy as np

from engine.data.dataset import Dataset
from engine.data.splitting import Split
from engine.errors import TrainingError
from engine.graph.graph import Graph
from engine.graph.problems import ProblemKind
from engine.run.arrays import ArrayExecutor
from engine.run.trace import trace
from engine.run.walk import Step, Walk
from engine.training.batches import Batches
from engine.training.binding import rates_of
from engine.training.devices import executor_for
from engine.training.draws import Draws
from engine.training.evaluating import Evaluation
from engine.training.history import History
from engine.training.metrics import confusion
from engine.training.scores import Scores
from engine.training.settings import Settings
from engine.training.snapshots import Snapshot
from engine.training.stopping import EarlyStopping
from engine.training.task import task_of
from engine.training.updating import Updating

EPOCH_COLUMNS = ("epoch", "update", "seconds", "rate", "batch_loss")
DIVERGED, STOPPED_EARLY, FINISHED = "diverged", "stopped early", "finished"


class Trainer:
    """Trains ``graph`` on ``data`` (a ``Split``, or a ``Dataset`` that is all training set).

    Iterating yields the newest row of the history after every epoch until the run has ended
    (``ended`` says why); ``step_op``, ``step_batch`` and ``step_epoch`` go on by less.  ``graph``
    is left alone; ``learned`` gives it with the weights as they are now.  ``task`` is what is
    trained, ``notes`` are sentences about what was chosen.  Raises TrainingError where there is
    nothing that could be trained.
    """

    def __init__(
        self, graph: Graph, data: Dataset | Split, settings: Settings | None = None, **changes: Any
    ) -> None:
        settings = settings or Settings()
        try:
            settings = msgspec.convert({**msgspec.structs.asdict(settings), **changes}, Settings)
        except msgspec.ValidationError as error:
            raise TrainingError(f"The settings do not fit: {error}.") from None
        settings.check()
        self.settings = settings
        self.task = task = task_of(graph, data, settings)
        self.graph, self.split, self.objective = task.graph, task.split, task.objective
        self.running, self.binding, self.layers = task.running, task.binding, task.layers
        self.penalised, self.batch_size, self.batches = task.penalised, task.batch, task.batches
        executor, note = executor_for(
            task.plan, task.learned, settings.device, settings.dtype, task.batch
        )
        self.notes = [*task.notes, *filter(None, [note])]
        self._use(executor)
        self.history = History([*EPOCH_COLUMNS, *self._scores.columns])
        watched = settings.patience is not None and self.split.validation.count
        self.stopping = (
            EarlyStopping(settings.patience, settings.min_delta)
            if watched and settings.patience is not None
            else None
        )
        self._draws = Draws(
            settings.seed, self.split.train.count, task.batch, settings.shuffle, task.masks,
            rates_of(self.objective.graph),
        )  # fmt: skip
        self.epoch, self.update = 0, 0
        self.seconds = 0.0
        self.ended = FINISHED if settings.epochs == 0 else ""
        self._losses = 0.0  # of the batches of this epoch, times their rows
        self._walk: Walk | None = None
        self._cursor = 0
        self._good = self._best = self.executor.weights()
        self._kept_means = self._good.keys() - set(task.learned)

    def _use(self, executor: Any) -> None:
        """Compute with ``executor`` from now on."""
        task = self.task
        self.executor = executor
        self._updating = Updating(executor, self.settings, task.penalised, task.batches)
        self._batches = Batches(
            executor, task.running, task.binding, task.split.train, True, task.masks, task.momentum
        )
        self._scores = Scores(executor, task.running, task.binding, task.split, task.layers)
        self._probing: Batches | None = None

    def _fall_back(self, error: Exception) -> None:
        """The device cannot go on: take weights and optimiser to NumPy and say so."""
        weights, updating = self.executor.weights(), self._updating.snapshot()
        device = self.executor.device
        self._use(ArrayExecutor(self.task.plan, self.task.learned, self.settings.dtype))
        self.executor.load(weights)
        self._updating.restore(updating)
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        self.history.say(
            self.epoch,
            f'The device "{device}" could not go on ({reason.rstrip(".")}): training goes on with '
            "NumPy, with the same weights.",
        )

    # sizes --------------------------------------------------------------------------------------

    @property
    def rate(self) -> float:
        """The learning rate of the next update."""
        return self._updating.rate(self.update)

    def set_rate(self, rate: float) -> None:
        """Go on with another learning rate, which the schedule multiplies."""
        if not 0 < rate < math.inf:
            raise TrainingError(f"The learning rate must be above 0, not {rate!r}.")
        self._updating.base = rate
        self.history.say(self.epoch, f"The learning rate was set to {rate:.6g}.")

    def set_entry(self, leaf: str, index: tuple[int, ...], number: float) -> None:
        """Go on with another number in a learned leaf."""
        if leaf not in self.task.learned:
            raise TrainingError(f'"{leaf}" is not learned: it cannot be set while training.')
        if not math.isfinite(number):
            raise TrainingError(f"A weight must be a finite number, not {number!r}.")
        weights = self.executor.weights()
        try:
            weights[leaf][index] = number
        except IndexError:
            raise TrainingError(f'"{leaf}" has no entry {list(index)}.') from None
        self.executor.load({leaf: weights[leaf]})
        self._walk = None
        self.history.say(self.epoch, f"{leaf} was set to {number:.6g} at {list(index)}.")

    # going on -----------------------------------------------------------------------------------

    def __iter__(self) -> Iterator[dict[str, float]]:
        while not self.ended:
            self.step_epoch()
            if self.ended != DIVERGED:
                yield self.history.epochs.last

    def run(self) -> History:
        """Train until the run has ended."""
        for _ in self:
            pass
        return self.history

    def step_epoch(self) -> None:
        """Go on to the end of the epoch."""
        epoch = self.epoch
        while not self.ended and self.epoch == epoch:
            self.step_batch()

    def step_batch(self) -> None:
        """One update; at the end of an epoch also everything that belongs to that."""
        if self.ended:
            return
        begun = time.perf_counter()
        rows = self.next_rows()
        loss = self._gradients(rows)
        rate = self.rate
        penalty, norm = self._updating.regularise()
        if not math.isfinite(loss + penalty + norm):
            self._diverge()
            return
        self._updating.step(rate)
        self._walk = None
        self.update += 1
        self.history.updates.append(self.update, loss, penalty, rate, norm)
        self._losses += loss * len(rows)
        if self._draws.used():
            self._end_epoch(begun, rate)
        else:
            self.seconds += time.perf_counter() - begun

    def try_update(self, rate: float) -> float:
        """An update of the batch to come at another learning rate, which leaves no trace in the
        history; the loss before it.
        """
        loss = self._gradients(self.next_rows())
        self._updating.regularise()
        self._updating.step(rate)
        self._walk = None
        self._draws.used()
        return loss

    def step_op(self) -> Step | None:
        """The next step of the walk over the batch to come; behind the last, the update (None)."""
        if self.ended:
            return None
        if self._walk is None:
            self._walk, self._cursor = self.trace(), 0
        if self._cursor < len(self._walk):
            self._cursor += 1
            return self._walk[self._cursor - 1]
        self.step_batch()
        return None

    def _gradients(self, rows: np.ndarray) -> float:
        """Fill the executor's gradients for these rows of the training set; the mean loss."""
        masks = self._draws.masks()
        if isinstance(self.executor, ArrayExecutor):
            return self._batches.run(rows, masks)
        try:
            return self._batches.run(rows, masks)
        except RuntimeError as error:  # as torch says that memory has run out, or a device is gone
            self._fall_back(error)
            return self._batches.run(rows, masks)

    # the batch to come --------------------------------------------------------------------------

    def next_rows(self) -> np.ndarray:
        """Which rows of the training set the next update looks at."""
        return self._draws.rows()

    @property
    def batch_index(self) -> int:
        """How many updates of this epoch are done."""
        return self._draws.index

    def batch_graph(self, example: int | None = None) -> Graph:
        """The graph with the weights as they are and the batch to come in its leaves.

        With ``example`` it holds that example of the batch alone.  A graph that knows no batches
        holds the first.
        """
        rows = self.next_rows()
        masks = self._draws.masks()
        if example is None and self.binding.single:
            example = 0
        chosen = rows if example is None else rows[example : example + 1]
        values: dict[str, Any] = {
            leaf: np.asarray(table[chosen], float) for leaf, table in self._batches.rows.items()
        }
        values.update(
            (leaf, np.asarray(mask if example is None else mask[example : example + 1], float))
            for leaf, mask in masks.items()
        )
        if self.binding.single or (example is not None and self._by_numbers()):
            values = {leaf: value[0] for leaf, value in values.items()}
        return _with_values(self.with_loss(), values)

    def _by_numbers(self) -> bool:
        """Whether data go into plain numbers, of which a batch is a column."""
        return all(column is not None for column in self.binding.columns.values())

    def trace(self, example: int | None = None) -> Walk:
        """Every step of the next update's forward and backward pass, and of its loss."""
        return trace(self.batch_graph(example))

    def update_terms(self, leaf: str) -> list[tuple[str, np.ndarray]]:
        """What the next update does to a leaf, quantity by quantity: g, m, v, …, Δ, w."""
        if leaf not in self.task.learned:
            known = ", ".join(self.task.learned)
            raise TrainingError(f'"{leaf}" is not learned; these are: {known}.')
        kept = {name: self.executor.weights()[name] for name in self._kept_means}
        self._gradients(self.next_rows())
        self._updating.regularise()
        self.executor.load(kept)
        return self._updating.terms(leaf, self.rate)

    # results ------------------------------------------------------------------------------------

    def weights(self) -> dict[str, np.ndarray]:
        """Copies of the parameters, by leaf."""
        found = self.executor.weights()
        return {leaf: np.asarray(found[leaf], float) for leaf in self.task.learned}

    def learned(self) -> Graph:
        """The learner's graph with the weights, and running means, as they are now."""
        return _with_values(self.graph, self.executor.weights())

    def with_loss(self) -> Graph:
        """The same with its loss behind it."""
        return _with_values(self.objective.graph, self.executor.weights())

    @contextmanager
    def at_rest(self) -> Iterator[tuple[dict[str, np.ndarray], Callable[[Mapping], None]]]:
        """The parameters, and a function that puts others in their place until the end."""
        before = self.executor.weights()
        try:
            yield self.weights(), self.executor.load
        finally:
            self.executor.load(before)

    def gradients_of(self, rows: np.ndarray) -> dict[str, np.ndarray]:
        """The gradient of the mean loss of these rows of the training set, by leaf.

        Layers behave as in use: nothing is dropped and no running mean moves.
        """
        if self._probing is None:
            train = self.split.train
            self._probing = Batches(self.executor, self.running, self.binding, train, False, {})
        self._probing.run(rows)
        gradients = self.executor.gradients()
        return {leaf: np.array(gradients[leaf], float) for leaf in self.task.learned}

    def unit_shares(self) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        """For each layer which units are dead, and for each unit the share of rows for which it
        is saturated, on the training set at the end of the last epoch.
        """
        return self._scores.unit_shares()

    def confusion(self, data: Dataset) -> np.ndarray:
        """How many rows of each class (down) were taken for which (across)."""
        if not data.is_classes or not self.objective.prediction:
            raise TrainingError("Only predictions of classes can be confused.")
        evaluation = Evaluation(self.executor, self.running, self.binding, data)
        evaluation.run()
        predicted = evaluation.values[self.objective.prediction]
        return confusion(predicted, data.y, len(data.classes), self.objective.threshold)

    def evaluate(self, data: Dataset) -> dict[str, float]:
        """Loss and metrics on another set of the same kind."""
        if not data.count:
            raise TrainingError(f'"{data.name}" has no rows to evaluate.')
        evaluation = Evaluation(self.executor, self.running, self.binding, data)
        return {"loss": evaluation.run(), **evaluation.metrics()}

    # the end of an epoch --------------------------------------------------------------------------

    def _end_epoch(self, begun: float, rate: float) -> None:
        self.epoch += 1
        batch_loss = self._losses / self.split.train.count
        self._losses = 0.0
        self._scores.look()
        losses = self._scores.losses
        if not math.isfinite(losses["train"]):
            self._diverge()
            return
        self.seconds += time.perf_counter() - begun
        self.history.epochs.append(
            self.epoch, self.update, self.seconds, rate, batch_loss, *self._scores.numbers()
        )
        self._good = self.executor.weights()
        watched = losses.get("val", losses["train"])
        if sentence := self._updating.epoch_ended(watched):
            self.history.say(self.epoch, sentence)
        if self.stopping is not None:
            self._look_whether_to_stop(watched)
        if not self.ended and self.epoch >= self.settings.epochs:
            self._finish(FINISHED)

    def _look_whether_to_stop(self, loss: float) -> None:
        assert self.stopping is not None
        if self.stopping.look(loss, self.epoch):
            self._best = self._good
        if self.stopping.stop:
            self._finish(STOPPED_EARLY)

    def _finish(self, how: str) -> None:
        """End the run; where the validation loss is watched, with the weights of its best epoch."""
        self.ended = how
        stopping = self.stopping
        if stopping is not None and stopping.best_epoch and stopping.best_epoch < self.epoch:
            self.executor.load(self._best)
            self.history.say(
                self.epoch,
                f"The weights of epoch {stopping.best_epoch} were restored: there the validation "
                f"loss was lowest, {stopping.best:.6g}.",
            )

    def _diverge(self) -> None:
        """The numbers are not finite any more: name the first bad op and go back."""
        self._losses = 0.0
        sentence = "The loss is not a finite number any more."
        bad = [p for p in self.trace().problems if p.kind is ProblemKind.NON_FINITE]
        if bad:
            sentence = bad[0].sentence
        self._draws.begin_epoch()
        self.executor.load(self._good)
        self.ended = DIVERGED
        self.history.say(
            self.epoch,
            f"Training diverged at update {self.update + 1}: {sentence} The weights of the end of "
            f"epoch {self.epoch} were kept; try a smaller learning rate.",
        )

    # stopping and going on ------------------------------------------------------------------------

    def state(self) -> Snapshot:
        """All that the run depends on from here, besides graph, data, settings and history."""
        return {
            "weights": self.executor.weights(),
            "good": self._good,
            "best": self._best,
            "updating": self._updating.snapshot(),
            "stopping": self.stopping.snapshot() if self.stopping is not None else None,
            "draws": self._draws.snapshot(),
            "counts": [self.epoch, self.update],
            "losses": self._losses,
            "seconds": self.seconds,
            "ended": self.ended,
        }

    def snapshot(self) -> Snapshot:
        """All of the run: a trainer made alike goes on from it exactly as this one will."""
        return {**self.state(), "history": self.history.state()}

    def restore(self, snapshot: Snapshot) -> None:
        """Go back, or on, to where ``snapshot`` was taken; raises TrainingError if it is of
        another network.
        """
        try:
            weights = snapshot["weights"]
            now = self.executor.weights()
            if {k: v.shape for k, v in now.items()} != {k: v.shape for k, v in weights.items()}:
                raise TrainingError("The snapshot is of another network, whose weights differ.")
            self._updating.restore(snapshot["updating"])
            self.executor.load(weights)
            self._good, self._best = snapshot["good"], snapshot["best"]
            if self.stopping is not None and snapshot["stopping"] is not None:
                self.stopping.restore(snapshot["stopping"])
            self._draws.restore(snapshot["draws"])
            self.epoch, self.update = snapshot["counts"]
            self._losses, self.seconds = snapshot["losses"], snapshot["seconds"]
            self.ended = snapshot["ended"]
            self.history.restore(snapshot["history"])
        except (KeyError, ValueError, AttributeError) as error:
            raise TrainingError(f"The snapshot does not fit this run: {error}.") from None
        if self.ended == FINISHED and self.epoch < self.settings.epochs:
            self.ended = ""  # it is to go on for longer
        self._walk = None


def _with_values(graph: Graph, values: Mapping[str, Any]) -> Graph:
    nodes = dict(graph.nodes)
    for leaf, given in values.items():
        value = np.asarray(given, float)
        held = float(value) if np.ndim(value) == 0 else np.array(value)
        nodes[leaf] = msgspec.structs.replace(nodes[leaf], value=held)
    return graph.like(nodes)
